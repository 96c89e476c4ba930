package crush

import (
	"slices"
	"testing"
)

// TestMapAppends: what dst holds stays and does not count; one scratch serves two maps whose
// uniform buckets have the same ids.
func TestMapAppends(t *testing.T) {
	t.Parallel()
	var s, fresh Scratch
	for x := range uint32(50) {
		for _, n := range []int{3, 5} {
			m := cluster(n, 2, 2)
			even(m)
			algs(Uniform)(m)
			q := Query{X: x, Count: 3, Reweight: fullWeights(m)}
			fresh = Scratch{}
			want := newMapper(t, m).Map(nil, &fresh, q)
			if got := newMapper(t, m).Map([]ItemID{9, 9}, &s, q); !slices.Equal(got, append([]ItemID{9, 9}, want...)) || len(want) != 3 {
				t.Fatalf("x %d: %v, want 9, 9 and %v", x, got, want)
			}
		}
	}
}

// TestReweightBoundary: a device is out where the lower half of the hash is not below its weight.
func TestReweightBoundary(t *testing.T) {
	t.Parallel()
	m := cluster(1, 1, 1)
	mp := newMapper(t, m)
	var s Scratch
	for x := range uint32(100) {
		hash := Weight(Hash2(x, 0) & 0xffff)
		for w, in := range map[Weight]bool{hash: false, hash + 1: true, One: true} {
			if got := mp.Map(nil, &s, Query{X: x, Count: 1, Reweight: []Weight{w}}); (len(got) == 1) != in {
				t.Errorf("x %d, hash %v, weight %v: %v", x, hash, w, got)
			}
		}
	}
}

// TestWeightSetOfAPool: a pool's own set, even one without buckets, goes before the default.
func TestWeightSetOfAPool(t *testing.T) {
	t.Parallel()
	m := cluster(1, 1, 2)
	m.ChooseArgs = []ChooseArgs{{ID: DefaultChooseArgs, Args: []ChooseArg{{Bucket: -3, Weights: [][]Weight{{One, 0}}}}}, {ID: 4}}
	mp := newMapper(t, m)
	if a := mp.WeightSet(4); a == nil || len(a.args) != 0 {
		t.Errorf("pool 4: %v", a)
	}
	if a := mp.WeightSet(5); a == nil || len(a.args) != 1 {
		t.Errorf("pool 5: %v, want the default", a)
	}
}
