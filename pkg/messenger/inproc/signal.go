package inproc

import "sync/atomic"

// signal lets one goroutine wait until another has changed something. Waking costs an atomic
// load while nobody waits.
type signal struct {
	waiting atomic.Bool
	token   chan struct{}
}

func newSignal() signal { return signal{token: make(chan struct{}, 1)} }

// wait returns when still says no, or after a wake; also now and then for nothing. A wake that
// comes after what still looks at has changed is never missed.
func (s *signal) wait(still func() bool) {
	s.waiting.Store(true)
	if still() {
		<-s.token
	}
	s.waiting.Store(false)
}

// wake ends a wait under way. It is called after the change.
func (s *signal) wake() {
	if s.waiting.Load() && s.waiting.CompareAndSwap(true, false) {
		select {
		case s.token <- struct{}{}:
		default: // one is there already
		}
	}
}
