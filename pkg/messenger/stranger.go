package messenger

import (
	"container/list"
	"sync"
	"time"
)

// strangers are the connections of a place that have not said who they are. There may be only so
// many; then the oldest makes room, for an honest one is known within milliseconds.
type strangers struct {
	mu      sync.Mutex
	order   list.List // of *stranger, the oldest in front
	stopped bool
}

// A stranger is one of them, until it is known or out of time.
type stranger struct {
	conn  Conn
	of    *strangers
	at    *list.Element // nil: not among them any more
	timer *time.Timer
}

// admit lets one in, and another out if there are too many.
func (s *strangers) admit(c Conn, l *Limits) *stranger {
	st := &stranger{conn: c, of: s}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.order.Len() >= l.Strangers {
		s.drop(s.order.Front())
	}
	st.at = s.order.PushBack(st)
	st.timer = time.AfterFunc(l.Hello, st.expel)
	if s.stopped {
		s.drop(st.at)
	}
	return st
}

// dropOldest ends one, to free what it holds.
func (s *strangers) dropOldest() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(s.order.Front())
}

// stop ends all, and whoever comes from now on.
func (s *strangers) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	for s.order.Len() > 0 {
		s.drop(s.order.Front())
	}
}

func (s *strangers) drop(at *list.Element) {
	if at == nil {
		return
	}
	st := s.order.Remove(at).(*stranger)
	st.at = nil
	st.timer.Stop()
	st.conn.Close()
}

// expel ends a stranger that is still one.
func (st *stranger) expel() {
	st.of.mu.Lock()
	defer st.of.mu.Unlock()
	st.of.drop(st.at)
}

// known takes a stranger off the list; false if it was ended before.
func (st *stranger) known() bool {
	st.of.mu.Lock()
	defer st.of.mu.Unlock()
	if st.at == nil {
		return false
	}
	st.of.order.Remove(st.at)
	st.at = nil
	st.timer.Stop()
	return true
}

// leave closes the connection, whether it is still a stranger's or not.
func (st *stranger) leave() {
	st.known()
	st.conn.Close()
}
