package messenger

import (
	"context"
	"sync"
	"time"

	"zeph/pkg/wire"
)

// calls are the requests of a session that wait for an answer. The session's mu guards them.
// Whoever takes a call out of pending ends it, so each ends once.
type calls struct {
	pending callTable
	lastID  uint64
	timer   *time.Timer
	next    time.Time      // when the timer fires; zero: it is not set
	late    sync.WaitGroup // expire is ending calls

	roundTrip time.Duration // smoothed
}

// call is one of them.
type call struct {
	done     func(*Message, error)
	timeout  time.Duration
	deadline time.Time // zero: none
	begun    time.Time // zero: not timed
	cost     int       // of its answer, in credit
	gone     bool      // encoded: the cost is spent
	expect   int       // bytes of bulk in its answer
	id       uint64
}

// ownIDs is the bit that tells request ids of the messenger's choosing from a caller's own.
const ownIDs = 1 << 63

// timed is how often a call's round trip is taken: reading the clock twice would cost small ones
// too much.
const timed = 16

// register gives a request its id, if it has none, and keeps the call. mu is held.
func (s *Session) register(w *waiting, c *call, at time.Time) error {
	id := w.header.Request
	if id == 0 {
		s.lastID++
		id = s.lastID | ownIDs
	} else if id&ownIDs != 0 || s.pending.get(id) != nil {
		return ErrRequestID
	}
	w.header.Request, c.id = id, id
	if s.lastID%timed == 0 {
		c.begun = at
	}
	if c.timeout > 0 {
		c.deadline = at.Add(c.timeout)
	}
	s.pending.put(c)
	if !c.deadline.IsZero() && (s.next.IsZero() || c.deadline.Before(s.next)) {
		s.setTimer(c.deadline)
	}
	return nil
}

// setTimer sees to it that expire runs at the time given. mu is held.
func (s *Session) setTimer(at time.Time) {
	s.next = at
	if s.timer == nil {
		s.timer = time.AfterFunc(time.Until(at), s.expire)
	} else {
		s.timer.Reset(time.Until(at))
	}
}

// expire ends the calls whose deadline has passed, and looks for the next. There is one timer for
// all: most calls are answered long before, and their deadlines cost nothing.
func (s *Session) expire() {
	now := time.Now()
	var late []func(*Message, error)
	s.mu.Lock()
	if s.state == dead {
		s.mu.Unlock()
		return
	}
	s.late.Add(1)
	defer s.late.Done()
	s.next = time.Time{}
	var next time.Time
	for _, id := range s.pending.ids() {
		switch c := s.pending.get(id); {
		case c.deadline.IsZero():
		case !c.deadline.After(now):
			ended, _ := s.take1(id)
			late = append(late, ended.done)
		case next.IsZero() || c.deadline.Before(next):
			next = c.deadline
		}
	}
	if !next.IsZero() {
		s.setTimer(next)
	}
	s.admit()
	s.wake(false)
	for _, done := range late {
		done(nil, context.DeadlineExceeded)
	}
}

// take1 takes a call out; whoever gets it must end it. mu is held.
func (s *Session) take1(id uint64) (call, bool) {
	c, ok := s.pending.take(id)
	if ok && c.gone {
		s.expected -= c.cost
	}
	return c, ok
}

// takeCalls takes out all. mu is held.
func (s *Session) takeCalls() []call {
	var all []call
	for _, id := range s.pending.ids() {
		c, _ := s.take1(id)
		all = append(all, c)
	}
	if s.timer != nil {
		s.timer.Stop()
	}
	return all
}

// answered ends the call that a message answers. One that has ended already drops it.
func (s *Session) answered(m *Message) {
	s.mu.Lock()
	c, ok := s.take1(m.Request)
	if ok && !c.begun.IsZero() {
		s.measured(s.now().Sub(c.begun))
	}
	if !s.paused.empty() {
		s.admit()
	}
	s.wake(false)
	switch {
	case !ok:
		s.in.late.Add(1)
		m.Release()
	case m.Flags&wire.Failed != 0:
		err := m.Err()
		m.Release()
		c.done(nil, err)
	default:
		c.done(m, nil)
	}
}

// measured smooths round trips as TCP does: an eighth of the new one. mu is held.
func (s *Session) measured(d time.Duration) {
	if s.roundTrip == 0 {
		s.roundTrip = d
	}
	s.roundTrip += (d - s.roundTrip) / 8
}

// abandon ends a call before its time; false if it has ended.
func (s *Session) abandon(id uint64) bool {
	s.mu.Lock()
	_, ok := s.take1(id)
	s.admit()
	s.wake(false)
	return ok
}

// ask sends a request: see Link.Go.
func (s *Session) ask(m *Message, timeout time.Duration, done func(*Message, error)) {
	c := call{done: done, expect: m.Expect, timeout: timeout}
	m.Flags &^= wire.Reply | wire.Failed
	if err := s.send(m, &c); err != nil {
		done(nil, err)
	}
}

// A waiter is a goroutine that waits in Call.
type waiter struct {
	ch   chan struct{}
	m    *Message
	err  error
	done func(*Message, error) // sets the two
}

func newWaiter() *waiter {
	w := &waiter{ch: make(chan struct{}, 1)}
	w.done = func(m *Message, err error) {
		w.m, w.err = m, err
		w.ch <- struct{}{}
	}
	return w
}

// askAndWait sends a request and waits for its answer: see Link.Call.
func (s *Session) askAndWait(ctx context.Context, m *Message) (*Message, error) {
	if err := ctx.Err(); err != nil {
		m.free()
		return nil, err
	}
	w := s.m.waiters.Get().(*waiter)
	defer s.m.waiters.Put(w)
	m.Flags &^= wire.Reply | wire.Failed
	c := call{done: w.done, expect: m.Expect}
	if err := s.send(m, &c); err != nil {
		return nil, err
	}
	select {
	case <-w.ch:
	case <-ctx.Done():
		if s.abandon(c.id) {
			return nil, ctx.Err()
		}
		<-w.ch // it has just ended
	}
	answer, err := w.m, w.err
	w.m, w.err = nil, nil
	return answer, err
}
