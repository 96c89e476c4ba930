package messenger

import (
	"errors"
	"net"
	"time"

	"zeph/pkg/wire"
)

// An entrance accepts the connections of one place. Each greets on a goroutine of its own, so
// that one who hangs delays nobody.
type entrance struct {
	m         *Messenger
	place     string
	listener  Listener
	serve     func(*stranger)
	strangers strangers
}

// acceptPause is how long to wait when no connection can be accepted: there are no descriptors,
// as a rule.
const acceptPause = 5 * time.Millisecond

// run accepts until the listener is closed.
func (e *entrance) run() {
	failing := false // and said so
	for {
		conn, err := e.listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			if !failing {
				e.m.logger.Warn("cannot accept a connection", "place", e.place, "err", err)
			}
			failing = true
			e.strangers.dropOldest()
			if !e.m.sleep(acceptPause) {
				return
			}
		default:
			failing = false
			st := e.strangers.admit(conn, e.m.limits)
			e.m.spawn(func() { e.greet(st) })
		}
	}
}

// greet finds out what a stranger wants, within the time that it has for it.
func (e *entrance) greet(st *stranger) {
	defer st.leave()
	if err := st.conn.Handshake(time.Now().Add(e.m.limits.Hello)); err != nil {
		e.m.refuse(e.place, st.conn, err)
		return
	}
	e.serve(st)
}

// refuse notes a connection that did not become a session.
func (m *Messenger) refuse(place string, c Conn, err error) {
	m.stats.refused.Add(1)
	m.logger.Debug("connection refused", "place", place, "peer", c.Remote(), "err", err)
}

// serveSessions runs the sessions that peers dial at the place of a class.
func (m *Messenger) serveSessions(c wire.Class) func(*stranger) {
	return func(st *stranger) {
		s := m.newSession(nil, c)
		if s.attach(st.conn) != nil {
			return
		}
		err := s.welcome(func(p Peer) error { return m.take(s, p, st) })
		if err != nil {
			s.die(err)
			s.finish(false)
			m.refuse(c.String(), st.conn, err)
		} else {
			m.tell(PeerEvent{Kind: Up, Peer: s.peer, Place: c.String(), Session: s})
			s.die(s.readAll())
			s.finish(true)
			m.tell(PeerEvent{Kind: Reset, Peer: s.peer, Place: c.String(), Session: s, Cause: s.cause})
		}
		m.release(s)
	}
}

// take makes room for a session whose peer is now known: a stranger less, and the peer's earlier
// session of the class, if there is one, at its end. Nothing of that is delivered any more.
func (m *Messenger) take(s *Session, p Peer, st *stranger) error {
	if !st.known() {
		return errCrowded
	}
	old := m.inbound.put(s, p)
	if old != nil {
		old.leave(wire.Replaced.Errorf("by a newer session of %v", p))
		<-old.over
	}
	return nil
}

// release takes a session out that has ended.
func (m *Messenger) release(s *Session) {
	m.inbound.remove(s)
	close(s.over)
}

var errCrowded = errors.New("too many connections without a hello")
