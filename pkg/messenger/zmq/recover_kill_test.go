//go:build unix

package zmq_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"zeph/pkg/messenger"
	"zeph/pkg/wire"
)

// under is how many calls are under way when something happens to their server.
const under = 100

// The server is killed, and started again some time later: calls under way end with a reset, those
// that come while it is down say so, and then it works again by itself.
func TestKilled(t *testing.T) {
	if serving(t) {
		return
	}
	for _, scheme := range []string{"IPv4", "IPv6", "ipc"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, 7, schemes[scheme](t))
			client := startOurs(t, "client.x", 9, nil)
			link := client.Link(s.peer(t, 0), wire.Data)
			client.await(t, "up data osd.1")
			client.hold(link, 0, under)
			for range under {
				s.await(t, "held")
			}
			client.never(t, "call") // has ended

			killed := time.Now()
			s.kill()
			client.await(t, "reset data osd.1")
			t.Logf("reset %v after the kill", time.Since(killed))
			client.ended(t, messenger.ErrReset)

			for range 20 {
				if err := client.call(link, 100); !errors.Is(err, messenger.ErrDown) {
					t.Errorf("a call to a dead server: %v", err)
				}
			}
			if refused := client.await(t, "unreachable data osd.1"); !strings.Contains(refused, "refused") {
				t.Errorf("unreachable: %s", refused)
			}

			startServer(t, 8, s.endpoint)
			client.recovers(t, link, "listening again")
			client.await(t, "up data osd.1")
			if all := client.all("call"); len(all) != under {
				t.Errorf("%d of %d calls ended", len(all), under)
			}
		})
	}
}

// The same behind a socket that outlives the server, as one that a lab hands to its daemons: who
// dials is not refused, but not greeted either until the next run does it.
func TestKilledButNotItsSocket(t *testing.T) {
	if serving(t) {
		return
	}
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	socket, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	s := startServer(t, 7, "fd://3", socket)
	client := startOurs(t, "client.x", 9, nil)
	link := client.Link(s.peer(t, 0), wire.Data)
	client.await(t, "up data osd.1")
	client.hold(link, 0, under)
	for range under {
		s.await(t, "held")
	}
	s.kill()
	client.await(t, "reset data osd.1")
	client.ended(t, messenger.ErrReset)

	for range 3 {
		client.impatient(t, link, context.DeadlineExceeded, messenger.ErrDown)
	}
	startServer(t, 8, "fd://3", socket)
	client.recovers(t, link, "listening again")
	client.await(t, "up data osd.1")
	if all := client.all("call"); len(all) != under {
		t.Errorf("%d of %d calls ended", len(all), under)
	}
}

// hold makes calls that are not answered. The journal tells of their ends.
func (o *ours) hold(l *messenger.Link, timeout time.Duration, n int) {
	body := wire.AppendBody(nil, &wire.Echo{Text: "hold"})
	for range n {
		m := messenger.Message{Header: wire.Header{Type: wire.TypeEcho}, Body: body}
		l.Go(&m, timeout, func(m *messenger.Message, err error) {
			if m != nil {
				m.Release()
			}
			o.add("call ended: %v", o.name(err))
		})
	}
}

// name is which of the known endings an error is. It must be one of them only: the program at the
// other end of a call acts on it.
func (o *ours) name(err error) (ending error) {
	for _, e := range []error{messenger.ErrReset, messenger.ErrDown, messenger.ErrClosed, context.DeadlineExceeded} {
		if errors.Is(err, e) && ending != nil {
			return fmt.Errorf("both %w and %w: %w", ending, e, err)
		}
		if errors.Is(err, e) {
			ending = e
		}
	}
	if ending == nil {
		return fmt.Errorf("another: %w", err)
	}
	return ending
}

// ended checks that all calls under way have ended so, before the first event that is a reset.
func (o *ours) ended(t testing.TB, want error) {
	t.Helper()
	all := o.all("")
	before := all[:slices.IndexFunc(all, func(line string) bool { return strings.HasPrefix(line, "reset") })]
	n := 0
	for _, line := range before {
		if line == "call ended: "+want.Error() {
			n++
		}
	}
	if n != under {
		t.Errorf("%d of %d calls had ended with %q by the reset. What happened:\n%v", n, under, want, o.journal)
	}
}

// impatient makes a call that waits a short time only, and ends in one of these ways.
func (o *ours) impatient(t testing.TB, l *messenger.Link, want ...error) {
	t.Helper()
	const patience = 50 * time.Millisecond
	began := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	m, err := l.Call(ctx, &messenger.Message{Header: wire.Header{Type: wire.TypeEcho}, Body: echoBody})
	if m != nil {
		m.Release()
	}
	if !slices.Contains(want, o.name(err)) {
		t.Errorf("the call ended with %v", err)
	}
	if errors.Is(err, context.DeadlineExceeded) && time.Since(began) < patience {
		t.Errorf("the deadline of %v came after %v", patience, time.Since(began))
	}
}

// recovers calls until somebody answers. Calls may be refused until then, but nothing else.
func (o *ours) recovers(t testing.TB, l *messenger.Link, since string) {
	t.Helper()
	began, refused := time.Now(), 0
	until(t, "an answered call after "+since, func() bool {
		err := o.call(l, 100)
		if err != nil && !errors.Is(err, messenger.ErrDown) {
			t.Errorf("a call after %s: %v", since, err)
		}
		refused++
		return err == nil
	})
	t.Logf("first answer %v after %s, %d calls refused before", time.Since(began), since, refused-1)
}
