package zmq

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"zeph/pkg/messenger"
)

// stranger is a bare socket that dialled a ROUTER of ours, which is the other result.
func stranger(t testing.TB) (net.Conn, messenger.Conn) {
	t.Helper()
	l := listen(t, Settings{}, "tcp://127.0.0.1:0", messenger.Router)
	nc, err := net.Dial("tcp", l.Endpoint()[len("tcp://"):])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	return nc, accept(t, l)
}

func say(t testing.TB, nc net.Conn, said ...[]byte) {
	t.Helper()
	if _, err := nc.Write(slices.Concat(said...)); err != nil {
		t.Fatal(err)
	}
}

// refused wants the handshake to fail with these words, well before its deadline.
func refused(t *testing.T, router messenger.Conn, want string) {
	t.Helper()
	err := router.Handshake(soon())
	switch {
	case err == nil:
		t.Error("welcome")
	case errors.Is(err, os.ErrDeadlineExceeded):
		t.Errorf("waited for more: %v", err)
	case !strings.Contains(err.Error(), want):
		t.Errorf("got %q, want %q", err, want)
	case len(err.Error()) > 500:
		t.Errorf("the error has %d bytes", len(err.Error()))
	}
}

// The peer keeps the connection open: what is bad is refused as it stands.
func TestBadGreetings(t *testing.T) {
	for name, tt := range badGreetings {
		t.Run(name, func(t *testing.T) {
			nc, router := stranger(t)
			say(t, nc, tt.said)
			refused(t, router, tt.want)
		})
	}
}

func TestBadReadys(t *testing.T) {
	for name, tt := range badReadys {
		t.Run(name, func(t *testing.T) {
			nc, router := stranger(t)
			say(t, nc, greeting(), tt.said)
			refused(t, router, tt.want)
		})
	}
}

// What comes right behind READY, in the same packet, is there to be read after the handshake.
func TestGoodHandshakes(t *testing.T) {
	const frame = "\x00\x05hello"
	welcome := func(t *testing.T, greeting, ready []byte) {
		nc, router := stranger(t)
		say(t, nc, greeting, ready, []byte(frame))
		handshakes(t, router)
		if got := read(t, router, len(frame)); string(got) != frame {
			t.Errorf("read %q after the handshake", got)
		}
	}
	for name, g := range goodGreetings {
		t.Run("greeting/"+name, func(t *testing.T) { welcome(t, g, ready(dealer)) })
	}
	for name, r := range goodReadys {
		t.Run("READY/"+name, func(t *testing.T) { welcome(t, greeting(), r) })
	}
}

// What we say, in bytes: a greeting of ZMTP 3.0 and READY with a type and an empty identity.
func TestWhatWeSay(t *testing.T) {
	nc, router := stranger(t)
	say(t, nc, greeting(), ready(dealer))
	handshakes(t, router)
	want := greetingWith(8, 0)
	want[11] = 0
	if got := read(t, nc, 64); !bytes.Equal(got, want) {
		t.Errorf("greeting: %x", got)
	}
	kind, identity := property("Socket-Type", "ROUTER"), property("Identity", "")
	got := read(t, nc, len(ready(kind, identity)))
	if !bytes.Equal(got, ready(kind, identity)) && !bytes.Equal(got, ready(identity, kind)) {
		t.Errorf("READY: %q", got)
	}
}

func TestByteByByte(t *testing.T) {
	nc, router := stranger(t)
	done := make(chan error, 1)
	go func() { done <- router.Handshake(soon()) }()
	for _, b := range slices.Concat(greeting(), ready(dealer)) {
		say(t, nc, []byte{b})
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// A peer of the older kind sends its version only after it has seen our signature.
func TestOneAfterTheOther(t *testing.T) {
	nc, router := stranger(t)
	done := make(chan error, 1)
	go func() { done <- router.Handshake(soon()) }()
	say(t, nc, greeting()[:10])
	read(t, nc, 64)
	say(t, nc, greeting()[10:])
	read(t, nc, 2)
	say(t, nc, ready(dealer))
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// stages are how far a peer can get.
func stages() map[string][]byte {
	all := make(map[string][]byte)
	whole := slices.Concat(greeting(), ready(dealer))
	for _, n := range []int{0, 1, 9, 10, 11, 12, 32, 33, 63, 64, 65, 66, 67, 72, 80, len(whole) - 1} {
		all[fmt.Sprintf("after %d bytes", n)] = whole[:n]
	}
	all["within a long length"] = slices.Concat(greeting(), []byte{6, 0, 0, 0})
	return all
}

func TestSilenceEndsAtTheDeadline(t *testing.T) {
	for name, said := range stages() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			nc, router := stranger(t)
			say(t, nc, said)
			err := router.Handshake(time.Now().Add(50 * time.Millisecond))
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("got %v, want the deadline", err)
			}
		})
	}
}

func TestPeerThatGoesAway(t *testing.T) {
	for name, said := range stages() {
		t.Run(name, func(t *testing.T) {
			nc, router := stranger(t)
			say(t, nc, said)
			if err := nc.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			err := router.Handshake(soon())
			if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "closed by the peer") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestPeerThatResets(t *testing.T) {
	nc, router := stranger(t)
	say(t, nc, greeting()[:20])
	if err := nc.(*net.TCPConn).SetLinger(0); err != nil {
		t.Fatal(err)
	}
	if err := nc.Close(); err != nil {
		t.Fatal(err)
	}
	if err := router.Handshake(soon()); err == nil {
		t.Error("welcome")
	}
}

func TestDeadlineInThePast(t *testing.T) {
	nc, router := stranger(t)
	say(t, nc, greeting(), ready(dealer))
	if err := router.Handshake(time.Now().Add(-time.Second)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestHandshakeNeedsADeadline(t *testing.T) {
	_, router := stranger(t)
	if err := router.Handshake(time.Time{}); err == nil {
		t.Error("went without a deadline")
	}
}

func TestHandshakeOnce(t *testing.T) {
	dealer, _ := pair(t, Settings{}, "tcp://127.0.0.1:0")
	if err := dealer.Handshake(soon()); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("got %v", err)
	}
}

// handshakeWithin is a connection whose handshake has met its deadline. A machine that is too slow for it gets longer.
func handshakeWithin(t *testing.T, d time.Duration) (net.Conn, messenger.Conn, time.Time) {
	t.Helper()
	nc, router := stranger(t)
	say(t, nc, greeting(), ready(dealer))
	deadline := time.Now().Add(d)
	err := router.Handshake(deadline)
	switch {
	case err == nil:
		return nc, router, deadline
	case !errors.Is(err, os.ErrDeadlineExceeded) || d > 10*time.Second:
		t.Fatal(err)
	}
	return handshakeWithin(t, 2*d)
}

// The deadline of the handshake binds nothing that comes later.
func TestDeadlineIsForgotten(t *testing.T) {
	nc, router, deadline := handshakeWithin(t, 200*time.Millisecond)
	heard := make(chan error, 1)
	go func() {
		_, err := router.Read(make([]byte, 1))
		heard <- err
	}()
	<-time.After(time.Until(deadline))
	say(t, nc, []byte{0})
	if err := <-heard; err != nil {
		t.Errorf("Read: %v", err)
	}
	if n, err := router.Writev([][]byte{{0}}, true); n != 1 || err != nil {
		t.Errorf("Writev: %d, %v", n, err)
	}
}

func TestCloseDuringHandshake(t *testing.T) {
	for name, said := range stages() {
		t.Run(name, func(t *testing.T) {
			nc, router := stranger(t)
			say(t, nc, said)
			done := make(chan error, 1)
			go func() { done <- router.Handshake(soon()) }()
			read(t, nc, 64) // it has begun
			if err := errors.Join(router.Close(), router.Close()); err != nil {
				t.Error(err)
			}
			if err := <-done; !errors.Is(err, net.ErrClosed) {
				t.Errorf("got %v, want %v", err, net.ErrClosed)
			}
		})
	}
}

func TestHandshakeAfterClose(t *testing.T) {
	_, router := stranger(t)
	if err := router.Close(); err != nil {
		t.Fatal(err)
	}
	if err := router.Handshake(soon()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

// TestSocketTypes tries all of ZMTP's against all of ours.
func TestSocketTypes(t *testing.T) {
	welcome := []string{
		"DEALER ROUTER", "ROUTER DEALER", "SUB PUB", "SUB XPUB", "PUB SUB", "PUB XSUB", "PUSH PULL", "PULL PUSH",
	}
	theirs := []string{"PAIR", "PUB", "SUB", "REQ", "REP", "DEALER", "ROUTER", "PULL", "PUSH", "XPUB", "XSUB", "STREAM", "SERVER"}
	for ours := messenger.Dealer; ours <= messenger.Pull; ours++ {
		for _, their := range theirs {
			err := shake(ours, slices.Concat(greeting(), ready(property("Socket-Type", their)))).err
			if want := slices.Contains(welcome, fmt.Sprint(ours, " ", their)); want != (err == nil) {
				t.Errorf("ours %v, theirs %s: %v", ours, their, err)
			}
			if err != nil && (!strings.Contains(err.Error(), their) || !strings.Contains(err.Error(), ours.String())) {
				t.Errorf("ours %v, theirs %s: %v names not both", ours, their, err)
			}
		}
	}
}
