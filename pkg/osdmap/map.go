package osdmap

import (
	"cmp"
	"iter"
	"slices"

	"zeph/pkg/crush"
)

// Map is the state of the cluster at one epoch: which OSDs there are, which pools, and by
// what rules the one spread over the other. It is an immutable value: a Change makes the
// next map and leaves this one as it was, so any number of readers may hold it. Whatever
// it returns by reference (slices, the CRUSH map) is shared; read it, do not write it.
type Map struct {
	epoch    Epoch
	fsid     UUID
	created  UnixMilli
	modified UnixMilli
	flags    Flags
	ratios   Ratios

	maxOSD int32
	osds   []*OSD // by id; nil: does not exist; never longer than maxOSD

	poolMax PoolID // the highest id ever used
	pools   []Pool // ascending id
	crush   *crush.Map

	upmap       pgTable[[]OSDID]
	upmapItems  pgTable[[]UpmapItem]
	pgTemp      pgTable[[]OSDID]
	primaryTemp pgTable[OSDID]
}

// UpmapItem moves one position of a PG's mapping from the OSD that CRUSH chose to another.
type UpmapItem struct {
	From OSDID `cbor:"1,keyasint"`
	To   OSDID `cbor:"2,keyasint"`
}

// New is the empty map, epoch 0, that the first Change of a cluster follows.
func New(fsid UUID, created UnixMilli) *Map {
	return &Map{fsid: fsid, created: created, modified: created, ratios: DefaultRatios()}
}

func (m *Map) Epoch() Epoch        { return m.epoch }
func (m *Map) FSID() UUID          { return m.fsid }
func (m *Map) Created() UnixMilli  { return m.created }
func (m *Map) Modified() UnixMilli { return m.modified }
func (m *Map) Flags() Flags        { return m.flags }
func (m *Map) Ratios() Ratios      { return m.ratios }

// Has reports whether all of the given flags are set.
func (m *Map) Has(f Flags) bool { return m.flags&f == f }

// Crush is the CRUSH map; nil before one was set.
func (m *Map) Crush() *crush.Map { return m.crush }

// MaxOSD is above every OSD id. Ids below it need not exist.
func (m *Map) MaxOSD() int { return int(m.maxOSD) }

// osd is the state of an OSD, nil when there is none. Readers get copies.
func (m *Map) osd(id OSDID) *OSD {
	if id < 0 || int(id) >= len(m.osds) {
		return nil
	}
	return m.osds[id]
}

// OSD finds an OSD by id.
func (m *Map) OSD(id OSDID) (OSD, bool) {
	if o := m.osd(id); o != nil {
		return *o, true
	}
	return OSD{}, false
}

// OSDs walks the OSDs that exist, in ascending id.
func (m *Map) OSDs() iter.Seq2[OSDID, OSD] {
	return func(yield func(OSDID, OSD) bool) {
		for id, o := range m.osds {
			if o != nil && !yield(OSDID(id), *o) {
				return
			}
		}
	}
}

// Exists reports whether the map knows the OSD.
func (m *Map) Exists(id OSDID) bool { return m.osd(id) != nil }

// IsUp reports whether the OSD exists and is up.
func (m *Map) IsUp(id OSDID) bool {
	o := m.osd(id)
	return o != nil && o.Up
}

// IsDown reports whether the OSD is not up. As in Ceph, one that does not exist is down.
func (m *Map) IsDown(id OSDID) bool { return !m.IsUp(id) }

// IsIn reports whether CRUSH may choose the OSD.
func (m *Map) IsIn(id OSDID) bool { return m.Weight(id) != 0 }

// IsOut reports whether CRUSH passes the OSD over. One that does not exist is out.
func (m *Map) IsOut(id OSDID) bool { return !m.IsIn(id) }

// Weight is the share of its turns that the OSD takes, 0 for one that is out or unknown.
func (m *Map) Weight(id OSDID) crush.Weight {
	if o := m.osd(id); o != nil {
		return o.Weight
	}
	return 0
}

// Weights are the weights of all OSDs by id, as the CRUSH mapper wants them.
func (m *Map) Weights() []crush.Weight {
	weights := make([]crush.Weight, m.maxOSD)
	for id, o := range m.osds {
		if o != nil {
			weights[id] = o.Weight
		}
	}
	return weights
}

// PrimaryAffinity is the share of its turns as primary that the OSD takes.
func (m *Map) PrimaryAffinity(id OSDID) crush.Weight {
	if o := m.osd(id); o != nil {
		return o.PrimaryAffinity
	}
	return crush.One
}

// PoolMax is the highest pool id that was ever used. A new pool gets a higher one.
func (m *Map) PoolMax() PoolID { return m.poolMax }

func findPool(pools []Pool, id PoolID) (int, bool) {
	return slices.BinarySearchFunc(pools, id, comparePools)
}

func comparePools(p Pool, id PoolID) int { return cmp.Compare(p.ID, id) }

// pool is a pool's state, nil when there is none. Readers get copies.
func (m *Map) pool(id PoolID) *Pool {
	i, ok := findPool(m.pools, id)
	if !ok {
		return nil
	}
	return &m.pools[i]
}

// Pool finds a pool by id.
func (m *Map) Pool(id PoolID) (Pool, bool) {
	if p := m.pool(id); p != nil {
		return *p, true
	}
	return Pool{}, false
}

// PoolNamed finds a pool by name.
func (m *Map) PoolNamed(name string) (Pool, bool) {
	i := slices.IndexFunc(m.pools, func(p Pool) bool { return p.Name == name })
	if i < 0 {
		return Pool{}, false
	}
	return m.pools[i], true
}

// Pools walks the pools in ascending id.
func (m *Map) Pools() iter.Seq[Pool] { return slices.Values(m.pools) }

// HasPG reports whether the PG's pool exists and has that many PGs.
func (m *Map) HasPG(pg PGID) bool {
	p := m.pool(pg.Pool)
	return p != nil && pg.Seed < p.PGNum
}

// Upmap is the mapping that replaces what CRUSH chose for the PG.
func (m *Map) Upmap(pg PGID) ([]OSDID, bool) { return m.upmap.get(pg) }

// UpmapItems are the single moves that correct what CRUSH chose for the PG, in the order
// in which they are made.
func (m *Map) UpmapItems(pg PGID) ([]UpmapItem, bool) { return m.upmapItems.get(pg) }

// PGTemp is the mapping in charge of the PG until its true one has the data.
func (m *Map) PGTemp(pg PGID) ([]OSDID, bool) { return m.pgTemp.get(pg) }

// PrimaryTemp is the primary of the PG until its true one may take over.
func (m *Map) PrimaryTemp(pg PGID) (OSDID, bool) { return m.primaryTemp.get(pg) }

// AllUpmaps walks the replaced mappings by ascending PG; the other three walk likewise.
func (m *Map) AllUpmaps() iter.Seq2[PGID, []OSDID]         { return m.upmap.all() }
func (m *Map) AllUpmapItems() iter.Seq2[PGID, []UpmapItem] { return m.upmapItems.all() }
func (m *Map) AllPGTemps() iter.Seq2[PGID, []OSDID]        { return m.pgTemp.all() }
func (m *Map) AllPrimaryTemps() iter.Seq2[PGID, OSDID]     { return m.primaryTemp.all() }
