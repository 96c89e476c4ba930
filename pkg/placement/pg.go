package placement

import (
	"fmt"
	"slices"

	"zeph/pkg/crush"
	"zeph/pkg/osdmap"
)

// Mapper places the PGs of one osdmap. It is immutable: any number of goroutines may share
// it, each with a Scratch of its own.
type Mapper struct {
	osds    *osdmap.Map
	crush   *crush.Mapper // nil: the map holds no CRUSH map
	weights []crush.Weight
	plain   bool // every OSD has the default primary affinity
}

// Scratch is the working memory of one goroutine; its zero value is ready for use.
type Scratch struct {
	crush crush.Scratch
	items []crush.ItemID
}

// Mapping says where one PG is. Positions of Raw, Up and Acting that no OSD fills hold
// osdmap.NoOSD in erasure pools; in replicated pools such positions are left out.
type Mapping struct {
	Raw    []osdmap.OSDID // what CRUSH chose, of OSDs that exist
	Up     []osdmap.OSDID // who should hold the PG: Raw, corrected by upmaps, without OSDs that are down
	Acting []osdmap.OSDID // who serves it now: pg_temp if there is one, else Up

	RawPrimary, UpPrimary, ActingPrimary osdmap.OSDID // NoOSD when there is none
}

// New makes a Mapper. The map's CRUSH map must be valid.
func New(m *osdmap.Map) (*Mapper, error) {
	var mp *crush.Mapper
	if m.Crush() != nil {
		var err error
		if mp, err = crush.NewMapper(m.Crush()); err != nil {
			return nil, fmt.Errorf("osdmap epoch %d: %w", m.Epoch(), err)
		}
	}
	return newMapper(m, mp), nil
}

// newMapper is New where the CRUSH map is laid out already.
func newMapper(m *osdmap.Map, mp *crush.Mapper) *Mapper {
	p := &Mapper{osds: m, crush: mp, weights: m.Weights(), plain: true}
	for _, o := range m.OSDs() {
		p.plain = p.plain && o.PrimaryAffinity == crush.One
	}
	return p
}

// Map places one PG. The stages are Ceph's, in Ceph's order:
//
//	pg → seed → CRUSH → exists → upmap, upmap items → up → primary affinity → pg_temp, primary_temp
func (mp *Mapper) Map(s *Scratch, pool *osdmap.Pool, pg osdmap.PGID) Mapping {
	return mp.finish(pool, pg, mp.raw(nil, s, pool, Seed(pool, pg)))
}

// raw appends what CRUSH chooses for a seed. OSDs that the CRUSH map holds but the osdmap
// does not are taken out of a replicated mapping, and leave a hole in one of an erasure pool.
func (mp *Mapper) raw(dst []osdmap.OSDID, s *Scratch, pool *osdmap.Pool, seed uint32) []osdmap.OSDID {
	if mp.crush == nil {
		return dst
	}
	s.items = mp.crush.Map(s.items[:0], &s.crush, crush.Query{
		Rule:      pool.Rule,
		X:         seed,
		Count:     int(pool.Size),
		Reweight:  mp.weights,
		WeightSet: mp.crush.WeightSet(int64(pool.ID)),
	})
	for _, item := range s.items {
		switch id := osdmap.OSDID(item); {
		case mp.osds.Exists(id):
			dst = append(dst, id)
		case !pool.CanShift():
			dst = append(dst, osdmap.NoOSD)
		}
	}
	return dst
}

// finish leads a raw mapping through the stages after CRUSH. Slices of the result may be
// the same one, and raw itself.
func (mp *Mapper) finish(pool *osdmap.Pool, pg osdmap.PGID, raw []osdmap.OSDID) Mapping {
	m := Mapping{Raw: raw, RawPrimary: first(raw)}
	m.Up = mp.live(pool, mp.upmapped(pg, raw))
	m.UpPrimary = first(m.Up)
	if !mp.plain {
		m.Up, m.UpPrimary = mp.elect(pool, Seed(pool, pg), m.Up, m.UpPrimary)
	}
	m.Acting, m.ActingPrimary = m.Up, m.UpPrimary
	if temp, ok := mp.osds.PGTemp(pg); ok {
		if live := mp.live(pool, temp); len(live) > 0 {
			m.Acting, m.ActingPrimary = live, first(live)
		}
	}
	if primary, ok := mp.osds.PrimaryTemp(pg); ok {
		m.ActingPrimary = primary
	}
	return m
}

// upmapped corrects a raw mapping by what an operator or balancer laid down for the PG.
// What would bring in an OSD that is out is ignored. Items are taken one after the other;
// one whose target the mapping already holds is ignored too.
func (mp *Mapper) upmapped(pg osdmap.PGID, raw []osdmap.OSDID) []osdmap.OSDID {
	if whole, ok := mp.osds.Upmap(pg); ok {
		if slices.ContainsFunc(whole, mp.putOut) {
			return raw // and no items either
		}
		raw = whole
	}
	items, ok := mp.osds.UpmapItems(pg)
	if !ok {
		return raw
	}
	mapped := slices.Clone(raw)
	for _, it := range items {
		at := slices.Index(mapped, it.From)
		if at >= 0 && !mp.putOut(it.To) && !slices.Contains(mapped, it.To) {
			mapped[at] = it.To
		}
	}
	return mapped
}

// putOut reports whether the id is one below max_osd that takes no data.
func (mp *Mapper) putOut(id osdmap.OSDID) bool {
	return id >= 0 && int(id) < len(mp.weights) && mp.weights[id] == 0
}

// live is a mapping without the OSDs that are down or do not exist.
func (mp *Mapper) live(pool *osdmap.Pool, mapping []osdmap.OSDID) []osdmap.OSDID {
	if !slices.ContainsFunc(mapping, mp.osds.IsDown) {
		return mapping
	}
	live := make([]osdmap.OSDID, 0, len(mapping))
	for _, id := range mapping {
		switch {
		case mp.osds.IsUp(id):
			live = append(live, id)
		case !pool.CanShift():
			live = append(live, osdmap.NoOSD)
		}
	}
	return live
}

// elect picks the primary by primary affinity: each OSD in turn takes the role, or with
// the probability that its affinity leaves passes it on; if all pass, the first has it. In
// a replicated mapping the primary moves to the front.
func (mp *Mapper) elect(pool *osdmap.Pool, seed uint32, up []osdmap.OSDID, primary osdmap.OSDID) ([]osdmap.OSDID, osdmap.OSDID) {
	at := slices.IndexFunc(up, func(id osdmap.OSDID) bool {
		if id == osdmap.NoOSD {
			return false
		}
		affinity := mp.osds.PrimaryAffinity(id)
		return affinity >= crush.One || crush.Weight(crush.Hash2(seed, uint32(id))>>16) < affinity
	})
	if at < 0 || up[at] == primary {
		return up, primary
	}
	primary = up[at]
	if pool.CanShift() {
		moved := append(make([]osdmap.OSDID, 0, len(up)), primary)
		up = append(append(moved, up[:at]...), up[at+1:]...)
	}
	return up, primary
}

// first is the primary that a mapping has by itself: its first OSD that is no hole.
func first(mapping []osdmap.OSDID) osdmap.OSDID {
	for _, id := range mapping {
		if id != osdmap.NoOSD {
			return id
		}
	}
	return osdmap.NoOSD
}
