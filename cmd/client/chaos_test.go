package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"zeph/pkg/chaos"
	"zeph/pkg/lab"
)

const shortKill = `
name: short-kill
about: an OSD dies and comes back
cluster: {mons: 1, osds: 3, pg_num: 8}
workload: {writers: 2, readers: 2, objects: 12, think: 20ms}
steps:
  - {at: 500ms, do: kill, osd: 1, for: 1500ms}
  - {when: osd.1 not up, within: 10s, do: wait}
  - {when: all pgs active, within: 10s, do: wait}
seconds: 4
`

// longKill would go on for long.
const longKill = `
name: long-kill
cluster: {mons: 1, osds: 1, size: 1, min_size: 1, pg_num: 1}
steps:
  - {at: 50ms, do: kill, osd: 0}
seconds: 100
`

// TestRealChaos kills an OSD under recorded clients, judges the run, and judges it again from its folder. Another run is
// interrupted, and one is killed: nothing of them stays but their folders.
func TestRealChaos(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	t.Parallel()
	x := newTerminal(t)
	x.write("short.yaml", shortKill)
	t.Cleanup(func() { _ = x.command("chaos", "clean").Run() })
	out := x.types(exitDone, "chaos", "run", "short.yaml", "--seed", "1", "--dir", "one")
	if !strings.Contains(out, "kill osd.1") || !strings.Contains(out, "\nPASS\n") {
		t.Error(out)
	}
	for _, file := range []string{"scenario.yaml", "history.jsonl", "faults.jsonl", "samples.jsonl", "report.json", "report.txt", "history.html", "map.json", "logs/osd.1.log", "logs/mon.a.log"} {
		if _, err := os.Stat(filepath.Join(x.dir, "one", file)); err != nil {
			t.Error(err)
		}
	}
	var report chaos.Report
	if err := json.Unmarshal([]byte(x.types(exitDone, "chaos", "verify", "one", "-o", "json")), &report); err != nil {
		t.Fatal(err)
	}
	if v := report.Verdict; v.Result != chaos.Pass || v.Acked < 100 || len(v.Faults) != 1 || v.Faults[0].Detect <= 0 {
		t.Errorf("%+v", v)
	}
	if out := x.types(exitDone, "chaos", "table", "one"); !strings.Contains(out, "short-kill     1     1     0") {
		t.Error(out)
	}
	x.types(exitFailed, "chaos", "run", "short.yaml", "--dir", "one") // it is there already

	x.write("long.yaml", longKill)
	daemons := x.breakOff("two", syscall.SIGINT)
	for _, d := range daemons { // it took everything down before it ended
		x.ends(d)
	}
	if out := x.types(exitDone, "chaos", "clean"); !strings.Contains(out, "nothing was left") {
		t.Error(out)
	}
	daemons = x.breakOff("three", syscall.SIGKILL)
	if out := x.types(exitDone, "chaos", "clean"); !strings.Contains(out, "three") {
		t.Error(out)
	}
	for _, d := range daemons {
		x.ends(d)
	}
	if _, err := os.Stat(filepath.Join(x.dir, "three", "cluster")); !os.IsNotExist(err) {
		t.Errorf("the cluster's data: %v", err)
	}
	x.types(exitFailed, "chaos", "verify", "three")
}

func (x *terminal) write(name, text string) {
	x.t.Helper()
	if err := os.WriteFile(filepath.Join(x.dir, name), []byte(text), 0o644); err != nil {
		x.t.Fatal(err)
	}
}

// breakOff begins a long run, ends the program by a signal once an OSD has been killed, and returns the daemons that it
// had started.
func (x *terminal) breakOff(folder string, how syscall.Signal) []lab.Daemon {
	x.t.Helper()
	cmd := x.command("chaos", "run", "long.yaml", "--seed", "2", "--dir", folder)
	if err := cmd.Start(); err != nil {
		x.t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if text, _ := os.ReadFile(filepath.Join(x.dir, folder, "faults.jsonl")); strings.Contains(string(text), `"do"`) {
			break
		}
		if time.Now().After(end) {
			_ = cmd.Process.Kill()
			x.t.Fatal("nothing was broken within a minute")
		}
	}
	l, err := lab.Open(filepath.Join(x.dir, folder, "cluster"))
	if err != nil {
		x.t.Fatal(err)
	}
	daemons, err := l.List()
	if err != nil {
		x.t.Fatal(err)
	}
	var live []lab.Daemon
	for _, d := range daemons {
		if d.Pid != 0 {
			live = append(live, d)
		}
	}
	if err := cmd.Process.Signal(how); err != nil {
		x.t.Fatal(err)
	}
	_ = cmd.Wait() // its exit code says that it was interrupted
	return live
}

func TestChaosRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"chaos", "run"}, exitUsage, "SCENARIO is missing"},
		{[]string{"chaos", "run", "no-such"}, exitFailed, `scenario "no-such"`},
		{[]string{"chaos", "run", "kill-two-of-three", "--target", "moon"}, exitUsage, `--target "moon": expected one of: compose, lab, netns`},
		{[]string{"chaos", "verify"}, exitUsage, "FOLDER is missing"},
		{[]string{"chaos", "verify", t.TempDir()}, exitFailed, "no run of a scenario"},
		{[]string{"chaos", "ls", "--target", "moon"}, exitUsage, "expected one of"},
	} {
		_, stderr, code := zeph(c.args...)
		if code != c.code || !strings.Contains(stderr, c.want) {
			t.Errorf("zeph %v: exit code %d: %s", c.args, code, stderr)
		}
	}
}

func TestChaosList(t *testing.T) {
	t.Parallel()
	stdout, _, code := zeph("chaos", "ls")
	if code != exitDone || !strings.Contains(stdout, "kill-two-of-three") {
		t.Errorf("exit code %d: %s", code, stdout)
	}
}
