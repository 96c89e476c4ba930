package pg

import (
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/placement"
	"zeph/pkg/wire"
)

// Config is what a PG is told once, when it is made.
type Config struct {
	PG    osdmap.PGID
	OSD   osdmap.OSDID
	GID   wire.GID    // of this run
	Store osdmap.UUID // of this OSD's store
	Seed  uint64      // of chance: when scrubs are due
	Room  *Room       // of all PGs of the OSD; nil: this PG is the only one
	Rare  core.Rare   // of a simulation
	Settings
}

// Settings may change at any time, by an event of this type. A zero means the default.
type Settings struct {
	Drift int // by how many parts in a million clocks may run apart; default 10000

	Repeat time.Duration // how often what has no answer is asked again; default 500ms

	MinLog      int           // log entries that are kept while clean; default 1000
	DegradedLog int           // and while not; default 10000
	MinDups     int           // results that are kept at least; default 3000
	MaxDups     int           // and at most; default 10000
	DupAge      time.Duration // between them, for how long; default 2m, four times a client's timeout

	PushBytes     int           // of one message of recovery; default 4 MiB
	RecoveryOps   int           // objects under way at once; default 4
	RecoveryBytes int           // bytes a second while clients are active; 0: default 64 MiB
	RecoveryRate  int           // pushes a second, the same; default 500
	Busy          bool          // clients are active: if not here, then with other PGs of this OSD
	Batch         int           // objects of a backfill batch; default 32
	RetryFull     time.Duration // until a store that was too full is asked again; default 5s

	Buggify uint64 // of a simulation: what unusual things are done by chance; 0, as everywhere else: none

	ScrubMin  time.Duration // between scrubs at least, while clients are idle; default 24h
	ScrubMax  time.Duration // and at most; default 7 days
	DeepScrub time.Duration // between deep ones; default 7 days
}

// ---- Events that the OSD gives. Beside them: core.Received (with a body of this PG, one-way or request),
// core.Answered, core.Durable, core.ReadDone, core.Fired and core.Continue whose Token.PG or TimerKey.PG
// is this PG; core.StoreStats, unless whoever shares the Room tells it.

// Open is the first event of a PG that the store has. Image is what ReadImage found; Base is the map of
// Image.Info.Epoch, to compare the next one with; its Map is nil when that map is gone.
// After it come NewMap events for all epochs after Image.Info.Epoch.
type Open struct {
	Image *Image
	Base  View
}

// Create is the first event of a PG that the store does not have, and that maps to this OSD (it is in up or
// acting). Views are the PG's places from the later of the pool's created epoch and the oldest map there is to
// the present map, one for each epoch, in order: the last one is the present. Rule 11.1.
type Create struct {
	Views []View

	// Damaged is for a PG that the store has, and that cannot be read: its objects stay, and nothing else.
	// It comes before the OSD is up, and sends nothing.
	Damaged bool
}

// NewMap moves the PG to the next epoch. Every epoch is given, in order; where maps are gone the first one after
// the gap may follow (rule 3.4), and the PG sees that its epoch is not the next.
type NewMap struct {
	View
}

// View is a map and where this PG is in it.
type View struct {
	Map     *osdmap.Map
	Mapping placement.Mapping // zero when the pool is gone
}

// Tick is given every 50 to 100 ms. Nothing is lost when one comes late; things only take longer.
type Tick struct{}

// LeaseReceived is one lease out of a wire.PGLeases, which the OSD takes apart. It has checked To and From.
type LeaseReceived struct {
	From  core.Peer
	Lease wire.PGLease
}

// Slot answers an AskSlot: granted when a place is free, possibly much later.
type Slot struct {
	Remote bool
	Scrub  bool
}

// NewGID says that the OSD is another run of itself now. It comes while the map has this OSD down.
type NewGID struct {
	GID wire.GID
}

// ---- Effects that the OSD takes care of. Beside them: core.Send, core.Call (sub-writes), core.Reply, core.Fail,
// core.Drop, core.Submit, core.Read, core.SetTimer, core.Continue, core.Log, core.Exit; all with tokens of this
// PG. Send and Call carry the PG's epoch, which is that of the OSD.

// WantUpThru asks that the map say that this OSD was up at an epoch. It is repeated until the map does;
// one request to the monitor serves all PGs: the highest epoch. Rule 4.3.
type WantUpThru struct {
	PG    osdmap.PGID
	Epoch osdmap.Epoch
}

// WantTemp asks for other OSDs in charge, or with none for the end of that. It is repeated while it
// matters. Rule 10.6.
type WantTemp struct {
	PG       osdmap.PGID
	Interval osdmap.Epoch
	OSDs     []osdmap.OSDID
}

// SendLease is a lease grant or its acknowledgement. The OSD puts those of one turn for one peer into one
// wire.PGLeases, Reserved, on class control. Rule 6.1.
type SendLease struct {
	To    core.Dest
	Lease wire.PGLease
}

// AskSlot asks for one of this OSD's places for recovery: local ones for PGs that it is the primary of,
// remote ones for copies that are recovered by others. It ends with Slot, or is taken back by
// FreeSlot. To ask again for what one has or waits for is harmless. Rule 10.3.
type AskSlot struct {
	PG     osdmap.PGID
	Remote bool
	Scrub  bool // not for recovery: these have places of their own (12.3)
}

// FreeSlot gives a place back, or takes the question back. To free what one does not have is harmless.
type FreeSlot struct {
	PG     osdmap.PGID
	Remote bool
	Scrub  bool
}

// Changed says that the PG's State has changed: a beacon might tell.
type Changed struct {
	PG osdmap.PGID
}

// Removed says that nothing of the PG is left in the store: its machine may be forgotten.
type Removed struct {
	PG osdmap.PGID
}

// TimerKey is the key of a PG's timers.
type TimerKey struct {
	PG  osdmap.PGID
	Gen uint64
}

// PGOf is the PG that a body is about, if it is one that belongs to a PG's machine. A wire.PGLeases is about many,
// and is none; nor is a Command, whose argument "pg" the OSD reads.
func PGOf(body any) (osdmap.PGID, bool) {
	switch b := body.(type) {
	case interface{ Head() *wire.PGHead }:
		return osdmap.PGID(b.Head().PG), true
	case *wire.SubWrite:
		return osdmap.PGID(b.PG), true
	case *wire.Write:
		return osdmap.PGID(b.PG), true
	case *wire.Read:
		return osdmap.PGID(b.PG), true
	case *wire.List:
		return osdmap.PGID(b.PG), true
	}
	return osdmap.PGID{}, false
}
