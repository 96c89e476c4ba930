package messenger

import (
	"context"
	"errors"
	"sync"

	"zeph/pkg/wire"
)

// Session is what two messengers say to each other over one connection, between a hello and the
// connection's end. Messages arrive in the order they were sent, each at most once. A link that
// connects again has a new session.
//
//	connecting ──welcome──▶ open ──▶ dead
//	     └───────────────────────────▲
type Session struct {
	m      *Messenger
	link   *Link // nil: the peer dialled
	class  wire.Class
	number uint64 // unlike any other in this process
	limits *ClassLimits

	// Set before the session is open, and not changed.
	conn   Conn
	peer   Peer
	out    self
	budget *budget // of what arrives

	mu    sync.Mutex
	state state
	cause error // of its death
	outbox
	calls
	grants
	sent     counters
	received tally // as of the last time that the reading goroutine looked up

	in   inbox
	life context.Context // ends at death
	kill context.CancelFunc
	key  inboundKey    // of one that the peer dialled
	over chan struct{} // closed when all that belongs to it has ended
}

type state uint8

const (
	connecting state = iota
	open
	dead
)

// counters are what one direction has seen.
type counters struct{ messages, bytes uint64 }

func (c *counters) add(n int) {
	c.messages++
	c.bytes += uint64(n)
}

func (m *Messenger) newSession(l *Link, c wire.Class) *Session {
	life, kill := context.WithCancel(context.Background())
	return &Session{
		m: m, link: l, class: c, number: m.numbers.Add(1), limits: &m.limits.Class[c],
		out:    self{kind: m.cfg.Entity.Kind(), gid: m.cfg.GID, entity: m.cfg.Entity},
		outbox: newOutbox(), life: life, kill: kill, over: make(chan struct{}),
	}
}

// Peer is who the session is with, as the hello said.
func (s *Session) Peer() Peer { return s.peer }

// Class is what all of the session's messages are of.
func (s *Session) Class() wire.Class { return s.class }

// Number tells the sessions of this process apart.
func (s *Session) Number() uint64 { return s.number }

// Send sends a message that nobody answers. It never waits for the network.
func (s *Session) Send(m *Message) error {
	m.Request, m.Flags = 0, m.Flags&^(wire.Reply|wire.Failed)
	return s.send(m, nil)
}

// Reset ends the session. If it is a link's, the link connects again at once.
func (s *Session) Reset(cause error) { s.die(cause) }

// die ends the session. The goroutine that reads it says so to everybody else (see finish), and
// thus after the last message.
func (s *Session) die(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dieLocked(cause)
}

func (s *Session) dieLocked(cause error) {
	if s.state == dead {
		return
	}
	if cause == nil { // of a dead session there is always one
		cause = ErrReset
	}
	s.state, s.cause = dead, cause
	s.kill()
	if s.conn != nil {
		s.conn.Close()
	}
}

// attach gives a session its connection, unless it died meanwhile.
func (s *Session) attach(c Conn) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == dead {
		c.Close()
		return s.cause
	}
	s.conn, s.in.conn = c, c
	s.m.watch.add(s)
	return nil
}

// terms are what the two hellos agreed on.
type terms struct {
	peer    Peer
	id      wire.SessionID
	longest int // message that the peer accepts
	window  int // bytes of ours that the peer holds
	replies int // bytes of answers that the peer queues for us; 0: we ask for none
}

// begin opens a session over which nothing but the hellos went. What was sent meanwhile goes out.
func (s *Session) begin(t terms) error {
	s.mu.Lock()
	if s.state == dead {
		defer s.mu.Unlock()
		return s.cause
	}
	s.peer.Entity, s.peer.GID = t.peer.Entity, t.peer.GID
	s.out.session, s.counter = t.id, 1 // the hello's
	s.budget = s.m.budgetOf(s.class, t.peer.Entity.Kind())
	s.in.expect(t.peer, t.id)
	s.longest, s.window, s.replies = t.longest, uint64(t.window), t.replies
	s.state = open
	s.m.stats.class[s.class].begun.Add(1)
	s.m.spawn(s.flush)
	s.admit()
	s.wake(false)
	return nil
}

// finish ends all that was left undone. It runs once, on the goroutine that read the session or
// tried to open it.
func (s *Session) finish(opened bool) {
	s.m.watch.remove(s)
	s.mu.Lock()
	calls, frees, cause := s.takeCalls(), s.dropQueue(), s.cause
	s.received = s.in.tally
	traffic := s.traffic()
	s.mu.Unlock()
	s.m.stats.class[s.class].bury(traffic, opened)
	s.late.Wait()
	for _, free := range frees {
		free()
	}
	ending := ErrDown
	switch {
	case s.m.closing(), errors.Is(cause, ErrClosed): // the messenger, or the link
		ending = ErrClosed
	case opened:
		ending = ErrReset
	}
	for _, c := range calls {
		c.done(nil, because(ending, cause))
	}
}

// deadError is what Send says of a session that is dead.
func (s *Session) deadError() error {
	if s.m.closing() || errors.Is(s.cause, ErrClosed) {
		return ErrClosed
	}
	return because(ErrDown, s.cause)
}

func (s *Session) isOpen() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state == open
}

// progress tells how far the two directions are.
func (s *Session) progress() (in, out progress) {
	s.mu.Lock()
	defer s.mu.Unlock()
	in = progress{s.in.item.Load(), s.in.moved.Load()}
	if s.writing {
		out = progress{s.item, s.written}
	}
	return in, out
}

// credit tells how far a peer that dialled is with granting credit for the answers that wait for
// it, and how many bytes are queued.
func (s *Session) credit() (p progress, queued int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.link == nil && s.state == open && !s.paused.empty() {
		p = progress{1, s.doneSum}
	}
	return p, s.queued
}

// holds is how many bytes that the peer sent lie here and take room in a budget.
func (s *Session) holds(b *budget) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != open || s.budget != b {
		return 0
	}
	return max(0, int(s.received.counted-s.in.done.Load()))
}

// leave ends a session and tells the peer why, if that can be written at once.
func (s *Session) leave(why error) {
	s.refuseFrame(wire.Header{Type: wire.TypeHello}, why)
	s.die(why)
}
