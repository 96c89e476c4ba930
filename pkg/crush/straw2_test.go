package crush

import (
	"fmt"
	"math"
	"testing"
)

// TestNegLogFollowsTheLogarithm holds the fixed-point logarithm close to the real one.
// (scripts/crush-ln holds it exactly to Ceph's.) It falls as u grows but for the last u,
// where Ceph's table ends 2^32 short of 2^48.
func TestNegLogFollowsTheLogarithm(t *testing.T) {
	t.Parallel()
	const unit = 1 << 44
	for u := range 1 << 16 {
		want := -math.Log2(float64(u+1)/(1<<16)) * unit
		got := float64(negLog(uint16(u)))
		if math.Abs(got-want) > unit/20000 {
			t.Fatalf("negLog(%d) = %.0f, the logarithm is %.0f", u, got, want)
		}
		if u > 0 && u < 1<<16-1 && negLog(uint16(u)) > negLog(uint16(u-1)) {
			t.Fatalf("negLog(%d) > negLog(%d)", u, u-1)
		}
	}
}

// TestStraw2WithoutDivision compares straw2 to the textbook form: the greatest ln(u)/w.
func TestStraw2WithoutDivision(t *testing.T) {
	t.Parallel()
	weights := []Weight{0, 1, 0x8000, One, One, 3 * One, 1000 * One, math.MaxUint32, 0, One / 3}
	b := &bucket{id: -1, alg: Straw2, items: make([]ItemID, len(weights)), weights: weights}
	for i := range b.items {
		b.items[i] = ItemID(i)
	}
	for x := range uint32(20_000) {
		want, best := 0, int64(math.MinInt64)
		for i, w := range weights {
			draw := int64(math.MinInt64)
			if w > 0 {
				draw = -int64(negLog(uint16(b.hash.hash3(x, uint32(i), 7)))) / int64(w)
			}
			if i == 0 || draw > best {
				want, best = i, draw
			}
		}
		if got := b.straw2(x, 7, b.weights, b.items); got != want {
			t.Fatalf("x %d: item %d won, want %d", x, got, want)
		}
	}
}

// TestDrawsFollowWeights checks every bucket kind and hash: each item wins as often as its
// share of the weight says, within five standard deviations. Straw is left out: its
// lengths are known to miss the shares (that is why straw2 replaced it).
func TestDrawsFollowWeights(t *testing.T) {
	t.Parallel()
	const draws = 200_000
	equal := []Weight{One, One, One, One, One, One, One}
	mixed := []Weight{One, 2 * One, One / 2, 5 * One, 0, 3 * One, One}
	for _, alg := range []Alg{Uniform, List, Tree, Straw2} {
		for _, hash := range []Hash{RJenkins1, XXHash64} {
			weights := mixed
			if alg == Uniform {
				weights = equal
			}
			t.Run(fmt.Sprintf("%v/%v", alg, hash), func(t *testing.T) {
				t.Parallel()
				var b Bucket
				b.ID, b.Name, b.Type, b.Alg, b.Hash = -1, "root", 1, alg, hash
				for i, w := range weights {
					b.Items = append(b.Items, Item{ItemID(i), w})
				}
				m := &Map{Tunables: DefaultTunables(), Buckets: []Bucket{b}, Rules: []Rule{{
					Steps: []Step{{Op: OpTake, Arg1: -1}, {Op: OpChooseFirstn, Arg1: 1}, {Op: OpEmit}},
				}}}
				mp := newMapper(t, m)
				won := make([]int, len(weights))
				var s Scratch
				var dst []ItemID
				for x := range uint32(draws) {
					dst = mp.Map(dst[:0], &s, Query{X: x, Count: 1, Reweight: fullWeights(m)})
					won[dst[0]]++
				}
				total := b.Weight().Float()
				for i, w := range weights {
					share := w.Float() / total
					sigma := math.Sqrt(draws * share * (1 - share))
					if diff := math.Abs(float64(won[i]) - draws*share); diff > 5*sigma {
						t.Errorf("item %d of weight %v won %d times, want %.0f ± %.0f", i, w, won[i], draws*share, sigma)
					}
				}
			})
		}
	}
}
