package consensus

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/raft"
	"go.etcd.io/bbolt"
)

// logStore keeps what a member must not forget: entries of the log, its term and its vote. It is one bbolt
// file of two buckets, whose rows have checksums:
//
//	log   index → entry, without gaps
//	self  "format" → what this file is; "member" → whose; "bounds" → first, last, commit index;
//	      "stable" → what raft keeps by key: term, vote
//
// bounds is written with every change of the log, and all of self's rows are always there: so whatever goes
// missing is missed.
//
// A write that fails never returns: raft would panic on it, or believe the wrong thing about the entry. It
// counts as one that hangs, and the process ends (ErrDisk).
type logStore struct {
	db     *bbolt.DB
	watch  *watch
	failed func(error) // called once, when the disk fails
	once   sync.Once

	turn   chan struct{} // held by who writes; not a mutex, so that a hung write stops nobody's clock in tests
	before func()        // tests: before each write
	staged atomic.Uint64

	mu     sync.Mutex
	bounds bounds
	stable stable
	anchor anchor
}

// anchor is the last entry that the newest snapshot stands for.
type anchor struct{ index, term uint64 }

// standIn is the type of an entry of which only index and term are left. raft has no such type: it can be
// compared with, but neither applied nor sent.
const standIn raft.LogType = 0xff

var (
	_ raft.CommitTrackingLogStore = (*logStore)(nil)
	_ raft.MonotonicLogStore      = (*logStore)(nil)
	_ raft.StableStore            = (*logStore)(nil)
)

var (
	bucketLog  = []byte("log")
	bucketSelf = []byte("self")

	keyFormat = []byte("format")
	keyMember = []byte("member")
	keyBounds = []byte("bounds")
	keyStable = []byte("stable")
)

// IsMonotonic has raft remove all entries when a snapshot replaces them, instead of leaving a gap.
func (s *logStore) IsMonotonic() bool { return true }

// FirstIndex is that of the oldest entry; 0: there is none.
func (s *logStore) FirstIndex() (uint64, error) { return s.held().first, nil }

// LastIndex is that of the newest entry; 0: there is none.
func (s *logStore) LastIndex() (uint64, error) { return s.held().last, nil }

// GetCommitIndex is up to where entries were known to be agreed on when the last ones were written.
func (s *logStore) GetCommitIndex() (uint64, error) {
	b := s.held()
	return min(b.commit, b.last), nil
}

// StageCommitIndex keeps a commit index for the next entries to be written with.
func (s *logStore) StageCommitIndex(index uint64) error {
	s.staged.Store(index)
	return nil
}

// GetLog reads an entry. Of the one that the newest snapshot ends with there may be only a stand-in: raft
// (v1.8.0) looks for it in the log alone, and a member whose log begins with entries that were never agreed
// on would refuse all others for ever.
func (s *logStore) GetLog(index uint64, e *raft.Log) error {
	s.mu.Lock()
	b, a := s.bounds, s.anchor
	s.mu.Unlock()
	if index < b.first || index > b.last || index == 0 {
		if index != a.index || index == 0 {
			return raft.ErrLogNotFound
		}
		*e = raft.Log{Index: a.index, Term: a.term, Type: standIn}
		return nil
	}
	found := true
	err := s.db.View(func(tx *bbolt.Tx) error {
		key := entryKey(index)
		row := tx.Bucket(bucketLog).Get(key)
		if found = row != nil; !found {
			return nil // removed since
		}
		value, err := openRow(bucketLog, key, row)
		if err != nil {
			return err
		}
		return parseEntry(e, index, value)
	})
	if err != nil {
		s.fail(fmt.Errorf("read entry %d: %w", index, err))
	}
	if !found {
		return raft.ErrLogNotFound
	}
	return nil
}

// StoreLog writes an entry.
func (s *logStore) StoreLog(e *raft.Log) error { return s.StoreLogs([]*raft.Log{e}) }

var errGap = errors.New("entries do not follow each other")

// StoreLogs writes entries, all or none. They follow the last, and each other.
func (s *logStore) StoreLogs(entries []*raft.Log) error {
	if len(entries) == 0 {
		return nil
	}
	return s.write(func(tx *bbolt.Tx, b *bounds) error {
		bucket := tx.Bucket(bucketLog)
		bucket.FillPercent = fill
		var value []byte
		for _, e := range entries {
			if !b.extend(e.Index) {
				return fmt.Errorf("entry %d after %d: %w", e.Index, b.last, errGap)
			}
			key := entryKey(e.Index)
			value = appendEntry(value[:0], e)
			if err := bucket.Put(key, sealRow(bucketLog, key, value)); err != nil {
				return err
			}
		}
		b.commit = max(b.commit, min(s.staged.Load(), b.last))
		return nil
	})
}

// DeleteRange removes entries, from either end.
func (s *logStore) DeleteRange(lowest, highest uint64) error {
	return s.write(func(tx *bbolt.Tx, b *bounds) error {
		lowest, highest := max(lowest, b.first), min(highest, b.last)
		if b.first == 0 || lowest > highest {
			return nil
		}
		if lowest > b.first && highest < b.last {
			return fmt.Errorf("remove entries %d to %d out of %d to %d: %w", lowest, highest, b.first, b.last, errGap)
		}
		bucket := tx.Bucket(bucketLog)
		for index := lowest; index <= highest; index++ {
			if err := bucket.Delete(entryKey(index)); err != nil {
				return err
			}
		}
		b.remove(lowest, highest)
		return nil
	})
}

// Set keeps a value under one of raft's own keys.
func (s *logStore) Set(key, value []byte) error {
	s.mu.Lock()
	next := s.stable.with(string(key), value)
	s.mu.Unlock()
	err := s.write(func(tx *bbolt.Tx, _ *bounds) error { return next.put(tx) })
	s.mu.Lock()
	s.stable = next
	s.mu.Unlock()
	return err
}

// Get is the value under a key; nil: there is none.
func (s *logStore) Get(key []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return copied(s.stable.get(string(key))), nil
}

// SetUint64 is Set of a number.
func (s *logStore) SetUint64(key []byte, n uint64) error {
	return s.Set(key, binary.BigEndian.AppendUint64(nil, n))
}

// GetUint64 is Get of a number; 0: there is none.
func (s *logStore) GetUint64(key []byte) (uint64, error) {
	value, err := s.Get(key)
	if err != nil || len(value) == 0 {
		return 0, err
	}
	if len(value) != 8 {
		return 0, fmt.Errorf("%s: %d bytes for a number", key, len(value))
	}
	return binary.BigEndian.Uint64(value), nil
}

// anchored hears of a snapshot.
func (s *logStore) anchored(index, term uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if index > s.anchor.index {
		s.anchor = anchor{index, term}
	}
}

func (s *logStore) held() bounds {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bounds
}

// write runs a transaction, one at a time.
func (s *logStore) write(do func(*bbolt.Tx, *bounds) error) error {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	s.watch.begin()
	defer s.watch.end()
	if s.before != nil {
		s.before()
	}
	was := s.held()
	b := was
	err := guard(func() error {
		return s.db.Update(func(tx *bbolt.Tx) error {
			if err := do(tx, &b); err != nil || b == was {
				return err
			}
			return b.put(tx)
		})
	})
	if err != nil {
		s.fail(fmt.Errorf("write: %w", err))
	}
	s.mu.Lock()
	s.bounds = b
	s.mu.Unlock()
	return nil
}

// fail silences the member for good. It does not return: see logStore.
func (s *logStore) fail(err error) {
	s.watch.dead.Store(true)
	s.once.Do(func() { s.failed(err) })
	select {}
}

// close gives the file back. Nothing may be under way.
func (s *logStore) close() error { return s.db.Close() }
