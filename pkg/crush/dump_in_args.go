package crush

import (
	"encoding/json"
	"math"
	"strconv"
)

func readSets(n node) []ChooseArgs {
	var sets []ChooseArgs
	for _, key := range sortedKeys(n.object()) {
		at := n.element(key, n.object()[key])
		id, err := strconv.ParseInt(key, 10, 64)
		if err != nil {
			at.fail("expected the id of a pool, or -1, as the key")
		}
		set := ChooseArgs{ID: id}
		rounded := 0
		for _, a := range at.list() {
			set.Args = append(set.Args, readArg(a, &rounded))
		}
		if rounded > 0 {
			n.r.warn("%s: %d weights are no 16.16 numbers and were rounded to the nearest", at.path, rounded)
		}
		sets = append(sets, set)
	}
	return sets
}

// readArg reads what replaces the weights and ids of one bucket, and counts the weights
// that had to be rounded.
func readArg(n node, rounded *int) ChooseArg {
	n.knows("bucket_id", "weight_set", "ids")
	arg := ChooseArg{Bucket: ItemID(n.at("bucket_id").int(MinBucketID, -1))}
	if n.has("weight_set") {
		for _, list := range n.at("weight_set").list() {
			weights := make([]Weight, 0)
			for _, w := range list.list() {
				weights = append(weights, w.floatWeight(rounded))
			}
			arg.Weights = append(arg.Weights, weights)
		}
	}
	if n.has("ids") {
		for _, id := range n.at("ids").list() {
			arg.IDs = append(arg.IDs, ItemID(id.int(math.MinInt32, math.MaxInt32)))
		}
	}
	return arg
}

func (n node) floatWeight(rounded *int) Weight {
	num, ok := n.value.(json.Number)
	f, err := strconv.ParseFloat(num.String(), 64)
	fixed := math.Round(f * float64(One))
	if !ok || err != nil || fixed < 0 || fixed > math.MaxUint32 {
		n.wants("a weight from 0 to below 65536")
		return 0
	}
	if fixed != f*float64(One) {
		*rounded++
	}
	return Weight(fixed)
}

// dropArgs drops what weight sets say of other buckets than straw2, which alone heed it.
func (r *dumpReader) dropArgs(m *Map) {
	for i := range m.ChooseArgs {
		set := &m.ChooseArgs[i]
		set.drop(func(a ChooseArg) bool {
			b, _ := m.Bucket(a.Bucket)
			if b.Alg != Straw2 {
				r.warn("choose_args %d: dropped, because bucket %q is %v and not straw2", set.ID, m.ItemName(b.ID), b.Alg)
			}
			return b.Alg != Straw2
		})
	}
}
