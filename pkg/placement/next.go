package placement

import (
	"slices"

	"zeph/pkg/crush"
	"zeph/pkg/osdmap"
)

// Next is the table of another map, usually that of the next epoch. It gives what NewTable
// gives, but works out only the PGs that the difference of the two maps can touch:
//
//   - every PG of a pool where CRUSH may choose otherwise without the old mapping showing
//     it: another CRUSH map, pool size or rule, an OSD that takes more than before;
//   - else those that held an OSD which takes less than before, for CRUSH looks further only
//     where it met a rejection;
//   - else, without asking CRUSH again, those that hold an OSD which went up or down, and
//     those with an upmap or a temporary mapping.
func (t *Table) Next(m *osdmap.Map) (*Table, error) {
	mapper := newMapper(m, t.mapper.crush)
	if m.Crush() != t.mapper.osds.Crush() {
		var err error
		if mapper, err = New(m); err != nil {
			return nil, err
		}
	}
	next := &Table{mapper: mapper}
	d := compare(t.mapper, mapper)
	var s Scratch
	for pool := range m.Pools() {
		i, known := t.find(pool.ID)
		if known && !d.redraw && sameDraw(&t.pools[i].pool, &pool) {
			next.pools = append(next.pools, mapper.patch(&s, t.pools[i], pool, &d))
		} else {
			next.pools = append(next.pools, mapper.mapPool(&s, pool))
		}
	}
	return next, nil
}

// difference is what changed between two maps, as far as it bears on placement.
type difference struct {
	redraw   bool   // CRUSH may choose an OSD that it did not choose before
	less     []bool // by OSD: CRUSH may reject it where it did not before
	some     bool   // any is changed
	someLess bool
	changed  []bool               // by OSD: up or down, primary affinity, or less
	special  map[osdmap.PGID]bool // has an upmap or temporary mapping in either map
}

func compare(old, next *Mapper) difference {
	n := max(len(old.weights), len(next.weights))
	d := difference{
		redraw:  old.osds.Crush() != next.osds.Crush(),
		less:    make([]bool, n),
		changed: make([]bool, n),
		special: make(map[osdmap.PGID]bool),
	}
	for i := range n {
		id := osdmap.OSDID(i)
		before, after := old.osds.Weight(id), next.osds.Weight(id)
		d.redraw = d.redraw || after > before || old.osds.Exists(id) != next.osds.Exists(id)
		d.less[i] = after < before
		d.changed[i] = d.less[i] || old.osds.IsUp(id) != next.osds.IsUp(id) ||
			old.osds.PrimaryAffinity(id) != next.osds.PrimaryAffinity(id)
		d.someLess = d.someLess || d.less[i]
		d.some = d.some || d.changed[i]
	}
	d.note(old.osds)
	d.note(next.osds)
	return d
}

func (d *difference) note(m *osdmap.Map) {
	for pg := range m.AllUpmaps() {
		d.special[pg] = true
	}
	for pg := range m.AllUpmapItems() {
		d.special[pg] = true
	}
	for pg := range m.AllPGTemps() {
		d.special[pg] = true
	}
	for pg := range m.AllPrimaryTemps() {
		d.special[pg] = true
	}
}

// sameDraw reports whether CRUSH is asked the same for both states of a pool.
func sameDraw(a, b *osdmap.Pool) bool {
	const bears = osdmap.PoolHashPSPool
	return a.PGNum == b.PGNum && a.PGPNum == b.PGPNum && a.Size == b.Size &&
		a.Rule == b.Rule && a.Type == b.Type && a.Flags&bears == b.Flags&bears
}

// patch is a pool's table after a difference. The old one stays as it is.
func (mp *Mapper) patch(s *Scratch, old poolTable, pool osdmap.Pool, d *difference) poolTable {
	pt := poolTable{pool: pool, pgs: old.pgs}
	if !d.some && len(d.special) == 0 {
		return pt
	}
	redrawAll := d.someLess && mp.crush != nil && mp.hides(pool.Rule)
	for i := range old.pgs {
		pg := osdmap.PGID{Pool: pool.ID, Seed: uint32(i)}
		was := &old.pgs[i]
		raw := was.Raw
		redraw := redrawAll || anyOf(d.less, raw)
		if !redraw && !anyOf(d.changed, raw) && !d.special[pg] {
			continue
		}
		if redraw {
			raw = mp.raw(nil, s, &pool, Seed(&pool, pg))
		}
		if &pt.pgs[0] == &old.pgs[0] {
			pt.pgs = slices.Clone(old.pgs)
		}
		pt.pgs[i] = mp.finish(&pool, pg, raw)
	}
	return pt
}

func anyOf(marked []bool, ids []osdmap.OSDID) bool {
	for _, id := range ids {
		if id >= 0 && int(id) < len(marked) && marked[id] {
			return true
		}
	}
	return false
}

// hides reports whether a rule may choose devices that its mapping does not show, so that
// the mapping cannot tell whether a rejection matters: one that emits more than once, for
// the pool's size may cut it off.
func (mp *Mapper) hides(rule crush.RuleID) bool {
	r, ok := mp.osds.Crush().Rule(rule)
	if !ok {
		return false
	}
	emits := 0
	for _, step := range r.Steps {
		if step.Op == crush.OpEmit {
			emits++
		}
	}
	return emits > 1
}
