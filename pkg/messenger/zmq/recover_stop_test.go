//go:build unix

package zmq_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"zeph/pkg/messenger"
	"zeph/pkg/wire"
)

var errSilent = errors.New("no sign of life")

// The server is stopped, as a hanging one would be. Its connections stay, so calls end at their
// deadlines only. When it goes on before anybody gave up, so does the session.
func TestStopped(t *testing.T) {
	if serving(t) {
		return
	}
	t.Parallel()
	s := startServer(t, 7, "tcp://127.0.0.1:0")
	client := startOurs(t, "client.x", 9, nil)
	link := client.Link(s.peer(t, 7), wire.Data)
	client.await(t, "up data osd.1 7")
	s.stop(t)
	const late = 5
	for range late {
		client.impatient(t, link, context.DeadlineExceeded)
	}
	s.resume()
	client.recovers(t, link, "SIGCONT")
	client.never(t, "reset")
	if n := client.Stats().Classes[wire.Data].LateAnswers; n != late {
		t.Errorf("%d late answers, %d calls were given up", n, late)
	}
}

// Somebody gives the stopped server up, as heartbeats would: calls under way end with the reset,
// the link dials, and is greeted when the server goes on. What it answers then to calls of the old
// session finds nobody.
func TestStoppedAndReset(t *testing.T) {
	if serving(t) {
		return
	}
	for _, scheme := range []string{"IPv4", "ipc"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, 7, schemes[scheme](t))
			client := startOurs(t, "client.x", 9, nil)
			link := client.Link(s.peer(t, 7), wire.Data)
			client.await(t, "up data osd.1 7")
			s.await(t, "up data client.x 9") // it could be stopped between its welcome and this
			s.stop(t)
			client.hold(link, 100*time.Millisecond, under)
			for range under {
				client.await(t, "call ended: "+context.DeadlineExceeded.Error())
			}
			client.never(t, "reset")

			client.hold(link, 0, under)
			link.Reset(errSilent)
			client.await(t, "reset data osd.1 7: "+errSilent.Error())
			client.ended(t, messenger.ErrReset)
			for range 3 {
				client.impatient(t, link, context.DeadlineExceeded, messenger.ErrDown)
			}

			s.resume()
			client.recovers(t, link, "SIGCONT")
			client.await(t, "up data osd.1 7")
			s.await(t, "reset data client.x 9")
			if all := client.all("call"); len(all) != 2*under {
				t.Errorf("%d of %d calls ended", len(all), 2*under)
			}
			if n := client.Stats().Classes[wire.Data].LateAnswers; n > 0 {
				t.Errorf("%d answers out of the old session", n)
			}
		})
	}
}
