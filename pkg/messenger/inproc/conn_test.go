package inproc

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"zeph/pkg/messenger"
)

func TestHandshakeChecksPatterns(t *testing.T) {
	t.Parallel()
	pairs := map[messenger.Pattern]messenger.Pattern{
		messenger.Dealer: messenger.Router,
		messenger.Sub:    messenger.Pub,
		messenger.Push:   messenger.Pull,
	}
	for a := messenger.Dealer; a <= messenger.Pull; a++ {
		for b := messenger.Dealer; b <= messenger.Pull; b++ {
			near, far := connect("inproc://x", 1, a, b)
			fit := pairs[a] == b && b != 0 || pairs[b] == a && a != 0
			nearErr, farErr := greetBoth(near, far)
			if (nearErr == nil) != fit || (farErr == nil) != fit {
				t.Errorf("%v with %v: %v; %v", a, b, nearErr, farErr)
			}
			if !fit && !strings.Contains(nearErr.Error(), b.String()) {
				t.Errorf("%v with %v: %v does not name the peer's pattern", a, b, nearErr)
			}
		}
	}
}

func greetBoth(near, far messenger.Conn) (nearErr, farErr error) {
	soon := time.Now().Add(10 * time.Second)
	done := make(chan error)
	go func() { done <- far.Handshake(soon) }()
	nearErr = near.Handshake(soon)
	return nearErr, <-done
}

func TestHandshakeEnds(t *testing.T) {
	tests := []struct {
		name string
		do   func(near, far messenger.Conn) // while near waits
		want error
		at   time.Duration
	}{
		{"at its deadline when the peer is silent", func(_, _ messenger.Conn) {}, os.ErrDeadlineExceeded, time.Minute},
		{"when this end closes", func(near, _ messenger.Conn) { near.Close() }, net.ErrClosed, 0},
		{"when the peer closes", func(_, far messenger.Conn) { far.Close() }, syscall.ECONNRESET, 0},
		{"well when the peer greets late", func(_, far messenger.Conn) {
			time.Sleep(59 * time.Second)
			far.Handshake(time.Now().Add(time.Second))
		}, nil, 59 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := connect("inproc://x", 1, messenger.Push, messenger.Pull)
				start := time.Now()
				done := make(chan error)
				go func() { done <- near.Handshake(start.Add(time.Minute)) }()
				synctest.Wait()
				tt.do(near, far)
				if err := <-done; !errors.Is(err, tt.want) || time.Since(start) != tt.at {
					t.Errorf("Handshake = %v after %v, want %v after %v", err, time.Since(start), tt.want, tt.at)
				}
			})
		})
	}
}

// A peer that greets, speaks and leaves at once is heard in full.
func TestHandshakeWithAPeerThatLeft(t *testing.T) {
	t.Parallel()
	near, far := connect("inproc://x", 1, messenger.Dealer, messenger.Router)
	if err := near.Handshake(time.Now().Add(-time.Second)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Handshake = %v, want its deadline", err)
	}
	near.Writev([][]byte{[]byte("bye")}, false)
	near.Close()
	if err := far.Handshake(time.Now().Add(time.Minute)); err != nil {
		t.Errorf("Handshake = %v", err)
	}
	if b, err := io.ReadAll(far); string(b) != "bye" || err != nil {
		t.Errorf("read %q, %v", b, err)
	}
}

func TestCloseEndsWhatWaits(t *testing.T) {
	tests := []struct {
		name  string
		wait  func(near messenger.Conn) error
		close func(near, far messenger.Conn)
		want  error
	}{
		{"a read, by this end", readOne, func(near, _ messenger.Conn) { near.Close() }, net.ErrClosed},
		{"a read, by the peer", readOne, func(_, far messenger.Conn) { far.Close() }, io.EOF},
		{"a write, by this end", fill, func(near, _ messenger.Conn) { near.Close() }, net.ErrClosed},
		{"a write, by the peer", fill, func(_, far messenger.Conn) { far.Close() }, syscall.EPIPE},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := connected(t)
				done := make(chan error)
				go func() { done <- tt.wait(near) }()
				synctest.Wait()
				select {
				case err := <-done:
					t.Fatalf("ended before the close: %v", err)
				default:
				}
				tt.close(near, far)
				if err := <-done; !errors.Is(err, tt.want) {
					t.Errorf("%v, want %v", err, tt.want)
				}
				near.Close()
				far.Close()
			})
		})
	}
}

func readOne(c messenger.Conn) error {
	_, err := c.Read(make([]byte, 1))
	return err
}

// fill writes until an error comes.
func fill(c messenger.Conn) error {
	for {
		if _, err := c.Writev([][]byte{make([]byte, 4096)}, true); err != nil {
			return err
		}
	}
}

// The whole way: listen, dial, accept, both directions, in a bubble with a clock of its own.
func TestConnBothWays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := connected(t)
		if near.Remote() != far.Local() || far.Remote() != near.Local() || near.Local() == far.Local() {
			t.Errorf("addresses %s to %s and %s to %s", near.Local(), near.Remote(), far.Local(), far.Remote())
		}
		go func() {
			b := make([]byte, 1000)
			for {
				n, err := far.Read(b)
				if err != nil {
					far.Close()
					return
				}
				far.Writev([][]byte{b[:n]}, true)
			}
		}()
		sent := [][]byte{[]byte("one "), nil, []byte("two")}
		if n, err := near.Writev(sent, false); n != 7 || err != nil || string(sent[0]) != "one " || len(sent) != 3 {
			t.Fatalf("Writev = %d, %v", n, err)
		}
		got := make([]byte, 7)
		if _, err := io.ReadFull(near, got); string(got) != "one two" || err != nil {
			t.Errorf("read %q, %v", got, err)
		}
		near.Close()
		near.Close()
	})
}

func TestNothingIsAllocated(t *testing.T) {
	near, far := connect("inproc://x", 1, messenger.Dealer, messenger.Router)
	b := make([]byte, 4096)
	bufs := [][]byte{b[:100], b[100:]}
	allocs := testing.AllocsPerRun(1000, func() {
		near.Writev(bufs, true)
		far.Read(b)
	})
	if allocs != 0 {
		t.Errorf("%v allocations for a write and a read", allocs)
	}
}

// connected is a connection of a network, both ends greeted.
func connected(t *testing.T) (near, far messenger.Conn) {
	t.Helper()
	n := New()
	l := listen(t, n, "inproc://*")
	defer l.Close()
	near = dial(t, n, l)
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if nearErr, farErr := greetBoth(near, far); nearErr != nil || farErr != nil {
		t.Fatal(nearErr, farErr)
	}
	return near, far
}
