package placement

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"zeph/pkg/crush"
)

// Node is a place for copies: an OSD, its weight and its failure domain.
type Node struct {
	ID     crush.ItemID
	Weight crush.Weight
	Domain crush.ItemID
}

// Algorithm is a way to place copies of x on nodes. Place appends n different nodes.
type Algorithm interface {
	Name() string
	Place(dst []crush.ItemID, x uint32, n int) []crush.ItemID
}

// AlgorithmNames are the names of Algorithms, in order.
func AlgorithmNames() []string { return []string{"crush", "rendezvous", "jump", "ring", "modulo"} }

// Algorithms are CRUSH, by a rule of the map, and four others over the same devices. The
// others know no failure domains: that they may put all copies into one is part of the
// comparison. Modulo, ring and jump hash know weights only as the number of tickets.
func Algorithms(m *crush.Map, rule crush.RuleID) ([]Algorithm, error) {
	mp, err := crush.NewMapper(m)
	if err != nil {
		return nil, err
	}
	nodes, err := Nodes(m, rule)
	if err != nil {
		return nil, err
	}
	full := make([]crush.Weight, m.MaxDevices())
	for i := range full {
		full[i] = crush.One
	}
	return []Algorithm{
		&crushPlacer{mapper: mp, rule: rule, weights: full},
		rendezvous(nodes),
		jump(tickets(nodes, 1)),
		newRing(nodes),
		modulo(tickets(nodes, 1)),
	}, nil
}

// Nodes are the devices below what a rule takes, in ascending id, each with the bucket
// that is its failure domain by the rule's last choice of a bucket type.
func Nodes(m *crush.Map, rule crush.RuleID) ([]Node, error) {
	r, ok := m.Rule(rule)
	if !ok {
		return nil, fmt.Errorf("the CRUSH map has no rule %d", rule)
	}
	var kind crush.TypeID
	for _, step := range r.Steps {
		if step.Op.IsChoose() && step.Arg2 != 0 {
			kind = crush.TypeID(step.Arg2)
		}
	}
	nodes := make(map[crush.ItemID]Node)
	var add func(id, domain crush.ItemID, w crush.Weight)
	add = func(id, domain crush.ItemID, w crush.Weight) {
		b, ok := m.Bucket(id)
		if !ok {
			if kind == 0 {
				domain = id // the rule spreads over devices alone
			}
			if w > 0 {
				nodes[id] = Node{id, w, domain}
			}
			return
		}
		if b.Type == kind {
			domain = id
		}
		for _, it := range b.Items {
			add(it.ID, domain, it.Weight)
		}
	}
	for _, step := range r.Steps {
		if step.Op == crush.OpTake {
			add(crush.ItemID(step.Arg1), crush.None, crush.One)
		}
	}
	var list []Node
	for _, n := range nodes {
		list = append(list, n)
	}
	slices.SortFunc(list, func(a, b Node) int { return cmp.Compare(a.ID, b.ID) })
	return list, nil
}

type crushPlacer struct {
	mapper  *crush.Mapper
	rule    crush.RuleID
	weights []crush.Weight
	scratch crush.Scratch
}

func (c *crushPlacer) Name() string { return "crush" }

func (c *crushPlacer) Place(dst []crush.ItemID, x uint32, n int) []crush.ItemID {
	return c.mapper.Map(dst, &c.scratch, crush.Query{Rule: c.rule, X: x, Count: n, Reweight: c.weights})
}

// rendezvous gives x to the nodes with the highest random scores; with −w/ln(u) as score it
// respects weights (Thaler and Ravishankar 1998; straw2 is this within one bucket).
type rendezvous []Node

func (rendezvous) Name() string { return "rendezvous" }

func (r rendezvous) Place(dst []crush.ItemID, x uint32, n int) []crush.ItemID {
	type scored struct {
		id    crush.ItemID
		score float64
	}
	all := make([]scored, len(r))
	for i, node := range r {
		u := (float64(crush.Hash2(x, uint32(node.ID))) + 1) / (1 << 32)
		all[i] = scored{node.ID, node.Weight.Float() / -math.Log(u)}
	}
	slices.SortFunc(all, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	for _, s := range all[:min(n, len(all))] {
		dst = append(dst, s.id)
	}
	return dst
}

// tickets lists every node as often as it is heavier than the lightest, so that placers
// that know no weights see them; scale multiplies the tickets.
func tickets(nodes []Node, scale int) []crush.ItemID {
	most := 1000 * scale // tickets of one node
	if len(nodes) == 0 {
		return nil
	}
	lightest := slices.MinFunc(nodes, func(a, b Node) int { return cmp.Compare(a.Weight, b.Weight) }).Weight
	var list []crush.ItemID
	for _, n := range nodes {
		for range min(most, int(math.Round(n.Weight.Float()/lightest.Float()*float64(scale)))) {
			list = append(list, n.ID)
		}
	}
	return list
}

// jump numbers the nodes and jumps ahead ever farther, landing with probability 1/n on node
// n (Lamping and Veach 2014). It moves the least when nodes come or go at the end of the
// list, and much when they do in the middle.
type jump []crush.ItemID

func (jump) Name() string { return "jump" }

func (j jump) Place(dst []crush.ItemID, x uint32, n int) []crush.ItemID {
	return distinct(dst, n, j, func(try uint32) int {
		key := uint64(crush.Hash2(x, try))<<32 | uint64(crush.Hash2(try, x))
		at, next := int64(-1), int64(0)
		for next < int64(len(j)) {
			at = next
			key = key*2862933555777941757 + 1
			next = int64(float64(at+1) * (float64(1<<31) / float64(key>>33+1)))
		}
		return int(at)
	})
}

// modulo takes a hash modulo the number of nodes: good balance, and almost everything moves
// when that number changes.
type modulo []crush.ItemID

func (modulo) Name() string { return "modulo" }

func (m modulo) Place(dst []crush.ItemID, x uint32, n int) []crush.ItemID {
	return distinct(dst, n, m, func(try uint32) int { return int(crush.Hash2(x, try) % uint32(len(m))) })
}

// distinct appends n different nodes of a list, by the index that pick gives for each try.
func distinct(dst []crush.ItemID, n int, list []crush.ItemID, pick func(try uint32) int) []crush.ItemID {
	start := len(dst)
	for try := uint32(0); len(list) > 0 && len(dst)-start < n && int(try) < 50*n+len(list); try++ {
		if id := list[pick(try)]; !slices.Contains(dst[start:], id) {
			dst = append(dst, id)
		}
	}
	return dst
}

// ring puts every node on many points of a circle; x goes to the nodes that follow its own
// point (Karger et al. 1997). More points, better balance, more memory.
type ring struct {
	points []uint32
	owner  map[uint32]crush.ItemID
}

const pointsPerNode = 100 // of the lightest node

func newRing(nodes []Node) *ring {
	r := &ring{owner: make(map[uint32]crush.ItemID)}
	count := make(map[crush.ItemID]uint32)
	for _, id := range tickets(nodes, pointsPerNode) {
		p := crush.Hash2(uint32(id), count[id])
		count[id]++
		if _, taken := r.owner[p]; !taken {
			r.points = append(r.points, p)
			r.owner[p] = id
		}
	}
	slices.Sort(r.points)
	return r
}

func (*ring) Name() string { return "ring" }

func (r *ring) Place(dst []crush.ItemID, x uint32, n int) []crush.ItemID {
	start, _ := slices.BinarySearch(r.points, crush.Hash2(x, 0))
	first := len(dst)
	for i := range r.points {
		if len(dst)-first == n {
			break
		}
		if id := r.owner[r.points[(start+i)%len(r.points)]]; !slices.Contains(dst[first:], id) {
			dst = append(dst, id)
		}
	}
	return dst
}
