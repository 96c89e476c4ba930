package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"zeph/pkg/lab"
	"zeph/pkg/status"
)

// terminal is where a person types, with programs of their own and a registry of labs of their own.
type terminal struct {
	t   *testing.T
	dir string
}

// newTerminal builds the programs.
func newTerminal(t *testing.T) *terminal {
	t.Helper()
	x := &terminal{t, t.TempDir()}
	for name, pkg := range map[string]string{"zeph": "client", "zeph-mon": "mon", "zeph-osd": "osd"} {
		if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", filepath.Join(x.dir, name), "zeph/cmd/"+pkg).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	return x
}

// state is where programs keep what outlives them.
func (x *terminal) state() string { return filepath.Join(x.dir, "state") }

func (x *terminal) command(words ...string) *exec.Cmd {
	cmd := exec.CommandContext(x.t.Context(), filepath.Join(x.dir, "zeph"), words...)
	cmd.Dir = x.dir
	cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+x.state(), "XDG_STATE_HOME="+x.state(), "ZEPH_CLUSTER=")
	return cmd
}

// types runs a command of zeph and wants an exit code.
func (x *terminal) types(want int, words ...string) string {
	x.t.Helper()
	cmd := x.command(words...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		x.t.Fatal(err)
	}
	if code != want {
		x.t.Fatalf("zeph %s: exit code %d, want %d\n%s%s", strings.Join(words, " "), code, want, out, stderr.String())
	}
	return string(out)
}

// TestRealLab types what the README says: a cluster, an object that outlives an OSD, and nothing
// left in the end.
func TestRealLab(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	t.Parallel()
	x := newTerminal(t)
	x.types(exitFailed, "status")
	x.types(exitFailed, "lab", "ls")
	if out := x.types(exitDone, "lab", "up", "--mons", "1", "--osds", "4", "--hosts", "4"); !strings.Contains(out, "ready in") {
		t.Errorf("lab up: %s", out)
	}
	t.Cleanup(func() {
		if dir := filepath.Join(x.state(), "zeph", "lab"); t.Failed() {
			exec.Command(filepath.Join(x.dir, "zeph"), "lab", "down", "--dir", dir).Run()
		}
	})
	var ls struct{ Daemons []lab.Daemon }
	if err := json.Unmarshal([]byte(x.types(exitDone, "lab", "ls", "-o", "json")), &ls); err != nil || len(ls.Daemons) != 5 {
		t.Fatalf("lab ls: %v, %d daemons", err, len(ls.Daemons))
	}
	x.types(exitDone, "health", "--check")

	data := make([]byte, 6<<20)
	rand.NewChaCha8([32]byte{1}).Read(data)
	file := filepath.Join(x.dir, "a.bin")
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	x.types(exitDone, "put", "demo/a.bin", file)
	x.types(exitDone, "lab", "osd", "kill", "1")
	x.types(exitDone, "get", "demo/a.bin", filepath.Join(x.dir, "b.bin"))
	if back, err := os.ReadFile(filepath.Join(x.dir, "b.bin")); err != nil || !bytes.Equal(back, data) {
		t.Errorf("%d bytes came back of %d: %v", len(back), len(data), err)
	}
	x.until("osd.1 is down", func(st *status.Status) bool { return st.OSDs.Up == 3 })
	x.types(1, "health", "--check")
	x.types(exitDone, "lab", "osd", "start", "1")
	x.until("healthy", func(st *status.Status) bool { return st.Health.Status == status.OK })
	x.types(exitDone, "osd", "ok-to-stop", "2")
	x.types(1, "osd", "ok-to-stop", "1", "2", "3")
	x.types(exitFailed, "osd", "purge", "2")
	x.types(exitFailed, "osd", "purge", "2", "--yes") // it is up
	x.types(exitDone, "flag", "set", "noout")
	if out := x.types(exitDone, "log"); !strings.Contains(out, "noout") || !strings.Contains(out, "osd.1 (host h2) is down: reported by") {
		t.Errorf("log: %s", out)
	}
	x.types(exitDone, "pg", "scrub", "1.0")
	for _, words := range []string{"osd tree", "osd df", "osd ls", "osd dump", "pool ls", "pool get demo", "pg ls", "pg dump", "pg map demo/a.bin", "pg query 1.0",
		"pg list-inconsistent 1.0", "pg unfound list 1.0", "crush dump", "crush rule ls", "config ls", "config get osd.1", "mon ls", "mon dump", "df", "health detail"} {
		x.types(exitDone, strings.Fields(words)...)
		x.types(exitDone, strings.Fields(words+" -o yaml")...)
	}
	x.types(exitDone, "lab", "down", "--rm")
	for _, d := range ls.Daemons {
		x.ends(d)
	}
	x.types(exitFailed, "lab", "ls")
}

// ends waits until a process that has ended is gone: its parent now, init, may take a moment to notice.
func (x *terminal) ends(d lab.Daemon) {
	for end := time.Now().Add(10 * time.Second); !errors.Is(syscall.Kill(d.Pid, 0), syscall.ESRCH); {
		if time.Now().After(end) {
			x.t.Errorf("%s, pid %d, is still there", d.Name, d.Pid)
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// until waits for a state of the cluster.
func (x *terminal) until(what string, is func(*status.Status) bool) {
	x.t.Helper()
	for end := time.Now().Add(time.Minute); ; {
		var st status.Status
		if err := json.Unmarshal([]byte(x.types(exitDone, "status", "-o", "json")), &st); err != nil {
			x.t.Fatal(err)
		}
		if is(&st) {
			return
		}
		if time.Now().After(end) {
			x.t.Fatalf("not within a minute: %s: %s", what, st.Health.Status)
		}
	}
}
