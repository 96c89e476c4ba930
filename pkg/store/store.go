package store

import (
	"context"
	"time"

	"zeph/pkg/osdmap"
)

// Store is the local store of one OSD. The package says what all of it promises. Unless an
// implementation says otherwise, any number of goroutines may use it at once.
type Store interface {
	Reader

	// Submit queues a transaction and returns at once. With an error nothing happened and
	// done is never called; without one done is called once, in the order of Submit. It must
	// not block; it may submit.
	Submit(t *Txn, done func(error)) error

	// Stats says how things are now. It is cheap: asked for with every acknowledgement.
	Stats() Stats

	// Fsck reads everything, and reports what does not fit together, in order. Its own error
	// means that it could not look. Transactions may go on, at a price in space.
	Fsck(ctx context.Context, depth Depth, report func(Finding)) error

	// Close waits until all that was submitted is durable and told. After it, every call
	// gives ErrDead.
	Close() error
}

// Reader is the half of a Store that changes nothing. Of what is not there the methods
// return ErrNotFound; of what is damaged, a *CorruptError.
type Reader interface {
	// Read appends to dst at most n bytes of an object, from off on, as far as it goes, and
	// says what the object was when they were read.
	Read(dst []byte, k Key, off, n uint64) ([]byte, Info, error)

	// Stat says what an object is.
	Stat(k Key) (Info, error)

	// Attrs are all attributes of an object, in order of their names.
	Attrs(k Key) ([]Attr, Info, error)

	// Omap lists rows of an object from a key on, and before another; to "" is the end.
	Omap(k Key, from, to string, max int) (rows []Row, more bool, err error)

	// List lists objects from a key on, and before another. See Span.Bounds. It does not fail
	// because of a damaged object, nor for want of a PG.
	List(from, to Key, max int) (items []Item, more bool, err error)

	// PGs are all PGs there are, in order.
	PGs() ([]osdmap.PGID, error)

	// PG says what a PG is. When its record is damaged the span is still known.
	PG(pg osdmap.PGID) (PGState, error)

	// LogAfter lists the log from the first entry newer than v on, oldest first.
	LogAfter(pg osdmap.PGID, v Version, max int) (entries []LogEntry, more bool, err error)

	// LogBefore lists the log from the last entry older than v on, newest first.
	LogBefore(pg osdmap.PGID, v Version, max int) (entries []LogEntry, more bool, err error)

	// Rows lists a PG's own rows as Omap does those of an object.
	Rows(pg osdmap.PGID, from, to string, max int) (rows []Row, more bool, err error)

	// Verify reads all of an object, and finds all that is damaged.
	Verify(k Key) (Verified, error)
}

// Verified is what Verify found. Copies of an object that are alike have the same digests,
// whatever store they are in.
type Verified struct {
	Info   Info
	Data   uint32          // CRC-32C of the bytes, holes as zeros
	Attrs  uint32          // CRC-32C of the attributes, see DigestRow
	Omap   uint32          // CRC-32C of the omap, the same way
	Damage []*CorruptError // in order; the digests mean nothing when there is any
}

// Stats say how a store is doing. Space is in bytes.
type Stats struct {
	Size     uint64        // what the store may use altogether; 0: there is no limit
	Used     uint64        // of it, by everything: all of Txns, maybe more
	Queued   int           // transactions whose outcome is not told yet
	InFlight uint64        // their bytes, see Txn.Bytes
	Txns     uint64        // transactions made durable since the store was opened
	Damaged  uint64        // times that something read did not check, since then
	Stalled  time.Duration // how long the write under way has taken so far; 0: there is none
}

// FullAt is how many of a million bytes a store takes before it says ErrFull. An OSD stops
// clients and recovery long before; here it is the store that protects itself.
const FullAt = 970_000

// Full reports whether growth by n more bytes is too much.
func (s Stats) Full(n uint64) bool {
	limit := s.Size/1_000_000*FullAt + s.Size%1_000_000*FullAt/1_000_000
	return s.Size > 0 && (s.Used > limit || n > limit-s.Used)
}

// Depth says how closely Fsck looks.
type Depth uint8

// The depths.
const (
	Quick Depth = iota // every record, and whether they fit together
	Deep               // and every block of data
)

// Finding is something that Fsck found wrong.
type Finding struct {
	Part Part
	Key  Key         // of an object's parts
	PG   osdmap.PGID // of a PG's parts
	Text string      // for people
}
