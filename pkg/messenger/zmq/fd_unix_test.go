//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package zmq

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"zeph/pkg/messenger"
)

// inherited is the number of a descriptor as a process finds it that was started with it: no
// Go value knows of it.
func inherited(t *testing.T, f interface{ File() (*os.File, error) }) int {
	t.Helper()
	file, err := f.File()
	if err != nil {
		t.Fatal(err)
	}
	fd, err := syscall.Dup(int(file.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return fd
}

func TestInheritedListener(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			address := "127.0.0.1:0"
			if network == "unix" {
				address = socketPath(t)
			}
			sock, err := net.Listen(network, address)
			if err != nil {
				t.Fatal(err)
			}
			if sock, ok := sock.(*net.UnixListener); ok {
				sock.SetUnlinkOnClose(false)
			}
			fd := inherited(t, sock.(interface{ File() (*os.File, error) }))
			if err := sock.Close(); err != nil {
				t.Fatal(err)
			}

			l := listen(t, Settings{}, fmt.Sprint("fd://", fd), messenger.Router)
			if want := endpointOf(sock.Addr()); l.Endpoint() != want {
				t.Errorf("endpoint %s, want %s", l.Endpoint(), want)
			}
			dealer := dial(t, Settings{}, l.Endpoint(), messenger.Dealer)
			router := accept(t, l)
			handshakes(t, dealer, router)
			talk(t, dealer, router)

			if err := l.Close(); err != nil {
				t.Error(err)
			}
			if _, err := New(Settings{}).Dial(context.Background(), l.Endpoint(), messenger.Dealer); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("dialled after Close: %v", err)
			}
			if _, err := os.Lstat(address); network == "unix" && err != nil {
				t.Errorf("the socket file was not ours to remove: %v", err)
			}
		})
	}
}

func open(fd int) bool {
	var st syscall.Stat_t
	return syscall.Fstat(fd, &st) == nil
}

// What is not a listening socket is refused, and left as it was.
func TestOtherDescriptors(t *testing.T) {
	l := listen(t, Settings{}, "tcp://127.0.0.1:0", messenger.Router)
	connected, err := net.Dial("tcp", strings.TrimPrefix(l.Endpoint(), "tcp://"))
	if err != nil {
		t.Fatal(err)
	}
	defer connected.Close()
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	file, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()

	for name, fd := range map[string]int{
		"a connection": inherited(t, connected.(*net.TCPConn)),
		"UDP":          inherited(t, udp.(*net.UDPConn)),
		"a directory":  int(file.Fd()),
	} {
		if _, err := New(Settings{}).Listen(fmt.Sprint("fd://", fd), messenger.Router); err == nil || !strings.Contains(err.Error(), fmt.Sprint("descriptor ", fd)) {
			t.Errorf("%s: got %v", name, err)
		}
		if !open(fd) {
			t.Errorf("%s was closed", name)
		}
		if name != "a directory" {
			_ = syscall.Close(fd)
		}
	}
	if _, err := New(Settings{}).Listen("fd://1000000", messenger.Router); err == nil || !strings.Contains(err.Error(), "bad file descriptor") {
		t.Errorf("a descriptor that is not open: %v", err)
	}
}

// childVar tells this test binary to be the child of TestListenerAcrossProcesses.
const childVar = "ZEPH_TEST_LISTEN_ON"

// TestListenerAcrossProcesses hands a listening socket to another process, which serves one
// connection on it.
func TestListenerAcrossProcesses(t *testing.T) {
	if endpoint := os.Getenv(childVar); endpoint != "" {
		router := accept(t, listen(t, Settings{}, endpoint, messenger.Router))
		handshakes(t, router)
		heard := read(t, router, 5)
		if _, err := router.Writev([][]byte{heard}, true); err != nil {
			t.Fatal(err)
		}
		return
	}
	sock, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	endpoint := endpointOf(sock.Addr())
	file, err := sock.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), childVar+"=fd://3")
	child.ExtraFiles = []*os.File{file}
	out := new(strings.Builder)
	child.Stdout, child.Stderr = out, out
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = file.Close(), sock.Close() // the child's alone from here on

	dealer := dial(t, Settings{}, endpoint, messenger.Dealer)
	handshakes(t, dealer)
	if _, err := dealer.Writev([][]byte{[]byte("hello")}, true); err != nil {
		t.Fatal(err)
	}
	if got := read(t, dealer, 5); string(got) != "hello" {
		t.Errorf("heard %q", got)
	}
	if err := child.Wait(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
