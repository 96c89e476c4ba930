package wire

import "zeph/pkg/osdmap"

// What the OSDs of one PG say to each other beside sub-writes. All of it is one way, may be said
// again, and is dropped when it belongs to another interval, round or run.

// PGHead begins every body between the OSDs of a PG. Who speaks is in the message's header.
type PGHead struct {
	PG       PG           `cbor:"1,keyasint"`
	Interval osdmap.Epoch `cbor:"2,keyasint"`          // first epoch of the interval that it belongs to
	Round    uint64       `cbor:"3,keyasint,omitzero"` // of peering, in that interval; 0: it is about no round
	To       GID          `cbor:"4,keyasint,omitzero"` // the run that it is meant for
}

// Head is the body's head.
func (h *PGHead) Head() *PGHead { return h }

// PGMember is an OSD as member of an interval.
type PGMember struct {
	OSD   osdmap.OSDID `cbor:"1,keyasint"`
	Store osdmap.UUID  `cbor:"2,keyasint"` // a new store under an old id is another member
	GID   GID          `cbor:"3,keyasint"` // its run then
}

// PGInterval is a run of epochs in which a PG had the same members and rules.
type PGInterval struct {
	First   osdmap.Epoch   `cbor:"1,keyasint"`
	Last    osdmap.Epoch   `cbor:"2,keyasint,omitzero"` // 0: it is not over
	Up      []osdmap.OSDID `cbor:"3,keyasint,omitempty"`
	Acting  []PGMember     `cbor:"4,keyasint,omitempty"` // those that lived, the primary first
	Primary osdmap.OSDID   `cbor:"5,keyasint,omitzero"`  // of acting; meaningless when acting is empty
	Size    uint32         `cbor:"6,keyasint,omitzero"`
	MinSize uint32         `cbor:"7,keyasint,omitzero"`
	Lease   uint64         `cbor:"8,keyasint,omitzero"`  // the longest that its primary was granted, in microseconds
	Wrote   bool           `cbor:"9,keyasint,omitzero"`  // it may have written
	CutOff  bool           `cbor:"10,keyasint,omitzero"` // the maps of its beginning are gone
}

// PGInfo is what a copy knows of itself and of its PG. A store keeps it as the PG's info.
type PGInfo struct {
	Epoch        osdmap.Epoch `cbor:"1,keyasint"`            // newest map that the copy was taken through when this was written
	Created      osdmap.Epoch `cbor:"2,keyasint,omitzero"`   // of the pool
	LastUpdate   PGVersion    `cbor:"3,keyasint,omitzero"`   // newest entry of its log
	LogTail      PGVersion    `cbor:"4,keyasint,omitzero"`   // newest entry that was cut from its log
	LES          osdmap.Epoch `cbor:"5,keyasint,omitzero"`   // first epoch of the interval whose activation it was part of
	HistoryLES   osdmap.Epoch `cbor:"6,keyasint,omitzero"`   // first epoch of the newest interval known to have been active as a whole
	LEC          osdmap.Epoch `cbor:"7,keyasint,omitzero"`   // last_epoch_clean: what came before is of no interest
	Incomplete   bool         `cbor:"8,keyasint,omitzero"`   // backfill is under way
	Cursor       Cursor       `cbor:"9,keyasint,omitzero"`   // of backfill: objects up to here are as the log says
	Interval     PGInterval   `cbor:"10,keyasint"`           // the present one
	Past         []PGInterval `cbor:"11,keyasint,omitempty"` // since last_epoch_clean, oldest first
	Cleared      osdmap.Epoch `cbor:"12,keyasint,omitzero"`  // intervals that ended before this are not in Past
	DupTail      PGVersion    `cbor:"13,keyasint,omitzero"`  // newest entry whose result is not kept any more
	Missing      uint64       `cbor:"14,keyasint,omitzero"`  // objects that the log has and the copy lacks; only for messages
	PGNum        uint32       `cbor:"15,keyasint,omitzero"`  // of the pool
	Objects      uint64       `cbor:"16,keyasint,omitzero"`  // only for messages
	Bytes        uint64       `cbor:"17,keyasint,omitzero"`  // only for messages
	Scrubbed     uint64       `cbor:"18,keyasint,omitzero"`  // when, in milliseconds since 1970
	DeepScrubbed uint64       `cbor:"19,keyasint,omitzero"`  // the same
	Inconsistent uint64       `cbor:"20,keyasint,omitzero"`  // objects that the last scrub found so
	BeingRemoved bool         `cbor:"21,keyasint,omitzero"`  // its objects are being deleted
	Damaged      bool         `cbor:"22,keyasint,omitzero"`  // it could not be read, and is filled anew: until then it answers for no interval
}

// PGBound says how long a run may believe that it holds a lease.
type PGBound struct {
	Holder PGMember `cbor:"1,keyasint"`
	Left   uint64   `cbor:"2,keyasint"` // in microseconds from when this is received
}

// PGObject names an object of a PG.
type PGObject struct {
	Hash      uint32 `cbor:"1,keyasint"`
	Namespace string `cbor:"2,keyasint,omitempty"`
	Name      string `cbor:"3,keyasint"`
}

// PGEntry is one entry of a PG's log.
type PGEntry struct {
	Version  PGVersion        `cbor:"1,keyasint"`
	Object   PGObject         `cbor:"2,keyasint"`
	Prior    PGVersion        `cbor:"3,keyasint,omitzero"` // of the object's write before this one; zero: there was no object
	Delete   bool             `cbor:"4,keyasint,omitzero"` // there is no object after it
	Asker    Asker            `cbor:"5,keyasint"`
	Code     Code             `cbor:"6,keyasint,omitzero"` // what the client is answered; 0: done
	Modified osdmap.UnixMilli `cbor:"7,keyasint,omitzero"` // in milliseconds since 1970
}

// PGDup is the result of a request whose log entry is gone.
type PGDup struct {
	Asker    Asker            `cbor:"1,keyasint"`
	Version  PGVersion        `cbor:"2,keyasint"`
	Code     Code             `cbor:"3,keyasint,omitzero"`
	Modified osdmap.UnixMilli `cbor:"4,keyasint,omitzero"` // when it was ordered, in milliseconds since 1970
}

// PGMissing is an object that a copy lacks.
type PGMissing struct {
	Object PGObject  `cbor:"1,keyasint"`
	Need   PGVersion `cbor:"2,keyasint"`           // that it should have
	Delete bool      `cbor:"3,keyasint,omitzero"`  // it should not be there
	Have   PGVersion `cbor:"4,keyasint,omitempty"` // what it has of it, for people
}
