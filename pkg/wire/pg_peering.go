package wire

import "zeph/pkg/osdmap"

// PGQuery asks a copy what it is, or for its log.
type PGQuery struct {
	PGHead
	Log   bool      `cbor:"5,keyasint,omitzero"` // its log is wanted, not only its info
	After PGVersion `cbor:"6,keyasint,omitzero"` // of the log: entries newer than this one
}

// PGNotify says what a copy is: in answer to a query, or because it is a stray (round 0).
type PGNotify struct {
	PGHead
	Info   PGInfo    `cbor:"5,keyasint"`
	None   bool      `cbor:"6,keyasint,omitzero"` // the OSD has no copy
	Bounds []PGBound `cbor:"7,keyasint,omitempty"`
}

// PGLog is the log of a copy, in answer to a query.
type PGLog struct {
	PGHead
	Info    PGInfo    `cbor:"5,keyasint"`
	Entries []PGEntry `cbor:"6,keyasint,omitempty"` // oldest first
	Dups    []PGDup   `cbor:"7,keyasint,omitempty"` // oldest first
	More    bool      `cbor:"8,keyasint,omitzero"`  // entries after these exist: ask again
}

// PGActivate makes a copy part of an interval: its log becomes the authoritative one.
type PGActivate struct {
	PGHead
	Info    PGInfo    `cbor:"5,keyasint"`            // of the authoritative copy
	Since   PGVersion `cbor:"6,keyasint,omitzero"`   // the entries follow this one
	Entries []PGEntry `cbor:"7,keyasint,omitempty"`  // oldest first
	Dups    []PGDup   `cbor:"8,keyasint,omitempty"`  // for copies that begin anew
	Restart bool      `cbor:"9,keyasint,omitzero"`   // the copy's log does not reach: backfill from the start
	Target  bool      `cbor:"10,keyasint,omitzero"`  // it will be backfilled, and is not acting
	Bounds  []PGBound `cbor:"11,keyasint,omitempty"` //
	Lease   PGLease   `cbor:"12,keyasint,omitempty"` // the first grant
	Full    bool      `cbor:"13,keyasint,omitzero"`  // the entries are the whole log: the copy finds where its own agrees
}

// PGActivated says that a copy is part of the interval, and that this is on disk.
type PGActivated struct {
	PGHead
	Info    PGInfo      `cbor:"5,keyasint"`
	Missing []PGMissing `cbor:"6,keyasint,omitempty"`
	Apart   bool        `cbor:"7,keyasint,omitzero"`  // the logs do not meet: nothing was changed
	Bounds  []PGBound   `cbor:"8,keyasint,omitempty"` //
	Lease   PGLease     `cbor:"9,keyasint,omitempty"` // the first grant, acknowledged
	Used    uint64      `cbor:"10,keyasint,omitzero"` // bytes in use on its store
	Size    uint64      `cbor:"11,keyasint,omitzero"` // bytes that the store has in all
	Coming  uint64      `cbor:"12,keyasint,omitzero"` // bytes that it is about to take, beside Used
	At      uint64      `cbor:"13,keyasint,omitzero"` // when that was so, in microseconds of its clock: the latest counts
}

// PGLeases grants or acknowledges the leases of many PGs between two OSDs, and says how full the sender's store is: each
// second at least, also where there are no leases.
type PGLeases struct {
	To     GID       `cbor:"1,keyasint"`
	Leases []PGLease `cbor:"2,keyasint,omitempty"`
	Used   uint64    `cbor:"3,keyasint,omitzero"` // bytes in use on the sender's store
	Size   uint64    `cbor:"4,keyasint,omitzero"` // of it
	Coming uint64    `cbor:"5,keyasint,omitzero"` // bytes that it is about to take, beside Used
	At     uint64    `cbor:"6,keyasint,omitzero"` // when that was so, in microseconds of the sender's clock: the latest counts
}

// PGLease asks a copy to stay with a primary for a while, or says that it will.
type PGLease struct {
	PG       PG           `cbor:"1,keyasint"`
	Interval osdmap.Epoch `cbor:"2,keyasint"`
	Round    uint64       `cbor:"3,keyasint,omitzero"` // of peering
	Number   uint64       `cbor:"4,keyasint,omitzero"` // of the lease, in that interval; 0: none
	Length   uint64       `cbor:"5,keyasint,omitzero"` // in microseconds, from when the primary sent it
	Ack      bool         `cbor:"6,keyasint,omitzero"` // a copy's answer
}

// PGHistory tells copies what has been reached.
type PGHistory struct {
	PGHead
	HistoryLES osdmap.Epoch `cbor:"5,keyasint,omitzero"`
	LEC        osdmap.Epoch `cbor:"6,keyasint,omitzero"`
	Cleared    osdmap.Epoch `cbor:"7,keyasint,omitzero"` // intervals that ended before this may be forgotten

	Scrubbed     uint64 `cbor:"8,keyasint,omitzero"`  // when, in milliseconds since 1970
	DeepScrubbed uint64 `cbor:"9,keyasint,omitzero"`  // the same
	Inconsistent uint64 `cbor:"10,keyasint,omitzero"` // objects that scrub found so
}

// PGHistoryAck says that a copy has it on disk.
type PGHistoryAck struct {
	PGHead
	HistoryLES osdmap.Epoch `cbor:"5,keyasint,omitzero"`
	LEC        osdmap.Epoch `cbor:"6,keyasint,omitzero"`
	Cleared    osdmap.Epoch `cbor:"7,keyasint,omitzero"`

	Scrubbed     uint64 `cbor:"8,keyasint,omitzero"`
	DeepScrubbed uint64 `cbor:"9,keyasint,omitzero"`
}

// PGRemove tells a stray that nobody needs it any more.
type PGRemove struct {
	PGHead
}
