package crush

import (
	"math"
	"strconv"
)

// chooseArgs reads all weight sets.
func (p *textParser) chooseArgs() {
	p.m.sort() // the buckets are searched from here on
	seen := make(map[int64]bool)
	for p.accept("choose_args") {
		at := p.tok.at
		set := ChooseArgs{ID: p.chooseArgsID()}
		if seen[set.ID] {
			p.failAt(at, "choose_args %d: appears twice", set.ID)
		}
		seen[set.ID] = true
		p.expect("{")
		index := make(map[ItemID]int)
		for p.accept("{") {
			p.chooseArg(&set, index)
			p.expect("}")
		}
		p.expect("}")
		p.m.ChooseArgs = append(p.m.ChooseArgs, set)
	}
}

// chooseArgsID reads the id of a weight set. The default one is -1, which Ceph 16 prints
// as an unsigned number.
func (p *textParser) chooseArgsID() int64 {
	if u, err := strconv.ParseUint(p.tok.text, 10, 64); err == nil {
		p.next()
		return int64(u)
	}
	return p.number("a pool id, or -1 for all pools", DefaultChooseArgs, math.MaxInt64)
}

// chooseArg reads what replaces the weights and ids of one bucket. Of two such parts for
// one bucket the second completes or replaces the first.
func (p *textParser) chooseArg(set *ChooseArgs, index map[ItemID]int) {
	p.expect("bucket_id")
	at := p.tok.at
	id := ItemID(p.number("a bucket id", MinBucketID, -1))
	b, ok := p.m.Bucket(id)
	if !ok {
		p.failAt(at, "choose_args %d: bucket %d does not exist", set.ID, id)
		return
	}
	arg := ChooseArg{Bucket: id}
	i, again := index[id]
	if again {
		arg = set.Args[i]
	}
	if p.accept("weight_set") {
		arg.Weights = p.weightSet(b)
	}
	if p.accept("ids") {
		arg.IDs = p.argIDs(b)
	}
	switch {
	case b.Alg != Straw2: // Ceph too drops it, for only straw2 heeds it
		p.warn(at, "choose_args %d: dropped, because bucket %q is %v and not straw2", set.ID, b.Name, b.Alg)
	case again:
		set.Args[i] = arg
	case len(arg.Weights) == 0 && len(arg.IDs) == 0:
		p.warn(at, "choose_args %d: nothing is said of bucket %d", set.ID, id)
	default:
		index[id] = len(set.Args)
		set.Args = append(set.Args, arg)
	}
}

func (p *textParser) weightSet(b *Bucket) [][]Weight {
	var set [][]Weight
	p.expect("[")
	for p.accept("[") {
		at := p.tok.at
		if len(set) == maxSetSlots {
			p.failAt(at, "bucket %q: more than %d positions", b.Name, maxSetSlots)
		}
		weights := make([]Weight, 0, len(b.Items))
		for p.tok.text != "]" && p.tok.text != "" {
			weights = append(weights, p.weight())
		}
		p.expect("]")
		if len(weights) != len(b.Items) {
			p.failAt(at, "bucket %q has %d items, but here are %d weights", b.Name, len(b.Items), len(weights))
		}
		set = append(set, weights)
	}
	p.expect("]")
	return set
}

func (p *textParser) argIDs(b *Bucket) []ItemID {
	var ids []ItemID
	p.expect("[")
	at := p.tok.at
	for p.tok.text != "]" && p.tok.text != "" {
		ids = append(ids, ItemID(p.number("an id", math.MinInt32, math.MaxInt32)))
	}
	p.expect("]")
	if len(ids) != len(b.Items) {
		p.failAt(at, "bucket %q has %d items, but here are %d ids", b.Name, len(b.Items), len(ids))
	}
	return ids
}
