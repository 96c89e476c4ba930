package disk

import (
	"fmt"
	"time"

	"zeph/pkg/store"
)

// Submit queues a transaction.
func (s *Store) Submit(t *store.Txn, done func(error)) error {
	if err := t.Check(); err != nil {
		return err
	}
	p := pending{t, done, t.Bytes(), t.Growth()}
	if err := s.enqueue(p); err != nil {
		return err
	}
	s.nudge()
	return nil
}

func (s *Store) enqueue(p pending) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	queued := len(s.queue) + s.taken
	switch {
	case s.dead != nil:
		return s.dead
	case s.closing:
		return fmt.Errorf("closing: %w", store.ErrDead)
	case queued > 0 && (queued >= s.cfg.QueueTxns || s.bytes+p.bytes > s.cfg.QueueBytes):
		return fmt.Errorf("%d transactions of %d bytes are queued: %w", queued, s.bytes, store.ErrBusy)
	}
	if p.growth > 0 && s.space().Full(onDisk(s.growth+p.growth)) {
		return fmt.Errorf("%d of %d bytes used, %d more are queued: %w", s.used.Load(), s.size.Load(), s.growth, store.ErrFull)
	}
	s.queue = append(s.queue, p)
	s.bytes += p.bytes
	s.growth += p.growth
	return nil
}

// onDisk is about what growth takes in the file: rows of data leave a part of their pages empty.
func onDisk(growth uint64) uint64 { return growth + growth/4 }

// nudge wakes the committer.
func (s *Store) nudge() {
	select {
	case s.wake <- struct{}{}:
	default: // it is about to wake
	}
}

// space says how large and how full the store is.
func (s *Store) space() store.Stats {
	return store.Stats{Size: s.size.Load(), Used: s.used.Load()}
}

// Stats says how things are.
func (s *Store) Stats() store.Stats {
	txns := s.txns.Load() // first: the space shows all of these
	st := s.space()
	st.Txns, st.Damaged = txns, s.damaged.Load()
	if since := s.since.Load(); since > 0 {
		st.Stalled = time.Since(s.start) - time.Duration(since)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st.Queued, st.InFlight = len(s.queue)+s.taken, s.bytes
	return st
}
