package osdmap

import (
	"fmt"

	"zeph/pkg/crush"
)

// mapWire is a Map as CBOR.
type mapWire struct {
	Epoch    Epoch     `cbor:"1,keyasint"`
	FSID     UUID      `cbor:"2,keyasint"`
	Created  UnixMilli `cbor:"3,keyasint"`
	Modified UnixMilli `cbor:"4,keyasint"`
	Flags    Flags     `cbor:"5,keyasint,omitzero"`
	Ratios   Ratios    `cbor:"6,keyasint,omitzero"`

	MaxOSD    int32     `cbor:"7,keyasint,omitzero"`
	AddrNames []string  `cbor:"8,keyasint,omitempty"` // see packAddrs
	OSDs      []osdWire `cbor:"9,keyasint,omitempty"` // ascending id

	PoolMax PoolID `cbor:"10,keyasint,omitzero"`
	Pools   []Pool `cbor:"11,keyasint,omitempty"` // ascending id
	Crush   []byte `cbor:"12,keyasint,omitempty"` // as pkg/crush encodes it

	Upmap       pgTable[[]OSDID]     `cbor:"13,keyasint,omitempty"` // tables: ascending PG
	UpmapItems  pgTable[[]UpmapItem] `cbor:"14,keyasint,omitempty"`
	PGTemp      pgTable[[]OSDID]     `cbor:"15,keyasint,omitempty"`
	PrimaryTemp pgTable[OSDID]       `cbor:"16,keyasint,omitempty"`
}

// osdWire is an OSD as CBOR.
type osdWire struct {
	ID        OSDID         `cbor:"1,keyasint"`
	Up        bool          `cbor:"2,keyasint,omitzero"`
	Goodbye   bool          `cbor:"3,keyasint,omitzero"`
	Destroyed bool          `cbor:"4,keyasint,omitzero"`
	Weight    crush.Weight  `cbor:"5,keyasint,omitzero"`
	OldWeight crush.Weight  `cbor:"6,keyasint,omitzero"`
	Affinity  *crush.Weight `cbor:"7,keyasint,omitempty"` // absent: 1
	Store     UUID          `cbor:"8,keyasint,omitzero"`
	GID       uint64        `cbor:"9,keyasint,omitzero"`
	UpFrom    Epoch         `cbor:"10,keyasint,omitzero"`
	UpThru    Epoch         `cbor:"11,keyasint,omitzero"`
	DownAt    Epoch         `cbor:"12,keyasint,omitzero"`
	LostAt    Epoch         `cbor:"13,keyasint,omitzero"`
	AddrNames uint32        `cbor:"14,keyasint,omitzero"` // index in the map's list
	Addrs     string        `cbor:"15,keyasint,omitempty"`
}

// Encode is the map as bytes.
func (m *Map) Encode() ([]byte, error) {
	w := mapWire{
		Epoch: m.epoch, FSID: m.fsid, Created: m.created, Modified: m.modified, Flags: m.flags, Ratios: m.ratios,
		MaxOSD: m.maxOSD, PoolMax: m.poolMax, Pools: m.pools,
		Upmap: m.upmap, UpmapItems: m.upmapItems, PGTemp: m.pgTemp, PrimaryTemp: m.primaryTemp,
	}
	lists := make(map[string]uint32) // index in w.AddrNames
	for id, o := range m.OSDs() {
		w.OSDs = append(w.OSDs, w.packOSD(id, &o, lists))
	}
	var err error
	if w.Crush, err = encodeCrush(m.crush); err != nil {
		return nil, fmt.Errorf("osdmap: encode map of epoch %d: %w", m.epoch, err)
	}
	return encode(mapMagic, &w)
}

func (w *mapWire) packOSD(id OSDID, o *OSD, lists map[string]uint32) osdWire {
	out := osdWire{
		ID: id, Up: o.Up, Goodbye: o.Goodbye, Destroyed: o.Destroyed, Weight: o.Weight, OldWeight: o.OldWeight,
		Store: o.Store, GID: o.GID, UpFrom: o.UpFrom, UpThru: o.UpThru, DownAt: o.DownAt, LostAt: o.LostAt,
	}
	if o.PrimaryAffinity != crush.One {
		out.Affinity = &o.PrimaryAffinity
	}
	names, addrs := packAddrs(o.Addrs)
	at, known := lists[names]
	if !known {
		at = uint32(len(w.AddrNames))
		lists[names] = at
		w.AddrNames = append(w.AddrNames, names)
	}
	out.AddrNames, out.Addrs = at, addrs
	return out
}

// DecodeMap reads what Encode wrote. Whatever else it is given, it answers with an error.
func DecodeMap(b []byte) (*Map, error) {
	var w mapWire
	if err := decode(mapMagic, b, &w); err != nil {
		return nil, fmt.Errorf("osdmap: decode map: %w", err)
	}
	m, err := w.unpack()
	if err == nil {
		err = m.Validate()
	}
	if err == nil {
		err = sameBytes(b, m.Encode)
	}
	if err != nil {
		return nil, fmt.Errorf("osdmap: decode map: %w: %w", ErrMalformed, err)
	}
	return m, nil
}

func (w *mapWire) unpack() (*Map, error) {
	m := &Map{
		epoch: w.Epoch, fsid: w.FSID, created: w.Created, modified: w.Modified, flags: w.Flags, ratios: w.Ratios,
		maxOSD: w.MaxOSD, poolMax: w.PoolMax, pools: w.Pools,
		upmap: w.Upmap, upmapItems: w.UpmapItems, pgTemp: w.PGTemp, primaryTemp: w.PrimaryTemp,
	}
	for i := range w.OSDs {
		in := &w.OSDs[i]
		if in.ID < OSDID(len(m.osds)) || in.ID >= MaxOSDs {
			return nil, fmt.Errorf("%v: must be above the one before it and below %d", in.ID, MaxOSDs)
		}
		o, err := w.unpackOSD(in)
		if err != nil {
			return nil, fmt.Errorf("%v: %w", in.ID, err)
		}
		m.osds = append(m.osds, make([]*OSD, int(in.ID)-len(m.osds))...)
		m.osds = append(m.osds, o)
	}
	var err error
	m.crush, err = decodeCrush(w.Crush)
	return m, err
}

func (w *mapWire) unpackOSD(in *osdWire) (*OSD, error) {
	o := &OSD{
		Up: in.Up, Goodbye: in.Goodbye, Destroyed: in.Destroyed, Weight: in.Weight, OldWeight: in.OldWeight,
		PrimaryAffinity: crush.One, Store: in.Store, GID: in.GID,
		UpFrom: in.UpFrom, UpThru: in.UpThru, DownAt: in.DownAt, LostAt: in.LostAt,
	}
	if in.Affinity != nil {
		o.PrimaryAffinity = *in.Affinity
	}
	if int64(in.AddrNames) >= int64(len(w.AddrNames)) {
		return nil, fmt.Errorf("list %d of address names: there are %d", in.AddrNames, len(w.AddrNames))
	}
	var err error
	o.Addrs, err = unpackAddrs(w.AddrNames[in.AddrNames], in.Addrs)
	return o, err
}
