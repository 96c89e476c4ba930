package messenger

import (
	"bytes"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"zeph/pkg/wire"
)

// inbox is what the goroutine that reads a session keeps. What others look at is atomic.
type inbox struct {
	frameReader
	peer    [wire.HeaderSize]byte // what is the same in all headers that the peer sends
	counter uint64                // of the last message
	came    time.Time             // when what is being dealt with came; guarded by the session's mu
	tally

	done       atomic.Uint64 // of what counted, the bytes that have been released
	told       atomic.Uint64 // and of these, what the peer has been told
	unanswered atomic.Int32  // requests
	late       atomic.Uint64
	dropped    atomic.Uint64
}

// tally is what has come.
type tally struct {
	counters
	counted uint64 // bytes that credit counts
}

// direct is from which length the rest of a message is read straight to where it will stay.
const direct = 16 * kib

func tooLong(n uint64, longest int) error {
	return wire.TooLarge.Errorf("frame of %d bytes, at most %d are accepted", n, longest)
}

// readAll reads until the session ends, and returns why.
func (s *Session) readAll() error {
	for {
		s.cork()
		err := s.readBuffered()
		s.uncork()
		if err == nil {
			err = s.in.more()
		}
		if err != nil {
			return err
		}
	}
}

// readBuffered deals with all that has come, up to a frame that has come in part.
func (s *Session) readBuffered() error {
	for {
		fr, ok, err := s.in.peek()
		if err != nil || !ok {
			return err
		}
		have := s.in.have(fr)
		whole := uint64(len(have)) == fr.length
		switch {
		case fr.command && whole:
			s.in.skip(fr)
			err = s.command(have)
		case fr.command:
			return nil
		case fr.length > uint64(s.limits.Message):
			err = s.refuseLong(fr, have)
		case !whole && (fr.length <= direct || len(have) < wire.HeaderSize):
			return nil
		default:
			err = s.readMessage(fr, have)
		}
		if err != nil {
			return err
		}
	}
}

// command answers a PING. A PONG needs nothing; others have no place in a session.
func (s *Session) command(b []byte) error {
	name, data, err := parseCommand(b)
	if err != nil {
		return err
	}
	switch name {
	case "PING":
		answer, err := pong(data)
		if err != nil {
			return err
		}
		s.mu.Lock()
		s.oob(answer)
		s.mu.Unlock() // written at uncork
		return nil
	case "PONG":
		return nil
	}
	return fmt.Errorf("command %q within a session", name)
}

// readMessage takes one message in, all of which has come or is long, and deals with it.
func (s *Session) readMessage(fr frame, have []byte) error {
	if fr.length < wire.HeaderSize {
		return s.refuseFrame(wire.Header{}, wire.Malformed.Errorf("frame of %d bytes, a header has %d", fr.length, wire.HeaderSize))
	}
	m, n := messages.Get().(*Message), int(fr.length)
	problem, err := s.judge(&m.Header, have, n)
	if err != nil {
		return s.refuseFrame(m.Header, err)
	}
	if err := s.makeRoom(m, n); err != nil {
		return err
	}
	dst := s.prepare(m, n)
	if len(have) < n { // the answers so far should not wait for the rest of this
		s.uncork()
		err = s.in.into(dst, fr)
		s.cork()
	} else {
		err = s.in.into(dst, fr)
	}
	if err != nil {
		m.Release()
		return err
	}
	s.deliver(m, problem)
	return nil
}

// judge reads a header and holds it against the session. An err ends the session; a problem only
// refuses the message.
func (s *Session) judge(h *wire.Header, have []byte, n int) (problem, err error) {
	problem = h.Parse(have, n)
	if problem != nil && !errors.Is(problem, wire.UnknownFlag) {
		return nil, problem
	}
	if err := s.in.checkSender(have); err != nil {
		return nil, err
	}
	if h.Counter <= s.in.counter {
		return nil, wire.BadSession.Errorf("counter %d after %d", h.Counter, s.in.counter)
	}
	s.in.counter = h.Counter
	if h.Type == wire.TypeCredit && n > maxCredit {
		return nil, tooLong(uint64(n), maxCredit)
	}
	return problem, nil
}

// maxCredit is the longest message of type credit, in bytes with its header. Neither credit nor
// budget counts it.
const maxCredit = 1 * kib

// refuseLong refuses a frame that is longer than any may be, of which have has come.
func (s *Session) refuseLong(fr frame, have []byte) error {
	h, _ := wire.ParseHeader(have, len(have)) // for its request id, if that is there
	return s.refuseFrame(h, tooLong(fr.length, s.limits.Message))
}

// Where a header says who sends it and in which session.
const (
	modeAt               = 5
	kindAt               = 13
	sessionAt, sessionTo = 16, 32
	senderAt, senderTo   = 56, 96 // gid and entity
)

// expect notes what the headers of a peer must say from now on.
func (in *inbox) expect(p Peer, id wire.SessionID) {
	h := wire.Header{Kind: p.Entity.Kind(), Session: id, GID: p.GID, Entity: p.Entity}
	h.Append(in.peer[:0])
	in.counter = 1 // the hello's
}

func (in *inbox) checkSender(b []byte) error {
	switch {
	case b[modeAt] != byte(wire.None):
		return wire.BadSession.Errorf("mode %d within a session without protection", b[modeAt])
	case b[kindAt] != in.peer[kindAt] || !bytes.Equal(b[senderAt:senderTo], in.peer[senderAt:senderTo]):
		return wire.BadSession.Errorf("the header names another sender than the hello")
	case !bytes.Equal(b[sessionAt:sessionTo], in.peer[sessionAt:sessionTo]):
		return wire.BadSession.Errorf("the header names another session")
	}
	return nil
}

// makeRoom counts the n bytes of m, which arrive, and waits until this process may hold them.
func (s *Session) makeRoom(m *Message, n int) error {
	if m.Type != wire.TypeCredit { // which is not counted where it is sent, either
		s.in.add(n)
		s.in.counted += uint64(n)
		m.counted = n
	}
	if under := s.in.counted - s.in.told.Load(); under > uint64(s.limits.Window) && under > uint64(n) {
		return s.refuseFrame(m.Header, wire.OverCredit.Errorf("%d bytes under way, %d were granted", under, s.limits.Window))
	}
	if m.Flags&wire.Reply != 0 && (n <= direct || s.awaits(m.Request)) {
		return nil
	}
	if !s.budget.try(m.counted) {
		s.uncork()
		defer s.cork()
		if !s.budget.acquire(m.counted, s.life.Done(), func() { s.m.evictSlowest(s) }) {
			return s.deadError()
		}
	}
	m.budget = s.budget
	return nil
}

// awaits reports whether a call waits for the answer to a request: then it has counted the
// answer's bytes. Those of answers that nobody awaits need room like any others, unless they
// are so short that they are all there, and gone at once.
func (s *Session) awaits(request uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pending.get(request) != nil
}

// prepare gives a message memory for n bytes, which it returns. Header and body end where a page
// does, so that the bulk data begins with one.
func (s *Session) prepare(m *Message, n int) []byte {
	front := wire.HeaderSize + int(m.Header.Body)
	at := 0
	if n-front >= pageSize {
		at = (pageSize - front%pageSize) % pageSize
	}
	m.session = s
	m.refs.Store(1)
	dst := m.memory(at + n)[at : at+n : at+n]
	m.Body, m.Bulk = dst[wire.HeaderSize:front:front], dst[front:]
	return dst
}

// deliver hands a message to whom it is for.
func (s *Session) deliver(m *Message, problem error) {
	s.log(logReceived, &m.Header)
	asks := m.Request != 0 && m.Flags&wire.Reply == 0
	if asks {
		s.in.unanswered.Add(1)
	}
	if problem == nil {
		problem = s.misplaced(m, asks)
	}
	switch {
	case problem != nil && asks:
		m.Fail(problem)
		m.Release()
	case problem != nil:
		s.in.dropped.Add(1)
		m.Release()
	case m.Flags&(wire.Reply|wire.Failed) == wire.Reply|wire.Failed && m.Request == 0:
		err := m.Err()
		m.Release()
		s.die(err)
	case m.Flags&wire.Reply != 0:
		s.answered(m)
	case m.Type == wire.TypeCredit:
		s.takeCredit(m)
	default:
		s.m.cfg.Handler(m)
	}
}

// misplaced says why a message has no place here.
func (s *Session) misplaced(m *Message, asks bool) error {
	switch {
	case m.Flags&wire.Reply != 0:
		return nil
	case m.Flags&wire.Failed != 0:
		return wire.Malformed.Errorf("an error that answers nothing")
	case !m.Type.Known():
		return wire.UnknownType.Errorf("%v", m.Type)
	case !m.Type.TravelsBy(s.class):
		return wire.WrongClass.Errorf("%v does not travel by class %v", m.Type, s.class)
	case m.Type == wire.TypeHello:
		return wire.BadSession.Errorf("a second hello")
	case m.Type == wire.TypeCredit && !asks:
		return nil
	case s.m.cfg.Handler == nil:
		return wire.NoHandler.Errorf("%v takes no requests", s.m.cfg.Entity)
	}
	return nil
}

func (s *Session) takeCredit(m *Message) {
	var c wire.Credit
	err := m.Parse(&c)
	m.Release()
	if err == nil {
		err = s.credited(c.Done)
	}
	if err != nil {
		s.die(err)
	}
}

// refuseFrame tells the peer why its message ends the session, if that can be written at once,
// and returns the reason.
func (s *Session) refuseFrame(h wire.Header, err error) error {
	h.Flags = wire.Reply | wire.Failed
	s.mu.Lock()
	if s.state == open {
		s.oob(s.frame(&h, errorBody(err)))
	}
	s.corked = false
	s.wake(true)
	return err
}
