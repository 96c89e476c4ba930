package crush

import (
	"fmt"
	"slices"
)

// undefined marks a position that indep has not settled yet. It never leaves the mapper.
const undefined ItemID = 0x7ffffffe

// Mapper answers where things go under one map. It is immutable: any number of goroutines
// may share it, each with a Scratch of its own.
type Mapper struct {
	tunables   Tunables
	maxDevices int32
	buckets    []*bucket // by −1−id; nil where the map has none
	rules      []*Rule   // by id; nil where the map has none
	sets       map[int64]*WeightSet
}

// WeightSet is one ChooseArgs of the map, laid out for drawing.
type WeightSet struct {
	args map[ItemID]*ChooseArg // by bucket; none where it keeps its own weights
}

// WeightSet is the one that Ceph uses for a pool: the pool's own, else the default, else nil.
func (mp *Mapper) WeightSet(pool int64) *WeightSet {
	if set, ok := mp.sets[pool]; ok {
		return set
	}
	return mp.sets[DefaultChooseArgs]
}

// bucket is a Bucket laid out for drawing.
type bucket struct {
	id      ItemID
	kind    TypeID
	alg     Alg
	hash    Hash
	items   []ItemID
	weights []Weight

	sums   []Weight // list: see listSums
	nodes  []Weight // tree: see treeNodes
	straws []uint32 // straw: see strawLengths
}

// NewMapper checks the map and lays it out for drawing. The map must not change afterwards.
func NewMapper(m *Map) (*Mapper, error) {
	if err := m.Validate(); err != nil {
		return nil, fmt.Errorf("crush map: %w", err)
	}
	mp := &Mapper{tunables: m.Tunables, maxDevices: int32(m.MaxDevices())}
	if n := len(m.Buckets); n > 0 {
		mp.buckets = make([]*bucket, -m.Buckets[n-1].ID)
	}
	for i := range m.Buckets {
		b := newBucket(&m.Buckets[i], m.Tunables.StrawCalc)
		mp.buckets[-1-b.id] = b
	}
	if n := len(m.Rules); n > 0 {
		mp.rules = make([]*Rule, m.Rules[n-1].ID+1)
	}
	for i := range m.Rules {
		mp.rules[m.Rules[i].ID] = &m.Rules[i]
	}
	mp.sets = make(map[int64]*WeightSet, len(m.ChooseArgs))
	for _, a := range m.ChooseArgs {
		set := &WeightSet{args: make(map[ItemID]*ChooseArg, len(a.Args))}
		for i := range a.Args {
			set.args[a.Args[i].Bucket] = &a.Args[i]
		}
		mp.sets[a.ID] = set
	}
	return mp, nil
}

func newBucket(src *Bucket, strawCalc int) *bucket {
	b := &bucket{id: src.ID, kind: src.Type, alg: src.Alg, hash: src.Hash}
	b.items = make([]ItemID, len(src.Items))
	b.weights = make([]Weight, len(src.Items))
	for i, it := range src.Items {
		b.items[i], b.weights[i] = it.ID, it.Weight
	}
	switch b.alg {
	case List:
		b.sums = listSums(b.weights)
	case Tree:
		b.nodes = treeNodes(b.weights)
	case Straw:
		b.straws = strawLengths(b.weights, strawCalc)
	}
	return b
}

// bucket finds a bucket by id; nil if id is a device or no bucket of the map.
func (mp *Mapper) bucket(id ItemID) *bucket {
	if i := -1 - int(id); i >= 0 && i < len(mp.buckets) {
		return mp.buckets[i]
	}
	return nil
}

// Query is one question to a Mapper: which devices does this rule give to this input?
type Query struct {
	Rule  RuleID
	X     uint32 // what is placed; Ceph hashes it from pool and placement group
	Count int    // devices wanted

	// Reweight overrides the crush weights by device: One is fully in, zero is out,
	// anything between keeps that share of what the device would get. A device beyond
	// its end is out.
	Reweight []Weight

	WeightSet *WeightSet // of the same Mapper; nil for none
	Trace     Tracer     // hears of every draw, nil for none
}

// Scratch is the working memory of one goroutine; its zero value is ready for use.
type Scratch struct {
	chosen, next, leaves []ItemID
	perms                map[ItemID]*permutation // see bucket.permuted
	chooser, leaf        chooser
}

// Map appends the devices of the query to dst, in order, at most q.Count. firstn rules give
// fewer when there are not enough; indep rules give None in the positions they cannot fill.
// An unknown rule gives nothing. Once dst and the scratch have grown, nothing is allocated.
//
// Some rules give buckets: those whose last step chooses a type other than the device.
func (mp *Mapper) Map(dst []ItemID, s *Scratch, q Query) []ItemID {
	if q.Rule < 0 || int(q.Rule) >= len(mp.rules) || mp.rules[q.Rule] == nil || q.Count <= 0 {
		return dst
	}
	s.chosen = slices.Grow(s.chosen[:0], q.Count)
	s.next = slices.Grow(s.next[:0], q.Count)
	s.leaves = slices.Grow(s.leaves[:0], q.Count)
	run := run{mp: mp, s: s, q: q, settings: newSettings(mp.tunables)}
	full := len(dst) + q.Count
	for _, step := range mp.rules[q.Rule].Steps {
		if q.Trace != nil {
			q.Trace.Step(step)
		}
		switch {
		case step.Op == OpTake:
			run.take(ItemID(step.Arg1))
		case step.Op.IsChoose():
			run.choose(step)
		case step.Op == OpEmit:
			room := full - len(dst)
			dst = append(dst, s.chosen[:min(room, len(s.chosen))]...)
			s.chosen = s.chosen[:0]
		default:
			run.settings.set(step)
		}
	}
	return dst
}

// settings are the tunables as the steps of a rule may change them, in tries, not retries.
type settings struct {
	tries         int // descents for each position
	leafTries     int // descents of chooseleaf below each chosen bucket; 0: depends on the mode
	localTries    int
	localFallback int
	descendOnce   bool
	varyR         int
	stable        bool
}

func newSettings(t Tunables) settings {
	return settings{
		tries:         t.TotalTries + 1, // the tunable counts what follows the first try
		localTries:    t.LocalTries,
		localFallback: t.LocalFallbackTries,
		descendOnce:   t.DescendOnce != 0,
		varyR:         t.VaryR,
		stable:        t.Stable != 0,
	}
}

func (s *settings) set(step Step) {
	v := int(step.Arg1)
	switch {
	case step.Op == OpSetChooseTries && v > 0:
		s.tries = v
	case step.Op == OpSetChooseleafTries && v > 0:
		s.leafTries = v
	case step.Op == OpSetLocalTries && v >= 0:
		s.localTries = v
	case step.Op == OpSetLocalFallback && v >= 0:
		s.localFallback = v
	case step.Op == OpSetVaryR && v >= 0:
		s.varyR = v
	case step.Op == OpSetStable && v >= 0:
		s.stable = v != 0
	}
}

// triesBelow is how many descents chooseleaf makes below each bucket that it found.
func (s *settings) triesBelow(op Op) int {
	switch {
	case s.leafTries > 0:
		return s.leafTries
	case op.IsFirstn() && !s.descendOnce:
		return s.tries
	}
	return 1
}

// run is the execution of one rule for one input.
type run struct {
	mp       *Mapper
	s        *Scratch
	q        Query
	settings settings
}

// take makes id the only chosen item. What the map does not have is ignored.
func (r *run) take(id ItemID) {
	if r.mp.bucket(id) == nil && (id < 0 || int32(id) >= r.mp.maxDevices) {
		return
	}
	r.s.chosen = append(r.s.chosen[:0], id)
}

// choose replaces every chosen bucket by items drawn below it.
func (r *run) choose(step Step) {
	s := r.s
	if len(s.chosen) == 0 {
		return
	}
	n := int(step.Arg1)
	if n <= 0 {
		n += r.q.Count // 0: as many as wanted; negative: that many fewer
	}
	c := r.chooser(step, n)
	s.next, s.leaves = s.next[:0], s.leaves[:0]
	for _, id := range s.chosen {
		from := r.mp.bucket(id)
		if n <= 0 || from == nil { // a device, or a hole of an indep step, has nothing below
			continue
		}
		at, room := len(s.next), r.q.Count-len(s.next)
		var filled int
		if step.Op.IsFirstn() {
			filled = c.firstn(from, s.next[at:at+room], s.leaves[at:at+room])
		} else {
			filled = min(n, room)
			c.indep(from, 0, 0, s.next[at:at+filled], s.leaves[at:at+filled])
		}
		s.next, s.leaves = s.next[:at+filled], s.leaves[:at+filled]
	}
	if step.Op.IsLeaf() {
		s.next, s.leaves = s.leaves, s.next
	}
	s.chosen, s.next = s.next, s.chosen
}

// chooser is the worker of a choose step. For chooseleaf it has a second one, which finds
// a device below each bucket that the first settles on.
func (r *run) chooser(step Step, n int) *chooser {
	c, leaf := &r.s.chooser, &r.s.leaf
	*c = chooser{
		mp: r.mp, perms: &r.s.perms,
		x: r.q.X, reweight: r.q.Reweight, set: r.q.WeightSet, trace: r.q.Trace,
		n: n, want: TypeID(step.Arg2), settings: r.settings,
	}
	if !step.Op.IsLeaf() {
		return c
	}
	*leaf = *c
	leaf.inner, leaf.want = true, 0
	leaf.tries = r.settings.triesBelow(step.Op)
	c.leaf = leaf
	return c
}
