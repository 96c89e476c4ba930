package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// built is zeph-mon, built once for all tests.
var built string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "zeph-mon")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		built = filepath.Join(dir, "zeph-mon")
		if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", built, ".").CombinedOutput(); err != nil {
			panic(fmt.Sprintf("build: %v\n%s", err, out))
		}
		return m.Run()
	}())
}

// zephMon runs the program to its end.
func zephMon(t *testing.T, args ...string) (out string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), built, args...)
	cmd.Env = []string{}
	b, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(b), cmd.ProcessState.ExitCode()
}

const fsid = "6f1c0a52-3a0c-4cc8-b1f0-6f4f2c1f8a11"

// clusterFile writes one with a monitor a, whose sockets are in the folder.
func clusterFile(t *testing.T, dir, fsid, store string) string {
	t.Helper()
	file := filepath.Join(dir, "zeph-"+fsid[:4]+store[:4]+".yaml")
	text := fmt.Sprintf("fsid: %s\nmons:\n  a: {control: \"ipc://%s/c\", bulk: \"ipc://%s/b\", hints: \"ipc://%s/h\", store: %s}\n", fsid, dir, dir, dir, store)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

const store = "0a000000-0000-4000-8000-000000000001"

// shortDir is a folder whose sockets have short paths.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "zm")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// running starts the program and waits until it says that it is ready.
func running(t *testing.T, args ...string) (cmd *exec.Cmd, stderr *bytes.Buffer) {
	t.Helper()
	cmd, stderr = exec.Command(built, args...), new(bytes.Buffer)
	cmd.Env, cmd.Stderr = []string{}, stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "ready mon.a\n" {
		cmd.Process.Kill()
		cmd.Wait()
		t.Fatalf("%q, %v: %s", line, err, stderr)
	}
	return cmd, stderr
}

func TestLifeOfAMonitor(t *testing.T) {
	dir := shortDir(t)
	data, file := filepath.Join(dir, "mon.a"), clusterFile(t, dir, fsid, store)
	flags := []string{"--name", "a", "--data", data, "--cluster", file}
	with := func(verb string, more ...string) []string { return append(append([]string{verb}, flags...), more...) }

	if out, code := zephMon(t, with("run")...); code != 1 || !strings.Contains(out, "zeph-mon mkfs makes it") {
		t.Errorf("run without data: exit code %d: %s", code, out)
	}
	if out, code := zephMon(t, with("mkfs")...); code != 0 || !strings.Contains(out, "mon.a: store "+store) {
		t.Fatalf("mkfs: exit code %d: %s", code, out)
	}
	if out, code := zephMon(t, with("mkfs")...); code != 1 || !strings.Contains(out, "is there already") {
		t.Errorf("mkfs again: exit code %d: %s", code, out)
	}

	cmd, stderr := running(t, with("run")...)
	if addrs, err := os.ReadFile(filepath.Join(data, "addrs.json")); err != nil || !strings.Contains(string(addrs), "ipc://"+dir+"/c") {
		t.Errorf("addrs.json: %s, %v", addrs, err)
	}
	if pid, err := os.ReadFile(filepath.Join(data, "pid")); err != nil || string(pid) != fmt.Sprintln(cmd.Process.Pid) {
		t.Errorf("pid: %q, %v", pid, err)
	}
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"twice, at other addresses", with("run", "--listen", "control=tcp://127.0.0.1:0", "--listen", "bulk=tcp://127.0.0.1:0", "--listen", "hints=tcp://127.0.0.1:0"), "another process has this folder"},
		{"another cluster", []string{"run", "--name", "a", "--data", data, "--cluster", clusterFile(t, dir, "7f1c0a52-3a0c-4cc8-b1f0-6f4f2c1f8a11", store)}, "it is of cluster " + fsid},
		{"another store", []string{"run", "--name", "a", "--data", data, "--cluster", clusterFile(t, dir, fsid, "0b000000-0000-4000-8000-000000000001")}, "its store is " + store},
		{"a monitor that is not in the file", []string{"run", "--name", "b", "--data", data, "--cluster", file}, "it has no mon.b"},
		{"a new folder for an old store", []string{"mkfs", "--join", "--name", "a", "--data", data + "2", "--cluster", file}, "mkfs --join draws a new one"},
		{"recover a running one", with("recover", "--yes"), "another process has this folder"},
	} {
		if out, code := zephMon(t, c.args...); code != 1 || !strings.Contains(out, c.want) {
			t.Errorf("%s: exit code %d, %q is not in: %s", c.name, code, c.want, out)
		}
	}

	cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v: %s", err, stderr)
	}
	if out, code := zephMon(t, with("recover")...); code != 1 || !strings.Contains(out, "--yes") {
		t.Errorf("recover without --yes: exit code %d: %s", code, out)
	}
	if out, code := zephMon(t, with("recover", "--yes")...); code != 0 || !strings.Contains(out, "is a member: a/"+store) {
		t.Errorf("recover: exit code %d: %s", code, out)
	}
	cmd, stderr = running(t, with("run")...)
	cmd.Process.Signal(syscall.SIGINT)
	if err := cmd.Wait(); err != nil {
		t.Errorf("after SIGINT: %v: %s", err, stderr)
	}
}

func TestAddressTaken(t *testing.T) {
	dir := shortDir(t)
	data, file := filepath.Join(dir, "mon.a"), clusterFile(t, dir, fsid, store)
	if out, code := zephMon(t, "mkfs", "--name", "a", "--data", data, "--cluster", file); code != 0 {
		t.Fatal(out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	at := "tcp://" + l.Addr().String()
	out, code := zephMon(t, "run", "--name", "a", "--data", data, "--cluster", file, "--listen", "bulk="+at)
	if code != 1 || !strings.Contains(out, "address already in use") || !strings.Contains(out, "listen for bulk on "+at) {
		t.Errorf("exit code %d: %s", code, out)
	}
}

func TestUnknownFormat(t *testing.T) {
	dir := shortDir(t)
	file := clusterFile(t, dir, fsid, store)
	text := "zeph-mon\nformat 7\nname a\n"
	if err := os.WriteFile(filepath.Join(dir, "monitor"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, code := zephMon(t, "run", "--name", "a", "--data", dir, "--cluster", file); code != 1 || !strings.Contains(out, "this program knows format 1") {
		t.Errorf("exit code %d: %s", code, out)
	}
}

func TestSettingsThatMakeNoSense(t *testing.T) {
	out, code := zephMon(t, "run", "--name", "a b", "--log-level", "loud", "--listen", "data=tcp://h:1")
	for _, want := range []string{"--data", `"a b"`, `"loud"`, "control, bulk, hints"} {
		if code != 2 || !strings.Contains(out, want) {
			t.Errorf("exit code %d, %q is not in: %s", code, want, out)
		}
	}
	noStore := filepath.Join(t.TempDir(), "zeph.yaml")
	if err := os.WriteFile(noStore, []byte("fsid: "+fsid+"\nmons:\n  a: {control: tcp://h:1}\n  b: {control: tcp://h:2}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	out, code = zephMon(t, "mkfs", "--name", "a", "--data", t.TempDir(), "--cluster", noStore)
	if code != 1 || strings.Count(out, "its store is missing") != 2 {
		t.Errorf("exit code %d: %s", code, out)
	}
}
