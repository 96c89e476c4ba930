package mem

import (
	"fmt"

	"zeph/pkg/store"
)

// Config says what the store is like. Zero limits mean their defaults.
type Config struct {
	Stepped    bool   // transactions wait for Commit
	Size       uint64 // bytes it may use; 0: no limit
	QueueBytes uint64 // waiting, before Submit says ErrBusy; default 128 MiB
	QueueTxns  int    // the same, in transactions; default 4,096
}

// Store keeps everything in memory.
type Store struct {
	cfg     Config
	objects []*object // by key
	pgs     []*pg     // by id
	waiting []waiting // submitted, not durable, in order
	telling bool      // outcomes are being told: what they submit waits for its turn

	used    uint64
	queued  uint64 // bytes of waiting
	growth  uint64 // of waiting
	txns    uint64
	damaged uint64
	dead    string // why; empty: it lives
}

type waiting struct {
	txn  *store.Txn
	done func(error)
}

// New makes an empty store.
func New(cfg Config) *Store {
	if cfg.QueueBytes == 0 {
		cfg.QueueBytes = 128 << 20
	}
	if cfg.QueueTxns == 0 {
		cfg.QueueTxns = 4096
	}
	return &Store{cfg: cfg}
}

// Submit queues the transaction, or carries it out when the store is not stepped.
func (s *Store) Submit(t *store.Txn, done func(error)) error {
	if err := s.admit(t); err != nil {
		return err
	}
	s.waiting = append(s.waiting, waiting{t, done})
	s.queued += t.Bytes()
	s.growth += t.Growth()
	if !s.cfg.Stepped {
		s.Commit(len(s.waiting))
	}
	return nil
}

func (s *Store) admit(t *store.Txn) error {
	if s.dead != "" {
		return s.deadError()
	}
	if err := t.Check(); err != nil {
		return err
	}
	if len(s.waiting) > 0 && (len(s.waiting) >= s.cfg.QueueTxns || s.queued+t.Bytes() > s.cfg.QueueBytes) {
		return fmt.Errorf("%d transactions of %d bytes wait: %w", len(s.waiting), s.queued, store.ErrBusy)
	}
	if growth := t.Growth(); growth > 0 && s.Stats().Full(s.growth+growth) {
		return fmt.Errorf("%d of %d bytes used, %d more wait: %w", s.used, s.cfg.Size, s.growth, store.ErrFull)
	}
	return nil
}

// Pending is how many transactions wait to become durable.
func (s *Store) Pending() int { return len(s.waiting) }

// Commit makes the next n transactions durable, or all if there are fewer, and tells their outcomes.
func (s *Store) Commit(n int) {
	if s.telling {
		return // the call that tells goes on with them
	}
	s.telling = true
	for ; len(s.waiting) > 0 && (n > 0 || !s.cfg.Stepped); n-- {
		next := s.take()
		next.done(s.carryOut(next.txn))
	}
	s.telling = false
}

func (s *Store) take() waiting {
	next := s.waiting[0]
	s.waiting = s.waiting[1:]
	s.queued -= next.txn.Bytes()
	s.growth -= next.txn.Growth()
	return next
}

func (s *Store) carryOut(t *store.Txn) error {
	if err := t.Against(state{s}); err != nil {
		return err
	}
	for i := range t.Ops {
		s.apply(&t.Ops[i])
	}
	s.txns++
	return nil
}

// Stats says how things are.
func (s *Store) Stats() store.Stats {
	return store.Stats{
		Size: s.cfg.Size, Used: s.used,
		Queued: len(s.waiting), InFlight: s.queued,
		Txns: s.txns, Damaged: s.damaged,
	}
}

// Close makes durable what waits, and ends the store until Restart.
func (s *Store) Close() error {
	if s.dead != "" {
		return s.deadError()
	}
	s.Commit(len(s.waiting))
	s.dead = "closed"
	return nil
}

func (s *Store) deadError() error { return fmt.Errorf("%s: %w", s.dead, store.ErrDead) }

var _ store.Store = (*Store)(nil)
