package zmq_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
)

// foreigner is a Zeph daemon or client that is not built on our messenger. It obeys the commands,
// and its journal has the lines, that testdata/zephpeer.py documents.
type foreigner struct {
	*journal
	command func(line string) error
	kill    func() // at once, without a goodbye
}

func (f *foreigner) do(t testing.TB, format string, args ...any) {
	t.Helper()
	if err := f.command(fmt.Sprintf(format, args...)); err != nil {
		t.Fatalf("%s: %v", fmt.Sprintf(format, args...), err)
	}
}

// settings are where a foreigner listens or dials, by place, and how.
type settings map[string]string

// starter starts a foreigner in role bind (a daemon) or connect (a client).
type starter func(t testing.TB, role, name string, gid int, s settings) *foreigner

// foreigners are the implementations of ZeroMQ that we talk to.
var foreigners = map[string]starter{
	"zmq4":   startStock,
	"libzmq": startLibzmq,
}

// eachForeigner runs a test with all of them.
func eachForeigner(t *testing.T, test func(t *testing.T, start starter)) {
	for _, name := range slices.Sorted(maps.Keys(foreigners)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, foreigners[name])
		})
	}
}

// startLibzmq starts a foreigner on libzmq, in a process of its own.
func startLibzmq(t testing.TB, role, name string, gid int, s settings) *foreigner {
	t.Helper()
	args := []string{"-B", "testdata/zephpeer.py", role, name, fmt.Sprint(gid)}
	for _, key := range slices.Sorted(maps.Keys(s)) {
		args = append(args, key+"="+s[key])
	}
	complaints := new(bytes.Buffer)
	cmd := exec.Command(pythonWithLibzmq(t), args...)
	cmd.Stderr = complaints
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	f := &foreigner{journal: newJournal()}
	f.command = func(line string) error {
		_, err := fmt.Fprintln(in, line)
		return err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			f.add("%s", lines.Text())
		}
		_ = cmd.Wait() // what it printed has been read
		if complaints.Len() > 0 {
			f.add("complaint %s", complaints)
		}
	}()
	f.kill = func() {
		_ = cmd.Process.Kill()
		<-ended
	}
	t.Cleanup(func() {
		f.finish(in, ended)
		f.never(t, "complaint")
	})
	return f
}

// finish lets the process end, which may have been killed.
func (f *foreigner) finish(in io.Closer, ended <-chan struct{}) {
	_ = in.Close()
	<-ended
}

// pythonWithLibzmq finds a Python that has libzmq's binding. Without it a test is skipped, except
// in CI.
func pythonWithLibzmq(t testing.TB) string {
	t.Helper()
	const missing = "libzmq's binding for Python is missing: install Debian's python3-zmq"
	switch python := findPython(); {
	case python != "":
		return python
	case os.Getenv("CI") != "":
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}

var findPython = sync.OnceValue(func() string {
	for _, python := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(python, "-c", "import zmq").Run() == nil {
			return python
		}
	}
	return ""
})

// bound is where a foreigner listens, once it does.
func (f *foreigner) bound(t testing.TB, places ...string) map[string]string {
	t.Helper()
	addrs := make(map[string]string)
	for range places {
		place, endpoint, _ := strings.Cut(f.await(t, "bound "), " ")
		addrs[place] = endpoint
	}
	return addrs
}
