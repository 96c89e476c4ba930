package main

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"

	"zeph/pkg/crush"
)

// testCase is a random map and the questions to ask of it.
type testCase struct {
	trialID
	rand *rand.Rand

	m        *crush.Map
	shapes   map[crush.RuleID]int // what each rule counts as
	reweight map[crush.ItemID]crush.Weight
	pool     int // x is hashed with it; -1: x is as it is
	firstX   int

	count    int // devices that the rule in the making is to give
	classes  bool
	weights  int                           // what weights are like, see weight
	lie      bool                          // items do not weigh what is below them
	sparse   bool                          // ids have gaps
	types    []crush.TypeID                // levels of the hierarchy, the lowest first
	byLevel  [][]crush.ItemID              // buckets of each level
	nextItem [2]crush.ItemID               // device, bucket
	sums     map[crush.ItemID]crush.Weight // of the buckets
}

// newCase makes the case of a trial; it follows from the seed and the name of the trial.
func newCase(seed uint64, id trialID) *testCase {
	c := &testCase{
		trialID: id,
		rand:    rand.New(rand.NewPCG(seed, nameHash(id.String()))),
		shapes:  make(map[crush.RuleID]int),
		sums:    make(map[crush.ItemID]crush.Weight),
		pool:    -1,
	}
	for {
		c.build()
		if c.m.Validate() == nil && c.m.MaxDevices() > 0 && c.exactSets() {
			return c
		}
	}
}

func nameHash(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return h.Sum64()
}

// chance is true in so many of a hundred cases.
func (c *testCase) chance(percent int) bool { return c.rand.IntN(100) < percent }

// between is a number from low to high.
func (c *testCase) between(low, high int) int { return low + c.rand.IntN(high-low+1) }

func (c *testCase) build() {
	c.classes = c.feature == "classes" || c.feature != "plain" && c.kind != "uniform" && c.chance(25)
	c.weights = c.rand.IntN(numWeights)
	c.lie, c.sparse = c.chance(30), c.chance(40)
	for c.hierarchy(); len(c.m.Devices) == 0; {
		c.hierarchy()
	}
	c.m = c.m.RebuildShadows()
	if c.feature == "weight-sets" || c.pgs() && c.chance(25) {
		c.weightSets()
		c.m = c.m.RebuildShadows() // now with what the sets have for shadows
	}
	c.rules()
	c.reweight = nil
	if c.feature == "reweight" || c.feature != "plain" && c.chance(25) {
		c.reweights()
	}
	c.pool, c.firstX = -1, 0
	if c.chance(30) {
		c.pool = c.rand.IntN(1 << 20)
	}
	if c.chance(50) {
		c.firstX = c.rand.IntN(1 << 30)
	}
}

func (c *testCase) tunables() crush.Tunables {
	if t, ok := crush.TunablesProfile(c.profile); ok {
		return t
	}
	return crush.Tunables{
		LocalTries:         c.rand.IntN(4),
		LocalFallbackTries: c.rand.IntN(3) * c.rand.IntN(4),
		TotalTries:         c.between(0, 60),
		DescendOnce:        c.rand.IntN(2),
		VaryR:              c.rand.IntN(6),
		Stable:             c.rand.IntN(2),
		StrawCalc:          c.rand.IntN(2),
		AllowedAlgs:        54,
	}
}

// hierarchy makes one or two trees of one to five levels.
func (c *testCase) hierarchy() {
	c.m = &crush.Map{Tunables: c.tunables(), Types: []crush.Type{{ID: 0, Name: "osd"}}}
	c.nextItem = [2]crush.ItemID{0, -1}
	c.types = nil
	clear(c.sums)
	names := []string{"host", "rack", "room", "datacenter"}
	depth := []int{1, 2, 2, 3, 3, 3, 4, 4, 5}[c.rand.IntN(9)]
	id := crush.TypeID(0)
	for level := range depth {
		name := "root"
		if level < depth-1 {
			name = names[level]
		}
		id += crush.TypeID(c.between(1, 3))
		c.types = append(c.types, id)
		c.m.Types = append(c.m.Types, crush.Type{ID: id, Name: name})
	}
	c.byLevel = make([][]crush.ItemID, depth)
	for range c.between(1, 2) {
		c.bucket(depth - 1)
	}
	slices.SortFunc(c.m.Buckets, func(a, b crush.Bucket) int { return cmp.Compare(b.ID, a.ID) })
}

// bucket makes a bucket and all below it.
func (c *testCase) bucket(level int) crush.ItemID {
	id := c.newID(1)
	size := c.size(level)
	b := crush.Bucket{ID: id, Name: fmt.Sprintf("b%d", -id), Type: c.types[level], Alg: c.alg(size)}
	inClass := make(map[string]int)
	for range size {
		var item crush.ItemID
		switch {
		case level == 0 || c.chance(4):
			item = c.device(inClass, b.Alg)
		case len(c.byLevel[level-1]) > 0 && c.chance(6):
			item = c.byLevel[level-1][c.rand.IntN(len(c.byLevel[level-1]))] // held by two buckets
		default:
			item = c.bucket(level - 1)
		}
		if !slices.ContainsFunc(b.Items, func(it crush.Item) bool { return it.ID == item }) {
			b.Items = append(b.Items, crush.Item{ID: item, Weight: c.itemWeight(item)})
		}
	}
	c.mendWeights(&b)
	c.sums[id] = b.Weight()
	c.byLevel[level] = append(c.byLevel[level], id)
	c.m.Buckets = append(c.m.Buckets, b)
	return id
}

// newID is the next device (0) or bucket (1) id.
func (c *testCase) newID(which int) crush.ItemID {
	id := c.nextItem[which]
	step := 1
	if c.sparse && c.chance(20) {
		step = c.between(1, 20)
	}
	if which == 0 {
		c.nextItem[0] += crush.ItemID(step)
	} else {
		c.nextItem[1] -= crush.ItemID(step)
	}
	return id
}

// size is the number of items of a bucket; a few are empty. Where classes meet tree
// buckets they are small: crushtool 16 makes a shadow of three or more items in a tree
// bucket with weights it never set.
func (c *testCase) size(level int) int {
	const manyDevices = 150
	switch {
	case c.chance(4) || len(c.m.Devices) > manyDevices:
		return 0
	case c.classes && c.kind == "tree" && level > 0:
		return c.between(1, 2)
	case level == 0 && len(c.types) == 1:
		return c.between(2, 20)
	case level == 0:
		return c.between(1, 9)
	case level == len(c.types)-1:
		return c.between(3, 8)
	}
	return c.between(1, 4)
}

// alg is the bucket's kind.
func (c *testCase) alg(size int) crush.Alg {
	if alg, ok := crush.AlgNamed(c.kind); ok {
		return alg
	}
	for {
		alg := crush.Uniform + crush.Alg(c.rand.IntN(int(crush.Straw2)))
		if c.classes && (alg == crush.Uniform || alg == crush.Tree && size > 2) {
			continue
		}
		return alg
	}
}

// device makes a device. inClass counts those of a class in its bucket.
func (c *testCase) device(inClass map[string]int, alg crush.Alg) crush.ItemID {
	d := crush.Device{ID: c.newID(0)}
	d.Name = fmt.Sprintf("osd.%d", d.ID)
	if c.classes && c.chance(90) {
		class := []string{"hdd", "ssd", "nvme"}[c.rand.IntN(3)]
		if len(inClass) > 0 && c.chance(50) {
			class = c.m.Devices[len(c.m.Devices)-1].Class // some buckets lack a class
		}
		if inClass[class] < 2 || alg != crush.Tree {
			d.Class = class
			inClass[class]++
		}
	}
	c.m.Devices = append(c.m.Devices, d)
	return d.ID
}
