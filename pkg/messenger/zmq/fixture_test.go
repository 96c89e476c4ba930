package zmq

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"zeph/pkg/messenger"
)

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

func soon() time.Time { return time.Now().Add(patience) }

// listen opens an endpoint until the test ends.
func listen(t testing.TB, s Settings, endpoint string, p messenger.Pattern) messenger.Listener {
	t.Helper()
	l, err := New(s).Listen(endpoint, p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// accept accepts one connection, which lives until the test ends.
func accept(t testing.TB, l messenger.Listener) messenger.Conn {
	t.Helper()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// dial connects to an endpoint until the test ends.
func dial(t testing.TB, s Settings, endpoint string, p messenger.Pattern) messenger.Conn {
	t.Helper()
	c, err := New(s).Dial(context.Background(), endpoint, p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// handshakes lets all connections greet at once.
func handshakes(t testing.TB, conns ...messenger.Conn) {
	t.Helper()
	errs := make(chan error)
	for _, c := range conns {
		go func() { errs <- c.Handshake(soon()) }()
	}
	var all error
	for range conns {
		all = errors.Join(all, <-errs)
	}
	if all != nil {
		t.Fatal(all)
	}
}

// pair is a connection of ours with both ends in our hands: a DEALER that dialled a ROUTER.
func pair(t testing.TB, s Settings, endpoint string) (dealer, router messenger.Conn) {
	t.Helper()
	l := listen(t, s, endpoint, messenger.Router)
	dealer = dial(t, s, l.Endpoint(), messenger.Dealer)
	router = accept(t, l)
	handshakes(t, dealer, router)
	return dealer, router
}

// shortDir is a directory for this test. T.TempDir spells out the test's name, which is more
// than the path of a Unix socket has room for.
func shortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "z")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// socketPath is where this test may make a Unix socket.
func socketPath(t testing.TB) string {
	t.Helper()
	return filepath.Join(shortDir(t), "socket")
}

// needs skips the test if this machine lacks what the endpoint is made of.
func needs(t testing.TB, endpoint string) {
	t.Helper()
	if strings.HasPrefix(endpoint, "ipc://@") && runtime.GOOS != "linux" {
		t.Skip("abstract sockets are Linux's")
	}
	if strings.HasPrefix(endpoint, "tcp://[") {
		l, err := net.Listen("tcp6", "[::1]:0")
		if err != nil {
			t.Skip("this machine has no IPv6: ", err)
		}
		_ = l.Close()
	}
}

// talk sends a few bytes one way.
func talk(t testing.TB, from, to messenger.Conn) {
	t.Helper()
	const said = "hello over there"
	if n, err := from.Writev([][]byte{[]byte(said[:5]), nil, []byte(said[5:])}, true); n != len(said) || err != nil {
		t.Fatalf("Writev: %d, %v", n, err)
	}
	if heard := read(t, to, len(said)); string(heard) != said {
		t.Fatalf("heard %q", heard)
	}
}

// read reads so many bytes.
func read(t testing.TB, c io.Reader, size int) []byte {
	t.Helper()
	p := make([]byte, size)
	if _, err := io.ReadFull(c, p); err != nil {
		t.Fatal(err)
	}
	return p
}

// eventually waits until a condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := soon(); !holds(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatal("not within ", patience, ": ", what)
		}
	}
}
