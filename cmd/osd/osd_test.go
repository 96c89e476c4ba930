package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"zeph/pkg/osdmap"
	"zeph/pkg/store/disk"
)

var built string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "zeph-osd")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		built = filepath.Join(dir, "zeph-osd")
		if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", built, ".").CombinedOutput(); err != nil {
			panic(fmt.Sprintf("build: %v\n%s", err, out))
		}
		return m.Run()
	}())
}

// zephOSD runs the program to its end.
func zephOSD(t *testing.T, args ...string) (out string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), built, args...)
	cmd.Env = []string{}
	b, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(b), cmd.ProcessState.ExitCode()
}

// clusterFile writes one whose monitor nobody is.
func clusterFile(t *testing.T, fsid string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "zeph.yaml")
	text := fmt.Sprintf("fsid: %s\nmons:\n  a: {control: \"tcp://127.0.0.1:1\", hints: \"tcp://127.0.0.1:1\"}\n", fsid)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

const fsid = "6f1c0a52-3a0c-4cc8-b1f0-6f4f2c1f8a11"

func TestStoresThatCannotBeServed(t *testing.T) {
	t.Parallel()
	data, file := filepath.Join(t.TempDir(), "osd.3"), clusterFile(t, fsid)
	flags := func(verb, id, file string, more ...string) []string {
		return append([]string{verb, "--id", id, "--data", data, "--cluster", file}, more...)
	}
	expect := func(name string, args []string, want string) {
		t.Helper()
		if out, code := zephOSD(t, args...); code != 1 || !strings.Contains(out, want) {
			t.Errorf("%s: exit code %d, %q is not in: %s", name, code, want, out)
		}
	}
	expect("no store", flags("run", "3", file), "no store")
	if out, code := zephOSD(t, flags("mkfs", "3", file)...); code != 0 || !strings.Contains(out, "osd.3: store ") {
		t.Fatalf("mkfs: exit code %d: %s", code, out)
	}
	expect("mkfs again", flags("mkfs", "3", file), "that of osd.3")
	expect("mkfs of another", flags("mkfs", "4", file), "that of osd.3")
	expect("another cluster", flags("run", "3", clusterFile(t, "7f1c0a52-3a0c-4cc8-b1f0-6f4f2c1f8a11")), "it is of cluster "+fsid)
	expect("another OSD", flags("run", "4", file), "it is the store of osd.3, not osd.4")
	expect("no cluster file", flags("run", "3", "/nowhere.yaml"), "cluster file: open /nowhere.yaml")

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	at := "tcp://" + l.Addr().String()
	expect("an address that is taken", flags("run", "3", file, "--listen", "cluster.bulk="+at), "listen for cluster.bulk on "+at)

	st, err := disk.Open(data, disk.Config{})
	if err != nil {
		t.Fatal(err)
	}
	expect("a folder in use", flags("run", "3", file), fmt.Sprintf("process %d: folder is in use", os.Getpid()))
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}

	super := filepath.Join(data, "super")
	text, err := os.ReadFile(super)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(super, []byte(strings.Replace(string(text), "format 1", "format 9", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	expect("another format", flags("run", "3", file), `format "9", this program knows 1`)
}

// A mkfs that was cut short after the store was there is brought to its end.
func TestMkfsGoesOn(t *testing.T) {
	t.Parallel()
	data, file := filepath.Join(t.TempDir(), "osd.3"), clusterFile(t, fsid)
	id, err := osdmap.ParseUUID(fsid)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := disk.Mkfs(data, disk.Identity{FSID: id, OSD: 3}); err != nil {
		t.Fatal(err)
	}
	args := []string{"mkfs", "--id", "3", "--data", data, "--cluster", file}
	if out, code := zephOSD(t, args...); code != 0 {
		t.Errorf("exit code %d: %s", code, out)
	}
	if out, code := zephOSD(t, args...); code != 1 {
		t.Errorf("and again: exit code %d: %s", code, out)
	}
}

// An OSD that finds no monitor waits for one, and ends when it is told to.
func TestSIGTERM(t *testing.T) {
	t.Parallel()
	data, file := filepath.Join(t.TempDir(), "osd.3"), clusterFile(t, fsid)
	if out, code := zephOSD(t, "mkfs", "--id", "3", "--data", data, "--cluster", file); code != 0 {
		t.Fatal(out)
	}
	var log strings.Builder
	cmd := exec.Command(built, "run", "--data", data)
	cmd.Env = []string{"ZEPH_ID=3", "ZEPH_CLUSTER=" + file}
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	for { // it writes this before it serves
		if b, err := os.ReadFile(filepath.Join(data, "addrs.json")); err == nil {
			for _, place := range places {
				if !strings.Contains(string(b), `"`+place+`": "tcp://127.0.0.1:`) {
					t.Errorf("addrs.json lacks %s: %s", place, b)
				}
			}
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v: %s", err, &log)
	}
}

func TestSettingsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	out, code := zephOSD(t, "run", "--id", "-4", "--weight", "heavy", "--capacity", "many", "--crush-location", "h1", "--listen", "data=tcp://h:1")
	for _, want := range []string{"--data", "--id", `"heavy"`, `"many"`, `"h1"`, "public.control"} {
		if code != 2 || !strings.Contains(out, want) {
			t.Errorf("exit code %d, %q is not in: %s", code, want, out)
		}
	}
}

func TestWeight(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		weight string
		size   uint64
		want   uint32
	}{
		{"", 1 << 40, 0x10000},
		{"", 512 << 30, 0x8000},
		{"", 1, 1},
		{"2.5", 1, 0x28000},
	} {
		s := settings{weight: c.weight}
		if got := s.crushWeight(c.size); got != c.want {
			t.Errorf("weight %q, %d bytes: %#x, want %#x", c.weight, c.size, got, c.want)
		}
	}
}
