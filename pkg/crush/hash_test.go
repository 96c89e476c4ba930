package crush

import (
	"math/rand/v2"
	"testing"
)

// TestHashBlocksEqualOneByOne: hashing many items at a time gives what hashing each gives,
// for every length of a block. (Whole mappings are held to Ceph's elsewhere.)
func TestHashBlocksEqualOneByOne(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		x, r := rng.Uint32(), rng.Uint32()
		items := make([]ItemID, rng.IntN(len(block{})+1))
		for i := range items {
			items[i] = ItemID(rng.Uint32())
		}
		for _, h := range []Hash{RJenkins1, XXHash64} {
			var got block
			h.hash3s(&got, x, items, r)
			for i, id := range items {
				if want := h.hash3(x, uint32(id), r); got[i] != want {
					t.Fatalf("%v of (%d, %d, %d), item %d of %d: %08x, want %08x", h, x, id, r, i, len(items), got[i], want)
				}
			}
		}
	}
}

func BenchmarkHash(b *testing.B) {
	for _, h := range []Hash{RJenkins1, XXHash64} {
		b.Run(h.String(), func(b *testing.B) {
			items := make([]ItemID, len(block{}))
			var out block
			for i := range b.N {
				h.hash3s(&out, uint32(i), items, 3)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(items)), "ns/item")
		})
	}
}

// BenchmarkMap is three replicas by chooseleaf over hosts. It must not allocate.
func BenchmarkMap(b *testing.B) {
	for _, c := range []struct {
		name string
		m    *Map
	}{
		{"60osds", cluster(3, 4, 5)},
		{"1000osds", cluster(5, 20, 10)},
		{"10000osds", cluster(25, 20, 20)},
	} {
		for _, h := range []Hash{RJenkins1, XXHash64} {
			m := c.m.Clone()
			for i := range m.Buckets {
				m.Buckets[i].Hash = h
			}
			b.Run(c.name+"/"+h.String(), func(b *testing.B) {
				mp, weights := newMapper(b, m), fullWeights(m)
				var s Scratch
				var dst []ItemID
				b.ReportAllocs()
				for i := range b.N {
					dst = mp.Map(dst[:0], &s, Query{X: uint32(i), Count: 3, Reweight: weights})
				}
			})
		}
	}
}
