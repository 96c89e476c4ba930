package crush

import "slices"

// chooser carries out one choose step: it descends from a bucket, drawing an item at each,
// until it meets one of the wanted type; then it tests what it found, and where the test
// fails tries again with another attempt number, so that every draw comes out anew.
type chooser struct {
	mp       *Mapper
	perms    *map[ItemID]*permutation
	x        uint32
	reweight []Weight
	set      *WeightSet
	trace    Tracer

	settings
	n    int      // items the step asks for
	want TypeID   // what to stop at
	leaf *chooser // chooseleaf: finds a device below each chosen bucket; else nil

	inner bool // this is such a leaf
}

// firstn fills out from its front with distinct items and says how many it found. An item
// that cannot be found is left out, and those after it move up: right for replicas, where
// the order says no more than who is primary.
func (c *chooser) firstn(from *bucket, out, leaves []ItemID) int {
	placed := 0
	for replica := 0; replica < c.n && placed < len(out); replica++ {
		if c.place(from, uint32(replica), out, leaves, placed) {
			placed++
		}
	}
	return placed
}

// place finds the item for out[placed]. Every failure counts the attempt number up from
// first. What follows a failure depends on the tunables: old ones try again in the bucket
// of the failure, by another draw and then by permutation; after that, or at once with
// those of today, the descent begins anew at the top.
func (c *chooser) place(from *bucket, first uint32, out, leaves []ItemID, placed int) bool {
	at, failedHere := from, 0
	for failed := 0; ; {
		f := c.descend(at, first+uint32(failed), 0, placed, failedHere)
		if f.verdict == DeadEnd {
			return c.judge(placed, f.item, DeadEnd)
		}
		if f.verdict == Accepted {
			f.verdict = c.testFirstn(f, out, leaves, placed)
		}
		if c.judge(placed, f.item, f.verdict) {
			out[placed] = f.item
			return true
		}
		failed++
		failedHere++
		again := f.verdict == Collision && failedHere <= c.localTries ||
			c.localFallback > 0 && failedHere <= len(f.in.items)+c.localFallback
		switch {
		case again:
			at = f.in
		case failed < c.tries:
			at, failedHere = from, 0
		default:
			return false
		}
	}
}

// testFirstn is the rejection test: an item must be new, must have a device below it where
// one is wanted, and a device must not be out.
func (c *chooser) testFirstn(f finding, out, leaves []ItemID, placed int) Verdict {
	if slices.Contains(out[:placed], f.item) {
		return Collision
	}
	if c.leaf != nil {
		if f.item.IsDevice() {
			leaves[placed] = f.item
		} else if !c.leaf.place(c.mp.bucket(f.item), c.leafAttempt(f.attempt, placed), leaves, nil, placed) {
			return NoLeaf
		}
	}
	return c.testOut(f.item)
}

// leafAttempt is the attempt number that the search for a device below a bucket begins at.
// With vary_r it follows the outer one, so that another bucket does not repeat the same
// failures; with stable it no longer follows the position, so that a device that fails
// does not shift the draws of all behind it.
func (c *chooser) leafAttempt(outer uint32, placed int) uint32 {
	var first uint32
	if c.varyR > 0 {
		first = outer >> (c.varyR - 1)
	}
	if !c.stable {
		first += uint32(placed)
	}
	return first
}

// indep fills every position of out on its own; those that stay without an item hold None.
// A position keeps its item whatever happens to the others: right for erasure codes, where
// each position is a different piece. It goes in rounds: each round tries all positions
// that are still open, so a failure in one does not take an item that another had first.
//
// first is the position of out[0], outer the attempt number that led to this bucket.
func (c *chooser) indep(from *bucket, first int, outer uint32, out, leaves []ItemID) {
	for i := range out {
		out[i] = undefined
		if c.leaf != nil {
			leaves[i] = undefined
		}
	}
	open := len(out)
	for round := 0; open > 0 && round < c.tries; round++ {
		for i := range out {
			if out[i] == undefined && c.placeIndep(from, first, i, outer, round, out, leaves) {
				open--
			}
		}
	}
	for i := range out {
		if out[i] == undefined {
			out[i] = None
		}
		if c.leaf != nil && leaves[i] == undefined {
			leaves[i] = None
		}
	}
}

// placeIndep tries once to find the item for out[i] and says whether the position is
// settled: with an item, or for ever without one.
func (c *chooser) placeIndep(from *bucket, first, i int, outer uint32, round int, out, leaves []ItemID) bool {
	f := c.descend(from, uint32(first+i)+outer, round, first, 0)
	if f.verdict == DeadEnd {
		c.judge(first+i, f.item, DeadEnd)
		out[i] = None
		return true
	}
	if f.verdict == Accepted {
		f.verdict = c.testIndep(f, first+i, out, leaves, i)
	}
	if !c.judge(first+i, f.item, f.verdict) {
		return false
	}
	out[i] = f.item
	return true
}

// testIndep is testFirstn for one position of many: an item may be in none of them.
func (c *chooser) testIndep(f finding, position int, out, leaves []ItemID, i int) Verdict {
	if slices.Contains(out, f.item) {
		return Collision
	}
	if c.leaf != nil {
		if f.item.IsDevice() {
			leaves[i] = f.item
		} else {
			c.leaf.indep(c.mp.bucket(f.item), position, f.attempt, leaves[i:i+1], nil)
			if leaves[i] == None {
				return NoLeaf
			}
		}
	}
	return c.testOut(f.item)
}

// finding is where a descent ended.
type finding struct {
	item    ItemID
	in      *bucket // the bucket that held it, or that was empty
	attempt uint32  // the attempt number of the last draw
	verdict Verdict // Accepted as to its type and not yet tested, Empty or DeadEnd
}

// descend draws from bucket to bucket until it finds an item of the wanted type.
//
// In round 0 the attempt number of each draw is just attempt. Later rounds of indep add to
// it as many as there are positions, so that no two positions ever share a number; a
// uniform bucket whose size is a multiple of that would give the same items in every
// round, and gets one more.
func (c *chooser) descend(at *bucket, attempt uint32, round, position, failedHere int) finding {
	for {
		size := len(at.items)
		r := attempt
		if round > 0 {
			stride := c.n
			if at.alg == Uniform && size%c.n == 0 {
				stride++
			}
			r += uint32(stride * round)
		}
		if size == 0 {
			return finding{None, at, r, Empty}
		}
		var i int
		if c.localFallback > 0 && failedHere >= size/2 && failedHere > c.localFallback {
			i = c.permute(at, r)
		} else {
			i = c.draw(at, r, position)
		}
		item := at.items[i]
		if item.IsDevice() {
			if c.want != 0 {
				return finding{item, at, r, DeadEnd}
			}
			return finding{item, at, r, Accepted}
		}
		next := c.mp.bucket(item)
		if next.kind == c.want {
			return finding{item, at, r, Accepted}
		}
		at = next
	}
}

// draw picks an item of one bucket, by the bucket's own algorithm.
func (c *chooser) draw(b *bucket, r uint32, position int) int {
	var i int
	switch b.alg {
	case Straw2:
		weights, ids := b.weights, b.items
		if c.set != nil {
			weights, ids = c.set.override(b, position)
		}
		i = b.straw2(c.x, r, weights, ids)
	case Straw:
		i = b.straw(c.x, r)
	case Tree:
		i = b.tree(c.x, r)
	case List:
		i = b.list(c.x, r)
	case Uniform:
		return c.permute(b, r)
	}
	if c.trace != nil {
		c.traceDraw(b, r, position, i, b.alg == Straw2)
	}
	return i
}

// permute picks an item of any bucket by permutation.
func (c *chooser) permute(b *bucket, r uint32) int {
	if *c.perms == nil {
		*c.perms = make(map[ItemID]*permutation)
	}
	p := (*c.perms)[b.id]
	if p == nil {
		p = new(permutation)
		(*c.perms)[b.id] = p
	}
	i := b.permuted(c.x, r, p)
	if c.trace != nil {
		c.traceDraw(b, r, 0, i, false)
	}
	return i
}

// override gives the weights and ids that the set has for a bucket at a position of the
// result; positions beyond the last share it.
func (set *WeightSet) override(b *bucket, position int) ([]Weight, []ItemID) {
	weights, ids := b.weights, b.items
	a := set.args[b.id]
	if a == nil {
		return weights, ids
	}
	if n := len(a.Weights); n > 0 {
		weights = a.Weights[min(position, n-1)]
	}
	if len(a.IDs) > 0 {
		ids = a.IDs
	}
	return weights, ids
}

// testOut rejects devices by reweight: of weight w below one, a share of w stays. The hash
// does not depend on the attempt, so for one input a device is out for good, and the data
// that leaves when w falls goes to all other devices.
func (c *chooser) testOut(item ItemID) Verdict {
	if !item.IsDevice() {
		return Accepted
	}
	if int(item) >= len(c.reweight) {
		return Out
	}
	w := c.reweight[item]
	if w >= One || w > 0 && Weight(Hash2(c.x, uint32(item))&0xffff) < w {
		return Accepted
	}
	return Out
}

// judge reports a verdict to the tracer and says whether the item was accepted.
func (c *chooser) judge(position int, item ItemID, v Verdict) bool {
	if c.trace != nil {
		c.trace.Judge(Judgement{position, c.inner, item, v})
	}
	return v == Accepted
}
