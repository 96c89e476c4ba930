package consensus

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/raft"
	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"

	"zeph/pkg/boltmeta"
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
	fill      = 0.95     // of a page: the log grows at its end
	mapSize   = 64 << 20 // address space only: so the map seldom has to grow
	allocSize = 1 << 20  // the file grows by so much
)

// openLog opens the log store in a folder that is locked. It reads every row, and writes them into a new file that takes
// the old one's place: bbolt trusts the pages of a file that it is to write to, and none of this one's have
// checksums. So what it returns is whole; a damaged file is an error.
//
// failed is called once, should the disk fail later.
func openLog(dir, member string, sync bool, failed func(error)) (*logStore, error) {
	name := filepath.Join(dir, logName)
	err := guard(func() error { return rewrite(name, member, sync) })
	if err != nil {
		return nil, fmt.Errorf("monitor's log %s: %w", name, damaged(err))
	}
	s := &logStore{watch: newWatch(), failed: failed, turn: make(chan struct{}, 1)}
	if s.db, err = openNew(name, sync); err != nil {
		return nil, fmt.Errorf("monitor's log %s: %w", name, err)
	}
	err = s.db.View(func(tx *bbolt.Tx) error {
		s.stable, err = readStable(tx)
		return errors.Join(err, s.bounds.get(tx))
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("monitor's log %s: %w", name, err), s.db.Close())
	}
	return s, nil
}

// makeLog makes an empty log store. It must not exist.
func makeLog(dir, member string) error {
	name := filepath.Join(dir, logName)
	if _, err := os.Stat(name); err == nil {
		return fmt.Errorf("monitor's log %s: %w", name, os.ErrExist)
	}
	db, err := openNew(name, true)
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		return errors.Join(makeBuckets(tx, member), new(bounds).put(tx), stable(nil).put(tx))
	})
	return errors.Join(err, db.Close())
}

func openNew(name string, sync bool) (*bbolt.DB, error) {
	db, err := bbolt.Open(name, 0o600, &bbolt.Options{Timeout: time.Second, InitialMmapSize: mapSize,
		NoFreelistSync: true, FreelistType: bbolt.FreelistMapType, NoSync: !sync})
	if err == nil {
		db.AllocSize = allocSize
	}
	return db, err
}

// damaged says that a file is, unless the error says something else.
func damaged(err error) error {
	for _, other := range []error{ErrForeign, ErrDamaged, ErrNoRoom, os.ErrPermission, os.ErrNotExist, syscall.ENOSPC} {
		if errors.Is(err, other) {
			return err
		}
	}
	if errors.Is(err, bbolterrors.ErrTimeout) {
		return ErrInUse
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}

func makeBuckets(tx *bbolt.Tx, member string) error {
	for _, name := range [][]byte{bucketLog, bucketSelf} {
		if _, err := tx.CreateBucket(name); err != nil {
			return err
		}
	}
	self := tx.Bucket(bucketSelf)
	return errors.Join(
		self.Put(keyFormat, sealRow(bucketSelf, keyFormat, []byte(logFormat))),
		self.Put(keyMember, sealRow(bucketSelf, keyMember, []byte(member))))
}

// rewrite checks a log store and replaces it by a copy.
func rewrite(name, member string, sync bool) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	if info.Size() == 0 {
		return errors.New("it is empty") // bbolt would make a new one of it
	}
	if err := boltmeta.Check(name); err != nil {
		return err // bbolt would go back to the commit before, and a vote could be forgotten
	}
	from, err := bbolt.Open(name, 0o600, &bbolt.Options{Timeout: time.Second, ReadOnly: true})
	if err != nil {
		return err
	}
	copied := name + unfinished
	err = guard(func() error {
		return from.View(func(tx *bbolt.Tx) error {
			if tx.Size() > info.Size() {
				return fmt.Errorf("%d bytes of %d", info.Size(), tx.Size())
			}
			return copyLog(tx, copied, member)
		})
	})
	if err = errors.Join(err, guard(from.Close)); err != nil {
		_ = os.Remove(copied)
		return noRoom(err, name, info.Size())
	}
	if err := os.Rename(copied, name); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(name), sync)
}

// ErrNoRoom: opening the log needs more room than there is. Nothing was lost by trying.
var ErrNoRoom = errors.New("no room to open it")

// noRoom says of a full disk how much it lacks. Not all that bbolt returns wraps what the system said.
func noRoom(err error, name string, size int64) error {
	full := errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || err != nil && strings.Contains(err.Error(), syscall.ENOSPC.Error())
	if !full {
		return err
	}
	return fmt.Errorf("%w: it is checked by copying, which takes up to %d KiB in %s for a moment: make room there, or move the folder to a larger disk, and start again; the log is as it was: %w",
		ErrNoRoom, (size+1023)/1024+int64(allocSize)/1024, filepath.Dir(name), err)
}

func syncFolder(dir string, sync bool) error {
	if !sync {
		return nil
	}
	file, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// copyLog copies what a transaction sees into a new file, and checks it on the way.
func copyLog(tx *bbolt.Tx, name, member string) error {
	if tx.Bucket(bucketLog) == nil || tx.Bucket(bucketSelf) == nil {
		return errors.New("a bucket is missing")
	}
	var b bounds
	kept, err := readStable(tx)
	if err = errors.Join(checkSelf(tx, keyFormat, logFormat, "format"), checkSelf(tx, keyMember, member, "owner"), err, b.get(tx)); err != nil {
		return err
	}
	if err := os.RemoveAll(name); err != nil {
		return err
	}
	to, err := openNew(name, false)
	if err != nil {
		return err
	}
	err = to.Update(func(w *bbolt.Tx) error {
		if err := errors.Join(makeBuckets(w, member), kept.put(w), b.put(w)); err != nil {
			return err
		}
		return copyEntries(w.Bucket(bucketLog), tx.Bucket(bucketLog), b)
	})
	if err == nil {
		err = to.Sync()
	}
	return errors.Join(err, to.Close())
}

// copyEntries copies entries, and sees that they are those of the bounds, each whole, with terms that do not fall.
func copyEntries(to, from *bbolt.Bucket, b bounds) error {
	to.FillPercent = fill
	next, term := b.first, uint64(0)
	err := from.ForEach(func(key, row []byte) error {
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
		return to.Put(key, row)
	})
	if err == nil && b.first > 0 && next != b.last+1 {
		err = fmt.Errorf("entries %d to %d are missing", next, b.last)
	}
	return err
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
