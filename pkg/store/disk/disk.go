package disk

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"

	"zeph/pkg/boltmeta"
	"zeph/pkg/osdmap"
	"zeph/pkg/store"
)

// Store is an open store. Any number of goroutines may use it.
type Store struct {
	id   Identity
	cfg  Config
	db   *bbolt.DB
	lock *os.File
	ends chan struct{} // closed when the committer has ended
	wake chan struct{} // holds one when there may be something to do

	known map[osdmap.PGID]*pgRecord // the committer's

	txns    atomic.Uint64
	damaged atomic.Uint64
	size    atomic.Uint64
	used    atomic.Uint64
	since   atomic.Int64 // when the write under way began, in nanoseconds since start; 0: there is none
	start   time.Time

	committing sync.Mutex // held while a batch is written, and while a test looks at bbolt's pages

	mu      sync.Mutex // guards what follows
	settled sync.Cond  // on mu: durable or dead changed
	durable int        // bbolt's number of the last commit that is known to be on the disk
	queue   []pending
	taken   int    // transactions of the batch under way, not told yet
	bytes   uint64 // of queue and of the batch under way
	growth  uint64 // the same
	closing bool
	dead    error // why; nil: it lives
}

// pending is a transaction whose outcome is not told.
type pending struct {
	txn    *store.Txn
	done   func(error)
	bytes  uint64
	growth uint64
}

// Mkfs makes an empty store in a folder, and the folder. A zero id.Store is drawn. It returns
// the identity that the store has then. What a Mkfs left that did not come to its end is replaced.
func Mkfs(dir string, id Identity) (Identity, error) {
	if id.Store.IsZero() {
		id.Store = newUUID()
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Identity{}, err
	}
	lock, err := lockDir(dir)
	if err != nil {
		return Identity{}, err
	}
	err = mkfs(dir, id)
	return id, errors.Join(err, unlock(lock))
}

func mkfs(dir string, id Identity) error {
	if had, err := ReadSuper(dir); err == nil {
		return fmt.Errorf("folder %s: the store %v of %v, cluster %v: %w", dir, had.Store, had.OSD, had.FSID, ErrExists)
	} else if !errors.Is(err, ErrNoStore) {
		return err
	}
	name := filepath.Join(dir, dbName)
	if err := os.RemoveAll(name); err != nil {
		return err
	}
	db, err := bbolt.Open(name, 0o644, nil)
	if err != nil {
		return fmt.Errorf("folder %s: make %s: %w", dir, dbName, err)
	}
	err = db.Update(func(tx *bbolt.Tx) error { return makeBuckets(tx, id) })
	if err := errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("folder %s: make %s: %w", dir, dbName, err)
	}
	return writeSuper(dir, id) // last: until then there is no store
}

var identityKey = []byte("identity")

func makeBuckets(tx *bbolt.Tx, id Identity) error {
	for _, name := range buckets {
		if _, err := tx.CreateBucket(name); err != nil {
			return err
		}
	}
	return tx.Bucket(bucketSelf).Put(identityKey, sealed(bucketSelf, identityKey, []byte(id.text())))
}

// Open opens the store in a folder. It fails when there is none, when another process has it, when it is of
// another format, cluster, OSD or disk than wanted, and when its index is damaged.
func Open(dir string, cfg Config) (*Store, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("store config: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, superName)); err != nil {
		_, err := ReadSuper(dir) // says it better, and leaves no lock in a folder of others
		return nil, err
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	s, err := open(dir, cfg.withDefaults())
	if err != nil {
		_ = unlock(lock)
		return nil, err
	}
	s.lock = lock
	go s.commitAll()
	return s, nil
}

func open(dir string, cfg Config) (*Store, error) {
	id, err := ReadSuper(dir)
	if err != nil {
		return nil, err
	}
	if err := id.check(cfg.Want); err != nil {
		return nil, fmt.Errorf("folder %s: %w", dir, err)
	}
	s := &Store{
		id: id, cfg: cfg, start: time.Now(),
		ends: make(chan struct{}), wake: make(chan struct{}, 1),
	}
	s.settled.L = &s.mu
	if err := s.openDB(filepath.Join(dir, dbName)); err != nil {
		return nil, fmt.Errorf("folder %s: open %s: %w", dir, dbName, err)
	}
	return s, nil
}

// mapSize is how much address space the file gets from the start, in bytes: growing the map would
// have to wait for all readers.
const mapSize = min(64<<30, math.MaxInt/2)

func (s *Store) openDB(name string) (err error) {
	if _, err := os.Stat(name); err != nil {
		return err // bbolt would make an empty one
	}
	if err := boltmeta.Check(name); err != nil {
		return err // bbolt would go back to the commit before
	}
	s.db, err = bbolt.Open(name, 0o644, &bbolt.Options{
		Timeout:         time.Second, // a lock on the folder is ours already
		FreelistType:    bbolt.FreelistMapType,
		InitialMmapSize: mapSize,
		OpenFile:        s.cfg.openFile,
	})
	if err != nil {
		return err
	}
	err = guard(func() error {
		return s.db.View(func(tx *bbolt.Tx) error {
			s.durable = tx.ID()
			if err := checkSelf(tx, s.id); err != nil {
				return err
			}
			s.known, err = loadPGs(tx)
			s.measure(tx)
			return err
		})
	})
	if err != nil {
		return errors.Join(err, guard(s.db.Close))
	}
	return nil
}

// checkSelf refuses an index that is not this store's, or lacks a bucket.
func checkSelf(tx *bbolt.Tx, id Identity) error {
	for _, name := range buckets {
		if tx.Bucket(name) == nil {
			return fmt.Errorf("bucket %s is missing", name)
		}
	}
	text, err := unsealed(bucketSelf, identityKey, tx.Bucket(bucketSelf).Get(identityKey))
	if err != nil {
		return fmt.Errorf("identity: %w", err)
	}
	if got, err := parseSuper(string(text)); err != nil || got != id {
		return fmt.Errorf("it is of store %v, the folder's is %v: %w", got.Store, id.Store, errors.Join(err, ErrOtherStore))
	}
	return nil
}

// Identity says whose store it is.
func (s *Store) Identity() Identity { return s.id }

// Close waits until all that was submitted is durable and told.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closing {
		s.mu.Unlock()
		return fmt.Errorf("closed already: %w", store.ErrDead)
	}
	s.closing = true
	s.mu.Unlock()
	s.nudge()
	<-s.ends
	err := s.kill(errors.New("closed"))
	return errors.Join(err, guard(s.db.Close), unlock(s.lock))
}

// kill makes the store dead unless it is. It returns why it died before.
func (s *Store) kill(why error) (before error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before = s.dead
	if s.dead == nil {
		s.dead = fmt.Errorf("%w: %w", why, store.ErrDead)
	}
	s.settled.Broadcast()
	return before
}
