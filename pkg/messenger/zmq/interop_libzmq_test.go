package zmq

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"zeph/pkg/messenger"
)

// libzmqHears is what libzmq's part of a conversation hears and prints.
var libzmqHears = map[string]string{
	"ROUTER": "ping", "DEALER": "pong", "SUB": "news", "XSUB": "news", "PULL": "news",
}

// TestLibzmq talks with libzmq, in both roles: every socket type over TCP, and calls over Unix
// sockets as well.
func TestLibzmq(t *testing.T) {
	python := pythonWithZMQ(t)
	for _, scheme := range []string{"tcp", "ipc"} {
		for _, tt := range foreign {
			if scheme == "ipc" && tt.ours > messenger.Router {
				continue
			}
			t.Run(scheme+"/we dial "+tt.theirs, func(t *testing.T) {
				endpoint := "tcp://127.0.0.1:*"
				if scheme == "ipc" {
					endpoint = "ipc://" + socketPath(t)
				}
				peer := startPeer(t, python, tt.theirs, "bind", endpoint)
				converse(t, dial(t, Settings{}, peer.line(t), tt.ours), tt.ours)
				peer.end(t, libzmqHears[tt.theirs])
			})
			t.Run(scheme+"/we listen to "+tt.theirs, func(t *testing.T) {
				endpoint := "tcp://127.0.0.1:0"
				if scheme == "ipc" {
					endpoint = "ipc://"
				}
				l := listen(t, Settings{}, endpoint, tt.ours)
				peer := startPeer(t, python, tt.theirs, "connect", l.Endpoint())
				converse(t, accept(t, l), tt.ours)
				peer.end(t, libzmqHears[tt.theirs])
			})
		}
	}
}

// REQ may talk to ROUTER as ZMTP has it. Not to ours.
func TestLibzmqREQIsRefused(t *testing.T) {
	l := listen(t, Settings{}, "tcp://127.0.0.1:0", messenger.Router)
	peer := startPeer(t, pythonWithZMQ(t), "REQ", "connect", l.Endpoint())
	refused(t, accept(t, l), `socket type "REQ" does not go with ours, ROUTER`)
	peer.end(t, "")
}

// pythonWithZMQ finds a Python that has libzmq's binding.
func pythonWithZMQ(t *testing.T) string {
	t.Helper()
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(python, "-c", "import zmq").Run() == nil {
			return python
		}
	}
	const missing = "needs libzmq's binding for Python (Debian package python3-zmq)"
	if os.Getenv("CI") != "" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}

// peer is a libzmq socket in a process of its own.
type peer struct {
	cmd    *exec.Cmd
	in     io.Closer
	out    *bufio.Scanner
	errors *bytes.Buffer
}

func startPeer(t *testing.T, python, kind, role, endpoint string) *peer {
	t.Helper()
	cmd := exec.Command(python, "testdata/peer.py", kind, role, endpoint)
	p := &peer{cmd: cmd, errors: new(bytes.Buffer)}
	cmd.Stderr = p.errors
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.in, p.out = in, bufio.NewScanner(out)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	return p
}

// line is the next line that the peer prints.
func (p *peer) line(t *testing.T) string {
	t.Helper()
	if !p.out.Scan() {
		_ = p.cmd.Wait()
		t.Fatalf("the peer ended: %v\n%s", p.out.Err(), p.errors)
	}
	return p.out.Text()
}

// end lets the peer finish, which must have heard this.
func (p *peer) end(t *testing.T, heard string) {
	t.Helper()
	if heard != "" {
		if got := p.line(t); got != heard {
			t.Errorf("the peer heard %q, want %q", got, heard)
		}
	}
	_ = p.in.Close()
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("the peer: %v\n%s", err, strings.TrimSpace(p.errors.String()))
	}
}
