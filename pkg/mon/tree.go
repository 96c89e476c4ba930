package mon

import (
	"slices"

	"zeph/pkg/crush"
	"zeph/pkg/osdmap"
)

// tree looks upwards in a CRUSH map. It is made anew when the map is another one.
type tree struct {
	m       *crush.Map
	parents map[crush.ItemID]crush.ItemID // the first that holds the item, shadows left out
}

func (t *tree) of(m *crush.Map) *tree {
	if t.m == m {
		return t
	}
	t.m, t.parents = m, make(map[crush.ItemID]crush.ItemID)
	if m == nil {
		return t
	}
	for i := range m.Buckets {
		b := &m.Buckets[i]
		for _, it := range b.Items {
			if _, held := t.parents[it.ID]; !held && !b.IsShadow() {
				t.parents[it.ID] = b.ID
			}
		}
	}
	return t
}

// held reports whether the OSD stands anywhere.
func (t *tree) held(id osdmap.OSDID) bool { _, ok := t.parents[crush.ItemID(id)]; return ok }

// above is the bucket of a type that an OSD stands in.
func (t *tree) above(id osdmap.OSDID, kind string) (crush.ItemID, bool) {
	typ, ok := crush.TypeID(0), false
	if t.m != nil {
		typ, ok = t.m.TypeNamed(kind)
	}
	for at := crush.ItemID(id); ok; {
		parent, held := t.parents[at]
		if !held {
			return 0, false
		}
		if b, _ := t.m.Bucket(parent); b.Type == typ {
			return parent, true
		}
		at = parent
	}
	return 0, false
}

// domain is the failure domain of an OSD: the bucket of a type, or, outside of any, the OSD itself.
func (t *tree) domain(id osdmap.OSDID, kind string) crush.ItemID {
	if b, ok := t.above(id, kind); ok {
		return b
	}
	return crush.ItemID(id)
}

// name is that of the bucket of a type that an OSD stands in; empty: none.
func (t *tree) name(id osdmap.OSDID, kind string) string {
	if b, ok := t.above(id, kind); ok {
		return t.m.ItemName(b)
	}
	return ""
}

// location is where an OSD stands, as type=name, the lowest first.
func (t *tree) location(id osdmap.OSDID) []string {
	at := []string{}
	for item := crush.ItemID(id); ; {
		parent, held := t.parents[item]
		if !held {
			return at
		}
		b, _ := t.m.Bucket(parent)
		at = append(at, t.m.TypeName(b.Type)+"="+b.Name)
		item = parent
	}
}

// below lists the OSDs below a bucket, ascending.
func (t *tree) below(bucket crush.ItemID) []osdmap.OSDID {
	var ids []osdmap.OSDID
	b, ok := t.m.Bucket(bucket)
	if !ok {
		return nil
	}
	for _, it := range b.Items {
		if it.ID.IsDevice() {
			ids = append(ids, osdmap.OSDID(it.ID))
		} else {
			ids = append(ids, t.below(it.ID)...)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
