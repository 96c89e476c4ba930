package main

import (
	"fmt"
	"slices"

	"zeph/pkg/crush"
	"zeph/pkg/osdmap"
	"zeph/pkg/placement"
)

// cluster is a random osdmap, as it is meant. cephmap.go writes it for osdmaptool.
type cluster struct {
	crush []byte // in Ceph's binary form
	osds  []osd
	pools []osdmap.Pool
	pgs   []pgTables // in the order of pools and seeds
}

type osd struct {
	exists, up       bool
	weight, affinity crush.Weight
}

// pgTables is what an osdmap says of one PG; empty: nothing.
type pgTables struct {
	pg          osdmap.PGID
	upmap       []osdmap.OSDID
	items       []osdmap.UpmapItem
	temp        []osdmap.OSDID
	primaryTemp []osdmap.OSDID // none or one
}

// cluster makes OSDs for the devices of the map, and a pool for each rule. Upmaps are made
// for what the mapper chooses, or they would not bear on anything.
func (c *testCase) cluster(mp *crush.Mapper, binary []byte, pgs int) *cluster {
	cl := &cluster{crush: binary}
	c.osds(cl)
	id := osdmap.PoolID(c.rand.IntN(2))
	for i := range c.m.Rules {
		cl.pools = append(cl.pools, c.poolFor(&c.m.Rules[i], id, pgs))
		id += osdmap.PoolID(c.between(1, 2))
	}
	weights := make([]crush.Weight, len(cl.osds))
	for i, o := range cl.osds {
		weights[i] = o.weight
	}
	var s crush.Scratch
	var raw []crush.ItemID
	for i := range cl.pools {
		pool := &cl.pools[i]
		for seed := range pool.PGNum {
			pg := osdmap.PGID{Pool: pool.ID, Seed: seed}
			raw = mp.Map(raw[:0], &s, crush.Query{
				Rule: pool.Rule, X: placement.Seed(pool, pg), Count: int(pool.Size),
				Reweight: weights, WeightSet: mp.WeightSet(int64(pool.ID)),
			})
			cl.pgs = append(cl.pgs, c.tables(cl, pg, raw))
		}
	}
	return cl
}

// osds are of all kinds: down, out, partly in, gone; max_osd may be above or below what
// the CRUSH map holds.
func (c *testCase) osds(cl *cluster) {
	weights := c.deviceWeights()
	n := len(weights)
	switch {
	case c.chance(10):
		n += c.between(1, 5)
	case c.chance(5) && n > 4:
		n -= c.between(1, 3)
	}
	affinity := c.feature == "affinity" || c.chance(25)
	for id := range n {
		o := osd{exists: !c.chance(5), up: !c.chance(10), affinity: crush.One}
		if id < len(weights) {
			o.weight = weights[id]
		}
		if c.chance(5) {
			o.weight = 0
		}
		if affinity && c.chance(70) {
			o.affinity = []crush.Weight{0, crush.One / 4, 1, crush.Weight(c.rand.IntN(int(crush.One)))}[c.rand.IntN(4)]
		}
		if !o.exists {
			o = osd{affinity: crush.One} // a dump is silent about the rest
		}
		cl.osds = append(cl.osds, o)
	}
}

// poolFor is a pool that maps by the rule. Its type is the rule's: Ceph up to its 16th
// release finds no rule otherwise.
func (c *testCase) poolFor(r *crush.Rule, id osdmap.PoolID, pgs int) osdmap.Pool {
	p := osdmap.Pool{
		ID:         id,
		Name:       fmt.Sprintf("pool%d", id),
		Type:       osdmap.PoolType(r.Type),
		Size:       uint32(r.MaxSize),
		MinSize:    1,
		PGNum:      uint32(c.between(pgs/2, pgs)),
		Rule:       r.ID,
		ObjectHash: osdmap.HashRJenkins,
	}
	p.PGPNum = p.PGNum
	if c.chance(30) {
		p.PGPNum = uint32(c.between(1, int(p.PGNum)))
	}
	if c.chance(70) {
		p.Flags |= osdmap.PoolHashPSPool
	}
	if c.chance(20) {
		p.ObjectHash = osdmap.HashLinux
	}
	return p
}

// tables says something of most PGs.
func (c *testCase) tables(cl *cluster, pg osdmap.PGID, raw []crush.ItemID) pgTables {
	t := pgTables{pg: pg}
	if c.feature == "upmap" {
		if !c.chance(15) {
			t.items = c.upmapItems(cl, raw)
		}
		if len(t.items) == 0 || c.chance(10) {
			t.upmap = c.mapping(cl, c.between(1, max(1, len(raw))))
		}
	}
	if c.chance(15) {
		t.temp = c.mapping(cl, c.between(1, 12))
	}
	if c.chance(10) {
		t.primaryTemp = []osdmap.OSDID{c.anyOSD(cl)}
	}
	return t
}

// upmapItems moves some of what was chosen, and now and then what was not.
func (c *testCase) upmapItems(cl *cluster, raw []crush.ItemID) []osdmap.UpmapItem {
	var items []osdmap.UpmapItem
	for range c.between(1, 3) {
		from := c.anyOSD(cl)
		if len(raw) > 0 && !c.chance(10) {
			from = osdmap.OSDID(raw[c.rand.IntN(len(raw))])
		}
		to := c.anyOSD(cl)
		if c.chance(3) {
			to = osdmap.NoOSD
		}
		items = append(items, osdmap.UpmapItem{From: from, To: to})
	}
	return items
}

// mapping is a list of different OSDs, now and then with a hole or one that is unknown.
func (c *testCase) mapping(cl *cluster, n int) []osdmap.OSDID {
	var list []osdmap.OSDID
	for range n {
		id := c.anyOSD(cl)
		switch {
		case c.chance(3):
			id = osdmap.NoOSD
		case c.chance(2):
			id = osdmap.OSDID(len(cl.osds) + c.rand.IntN(9))
		}
		if !slices.Contains(list, id) {
			list = append(list, id)
		}
	}
	return list
}

func (c *testCase) anyOSD(cl *cluster) osdmap.OSDID {
	return osdmap.OSDID(c.rand.IntN(len(cl.osds)))
}

// readBack compares what was read with what was meant.
func (cl *cluster) readBack(m *osdmap.Map) error {
	if m.MaxOSD() != len(cl.osds) {
		return fmt.Errorf("max_osd %d, meant %d", m.MaxOSD(), len(cl.osds))
	}
	for id, want := range cl.osds {
		o, exists := m.OSD(osdmap.OSDID(id))
		got := osd{exists, o.Up, o.Weight, o.PrimaryAffinity}
		if !exists {
			got.affinity = crush.One
		}
		if got != want {
			return fmt.Errorf("osd.%d: %+v, meant %+v", id, got, want)
		}
	}
	for _, want := range cl.pools {
		got, _ := m.Pool(want.ID)
		if got.Size != want.Size || got.PGNum != want.PGNum || got.PGPNum != want.PGPNum || got.Rule != want.Rule ||
			got.Type != want.Type || got.Flags != want.Flags || got.ObjectHash != want.ObjectHash || got.Name != want.Name {
			return fmt.Errorf("pool %+v, meant %+v", got, want)
		}
	}
	for _, want := range cl.pgs {
		got := pgTables{pg: want.pg}
		got.upmap, _ = m.Upmap(want.pg)
		got.items, _ = m.UpmapItems(want.pg)
		got.temp, _ = m.PGTemp(want.pg)
		if id, ok := m.PrimaryTemp(want.pg); ok {
			got.primaryTemp = []osdmap.OSDID{id}
		}
		if !slices.Equal(got.upmap, want.upmap) || !slices.Equal(got.items, want.items) ||
			!slices.Equal(got.temp, want.temp) || !slices.Equal(got.primaryTemp, want.primaryTemp) {
			return fmt.Errorf("pg %v: %+v, meant %+v", want.pg, got, want)
		}
	}
	return nil
}
