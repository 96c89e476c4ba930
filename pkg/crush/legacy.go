package crush

// The bucket kinds before straw2. Maps of old clusters still hold them; each was a
// trade of speed against the data that moves when a bucket changes (paper, section 3.4).

// permuted draws without hashing weights: position r of a pseudo-random permutation of the
// items that x and the bucket determine. Uniform buckets draw so, and the local retries of
// old tunables do in buckets of any kind. The permutation is built only as far as needed
// (Fisher-Yates from the front) and kept for the next draw of the same x.
func (b *bucket) permuted(x, r uint32, p *permutation) int {
	n := uint32(len(b.items))
	want := r % n
	if p.of != b {
		*p = permutation{of: b, order: make([]uint32, n)}
	}
	if p.done == 0 || p.x != x {
		p.x, p.done = x, 0
		for i := range p.order {
			p.order[i] = uint32(i)
		}
	}
	for ; p.done <= want; p.done++ {
		if left := n - p.done; left > 1 {
			j := p.done + b.hash.hash3(x, uint32(b.id), p.done)%left
			p.order[p.done], p.order[j] = p.order[j], p.order[p.done]
		}
	}
	return int(p.order[want])
}

// permutation is the part of a bucket's permutation that is known for input x.
type permutation struct {
	of    *bucket
	x     uint32
	done  uint32
	order []uint32
}

// list walks from the newest item, the last, to the oldest. At each it stops with the
// probability that this item has against all before it, so an item that is appended takes
// from the others just what it needs.
func (b *bucket) list(x, r uint32) int {
	for i := len(b.items) - 1; i > 0; i-- {
		u := uint64(b.hash.hash4(x, uint32(b.items[i]), r, uint32(b.id)) & 0xffff)
		if u*uint64(b.sums[i])>>16 < uint64(b.weights[i]) {
			return i
		}
	}
	return 0
}

// listSums gives for every item the weight of it and all before it.
func listSums(weights []Weight) []Weight {
	sums := make([]Weight, len(weights))
	var sum Weight
	for i, w := range weights {
		sum += w
		sums[i] = sum
	}
	return sums
}

// tree walks down a binary tree whose leaves are the items. Nodes are numbered so that
// growing the tree keeps all numbers: leaf i is node 2i+1, and a node's height is the
// number of zero bits at its end, so 4 is the root of 1…7, with children 2 and 6.
func (b *bucket) tree(x, r uint32) int {
	node := uint32(len(b.nodes) / 2)
	for node&1 == 0 {
		half := (node & -node) / 2
		u := uint64(b.hash.hash4(x, node, r, uint32(b.id)))
		point := u * uint64(b.nodes[node]) >> 32
		if point < uint64(b.nodes[node-half]) {
			node -= half
		} else {
			node += half
		}
	}
	return min(int(node/2), len(b.items)-1) // without any weight the walk leaves the items
}

// treeNodes gives every tree node the weight of the leaves below it.
func treeNodes(weights []Weight) []Weight {
	size := 2
	for size < 2*len(weights) {
		size *= 2
	}
	nodes := make([]Weight, size)
	for i, w := range weights {
		nodes[2*i+1] = w
	}
	for half := 1; half < size/2; half *= 2 {
		for node := 2 * half; node < size; node += 4 * half {
			nodes[node] = nodes[node-half] + nodes[node+half]
		}
	}
	return nodes
}

// straw is straw2's ancestor: the longest straw wins too, but an item's straw is a hash
// times a length that was worked out beforehand from all weights of the bucket. So a
// change of one weight changes other lengths and moves data between items it should leave
// alone. That flaw is why straw2 exists.
func (b *bucket) straw(x, r uint32) int {
	winner, best := 0, uint64(0)
	for i, id := range b.items {
		u := uint64(b.hash.hash3(x, uint32(id), r) & 0xffff)
		if draw := u * uint64(b.straws[i]); i == 0 || draw > best {
			winner, best = i, draw
		}
	}
	return winner
}
