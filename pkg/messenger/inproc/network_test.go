package inproc

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"zeph/pkg/messenger"
)

func TestListenMakesUpNames(t *testing.T) {
	t.Parallel()
	n := New()
	taken := listen(t, n, "inproc://2")
	seen := map[string]bool{taken.Endpoint(): true}
	for _, endpoint := range []string{"inproc://", "inproc://*", "inproc://*"} {
		l := listen(t, n, endpoint)
		if name := l.Endpoint(); seen[name] || name == endpoint {
			t.Errorf("listening on %s gave %s", endpoint, name)
		}
		seen[l.Endpoint()] = true
		dial(t, n, l)
	}
}

func TestListenRefusesATakenName(t *testing.T) {
	t.Parallel()
	n := New()
	l := listen(t, n, "inproc://osd.3")
	_, err := n.Listen("inproc://osd.3", messenger.Pub)
	if !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), "inproc://osd.3") {
		t.Errorf("Listen = %v", err)
	}
	l.Close()
	l.Close()
	again := listen(t, n, "inproc://osd.3")
	l.Close() // must not take the name from the new one
	dial(t, n, again)
}

func TestEndpointsThatAreNone(t *testing.T) {
	t.Parallel()
	n := New()
	for _, endpoint := range []string{"", "osd.3", "tcp://127.0.0.1:0", "inproc:/a", "inproc://" + strings.Repeat("a", 256)} {
		_, listenErr := n.Listen(endpoint, messenger.Router)
		_, dialErr := n.Dial(t.Context(), endpoint, messenger.Dealer)
		for _, err := range []error{listenErr, dialErr} {
			if err == nil || !strings.Contains(err.Error(), "expected inproc://NAME") || len(err.Error()) > 500 {
				t.Errorf("endpoint %.40q: %v", endpoint, err)
			}
		}
	}
}

func TestDialRefused(t *testing.T) {
	t.Parallel()
	n := New()
	l := listen(t, n, "inproc://gone")
	l.Close()
	listen(t, New(), "inproc://elsewhere")
	for _, endpoint := range []string{"inproc://gone", "inproc://elsewhere", "inproc://", "inproc://*"} {
		_, err := n.Dial(t.Context(), endpoint, messenger.Dealer)
		if !errors.Is(err, syscall.ECONNREFUSED) || !strings.Contains(err.Error(), endpoint) {
			t.Errorf("dial %s: %v, want connection refused", endpoint, err)
		}
	}
}

// Those that dial a listener which does not accept wait when its backlog is full, until their
// context ends or the listener does.
func TestBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New()
		l := listen(t, n, "inproc://busy")
		var waiting []messenger.Conn
		for range backlog {
			waiting = append(waiting, dial(t, n, l))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		if _, err := n.Dial(ctx, l.Endpoint(), messenger.Dealer); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Minute {
			t.Errorf("dial = %v after %v, want the end of its context", err, time.Since(start))
		}
		refused := make(chan error)
		go func() {
			_, err := n.Dial(t.Context(), l.Endpoint(), messenger.Dealer)
			refused <- err
		}()
		synctest.Wait()
		l.Close()
		if err := <-refused; !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("dial = %v, want connection refused", err)
		}
		for _, c := range waiting {
			if err := c.Handshake(time.Now().Add(time.Hour)); !errors.Is(err, syscall.ECONNRESET) {
				t.Fatalf("handshake with a listener that closed = %v, want connection reset", err)
			}
		}
		if _, err := l.Accept(); err != net.ErrClosed {
			t.Errorf("Accept = %v, want net.ErrClosed", err)
		}
	})
}

func TestCloseEndsAccept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := listen(t, New(), "inproc://quiet")
		ended := make(chan error)
		go func() {
			_, err := l.Accept()
			ended <- err
		}()
		synctest.Wait()
		l.Close()
		if err := <-ended; err != net.ErrClosed {
			t.Errorf("Accept = %v, want net.ErrClosed", err)
		}
	})
}

// Many dial while the listener closes: each connection is accepted or ends.
func TestDialWhileClosing(t *testing.T) {
	t.Parallel()
	for range 200 {
		n := New()
		l := listen(t, n, "inproc://brief")
		done := make(chan struct{})
		for range 4 {
			go func() {
				defer func() { done <- struct{}{} }()
				c, err := n.Dial(t.Context(), "inproc://brief", messenger.Dealer)
				if err != nil {
					return
				}
				if err := c.Handshake(time.Now().Add(time.Minute)); err == nil {
					t.Errorf("a handshake that nobody answered went well")
				}
			}()
		}
		go func() {
			defer func() { done <- struct{}{} }()
			if c, err := l.Accept(); err == nil {
				c.Close()
			}
			l.Close()
		}()
		for range 5 {
			<-done
		}
	}
}

func listen(t *testing.T, n messenger.Transport, endpoint string) messenger.Listener {
	t.Helper()
	l, err := n.Listen(endpoint, messenger.Router)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func dial(t *testing.T, n messenger.Transport, l messenger.Listener) messenger.Conn {
	t.Helper()
	c, err := n.Dial(t.Context(), l.Endpoint(), messenger.Dealer)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
