package crush

import (
	"math"
	"strings"
)

func readBucket(n node) Bucket {
	n.knows("id", "name", "type_id", "type_name", "weight", "alg", "hash", "items")
	b := Bucket{
		ID:   ItemID(n.at("id").int(MinBucketID, -1)),
		Type: TypeID(n.at("type_id").int(1, math.MaxUint16)),
	}
	if n.has("name") {
		b.Name = n.at("name").string()
	}
	var ok bool
	if b.Alg, ok = AlgNamed(n.at("alg").string()); !ok {
		n.at("alg").fail("unknown algorithm %q", n.at("alg").string())
	}
	if b.Hash, ok = HashNamed(n.at("hash").string()); !ok {
		n.at("hash").fail("unknown hash %q", n.at("hash").string())
	}
	for pos, it := range n.at("items").list() {
		it.knows("id", "weight", "pos")
		it.at("pos").int(int64(pos), int64(pos))
		b.Items = append(b.Items, Item{
			ID:     ItemID(it.at("id").int(MinBucketID, MaxDeviceID)),
			Weight: readDumpWeight(it.at("weight")),
		})
	}
	if w := readDumpWeight(n.at("weight")); w != b.Weight() {
		n.r.warn("%s.weight: %d, but the items add up to %d, which counts", n.path, w, b.Weight())
	}
	return b
}

// readDumpWeight reads a weight, which Ceph prints as if it had a sign.
func readDumpWeight(n node) Weight { return Weight(n.int(math.MinInt32, math.MaxUint32)) }

// findOriginals finds what the shadows repeat, by their names.
func findOriginals(n node, m *Map) {
	byName := make(map[string]ItemID)
	for _, b := range m.Buckets {
		byName[b.Name] = b.ID
	}
	for i, at := range n.list() {
		if !at.has("name") {
			continue
		}
		name := at.at("name")
		base, class, isShadow := strings.Cut(name.string(), "~")
		name.checkName(base)
		if !isShadow {
			continue
		}
		name.checkName(class)
		of, ok := byName[base]
		if !ok {
			name.fail("shadow of %q, which is no bucket", base)
		}
		m.Buckets[i].ShadowOf, m.Buckets[i].Class = of, class
	}
}

// checkShadows warns of shadows that do not follow from the rest of the map.
func (r *dumpReader) checkShadows(m *Map) {
	derived := m.rebuildShadows(m.classes())
	var odd []string
	for i := range m.Buckets {
		b := &m.Buckets[i]
		if d, ok := derived.Bucket(b.ID); !ok || len(m.bucketDifferences(b, d)) > 0 {
			odd = append(odd, b.Name)
		}
	}
	if len(odd) > 0 {
		r.warn("%d shadow buckets (%s, …) are not what follows from the devices and their classes; kept as they are",
			len(odd), odd[0])
	}
}
