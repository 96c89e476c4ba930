package wire

import "zeph/pkg/osdmap"

// PGPull asks a copy to push an object at a version.
type PGPull struct {
	PGHead
	Object PGObject  `cbor:"5,keyasint"`
	Need   PGVersion `cbor:"6,keyasint"`
	Part   uint64    `cbor:"7,keyasint,omitzero"`  // which part of it
	Offset uint64    `cbor:"8,keyasint,omitzero"`  // in its data, where the part begins
	Row    string    `cbor:"9,keyasint,omitempty"` // of its omap: rows from this key on
}

// PGPush brings part of an object to a copy that lacks it. Its bulk is the data. Parts go one by
// one; the last one makes the object whole and ends its being missing.
type PGPush struct {
	PGHead
	Object   PGObject         `cbor:"5,keyasint"`
	Version  PGVersion        `cbor:"6,keyasint"`            // applied only if the object is missing at it
	Batch    uint64           `cbor:"7,keyasint,omitzero"`   // of backfill; 0: recovery
	Delete   bool             `cbor:"8,keyasint,omitzero"`   // the object should not be there
	Part     uint64           `cbor:"9,keyasint,omitzero"`   // from 0
	Offset   uint64           `cbor:"10,keyasint,omitzero"`  // of the bulk, in the object
	Attrs    []Pair           `cbor:"11,keyasint,omitempty"` // in part 0
	Rows     []Pair           `cbor:"12,keyasint,omitempty"` // of the omap
	Last     bool             `cbor:"13,keyasint,omitzero"`  //
	Size     uint64           `cbor:"14,keyasint,omitzero"`  // of the object's data, in all
	Modified osdmap.UnixMilli `cbor:"15,keyasint,omitzero"`  // in milliseconds since 1970
	NextRow  string           `cbor:"16,keyasint,omitempty"` // where the next part's rows begin
	Absent   bool             `cbor:"17,keyasint,omitzero"`  // answers a pull: this copy has no such version
	Damaged  bool             `cbor:"18,keyasint,omitzero"`  // answers a pull: the copy does not check
	Pulled   bool             `cbor:"19,keyasint,omitzero"`  // answers a pull
	Go       uint64           `cbor:"20,keyasint,omitzero"`  // which go at pushing the object; a later one begins anew
}

// PGPushed acknowledges a part of a push.
type PGPushed struct {
	PGHead
	Object  PGObject  `cbor:"5,keyasint"`
	Version PGVersion `cbor:"6,keyasint"`
	Batch   uint64    `cbor:"7,keyasint,omitzero"`
	Part    uint64    `cbor:"8,keyasint,omitzero"`
	Last    bool      `cbor:"9,keyasint,omitzero"`  // the object is whole, and on disk
	Refused bool      `cbor:"10,keyasint,omitzero"` // it was not missing at that version, or the batch is not under way
	NoRoom  bool      `cbor:"11,keyasint,omitzero"` // the store is too full
	Go      uint64    `cbor:"12,keyasint,omitzero"` // of the push
}

// Reserving is what a PGReserve does.
type Reserving uint8

// The steps of a reservation.
const (
	ReserveAsk     Reserving = 1 // also renews
	ReserveGrant   Reserving = 2
	ReserveRefuse  Reserving = 3 // too full: ask again later
	ReserveRelease Reserving = 4
)

// String is the step's name.
func (r Reserving) String() string {
	switch r {
	case ReserveAsk:
		return "ask"
	case ReserveGrant:
		return "grant"
	case ReserveRefuse:
		return "refuse"
	case ReserveRelease:
		return "release"
	}
	return "unknown"
}

// PGReserve asks a copy's OSD for one of the places that it has for being recovered, or answers.
type PGReserve struct {
	PGHead
	Step     Reserving `cbor:"5,keyasint"`
	Backfill bool      `cbor:"6,keyasint,omitzero"` // not by log
	Scrub    bool      `cbor:"7,keyasint,omitzero"` // of the places for scrubs
}

// PGScan asks a backfill target what it has of a batch.
type PGScan struct {
	PGHead
	Batch uint64 `cbor:"5,keyasint"` // begins with it
	From  Cursor `cbor:"6,keyasint,omitzero"`
	To    Cursor `cbor:"7,keyasint,omitzero"`
	End   bool   `cbor:"8,keyasint,omitzero"` // to the PG's end, whatever To says
}

// PGScanned is what the target has.
type PGScanned struct {
	PGHead
	Batch   uint64      `cbor:"5,keyasint"`
	Objects []PGScanObj `cbor:"6,keyasint,omitempty"`
	NoRoom  bool        `cbor:"7,keyasint,omitzero"`  // the store is too full
	Upto    Cursor      `cbor:"8,keyasint,omitzero"`  // the last one listed
	More    bool        `cbor:"9,keyasint,omitzero"`  // there is more of the batch after it
	From    Cursor      `cbor:"10,keyasint,omitzero"` // as in the PGScan
}

// PGScanObj is an object in a scan.
type PGScanObj struct {
	Object  PGObject  `cbor:"1,keyasint"`
	Version PGVersion `cbor:"2,keyasint,omitzero"`
	Size    uint64    `cbor:"3,keyasint,omitzero"`
}

// PGCursor moves a target's backfill cursor, once all of a batch is on its disk.
type PGCursor struct {
	PGHead
	Batch uint64 `cbor:"5,keyasint"`
	To    Cursor `cbor:"6,keyasint,omitzero"`
	Done  bool   `cbor:"7,keyasint,omitzero"` // the copy is complete
}

// PGCursorAck says that the target has moved it, on disk.
type PGCursorAck struct {
	PGHead
	Batch uint64 `cbor:"5,keyasint"`
	To    Cursor `cbor:"6,keyasint,omitzero"`
	Done  bool   `cbor:"7,keyasint,omitzero"`
}
