package consensus

import (
	"sync/atomic"
	"time"
)

// watch knows how long the write that is under way has taken (protocol 14.5). Raft does not notice that a
// disk hangs: the loop that would have to is the one that waits for it.
type watch struct {
	base  time.Time
	begun atomic.Int64 // since base, plus one; 0: nothing is being written
	dead  atomic.Bool  // a write failed: it counts as one that hangs for ever
}

func newWatch() *watch { return &watch{base: time.Now()} }

func (w *watch) begin() { w.begun.Store(int64(time.Since(w.base)) + 1) }
func (w *watch) end()   { w.begun.Store(0) }

// hung reports whether the disk has hung for so long, or has failed.
func (w *watch) hung(limit time.Duration) bool {
	return w.dead.Load() || w.age() > limit
}

// age is how long the write under way has taken.
func (w *watch) age() time.Duration {
	begun := w.begun.Load()
	if begun == 0 {
		return 0
	}
	return time.Since(w.base) - time.Duration(begun-1)
}
