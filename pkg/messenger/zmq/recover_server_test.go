//go:build unix

package zmq_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"zeph/pkg/messenger"
	"zeph/pkg/messenger/zmq"
	"zeph/pkg/wire"
)

// serveVar tells this test binary to be osd.1: its run, and the endpoint of its data.
const serveVar = "ZEPH_TEST_SERVE"

// serving is osd.1, if this process was started to be it, until its input ends. What happens is
// printed. Every test that starts one begins with this.
func serving(t *testing.T) bool {
	var gid int
	var endpoint string
	if n, _ := fmt.Sscan(os.Getenv(serveVar), &gid, &endpoint); n != 2 {
		return false
	}
	o := &ours{journal: newJournal()}
	o.print = true
	m, err := messenger.New(messenger.Config{
		Entity: named(t, "osd.1"), GID: wire.GID(gid), Transport: zmq.New(zmq.Settings{}),
		Listen: map[string]string{"data": endpoint}, Handler: o.handle, OnPeer: o.heard,
	})
	if errors.Is(err, syscall.EADDRINUSE) {
		o.add("taken")
		return true
	}
	if err != nil {
		t.Fatal(err)
	}
	o.Messenger = m
	o.add("listening %s", m.Addrs()["data"])
	_, _ = io.Copy(io.Discard, os.Stdin)
	o.end()
	return true
}

// server is osd.1 in a process of its own.
type server struct {
	*journal
	endpoint string
	process  *os.Process
	ended    chan struct{}
}

// startServer starts osd.1 at an endpoint, perhaps with a socket to listen on as fd://3.
func startServer(t *testing.T, gid int, endpoint string, sockets ...*os.File) *server {
	t.Helper()
	for end := time.Now().Add(eventually); time.Now().Before(end); {
		s := launch(t, gid, endpoint, sockets)
		said := ""
		for !strings.HasPrefix(said, "listening ") && said != "taken" { // who waited may be up before it says so
			said = s.await(t, "")
		}
		if at, ok := strings.CutPrefix(said, "listening "); ok {
			s.endpoint = at
			return s
		}
		t.Log("another process has the address for a moment") // between two runs of ours
	}
	t.Fatal("another process keeps ", endpoint)
	return nil
}

func launch(t *testing.T, gid int, endpoint string, sockets []*os.File) *server {
	t.Helper()
	test, _, _ := strings.Cut(t.Name(), "/")
	cmd := exec.Command(os.Args[0], "-test.run=^"+test+"$")
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %s", serveVar, gid, endpoint))
	cmd.ExtraFiles = sockets
	complaints := new(bytes.Buffer)
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
	s := &server{journal: newJournal(), process: cmd.Process, ended: make(chan struct{})}
	go func() {
		defer close(s.ended)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			s.add("%s", lines.Text())
		}
		_ = cmd.Wait() // what it printed has been read
		if complaints.Len() > 0 {
			s.add("complaint %s", complaints)
		}
	}()
	t.Cleanup(func() {
		_ = in.Close()
		s.resume()
		<-s.ended
		s.never(t, "complaint")
	})
	return s
}

// kill ends the process as a power cut would, for all that the others see.
func (s *server) kill() {
	_ = s.process.Kill()
	<-s.ended
}

// stop stops the process, and waits until all its threads have stopped.
func (s *server) stop(t *testing.T) {
	t.Helper()
	if err := s.process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	var status syscall.WaitStatus
	_, err := syscall.Wait4(s.process.Pid, &status, syscall.WUNTRACED, nil)
	for err == syscall.EINTR {
		_, err = syscall.Wait4(s.process.Pid, &status, syscall.WUNTRACED, nil)
	}
	if err != nil || !status.Stopped() {
		t.Fatalf("osd.1 did not stop: %v, status %#x", err, status)
	}
}

func (s *server) resume() { _ = s.process.Signal(syscall.SIGCONT) }

// peer is whom to link with; run 0 is whichever answers.
func (s *server) peer(t *testing.T, run int) messenger.Peer {
	return messenger.Peer{Entity: named(t, "osd.1"), GID: wire.GID(run), Addrs: map[string]string{"data": s.endpoint}}
}
