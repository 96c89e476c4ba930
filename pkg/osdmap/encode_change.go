package osdmap

import (
	"cmp"
	"fmt"
	"slices"
)

// changeWire is a Change as CBOR.
type changeWire struct {
	Base     Epoch     `cbor:"1,keyasint"`
	FSID     UUID      `cbor:"2,keyasint"`
	Modified UnixMilli `cbor:"3,keyasint"`

	Crush  []byte `cbor:"4,keyasint,omitempty"` // as pkg/crush encodes it
	MaxOSD *int32 `cbor:"5,keyasint,omitempty"`

	Pools        []Pool              `cbor:"6,keyasint,omitempty"` // ascending id
	RemovedPools []PoolID            `cbor:"7,keyasint,omitempty"` // ascending
	OSDs         map[OSDID]OSDChange `cbor:"8,keyasint,omitempty"`

	Upmap       pgTable[[]OSDID]     `cbor:"9,keyasint,omitempty"` // tables: ascending PG
	UpmapItems  pgTable[[]UpmapItem] `cbor:"10,keyasint,omitempty"`
	PGTemp      pgTable[[]OSDID]     `cbor:"11,keyasint,omitempty"`
	PrimaryTemp pgTable[OSDID]       `cbor:"12,keyasint,omitempty"`

	SetFlags   Flags   `cbor:"13,keyasint,omitzero"`
	ClearFlags Flags   `cbor:"14,keyasint,omitzero"`
	Ratios     *Ratios `cbor:"15,keyasint,omitempty"`
}

// Encode is the Change as bytes. It does not say whether any map would take the Change.
func (c *Change) Encode() ([]byte, error) {
	w := changeWire{
		Base: c.Base, FSID: c.FSID, Modified: c.Modified, MaxOSD: c.MaxOSD,
		Pools:        slices.SortedStableFunc(slices.Values(c.Pools), func(a, b Pool) int { return cmp.Compare(a.ID, b.ID) }),
		RemovedPools: slices.Sorted(slices.Values(c.RemovedPools)),
		OSDs:         c.OSDs,
		Upmap:        tableOf(c.Upmap), UpmapItems: tableOf(c.UpmapItems), PGTemp: tableOf(c.PGTemp), PrimaryTemp: tableOf(c.PrimaryTemp),
		SetFlags: c.SetFlags, ClearFlags: c.ClearFlags, Ratios: c.Ratios,
	}
	var err error
	if w.Crush, err = encodeCrush(c.Crush); err != nil {
		return nil, fmt.Errorf("osdmap: encode change to epoch %d: %w", c.Epoch(), err)
	}
	return encode(changeMagic, &w)
}

// DecodeChange reads what Encode wrote. Whatever else it is given, it answers with an
// error. Whether a map takes the Change is for Apply to say.
func DecodeChange(b []byte) (*Change, error) {
	var w changeWire
	if err := decode(changeMagic, b, &w); err != nil {
		return nil, fmt.Errorf("osdmap: decode change: %w", err)
	}
	c := &Change{
		Base: w.Base, FSID: w.FSID, Modified: w.Modified, MaxOSD: w.MaxOSD,
		Pools: w.Pools, RemovedPools: w.RemovedPools, OSDs: w.OSDs,
		Upmap: w.Upmap.byPG(), UpmapItems: w.UpmapItems.byPG(), PGTemp: w.PGTemp.byPG(), PrimaryTemp: w.PrimaryTemp.byPG(),
		SetFlags: w.SetFlags, ClearFlags: w.ClearFlags, Ratios: w.Ratios,
	}
	var err error
	if c.Crush, err = decodeCrush(w.Crush); err == nil {
		err = sameBytes(b, c.Encode)
	}
	if err != nil {
		return nil, fmt.Errorf("osdmap: decode change: %w: %w", ErrMalformed, err)
	}
	return c, nil
}
