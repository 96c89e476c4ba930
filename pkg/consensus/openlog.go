package consensus

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/hashicorp/raft"
	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"
)

// Errors of opening a folder.
var (
	ErrInUse   = errors.New("another process has this folder")
	ErrDamaged = errors.New("the log is damaged")
	ErrForeign = errors.New("the folder belongs to another monitor")
)

const (
	logName   = "log.db"
	logFormat = "zeph monitor log 1"
	mapSize   = 64 << 20 // address space only: so the map seldom has to grow
)

// openLog opens the log store in a folder, or makes it, and reads every row of it. What it returns is whole:
// a damaged file is an error. failed is called once, should the disk fail later.
func openLog(dir, member string, sync bool, failed func(error)) (*logStore, error) {
	name := filepath.Join(dir, logName)
	s := &logStore{watch: newWatch(), failed: failed, turn: make(chan struct{}, 1)}
	err := guard(func() error { return s.open(name, member, sync) })
	if err == nil {
		return s, nil
	}
	if s.db != nil {
		_ = guard(s.db.Close)
	}
	if errors.Is(err, bbolterrors.ErrTimeout) {
		err = ErrInUse
	}
	return nil, fmt.Errorf("monitor's log %s: %w", name, err)
}

func (s *logStore) open(name, member string, sync bool) error {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return err
	case info.Size() > 0:
		if err := checkFile(name, info.Size()); err != nil {
			return err
		}
	}
	// The list of free pages is not kept but worked out here: a damaged one would have bbolt write over what
	// is in use.
	s.db, err = bbolt.Open(name, 0o600, &bbolt.Options{Timeout: time.Second, InitialMmapSize: mapSize,
		NoFreelistSync: true, FreelistType: bbolt.FreelistMapType, NoSync: !sync})
	if err != nil {
		return damaged(err)
	}
	err = s.db.Update(func(tx *bbolt.Tx) error { return makeBuckets(tx, member) })
	if err != nil {
		return damaged(err)
	}
	return s.db.View(func(tx *bbolt.Tx) error { return damaged(s.check(tx, member)) })
}

// checkFile walks all of the file without writing to it.
func checkFile(name string, size int64) error {
	db, err := bbolt.Open(name, 0o600, &bbolt.Options{Timeout: time.Second, ReadOnly: true})
	if err != nil {
		return damaged(err)
	}
	err = guard(func() error {
		return db.View(func(tx *bbolt.Tx) error {
			if tx.Size() > size {
				return fmt.Errorf("the file has %d bytes of %d", size, tx.Size())
			}
			return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
				return b.ForEach(func(key, row []byte) error {
					_, err := openRow(name, key, row)
					return err
				})
			})
		})
	})
	return damaged(errors.Join(err, guard(db.Close)))
}

func damaged(err error) error {
	if err == nil || errors.Is(err, ErrForeign) || errors.Is(err, bbolterrors.ErrTimeout) || errors.Is(err, os.ErrPermission) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}

func makeBuckets(tx *bbolt.Tx, member string) error {
	if b := tx.Bucket(bucketSelf); b != nil {
		return nil
	}
	for _, name := range [][]byte{bucketLog, bucketStable, bucketSelf} {
		if _, err := tx.CreateBucket(name); err != nil {
			return err
		}
	}
	self := tx.Bucket(bucketSelf)
	return errors.Join(
		self.Put(keyFormat, sealRow(bucketSelf, keyFormat, []byte(logFormat))),
		self.Put(keyMember, sealRow(bucketSelf, keyMember, []byte(member))),
		new(bounds).put(tx))
}

// check reads every row, and learns the bounds.
func (s *logStore) check(tx *bbolt.Tx, member string) error {
	if tx.Bucket(bucketLog) == nil || tx.Bucket(bucketStable) == nil || tx.Bucket(bucketSelf) == nil {
		return errors.New("a bucket is missing")
	}
	if err := checkSelf(tx, keyFormat, logFormat, "format"); err != nil {
		return err
	}
	if err := checkSelf(tx, keyMember, member, "owner"); err != nil {
		return err
	}
	if err := s.bounds.get(tx); err != nil {
		return err
	}
	err := tx.Bucket(bucketStable).ForEach(func(key, row []byte) error {
		if _, err := openRow(bucketStable, key, row); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return checkEntries(tx, s.bounds)
}

func checkSelf(tx *bbolt.Tx, key []byte, want, what string) error {
	value, err := openRow(bucketSelf, key, tx.Bucket(bucketSelf).Get(key))
	if err != nil {
		return fmt.Errorf("its %s: %w", what, err)
	}
	if string(value) != want {
		return fmt.Errorf("its %s is %q, expected %q: %w", what, value, want, ErrForeign)
	}
	return nil
}

// checkEntries sees that the entries are those of the bounds, each whole, with terms that do not fall.
func checkEntries(tx *bbolt.Tx, b bounds) error {
	var next, term uint64 = b.first, 0
	err := tx.Bucket(bucketLog).ForEach(func(key, row []byte) error {
		if len(key) != 8 || next == 0 || binary.BigEndian.Uint64(key) != next {
			return fmt.Errorf("entry %x where %d should be", key, next)
		}
		value, err := openRow(bucketLog, key, row)
		var e raft.Log
		if err == nil {
			err = parseEntry(&e, next, value)
		}
		if err == nil && e.Term < term {
			err = fmt.Errorf("term %d after %d", e.Term, term)
		}
		if err != nil {
			return fmt.Errorf("entry %d: %w", next, err)
		}
		next, term = next+1, e.Term
		return nil
	})
	if err == nil && b.first > 0 && next != b.last+1 {
		err = fmt.Errorf("entries %d to %d are missing", next, b.last)
	}
	return err
}

// guard runs what touches bbolt, and makes errors of its panics: its pages have no checksums, so a damaged
// one can lead it astray, and one that cannot be read faults.
func guard(do func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the file led astray: %v", p)
		}
	}()
	return do()
}
