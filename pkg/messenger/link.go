package messenger

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"zeph/pkg/wire"
)

// Link keeps a session of one class with one peer, and makes another when it ends. What is sent
// while it connects waits; while it pauses between two attempts it fails with ErrDown.
type Link struct {
	m     *Messenger
	to    Peer
	class wire.Class

	session atomic.Pointer[Session] // the present one, or the last
	nudge   chan struct{}           // dial now
	closed  chan struct{}
	close   sync.Once
}

func (m *Messenger) newLink(to Peer, c wire.Class) *Link {
	l := &Link{m: m, to: to, class: c, nudge: make(chan struct{}, 1), closed: make(chan struct{})}
	l.session.Store(m.newSession(l, c))
	return l
}

// Send sends a message that nobody answers. It never waits for the network.
func (l *Link) Send(m *Message) error { return l.session.Load().Send(m) }

// Call sends a request and waits for its answer, which is the caller's to release. An answer that
// failed is a *wire.Error.
func (l *Link) Call(ctx context.Context, m *Message) (*Message, error) {
	return l.session.Load().askAndWait(ctx, m)
}

// Go sends a request and calls done exactly once: with the answer, which is done's to release, or
// with the error that the call ended with. It may be called before Go returns, and must not block.
// A timeout of 0 is none.
func (l *Link) Go(m *Message, timeout time.Duration, done func(*Message, error)) {
	l.session.Load().ask(m, timeout, done)
}

// Session is the present session, or the last one.
func (l *Link) Session() *Session { return l.session.Load() }

// Peer is whom the link goes to.
func (l *Link) Peer() Peer { return l.to }

// Up reports whether there is a session now.
func (l *Link) Up() bool { return l.session.Load().isOpen() }

// Wake dials at once if the link pauses between two attempts: the map says that the peer is up.
func (l *Link) Wake() {
	select {
	case l.nudge <- struct{}{}:
	default:
	}
}

// Reset ends the present session with all that is queued; another is made at once.
func (l *Link) Reset(cause error) {
	l.session.Load().die(cause)
	l.Wake()
}

// Close ends the link for good. A later Messenger.Link to the same peer makes a new one.
func (l *Link) Close() {
	l.m.forgetLink(l)
	l.stop()
}

func (l *Link) stop() {
	l.close.Do(func() { close(l.closed) })
	l.session.Load().die(ErrClosed)
}

func (l *Link) stopped() bool {
	select {
	case <-l.closed:
		return true
	default:
		return false
	}
}

// run makes sessions until the link is closed.
func (l *Link) run() {
	again := redial{limits: l.m.limits}
	for {
		if l.live(l.session.Load()) {
			again.worked()
		}
		if !again.wait(l.closed, l.nudge) || !l.renew() {
			return
		}
	}
}

// live leads a session from dialling to its end; false if it never opened.
func (l *Link) live(s *Session) (opened bool) {
	if err := l.connect(s); err != nil {
		s.die(err)
		s.finish(false)
		if !l.stopped() {
			l.tell(Unreachable, nil, err)
		}
		return false
	}
	l.tell(Up, s, nil)
	s.die(s.readAll())
	s.finish(true)
	l.tell(Reset, s, s.cause)
	return true
}

// connect dials, greets, and opens the session.
func (l *Link) connect(s *Session) error {
	conn, err := l.m.dial(s, l.to.Addrs, l.class.String(), Dealer)
	if err != nil {
		return err
	}
	if err := s.attach(conn); err != nil {
		return err
	}
	if err := conn.Handshake(time.Now().Add(l.m.limits.Hello)); err != nil {
		return err
	}
	return s.greet(l.to)
}

// renew readies the next session; false if the link was closed.
func (l *Link) renew() bool {
	next := l.m.newSession(l, l.class)
	l.session.Store(next)
	if l.stopped() { // perhaps before it could see this session
		next.die(ErrClosed)
		next.finish(false)
		return false
	}
	return true
}

func (l *Link) tell(kind EventKind, s *Session, cause error) {
	l.m.tell(PeerEvent{Kind: kind, Peer: l.to, Place: l.class.String(), Session: s, Link: l, Cause: cause})
}
