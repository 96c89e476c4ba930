package main

import (
	"math"
	"math/bits"
	"slices"

	"zeph/pkg/crush"
)

// What the weights of a map are like.
const (
	equalWeights = iota
	randomWeights
	skewedWeights
	manyZeros
	extremeWeights
	numWeights
)

// weight draws the weight of a device. All have at most 24 binary digits, as the text form
// cannot carry more.
func (c *testCase) weight() crush.Weight {
	switch c.weights {
	case equalWeights:
		return crush.One
	case skewedWeights:
		if c.chance(12) {
			return 100 * crush.One
		}
		return crush.Weight(c.between(1, int(crush.One)/16))
	case manyZeros:
		if c.chance(35) {
			return 0
		}
	case extremeWeights:
		return []crush.Weight{1, 2, crush.One - 1, crush.One, 100 * crush.One}[c.rand.IntN(5)]
	}
	return crush.Weight(c.between(1, 20*int(crush.One)))
}

// itemWeight is what an item weighs in a bucket: a bucket as much as it holds, or anything.
func (c *testCase) itemWeight(id crush.ItemID) crush.Weight {
	if id.IsDevice() || c.lie && c.chance(60) {
		return c.weight()
	}
	return c.sums[id]
}

// mendWeights makes weights that Ceph allows, and defines. A uniform bucket needs equal
// ones above zero. A walk down a tree bucket without any weight ends outside of its items,
// unless their number is a power of two.
func (c *testCase) mendWeights(b *crush.Bucket) {
	switch b.Alg {
	case crush.Uniform:
		w := max(1, c.weight())
		for i := range b.Items {
			b.Items[i].Weight = w
		}
	case crush.Tree:
		if len(b.Items) > 2 && b.Weight() == 0 {
			b.Items[0].Weight = crush.One
		}
	}
}

// reweights lets some devices take less than they would, or nothing.
func (c *testCase) reweights() {
	c.reweight = make(map[crush.ItemID]crush.Weight)
	share := c.between(10, 80)
	for _, d := range c.m.Devices {
		if !c.chance(share) {
			continue
		}
		c.reweight[d.ID] = []crush.Weight{
			0, crush.One, crush.One / 2, 1, crush.Weight(c.rand.IntN(int(crush.One))),
		}[c.rand.IntN(5)]
	}
	c.reweight[c.m.Devices[0].ID] = crush.One // crushtool maps nothing when all are out
}

// deviceWeights is what crushtool makes of the reweights: other devices are in if a bucket
// holds them.
func (c *testCase) deviceWeights() []crush.Weight {
	held := c.m.Holds()
	weights := make([]crush.Weight, len(held))
	for id, held := range held {
		if w, ok := c.reweight[crush.ItemID(id)]; ok {
			weights[id] = w
		} else if held {
			weights[id] = crush.One
		}
	}
	return weights
}

// weightSets makes a weight set that applies, the default one or that of pool 0, and one
// that does not. They speak of buckets of all kinds, though only straw2 listens.
func (c *testCase) weightSets() {
	applies := []int64{crush.DefaultChooseArgs, 0}[c.rand.IntN(2)]
	for _, id := range []int64{applies, int64(c.between(1, 9))} {
		set := crush.ChooseArgs{ID: id}
		for i := range c.m.Buckets {
			b := &c.m.Buckets[i]
			if !b.IsShadow() && len(b.Items) > 0 && c.chance(75) {
				set.Args = append(set.Args, c.chooseArg(b))
			}
		}
		c.m.ChooseArgs = append(c.m.ChooseArgs, set)
	}
}

func (c *testCase) chooseArg(b *crush.Bucket) crush.ChooseArg {
	arg := crush.ChooseArg{Bucket: b.ID}
	hasIDs := c.chance(30)
	if hasIDs {
		for range b.Items {
			arg.IDs = append(arg.IDs, crush.ItemID(c.rand.Int64N(math.MaxUint32)+math.MinInt32))
		}
	}
	if !hasIDs || c.chance(50) {
		for range c.between(1, 4) {
			weights := make([]crush.Weight, len(b.Items))
			for i := range weights {
				weights[i] = c.weight()
			}
			arg.Weights = append(arg.Weights, weights)
		}
	}
	return arg
}

// exactSets reports whether the text form can carry the weight sets. In those of shadows
// there are sums, which may need more than 24 digits.
func (c *testCase) exactSets() bool {
	for _, set := range c.m.ChooseArgs {
		for _, arg := range set.Args {
			for _, w := range slices.Concat(arg.Weights...) {
				if w > 0 && bits.Len32(uint32(w))-bits.TrailingZeros32(uint32(w)) > 24 {
					return false
				}
			}
		}
	}
	return true
}

// heldDevices lists the devices that a bucket holds.
func (c *testCase) heldDevices() []crush.ItemID {
	var ids []crush.ItemID
	for id, held := range c.m.Holds() {
		if held {
			ids = append(ids, crush.ItemID(id))
		}
	}
	return slices.Clip(ids)
}
