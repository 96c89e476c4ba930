package wire

import "zeph/pkg/osdmap"

// Maps brings a peer that is behind the changes that it lacks, as osdmap encodes them.
type Maps struct {
	Oldest  osdmap.Epoch `cbor:"1,keyasint,omitzero"`  // whose changes the sender still has, at the least
	Newest  osdmap.Epoch `cbor:"2,keyasint"`           // of the sender
	Changes [][]byte     `cbor:"3,keyasint,omitempty"` // one for each epoch, in order, without a gap
}

// GetMaps asks for the changes after an epoch, or for a whole map.
type GetMaps struct {
	After  osdmap.Epoch `cbor:"1,keyasint,omitzero"` // the newest that the asker has
	Whole  bool         `cbor:"2,keyasint,omitzero"` // not changes but all of a map
	Epoch  osdmap.Epoch `cbor:"3,keyasint,omitzero"` // of that map; 0: the newest
	Offset uint64       `cbor:"4,keyasint,omitzero"` // in the map's encoding, where the answer should begin
	Mons   uint64       `cbor:"5,keyasint,omitzero"` // version of the monmap that the asker has
}

// GetMapsReply answers a GetMaps: changes, as many as fit; or as bulk, part of a whole map. When
// the changes asked for are no longer there, Changes is empty and Oldest above After+1.
type GetMapsReply struct {
	Oldest  osdmap.Epoch `cbor:"1,keyasint,omitzero"`  // whose change the answerer still has
	Newest  osdmap.Epoch `cbor:"2,keyasint"`           // of the answerer
	Changes [][]byte     `cbor:"3,keyasint,omitempty"` // one for each epoch, in order, without a gap
	Epoch   osdmap.Epoch `cbor:"4,keyasint,omitzero"`  // of the whole map
	Size    uint64       `cbor:"5,keyasint,omitzero"`  // of its encoding, in bytes
	Monmap  Monmap       `cbor:"6,keyasint,omitzero"`  // of a monitor, if the asker's is older
}

// MapHint says that there is a newer map, and who leads the monitors.
type MapHint struct {
	Epoch  osdmap.Epoch `cbor:"1,keyasint"`
	Leader string       `cbor:"2,keyasint,omitzero"` // entity name; empty: nobody, as far as the sender knows
	Mons   uint64       `cbor:"3,keyasint,omitzero"` // version of the monmap: it changes without the osdmap
}

// Monmap says who the monitors are. As in Ceph it is not part of the osdmap: to find the monitors comes first.
type Monmap struct {
	Version uint64    `cbor:"1,keyasint,omitzero"`  // higher: newer
	Mons    []MonInfo `cbor:"2,keyasint,omitempty"` // ascending by name
}

// IsZero reports whether it says nothing.
func (m Monmap) IsZero() bool { return m.Version == 0 && len(m.Mons) == 0 }

// MonInfo is one monitor of a Monmap.
type MonInfo struct {
	Name    string      `cbor:"1,keyasint"`           // such as a
	Store   osdmap.UUID `cbor:"2,keyasint"`           // with the name its id
	Control string      `cbor:"3,keyasint"`           // where it listens
	Bulk    string      `cbor:"4,keyasint,omitempty"` // the same
	Hints   string      `cbor:"5,keyasint,omitempty"` // the same
}
