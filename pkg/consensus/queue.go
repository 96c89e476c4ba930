package consensus

import (
	"sync"

	"zeph/pkg/core"
)

// queue holds events on their way to the core. raft's goroutines put them in and never wait: it has no
// bound, but what piles up, states that follow each other, becomes one.
type queue struct {
	mu     sync.Mutex
	events []core.Event
	ended  bool
	wake   chan struct{}
}

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1)} }

func (q *queue) put(ev core.Event) {
	q.mu.Lock()
	if !q.merge(ev) {
		q.events = append(q.events, ev)
	}
	q.mu.Unlock()
	q.notify()
}

// merge makes the event one with the last. mu is held.
func (q *queue) merge(ev core.Event) bool {
	a, ok := ev.(core.Applied)
	if !ok || len(q.events) == 0 {
		return false
	}
	last, ok := q.events[len(q.events)-1].(core.Applied)
	if !ok || a.From != last.To+1 || a.From > a.To || last.From > last.To {
		return false // a jump stays what it is
	}
	q.events[len(q.events)-1] = core.Applied{From: last.From, To: a.To, State: a.State}
	return true
}

// end has deliver return once the queue is empty.
func (q *queue) end() {
	q.mu.Lock()
	q.ended = true
	q.mu.Unlock()
	q.notify()
}

func (q *queue) notify() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// deliver hands events on, in order, until the queue ends.
func (q *queue) deliver(to func(core.Event)) {
	for range q.wake {
		q.mu.Lock()
		events, ended := q.events, q.ended
		q.events = nil
		q.mu.Unlock()
		for _, ev := range events {
			to(ev)
		}
		if ended {
			return
		}
	}
}
