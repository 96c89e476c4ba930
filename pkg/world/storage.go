package world

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/store"
)

const (
	statsEvery = time.Second            // the core hears how the store is
	statsLeast = 200 * time.Millisecond // or so soon after a change
	busyEvery  = 50 * time.Millisecond  // a busy store is asked again, should no outcome do it
)

// storage hands transactions to the store, in order. The loop owns it, but for what outcomes use.
type storage struct {
	w       *World
	store   store.Store
	waiting []submission // that the store was too busy for
	waits   atomic.Int64 // how many

	news atomic.Bool   // something changed since the core was told how the store is
	told time.Duration // when that was, by the clock
}

type submission struct {
	token core.Token
	txn   *store.Txn
	err   error // what it ends with, whatever the store says
}

func newStorage(w *World, s store.Store) *storage { return &storage{w: w, store: s} }

func (s *storage) submit(e core.Submit) {
	s.waiting = append(s.waiting, submission{token: e.Token, txn: e.Txn})
	s.push()
}

// push hands over what waits, as far as the store has room.
func (s *storage) push() {
	n := 0
	for n < len(s.waiting) && s.try(&s.waiting[n]) {
		s.waiting[n] = submission{}
		n++
	}
	if s.waiting = s.waiting[n:]; len(s.waiting) == 0 {
		s.waiting = nil
	}
	s.waits.Store(int64(len(s.waiting)))
}

// try hands one over; false if the store is too busy. The outcome of one that is refused must not
// overtake those before it: an empty transaction brings it in its turn.
func (s *storage) try(sub *submission) bool {
	for {
		this := *sub
		err := s.store.Submit(this.txn, func(err error) { s.outcome(this, err) })
		switch {
		case err == nil:
			return true
		case errors.Is(err, store.ErrBusy):
			return false
		case errors.Is(err, store.ErrDead), sub.err != nil:
			s.outcome(this, err)
			return true
		}
		sub.txn, sub.err = new(store.Txn), err
	}
}

// outcome tells the core. It runs on a goroutine of the store's.
func (s *storage) outcome(sub submission, err error) {
	if err == nil {
		err = sub.err
	}
	s.w.box.put(core.Durable{Token: sub.token, Err: err})
	if errors.Is(err, store.ErrDead) {
		s.w.fail(fmt.Errorf("the store died: %w", err)) // protocol 7.4: a new process finds out what it has
	}
	s.news.Store(true)
}

// changed tells the core how the store is, if that has changed, but not too often.
func (s *storage) changed(now time.Duration) {
	if now-s.told >= statsLeast && s.news.Load() {
		s.tell()
	}
}

// tell tells the core how the store is.
func (s *storage) tell() {
	s.told = s.w.cfg.Clock()
	s.news.Store(false)
	s.w.box.put(core.StoreStats{Stats: s.store.Stats()})
}

// readers read the store beside the core: a few at a time, in the order asked.
type readers struct {
	w     *World
	store store.Reader

	mu      sync.Mutex
	more    sync.Cond
	queue   []core.Read
	stopped bool
}

func newReaders(w *World, s store.Reader) *readers {
	r := &readers{w: w, store: s}
	r.more.L = &r.mu
	return r
}

func (r *readers) add(e core.Read) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.queue = append(r.queue, e)
	r.more.Signal()
}

func (r *readers) run(wg *sync.WaitGroup) {
	for range r.w.cfg.Readers {
		wg.Go(func() {
			for e, ok := r.next(); ok; e, ok = r.next() {
				r.w.box.put(core.ReadDone{Token: e.Token, Result: e.Do(r.store)})
			}
		})
	}
}

func (r *readers) next() (core.Read, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.queue) == 0 && !r.stopped {
		r.more.Wait()
	}
	if r.stopped {
		return core.Read{}, false
	}
	e := r.queue[0]
	r.queue[0] = core.Read{}
	if r.queue = r.queue[1:]; len(r.queue) == 0 {
		r.queue = nil
	}
	return e, true
}

func (r *readers) stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped = true
	r.more.Broadcast()
}
