package placement

import (
	"slices"

	"zeph/pkg/crush"
	"zeph/pkg/osdmap"
)

// domains knows how many copies of a PG a rule lets share a bucket of each type.
//
// A step that chooses n items of a type spreads what follows over n buckets: each of them
// may hold as many copies as the later steps multiply to, the last chosen just one.
type domains struct {
	limits []limit
	above  map[crush.ItemID][]crush.ItemID // buckets that hold a device, directly or not
	types  map[crush.ItemID]crush.TypeID
}

type limit struct {
	kind crush.TypeID // 0: the device itself
	most int
}

// newDomains reads the limits from a pool's rule. Rules that emit more than once promise
// only that no device serves twice.
func newDomains(m *crush.Map, pool *osdmap.Pool) *domains {
	d := &domains{
		limits: []limit{{0, 1}},
		above:  make(map[crush.ItemID][]crush.ItemID),
		types:  make(map[crush.ItemID]crush.TypeID),
	}
	rule, ok := m.Rule(pool.Rule)
	if !ok {
		return d
	}
	var chooses []crush.Step
	emits := 0
	for _, step := range rule.Steps {
		if step.Op.IsChoose() {
			chooses = append(chooses, step)
		}
		if step.Op == crush.OpEmit {
			emits++
		}
	}
	if emits != 1 {
		return d
	}
	most := 1
	for i := len(chooses) - 1; i >= 0; i-- {
		if kind := crush.TypeID(chooses[i].Arg2); kind != 0 {
			d.limits = append(d.limits, limit{kind, most})
		}
		n := int(chooses[i].Arg1)
		if n <= 0 {
			n += int(pool.Size)
		}
		most *= max(1, n)
	}
	d.climb(m)
	return d
}

// climb notes for every device the buckets above it, each once.
func (d *domains) climb(m *crush.Map) {
	for i := range m.Buckets {
		d.types[m.Buckets[i].ID] = m.Buckets[i].Type
	}
	parents := m.Parents()
	var walk func(device, id crush.ItemID)
	walk = func(device, id crush.ItemID) {
		for _, p := range parents[id] {
			if b, _ := m.Bucket(p); b.IsShadow() || slices.Contains(d.above[device], p) {
				continue
			}
			d.above[device] = append(d.above[device], p)
			walk(device, p)
		}
	}
	for id := range parents {
		if id.IsDevice() {
			walk(id, id)
		}
	}
}

// holds reports whether a mapping keeps to the limits.
func (d *domains) holds(mapping []osdmap.OSDID) bool {
	for _, l := range d.limits {
		if !d.keeps(l, mapping) {
			return false
		}
	}
	return true
}

func (d *domains) keeps(l limit, mapping []osdmap.OSDID) bool {
	count := make(map[crush.ItemID]int)
	for _, id := range mapping {
		if id == osdmap.NoOSD {
			continue
		}
		if l.kind == 0 {
			count[crush.ItemID(id)]++
		}
		for _, b := range d.above[crush.ItemID(id)] {
			if d.types[b] == l.kind {
				count[b]++
			}
		}
	}
	for _, n := range count {
		if n > l.most {
			return false
		}
	}
	return true
}
