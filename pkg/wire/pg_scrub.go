package wire

// PGScrub asks a copy what its objects of a chunk are, that nobody writes to meanwhile.
type PGScrub struct {
	PGHead
	Chunk uint64 `cbor:"5,keyasint"` // begins with it
	From  Cursor `cbor:"6,keyasint,omitzero"`
	To    Cursor `cbor:"7,keyasint,omitzero"`
	End   bool   `cbor:"8,keyasint,omitzero"` // to the PG's end, whatever To says
	Deep  bool   `cbor:"9,keyasint,omitzero"` // every byte is read
}

// PGScrubbed is what they are.
type PGScrubbed struct {
	PGHead
	Chunk   uint64       `cbor:"5,keyasint"`
	Objects []PGScrubObj `cbor:"6,keyasint,omitempty"`
	Failed  bool         `cbor:"7,keyasint,omitzero"` // the store could not tell
}

// PGScrubObj is what a copy has of an object.
type PGScrubObj struct {
	Object  PGObject   `cbor:"1,keyasint"`
	Version PGVersion  `cbor:"2,keyasint,omitzero"`
	Size    uint64     `cbor:"3,keyasint,omitzero"`
	Rows    uint64     `cbor:"4,keyasint,omitzero"`  // of the omap
	Attrs   uint32     `cbor:"5,keyasint,omitzero"`  // CRC-32C
	Data    uint32     `cbor:"6,keyasint,omitzero"`  // CRC-32C; only deep
	Omap    uint32     `cbor:"7,keyasint,omitzero"`  // CRC-32C; only deep
	Damage  []PGDamage `cbor:"8,keyasint,omitempty"` // what does not check
}

// PGDamage is a part of an object that does not check.
type PGDamage struct {
	Part   string `cbor:"1,keyasint"`
	Offset uint64 `cbor:"2,keyasint,omitzero"` // of data
	Length uint64 `cbor:"3,keyasint,omitzero"`
}

// PGRepair tells a copy, while a chunk is under way, that its object is not what it should be.
type PGRepair struct {
	PGHead
	Chunk  uint64    `cbor:"5,keyasint"`
	Object PGObject  `cbor:"6,keyasint"`
	Need   PGVersion `cbor:"7,keyasint,omitzero"` // the object is missing at this version from now on
	Delete bool      `cbor:"8,keyasint,omitzero"` // it should not be there: the copy removes it
}

// PGRepaired says that the copy has noted that, on disk.
type PGRepaired struct {
	PGHead
	Chunk   uint64   `cbor:"5,keyasint"`
	Object  PGObject `cbor:"6,keyasint"`
	Refused bool     `cbor:"7,keyasint,omitzero"` // the chunk is over, or the object was written to
}
