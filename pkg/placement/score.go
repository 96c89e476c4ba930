package placement

import (
	"fmt"
	"math"
	"slices"

	"zeph/pkg/crush"
)

// Score says how well an algorithm does on one cluster.
type Score struct {
	Algorithm string `json:"algorithm"`

	Spread float64 `json:"spread"` // standard deviation of copies held over fair share, 0 is even
	Most   float64 `json:"most"`   // the fullest device: copies held over fair share
	Shared float64 `json:"shared"` // share of inputs with two copies in one failure domain
	Short  float64 `json:"short"`  // share of inputs with fewer copies than wanted

	Add    Movement `json:"add"`    // a device comes
	Remove Movement `json:"remove"` // a device goes
}

// Movement is what a change moved, in copies.
type Movement struct {
	Moved int `json:"moved"`
	Least int `json:"least"` // what devices gained: every way to the same fullness moves that
}

// Trial is the ground on which algorithms are compared.
type Trial struct {
	Map    *crush.Map
	Rule   crush.RuleID
	Copies int
	Inputs uint32
	Only   []string // names of the algorithms; empty: all
}

// Run places the inputs by every algorithm on the cluster as it is, with one device more (a
// twin of the first one, beside it) and with one device less (the one in the middle).
//
// It asks stopped between algorithms and ends with the error that gives.
func (t Trial) Run(stopped func() error) ([]Score, error) {
	if t.Copies < 1 || t.Inputs < 1 {
		return nil, fmt.Errorf("%d copies of %d inputs: expected at least 1 of both", t.Copies, t.Inputs)
	}
	now, err := t.ground(t.Map)
	if err != nil {
		return nil, err
	}
	if len(now.nodes) < 2 {
		return nil, fmt.Errorf("rule %d takes %d devices with weight: expected at least 2", t.Rule, len(now.nodes))
	}
	more, err := t.Map.AddDevice(
		crush.Device{ID: crush.ItemID(t.Map.MaxDevices()), Name: "one-more", Class: t.class(now.nodes[0].ID)},
		now.nodes[0].Weight, t.location(now.nodes[0].ID))
	if err != nil {
		return nil, err
	}
	middle := now.nodes[len(now.nodes)/2].ID
	less, err := t.Map.Reweight(middle, 0)
	if err != nil {
		return nil, err
	}
	added, err := t.ground(more)
	if err != nil {
		return nil, err
	}
	removed, err := t.ground(less)
	if err != nil {
		return nil, err
	}
	scores := make([]Score, 0, len(now.algorithms))
	for i, algo := range now.algorithms {
		if len(t.Only) > 0 && !slices.Contains(t.Only, algo.Name()) {
			continue
		}
		if err := stopped(); err != nil {
			return nil, err
		}
		s := Score{Algorithm: algo.Name()}
		before := t.place(algo)
		t.judge(&s, now.nodes, before)
		s.Add = movement(before, t.place(added.algorithms[i]))
		s.Remove = movement(before, t.place(removed.algorithms[i]))
		scores = append(scores, s)
	}
	return scores, nil
}

type ground struct {
	nodes      []Node
	algorithms []Algorithm
}

func (t Trial) ground(m *crush.Map) (g ground, err error) {
	if g.nodes, err = Nodes(m, t.Rule); err == nil {
		g.algorithms, err = Algorithms(m, t.Rule)
	}
	return g, err
}

func (t Trial) class(id crush.ItemID) string {
	d, _ := t.Map.Device(id)
	if d == nil {
		return ""
	}
	return d.Class
}

// location is the bucket that holds a device.
func (t Trial) location(id crush.ItemID) crush.Location {
	for i := range t.Map.Buckets {
		b := &t.Map.Buckets[i]
		if !b.IsShadow() && slices.ContainsFunc(b.Items, func(it crush.Item) bool { return it.ID == id }) {
			return crush.Location{{Type: t.Map.TypeName(b.Type), Name: b.Name}}
		}
	}
	return nil
}

func (t Trial) place(algo Algorithm) [][]crush.ItemID {
	all := make([][]crush.ItemID, t.Inputs)
	for x := range t.Inputs {
		all[x] = algo.Place(nil, x, t.Copies)
	}
	return all
}

func (t Trial) judge(s *Score, nodes []Node, placed [][]crush.ItemID) {
	domain := make(map[crush.ItemID]crush.ItemID)
	for _, n := range nodes {
		domain[n.ID] = n.Domain
	}
	held := make(map[crush.ItemID]int)
	copies, sharing, short := 0, 0, 0
	for _, mapping := range placed {
		var in []crush.ItemID
		for _, id := range mapping {
			held[id]++
			in = append(in, domain[id])
		}
		copies += len(mapping)
		if len(mapping) < t.Copies {
			short++
		}
		slices.Sort(in)
		if len(slices.Compact(in)) < len(mapping) {
			sharing++
		}
	}
	s.Shared = float64(sharing) / float64(len(placed))
	s.Short = float64(short) / float64(len(placed))
	fair := shares(nodes)
	variance := 0.0
	for _, n := range nodes {
		over := float64(held[n.ID])/(fair[n.ID]*float64(copies)) - 1
		variance += over * over / float64(len(nodes))
		s.Most = max(s.Most, over+1)
	}
	s.Spread = math.Sqrt(variance)
}

func movement(was, is [][]crush.ItemID) Movement {
	var m Movement
	more := make(map[crush.ItemID]int)
	for x := range was {
		for _, id := range was[x] {
			more[id]--
		}
		for _, id := range is[x] {
			more[id]++
			if !slices.Contains(was[x], id) {
				m.Moved++
			}
		}
	}
	for _, n := range more {
		m.Least += max(0, n)
	}
	return m
}

// shares is the fair share of each node by weight.
func shares(nodes []Node) map[crush.ItemID]float64 {
	total := 0.0
	for _, n := range nodes {
		total += n.Weight.Float()
	}
	s := make(map[crush.ItemID]float64)
	for _, n := range nodes {
		s[n.ID] = n.Weight.Float() / total
	}
	return s
}
