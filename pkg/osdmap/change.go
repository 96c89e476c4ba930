package osdmap

import "zeph/pkg/crush"

// Change says how the map of epoch Base becomes that of Base+1. It is plain data: fill in
// what changes, leave the rest empty, give it to Apply. After that it belongs to the map:
// do not write to the CRUSH map in it. Next makes one with its maps made.
type Change struct {
	Base     Epoch // the epoch it follows
	FSID     UUID  // the cluster it belongs to
	Modified UnixMilli

	Crush  *crush.Map // the new CRUSH map; nil: as it was
	MaxOSD *int32     // nil: as it was

	Pools        []Pool   // new ones, and the whole new state of changed ones; in any order
	RemovedPools []PoolID // their upmaps, pg_temps and primary_temps go with them
	OSDs         map[OSDID]OSDChange

	Upmap       map[PGID][]OSDID     // nothing in it takes the entry away, also in the next three
	UpmapItems  map[PGID][]UpmapItem //
	PGTemp      map[PGID][]OSDID     //
	PrimaryTemp map[PGID]OSDID       // NoOSD takes the entry away

	SetFlags   Flags
	ClearFlags Flags
	Ratios     *Ratios // nil: as they were
}

// OSDChange is what happens to one OSD in one epoch. As the epoch is part of the state
// (up_from, down_at), one Change never marks an OSD both down and up.
type OSDChange struct {
	Create  bool `cbor:"1,keyasint,omitzero"` // the id begins to exist: down and out
	Remove  bool `cbor:"2,keyasint,omitzero"` // the id ceases to exist; it was down before
	Destroy bool `cbor:"3,keyasint,omitzero"` // its store is gone for good: the id stays for a new one
	Lost    bool `cbor:"4,keyasint,omitzero"` // its data is given up: nobody waits for it any more
	Down    bool `cbor:"5,keyasint,omitzero"`
	Goodbye bool `cbor:"6,keyasint,omitzero"` // it is down and said that it had stopped serving before
	AutoOut bool `cbor:"7,keyasint,omitzero"` // weight 0, the present one is remembered

	Up              *Boot         `cbor:"8,keyasint,omitempty"`
	Weight          *crush.Weight `cbor:"9,keyasint,omitempty"`
	PrimaryAffinity *crush.Weight `cbor:"10,keyasint,omitempty"`
	UpThru          Epoch         `cbor:"11,keyasint,omitzero"` // 0: as it was
}

// Boot is what an OSD says of itself when it comes up.
type Boot struct {
	GID   uint64 `cbor:"1,keyasint"` // of this run, never used before
	Store UUID   `cbor:"2,keyasint"`
	Addrs []Addr `cbor:"3,keyasint"` // in any order
}

// Next is an empty Change that follows the map.
func (m *Map) Next(modified UnixMilli) *Change {
	return &Change{
		Base:        m.epoch,
		FSID:        m.fsid,
		Modified:    modified,
		OSDs:        make(map[OSDID]OSDChange),
		Upmap:       make(map[PGID][]OSDID),
		UpmapItems:  make(map[PGID][]UpmapItem),
		PGTemp:      make(map[PGID][]OSDID),
		PrimaryTemp: make(map[PGID]OSDID),
	}
}

// Epoch is the epoch that the Change leads to.
func (c *Change) Epoch() Epoch { return c.Base + 1 }
