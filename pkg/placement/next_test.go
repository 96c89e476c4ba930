package placement

import (
	"fmt"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"zeph/pkg/crush"
	"zeph/pkg/osdmap"
)

// small is a cluster of 3 racks × 2 hosts × 3 OSDs with a replicated pool, an erasure pool,
// and one whose rule emits twice.
func small(t testing.TB) *osdmap.Map {
	t.Helper()
	text := "type 0 osd\ntype 1 host\ntype 3 rack\ntype 11 root\n"
	text = "tunable choose_local_tries 0 tunable choose_local_fallback_tries 0 tunable choose_total_tries 50\n" +
		"tunable chooseleaf_descend_once 1 tunable chooseleaf_vary_r 1 tunable chooseleaf_stable 1\n" + text
	for i := range 18 {
		text = fmt.Sprintf("device %d osd.%d\n", i, i) + text
	}
	racks := ""
	for r := range 3 {
		hosts := ""
		for h := range 2 {
			osds := ""
			for o := range 3 {
				osds += fmt.Sprintf("item osd.%d weight %d.0 ", r*6+h*3+o, 1+o)
			}
			text += fmt.Sprintf("host h%d%d { alg straw2 hash 0 %s}\n", r, h, osds)
			hosts += fmt.Sprintf("item h%d%d ", r, h)
		}
		text += fmt.Sprintf("rack r%d { alg straw2 hash 0 %s}\n", r, hosts)
		racks += fmt.Sprintf("item r%d ", r)
	}
	text += "root default { alg straw2 hash 0 " + racks + "}\n"
	text += "rule rep { id 0 type replicated min_size 1 max_size 10 step take default step chooseleaf firstn 0 type host step emit }\n"
	text += "rule ec { id 1 type erasure min_size 1 max_size 10 step take default step chooseleaf indep 0 type host step emit }\n"
	text += "rule two { id 2 type replicated min_size 1 max_size 10 step take r0 step chooseleaf indep 2 type host step emit step take r1 step chooseleaf indep 0 type host step emit }\n"
	c, _, err := crush.ParseText([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	m := osdmap.New(osdmap.UUID{1}, 0)
	change := m.Next(0)
	change.Crush = c
	n := int32(20)
	change.MaxOSD = &n
	for id := range osdmap.OSDID(18) {
		one := crush.One
		change.OSDs[id] = osdmap.OSDChange{Create: true, Weight: &one, Up: &osdmap.Boot{GID: uint64(id) + 1, Store: osdmap.UUID{2, byte(id)}}}
	}
	pool := osdmap.Pool{Size: 3, MinSize: 2, PGNum: 24, PGPNum: 24, Type: osdmap.Replicated, ObjectHash: osdmap.HashRJenkins, Flags: osdmap.PoolHashPSPool}
	pool.ID, pool.Name = 1, "rep"
	change.Pools = append(change.Pools, pool)
	pool.ID, pool.Name, pool.Rule = 3, "two", 2
	change.Pools = append(change.Pools, pool)
	pool.ID, pool.Name, pool.Type, pool.Rule, pool.Size, pool.MinSize = 2, "ec", osdmap.Erasure, 1, 5, 4
	change.Pools = append(change.Pools, pool)
	if m, err = m.Apply(change); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestNextEqualsNewTable: whatever changes, working out only what can have changed gives
// what working out everything gives.
func TestNextEqualsNewTable(t *testing.T) {
	t.Parallel()
	start := small(t)
	rapid.Check(t, func(t *rapid.T) {
		m := start
		table, err := NewTable(m)
		if err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(1, 6).Draw(t, "epochs") {
			c := m.Next(0)
			for range rapid.IntRange(1, 3).Draw(t, "edits") {
				drawEdit(t, m, c)
			}
			next, err := m.Apply(c)
			if err != nil {
				continue // edits may contradict one another
			}
			m = next
			if table, err = table.Next(m); err != nil {
				t.Fatal(err)
			}
			whole, err := NewTable(m)
			if err != nil {
				t.Fatal(err)
			}
			for pool := range m.Pools() {
				for i, want := range whole.Pool(pool.ID) {
					if got := table.Pool(pool.ID)[i]; !reflect.DeepEqual(got, want) {
						t.Fatalf("pg %d.%x: %+v, want %+v", pool.ID, i, got, want)
					}
				}
			}
		}
	})
}

// drawEdit adds something that bears on placement to a Change.
func drawEdit(t *rapid.T, m *osdmap.Map, c *osdmap.Change) {
	osd := osdmap.OSDID(rapid.IntRange(0, 17).Draw(t, "osd"))
	other := osdmap.OSDID(rapid.IntRange(0, 17).Draw(t, "other"))
	pg := osdmap.PGID{Pool: osdmap.PoolID(rapid.IntRange(1, 3).Draw(t, "pool")), Seed: rapid.Uint32Range(0, 3).Draw(t, "seed")}
	weight := rapid.SampledFrom([]crush.Weight{0, crush.One / 2, crush.One / 3, crush.One}).Draw(t, "weight")
	edit := c.OSDs[osd]
	switch rapid.IntRange(0, 15).Draw(t, "edit") {
	case 0, 1:
		edit.Weight = &weight
		c.OSDs[osd] = edit
	case 2:
		if m.IsUp(osd) {
			edit.Down = true
		} else {
			edit.Up = &osdmap.Boot{GID: uint64(m.Epoch())<<8 + uint64(osd), Store: osdmap.UUID{2, byte(osd)}}
		}
		c.OSDs[osd] = edit
	case 3:
		edit.PrimaryAffinity = &weight
		c.OSDs[osd] = edit
	case 4:
		c.UpmapItems[pg] = []osdmap.UpmapItem{{From: osd, To: other}}
	case 5:
		c.UpmapItems[pg] = nil
	case 6:
		c.PGTemp[pg] = []osdmap.OSDID{osd, other}
	case 7:
		c.PrimaryTemp[pg] = osd
	case 8:
		pool, _ := m.Pool(pg.Pool)
		pool.PGPNum = rapid.Uint32Range(1, 24).Draw(t, "pgp_num")
		c.Pools = []osdmap.Pool{pool}
	case 9:
		next, err := m.Crush().Reweight(crush.ItemID(osd), weight)
		if err != nil {
			t.Fatal(err)
		}
		c.Crush = next
	case 10:
		c.Upmap[pg] = []osdmap.OSDID{osd, other}
	case 11:
		delete(c.Upmap, pg)
		c.Upmap[pg], c.PGTemp[pg], c.PrimaryTemp[pg] = nil, nil, osdmap.NoOSD
	case 12:
		pool, _ := m.Pool(pg.Pool)
		pool.Size = rapid.Uint32Range(pool.MinSize, 5).Draw(t, "size")
		c.Pools = []osdmap.Pool{pool}
	case 13:
		pool, _ := m.PoolNamed("rep")
		pool.Rule = 2 - pool.Rule // rep or two
		c.Pools = []osdmap.Pool{pool}
	case 14:
		pool, _ := m.Pool(pg.Pool)
		pool.Flags ^= osdmap.PoolHashPSPool
		c.Pools = []osdmap.Pool{pool}
	case 15:
		edit.Remove = m.Exists(osd) && m.IsDown(osd)
		edit.Create = !m.Exists(osd)
		c.OSDs[osd] = edit
	}
}

// TestNextOfAnotherPGNum: pg_num may change alone where pgp_num lagged behind it.
func TestNextOfAnotherPGNum(t *testing.T) {
	t.Parallel()
	m := changed(t, small(t), func(c *osdmap.Change) {
		pool := osdmap.Pool{ID: 4, Name: "lagging", Size: 3, MinSize: 2, PGNum: 24, PGPNum: 8, Type: osdmap.Replicated, ObjectHash: osdmap.HashRJenkins}
		c.Pools = []osdmap.Pool{pool}
	})
	table, err := NewTable(m)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []uint32{8, 40} {
		other, err := m.WithPGNum(4, n)
		if err != nil {
			t.Fatal(err)
		}
		next, err := table.Next(other)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(next.Pool(4)); got != int(n) {
			t.Errorf("%d pgs, want %d", got, n)
		}
	}
}

// TestTableEndsWithThePool: a PG beyond pg_num, or of no pool, has no mapping.
func TestTableEndsWithThePool(t *testing.T) {
	t.Parallel()
	table, err := NewTable(small(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, pg := range []osdmap.PGID{{Pool: 1, Seed: 24}, {Pool: 9, Seed: 0}} {
		if _, ok := table.PG(pg); ok {
			t.Errorf("pg %v has a mapping", pg)
		}
	}
}

// TestNextSharesWhatStays: an epoch that touches one pool leaves the tables of the others.
func TestNextSharesWhatStays(t *testing.T) {
	t.Parallel()
	m := small(t)
	table, err := NewTable(m)
	if err != nil {
		t.Fatal(err)
	}
	c := m.Next(0)
	c.PGTemp[osdmap.PGID{Pool: 1, Seed: 7}] = []osdmap.OSDID{4, 5, 6}
	next, err := m.Apply(c)
	if err != nil {
		t.Fatal(err)
	}
	after, err := table.Next(next)
	if err != nil {
		t.Fatal(err)
	}
	if &table.Pool(2)[0] != &after.Pool(2)[0] {
		t.Error("the pool that did not change was copied")
	}
	if &table.Pool(1)[0] == &after.Pool(1)[0] {
		t.Error("the pool that changed was changed in place")
	}
	was, _ := table.PG(osdmap.PGID{Pool: 1, Seed: 7})
	is, _ := after.PG(osdmap.PGID{Pool: 1, Seed: 7})
	if was.ActingPrimary == 4 || is.ActingPrimary != 4 {
		t.Errorf("acting primary %v became %v, want osd.4", was.ActingPrimary, is.ActingPrimary)
	}
}

// TestNextOfEveryOut puts out every OSD after every other. Rule "two" chooses more than its
// pool shows, so that a rejection can matter which no mapping names.
func TestNextOfEveryOut(t *testing.T) {
	t.Parallel()
	start := small(t)
	start = changed(t, start, func(c *osdmap.Change) {
		pool := osdmap.Pool{ID: 9, Name: "more", Size: 3, MinSize: 2, PGNum: 128, PGPNum: 128, Rule: 2, Type: osdmap.Replicated, ObjectHash: osdmap.HashRJenkins}
		c.Pools = []osdmap.Pool{pool}
	})
	zero := crush.Weight(0)
	out := func(m *osdmap.Map, id osdmap.OSDID) *osdmap.Map {
		return changed(t, m, func(c *osdmap.Change) { c.OSDs[id] = osdmap.OSDChange{Weight: &zero} })
	}
	for a := range osdmap.OSDID(12) {
		m := out(start, a)
		table, err := NewTable(m)
		if err != nil {
			t.Fatal(err)
		}
		for b := range osdmap.OSDID(12) {
			if a != b {
				sameAsWhole(t, table, out(m, b))
			}
		}
	}
}

// TestNextSeesWhoExists: a rule may take a device, and such a mapping has no rejection test
// to notice that the OSD was removed.
func TestNextSeesWhoExists(t *testing.T) {
	t.Parallel()
	zero := crush.Weight(0)
	m := changed(t, small(t), func(c *osdmap.Change) {
		direct := small(t).Crush().Clone()
		for i := range direct.Rules {
			direct.Rules[i].Steps = append([]crush.Step{{Op: crush.OpTake, Arg1: 3}, {Op: crush.OpEmit}}, direct.Rules[i].Steps...)
		}
		c.Crush = direct
		c.OSDs[3] = osdmap.OSDChange{Down: true, Weight: &zero}
	})
	table, err := NewTable(m)
	if err != nil {
		t.Fatal(err)
	}
	sameAsWhole(t, table, changed(t, m, func(c *osdmap.Change) { c.OSDs[3] = osdmap.OSDChange{Remove: true} }))
}

// sameAsWhole compares the next table of m with one made anew.
func sameAsWhole(t *testing.T, table *Table, m *osdmap.Map) {
	t.Helper()
	next, err := table.Next(m)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := NewTable(m)
	if err != nil {
		t.Fatal(err)
	}
	for pool := range m.Pools() {
		if !reflect.DeepEqual(next.Pool(pool.ID), whole.Pool(pool.ID)) {
			t.Fatalf("pool %s differs", pool.Name)
		}
	}
}
