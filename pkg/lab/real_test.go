package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"zeph/pkg/client"
)

const root = "../.."

// daemons builds the programs.
func daemons(t *testing.T) Binaries {
	t.Helper()
	dir := t.TempDir()
	out, err := exec.Command("go", "build", "-buildvcs=false", "-o", dir+"/", "zeph/cmd/mon", "zeph/cmd/osd").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return Binaries{Mon: filepath.Join(dir, "mon"), OSD: filepath.Join(dir, "osd")}
}

// talk is for the lab's progress, as lines of the test's log.
type talk struct{ t *testing.T }

func (w talk) Write(p []byte) (int, error) {
	w.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

// TestRealCluster runs the real daemons: what is stored survives a killed OSD, every socket is one
// that the lab knows, a client in another language works, and nothing is left in the end.
func TestRealCluster(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	opts := Options{Dir: filepath.Join(t.TempDir(), "lab"), OSDs: 4, Hosts: 4, Bin: daemons(t), Talk: talk{t}}
	l, err := Up(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			tellLogs(t, l)
		}
		if _, err := os.Stat(l.Dir()); err == nil {
			l.Down(context.Background())
		}
	})
	c, err := l.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	pool, err := c.Pool(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	stored := make(map[string][]byte)
	put := func(t *testing.T, name string, size int) {
		data := make([]byte, size)
		rand.NewChaCha8([32]byte{byte(size)}).Read(data)
		if _, err := pool.Put(t.Context(), name, bytes.NewReader(data), client.PutOptions{}); err != nil {
			t.Fatal(err)
		}
		stored[name] = data
	}
	get := func(t *testing.T) {
		for name, want := range stored {
			got, _, err := pool.Get(t.Context(), name)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: %d bytes for %d, %v", name, len(got), len(want), err)
			}
		}
	}
	put(t, "small", 1000)
	put(t, "large", 9<<20)
	get(t)
	t.Run("sockets", func(t *testing.T) { testSockets(t, l) })
	t.Run("python", func(t *testing.T) { testPython(t, l) })
	t.Run("an OSD is killed", func(t *testing.T) {
		if err := l.Kill(t.Context(), "osd.1"); err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			put(t, fmt.Sprint("after", i), 5000+i)
		}
		get(t)
	})
	t.Run("and comes back", func(t *testing.T) {
		if err := l.Start(t.Context(), "osd.1"); err != nil {
			t.Fatal(err)
		}
		get(t)
	})
	t.Run("all stops and starts", func(t *testing.T) {
		if err := l.Down(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := Up(t.Context(), Options{Dir: l.Dir(), Bin: opts.Bin, Talk: talk{t}}); err != nil {
			t.Fatal(err)
		}
		get(t)
	})
	if err := l.Down(t.Context()); err != nil {
		t.Fatal(err)
	}
	if t.Failed() {
		return
	}
	if err := l.Remove(); err != nil {
		t.Fatal(err)
	}
	nothingLeft(t, l.Dir())
}

// tellLogs shows the end of each daemon's log.
func tellLogs(t *testing.T, l *Lab) {
	t.Helper()
	ds, err := l.List()
	if err != nil {
		return
	}
	for _, d := range ds {
		text, _ := os.ReadFile(d.Log())
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		t.Logf("%s, %s:\n%s", d.Name, d.State, strings.Join(lines[max(0, len(lines)-15):], "\n"))
	}
}

// needs skips a test that needs a program, except where all programs must be there.
func needs(t *testing.T, has bool, what, pkg string) {
	t.Helper()
	if has {
		return
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is missing: install Debian's %s", what, pkg)
	}
	t.Skipf("%s is missing: it is in Debian's %s", what, pkg)
}

// able skips a test of what this machine cannot do, except in CI, which has to be able.
func able(t *testing.T, err error) {
	t.Helper()
	if err != nil && os.Getenv("CI") != "" {
		t.Fatalf("in CI it must be there: %v", err)
	}
	if err != nil {
		t.Skip(err)
	}
}

// testSockets holds each TCP socket of each daemon against the addresses that the lab lists: it
// listens at its own, and is connected from or to one of them. So all traffic is the messenger's.
func testSockets(t *testing.T, l *Lab) {
	_, err := exec.LookPath("ss")
	needs(t, err == nil, "ss", "iproute2")
	out, err := exec.Command("ss", "-Htuanp").Output()
	if err != nil {
		t.Fatal(err)
	}
	listed := make(map[string]string) // address → daemon
	pids := make(map[int]string)
	for _, d := range list(t, l) {
		pids[d.Pid] = d.Name
		for _, a := range d.Addresses {
			listed[strings.TrimPrefix(a.Addr, "tcp://")] = d.Name
		}
	}
	listens, connected := 0, 0
	pid := regexp.MustCompile(`pid=(\d+)`)
	for line := range strings.Lines(string(out)) {
		m := pid.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		n, _ := strconv.Atoi(m[1])
		name, ours := pids[n]
		if !ours {
			continue
		}
		f := strings.Fields(line) // protocol, state, two queues, local, peer
		local, peer := f[4], f[5]
		switch {
		case f[0] != "tcp":
			t.Errorf("%s has a socket that is not TCP: %s", name, line)
		case f[1] == "LISTEN":
			if listens++; listed[local] != name {
				t.Errorf("%s listens at %s, which the lab does not list for it", name, local)
			}
		default:
			if connected++; listed[local] != name && listed[peer] == "" {
				t.Errorf("%s is connected from %s to %s, of which the lab lists neither", name, local, peer)
			}
		}
	}
	if listens != len(listed) || connected < len(pids) {
		t.Errorf("ss shows %d listening sockets of %d, %d connections of %d daemons", listens, len(listed), connected, len(pids))
	}
}

// testPython has the client that is written from docs/wire.md alone do what a client does, and reads
// with our own what it wrote. It finds no zeph in its PATH.
func testPython(t *testing.T, l *Lab) {
	python := ""
	for _, p := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(p, "-c", "import zmq").Run() == nil {
			python = p
			break
		}
	}
	needs(t, python != "", "libzmq's binding for Python", "python3-zmq")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	run := func(stdin []byte, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(ctx, python, slices.Concat([]string{"-B", root + "/scripts/pyclient.py", "--cluster", l.ClusterFile()}, args)...)
		cmd.Env = []string{"PATH=/nonexistent"}
		cmd.Stdin = bytes.NewReader(stdin)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("pyclient %s: %v: %s", strings.Join(args, " "), err, stderr.String())
		}
		return string(out)
	}
	data := make([]byte, 5<<20)
	rand.NewChaCha8([32]byte{1}).Read(data)
	if out := run(nil, "map"); !strings.HasPrefix(out, "epoch ") {
		t.Errorf("map: %s", out)
	}
	if out := run(nil, "where", "demo/py"); !strings.Contains(out, `"primary_addrs"`) {
		t.Errorf("where: %s", out)
	}
	run(data, "put", "demo/py")
	if out := run(nil, "get", "demo/py"); out != string(data) {
		t.Errorf("get: %d bytes that are not what was put", len(out))
	}
	c, err := l.Connect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	pool, err := c.Pool(ctx, "demo")
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := pool.Get(ctx, "py")
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("our own client reads %d bytes: %v", len(got), err)
	}
	if _, err := pool.Put(ctx, "go", io.LimitReader(rand.NewChaCha8([32]byte{2}), 1<<20), client.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	want := make([]byte, 1<<20)
	rand.NewChaCha8([32]byte{2}).Read(want)
	if out := run(nil, "get", "demo/go"); out != string(want) {
		t.Errorf("get of what our own client put: %d bytes that differ", len(out))
	}
	cmd := exec.CommandContext(ctx, python, "-B", root+"/scripts/pyclient.py", "--cluster", l.ClusterFile(), "get", "demo/none")
	var exit *exec.ExitError
	if out, err := cmd.CombinedOutput(); !errors.As(err, &exit) || !strings.Contains(string(out), "no such object") {
		t.Errorf("get of what is not there: %v: %s", err, out)
	}
}
