package messenger

import (
	"sync"
	"sync/atomic"
	"time"
)

// A budget bounds the bytes that all sessions of a class together make this process hold. Clients
// and daemons have one each: a daemon's replication must never wait for room that clients fill.
type budget struct {
	limit   int64
	used    atomic.Int64
	waiters atomic.Int32

	mu   sync.Mutex
	room chan struct{} // closed when something was released, and replaced
}

func newBudget(limit int) *budget { return &budget{limit: int64(limit), room: make(chan struct{})} }

// patience is how long a reader waits for room before the session that is slowest to bring the
// rest of its message is asked to leave.
const patience = 100 * time.Millisecond

// acquire takes n bytes, waiting until there is room, and calls evict each time it has waited
// long. It gives up when done is closed. A budget that is empty gives any amount.
func (b *budget) acquire(n int, done <-chan struct{}, evict func()) bool {
	if b.try(n) {
		return true
	}
	b.waiters.Add(1)
	defer b.waiters.Add(-1)
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		room := b.next()
		if b.try(n) { // what was released before woke nobody
			return true
		}
		select {
		case <-room:
		case <-done:
			return false
		case <-timer.C:
			evict()
			timer.Reset(patience)
		}
	}
}

func (b *budget) try(n int) bool {
	for {
		used := b.used.Load()
		if used > 0 && used+int64(n) > b.limit {
			return false
		}
		if b.used.CompareAndSwap(used, used+int64(n)) {
			return true
		}
	}
}

// next is closed at the next release.
func (b *budget) next() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.room
}

func (b *budget) release(n int) {
	b.used.Add(-int64(n))
	if b.waiters.Load() == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.room)
	b.room = make(chan struct{})
}
