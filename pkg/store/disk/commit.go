package disk

import (
	"fmt"
	"syscall"
	"time"

	"go.etcd.io/bbolt"

	"zeph/pkg/store"
)

// A batch ends with the transaction that reaches one of these: much more would make those
// at its front wait, and bbolt hold too much.
const (
	batchTxns  = 256
	batchBytes = 4 << 20
)

// commitAll makes batches durable until the store closes or dies.
func (s *Store) commitAll() {
	defer close(s.ends)
	for {
		batch, last := s.next()
		if len(batch) == 0 {
			if last {
				return
			}
			<-s.wake
			continue
		}
		outcomes, err := s.commit(batch)
		if err != nil {
			s.kill(fmt.Errorf("commit: %w", err))
			s.bury(batch)
			return
		}
		s.tell(batch, outcomes)
	}
}

// next takes a batch off the queue; last: after an empty one nothing will come.
func (s *Store) next() (batch []pending, last bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, bytes := 0, uint64(0)
	for n < len(s.queue) && n < batchTxns && bytes < batchBytes {
		bytes += s.queue[n].bytes
		n++
	}
	batch = append(batch, s.queue[:n]...)
	rest := copy(s.queue, s.queue[n:])
	clear(s.queue[rest:])
	s.queue = s.queue[:rest]
	s.taken = n
	return batch, s.closing
}

// commit writes a batch. Each transaction's outcome is nil or why it was refused; an error says that
// nobody knows what is on the disk.
func (s *Store) commit(batch []pending) (outcomes []error, err error) {
	s.committing.Lock()
	defer s.committing.Unlock()
	s.since.Store(max(1, int64(time.Since(s.start))))
	defer s.since.Store(0)
	err = guard(func() error {
		tx, err := s.db.Begin(true)
		if err != nil {
			return err
		}
		defer rollback(tx)
		outcomes, err = s.write(tx, batch)
		return err
	})
	return outcomes, err
}

func (s *Store) write(tx *bbolt.Tx, batch []pending) (outcomes []error, err error) {
	b := newBatch(tx, s.known)
	for _, p := range batch {
		refused, err := b.add(p.txn)
		if err != nil {
			return nil, err
		}
		outcomes = append(outcomes, refused)
	}
	if err := b.flush(); err != nil {
		return nil, err
	}
	id := tx.ID()
	if err := tx.Commit(); err != nil {
		return nil, err
	}
	s.known = b.after()
	s.settle(id)
	return outcomes, s.db.View(func(tx *bbolt.Tx) error {
		s.measure(tx)
		return nil
	})
}

// rollback gives bbolt's lock back if the commit did not. It may panic on what made the
// commit panic.
func rollback(tx *bbolt.Tx) {
	_ = guard(tx.Rollback)
}

// settle lets readers see a commit.
func (s *Store) settle(id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.durable = id
	s.settled.Broadcast()
}

// measure notes how much of the file is in use, and how much there may be.
func (s *Store) measure(tx *bbolt.Tx) {
	st := s.db.Stats()
	high := uint64(tx.Size())
	free := min(high, uint64(st.FreePageN+st.PendingPageN)*uint64(s.db.Info().PageSize))
	s.used.Store(high - free)
	size := s.cfg.Size
	if size == 0 {
		size = high + available(s.db.Path())
	}
	s.size.Store(size)
}

// available is how many bytes the file system has for us beyond the file.
func available(path string) uint64 {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(path, &fs); err != nil {
		return 0
	}
	return uint64(fs.Bavail) * uint64(fs.Bsize)
}

// tell calls those who wait, in order.
func (s *Store) tell(batch []pending, outcomes []error) {
	for i, p := range batch {
		if outcomes[i] == nil {
			s.txns.Add(1)
		}
		s.untake(p)
		p.done(outcomes[i])
	}
}

func (s *Store) untake(p pending) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken--
	s.bytes -= p.bytes
	s.growth -= p.growth
}

// bury tells all who wait that the store is dead.
func (s *Store) bury(batch []pending) {
	s.mu.Lock()
	dead, rest := s.dead, s.queue
	s.queue, s.taken = nil, len(batch)+len(rest)
	s.mu.Unlock()
	for _, queue := range [][]pending{batch, rest} {
		for _, p := range queue {
			s.untake(p)
			p.done(dead)
		}
	}
}

var _ store.Store = (*Store)(nil)
