package osdmap

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"zeph/pkg/crush"
)

func TestApplyRefusesSkippedEpoch(t *testing.T) {
	t.Parallel()
	m := testMap(t, 3, 2)
	c := m.Next(0)
	c.Base++
	checkRefused(t, m, c, ErrEpochGap, "follows epoch 3, the map is at 2")
}

func TestApplyRefusesRepeatedEpoch(t *testing.T) {
	t.Parallel()
	m := testMap(t, 3, 2)
	c := m.Next(0)
	after, err := m.Apply(c)
	if err != nil {
		t.Fatal(err)
	}
	checkRefused(t, after, c, ErrEpochRepeat, "follows epoch 2, the map is at 3")
}

func TestApplyRefusesOtherCluster(t *testing.T) {
	t.Parallel()
	m := testMap(t, 3, 2)
	c := m.Next(0)
	c.FSID[0]++
	checkRefused(t, m, c, ErrWrongCluster, "fe000000-")
}

func TestApplyRefusesEpochOverflow(t *testing.T) {
	t.Parallel()
	m := New(testFSID, 0)
	m.epoch = math.MaxUint32
	checkRefused(t, m, m.Next(0), ErrInvalid, "last one")
}

func checkRefused(t *testing.T, m *Map, c *Change, want error, text string) {
	t.Helper()
	before := encoded(t, m)
	after, err := m.Apply(c)
	if after != nil || !errors.Is(err, want) || !strings.Contains(err.Error(), text) {
		t.Errorf("Apply = %v, %v\nwant %q, and in it %q", after, err, want, text)
	}
	if encoded(t, m) != before {
		t.Errorf("the map was modified")
	}
}

// Every Change here is refused and says why. The map has OSDs 0 to 5 up, 6 down, 7 not there.
func TestApplyRefusesWhatLeavesNoValidMap(t *testing.T) {
	t.Parallel()
	m := next(t, testMap(t, 4, 2), func(c *Change) {
		c.OSDs[1] = OSDChange{UpThru: 2}
		c.OSDs[6] = OSDChange{Down: true}
		c.OSDs[7] = OSDChange{Down: true}
	})
	m = next(t, m, func(c *Change) { c.OSDs[7] = OSDChange{Remove: true} })
	pool := func(edit func(*Pool)) func(*Change) {
		return func(c *Change) {
			p := testPool(1, "rbd")
			edit(&p)
			c.Pools = []Pool{p}
		}
	}
	osd := func(id OSDID, change OSDChange) func(*Change) {
		return func(c *Change) { c.OSDs[id] = change }
	}
	for _, tt := range []struct {
		name string
		edit func(*Change)
		want error
		text string
	}{
		{"down of an unknown osd", osd(7, OSDChange{Down: true}), ErrUnknownOSD, "osd.7: unknown osd"},
		{"an osd id that is negative", osd(-1, OSDChange{Create: true}), ErrInvalid, "osd.-1"},
		{"an osd id at max_osd", osd(8, OSDChange{Create: true}), ErrInvalid, "max_osd 8"},
		{"create twice", osd(0, OSDChange{Create: true}), ErrInvalid, "exists already"},
		{"up and down at once", osd(0, OSDChange{Down: true, Up: testBoot(0, 2)}), ErrInvalid, "osd.0: both up and down"},
		{"up while up", osd(0, OSDChange{Up: testBoot(0, 2)}), ErrInvalid, "up already, since epoch 2"},
		{"up without gid", osd(6, OSDChange{Up: &Boot{Store: testBoot(6, 1).Store}}), ErrInvalid, "gid"},
		{"up without store", osd(6, OSDChange{Up: &Boot{GID: 7}}), ErrInvalid, "uuid of its store"},
		{"up with the last run's gid", osd(6, OSDChange{Up: testBoot(6, 1)}), ErrInvalid, "its last run"},
		{"up on another store", osd(6, OSDChange{Up: testBoot(5, 9)}), ErrInvalid, "not marked lost"},
		{"up with an address twice", osd(6, OSDChange{Up: &Boot{GID: 7, Store: testBoot(6, 1).Store, Addrs: []Addr{{"a", "h:1"}, {"a", "h:2"}}}}), ErrInvalid, `"a"`},
		{"up with a blank in an address", osd(6, OSDChange{Up: &Boot{GID: 7, Store: testBoot(6, 1).Store, Addrs: []Addr{{"a", "h: 1"}}}}), ErrInvalid, `"h: 1"`},
		{"down while down", osd(6, OSDChange{Down: true}), ErrInvalid, "not up"},
		{"remove while up", osd(0, OSDChange{Remove: true}), ErrInvalid, "mark it down first"},
		{"remove and down at once", osd(0, OSDChange{Remove: true, Down: true}), ErrInvalid, "something else"},
		{"destroy while up", osd(0, OSDChange{Destroy: true}), ErrInvalid, "mark it down first"},
		{"lost while up", osd(0, OSDChange{Lost: true}), ErrInvalid, "is up"},
		{"goodbye while up", osd(0, OSDChange{Goodbye: true}), ErrInvalid, "is up"},
		{"up_thru while down", osd(6, OSDChange{UpThru: 3}), ErrInvalid, "up_thru 3"},
		{"up_thru with down", osd(0, OSDChange{UpThru: 3, Down: true}), ErrInvalid, "up_thru 3"},
		{"up_thru that falls", osd(1, OSDChange{UpThru: 1}), ErrInvalid, "has 2 already"},
		{"up_thru of the epoch to come", osd(0, OSDChange{UpThru: 5}), ErrInvalid, "yet to come"},
		{"a weight above 1", osd(0, OSDChange{Weight: weight(crush.One + 1)}), ErrInvalid, "0 to 1"},
		{"an affinity above 1", osd(0, OSDChange{PrimaryAffinity: weight(crush.One + 1)}), ErrInvalid, "0 to 1"},
		{"automatically out and a weight", osd(0, OSDChange{AutoOut: true, Weight: weight(1)}), ErrInvalid, "automatically out"},
		{"max_osd below an osd", func(c *Change) { c.MaxOSD = new(int32); *c.MaxOSD = 6 }, ErrInvalid, "max_osd 6: osd.6 exists"},
		{"max_osd beyond all bounds", func(c *Change) { c.MaxOSD = new(int32); *c.MaxOSD = math.MaxInt32 }, ErrInvalid, "max_osd"},

		{"remove an unknown pool", func(c *Change) { c.RemovedPools = []PoolID{9} }, ErrUnknownPool, "pool 9"},
		{"a pool id used before", pool(func(p *Pool) { p.ID, p.Name = 0, "old" }), ErrInvalid, "none is used again"},
		{"a pool twice", func(c *Change) { c.Pools = []Pool{testPool(3, "a"), testPool(3, "b")} }, ErrInvalid, "twice"},
		{"two pools of one name", pool(func(p *Pool) { p.ID = 3 }), ErrInvalid, `name "rbd"`},
		{"a pool without a name", pool(func(p *Pool) { p.Name = "" }), ErrInvalid, "name is needed"},
		{"a name that is no text", pool(func(p *Pool) { p.Name = "\xff" }), ErrInvalid, "UTF-8"},
		{"another pg_num", pool(func(p *Pool) { p.PGNum = 64 }), ErrInvalid, "a live pool keeps its 32"},
		{"another type", pool(func(p *Pool) { p.Type, p.Rule = Erasure, 1 }), ErrInvalid, "stays replicated"},
		{"another object hash", pool(func(p *Pool) { p.ObjectHash = HashLinux }), ErrInvalid, "hashed by rjenkins"},
		{"an unknown type", pool(func(p *Pool) { p.ID, p.Name, p.Type = 3, "x", 2 }), ErrInvalid, "type 2"},
		{"no pgs", pool(func(p *Pool) { p.ID, p.Name, p.PGNum = 3, "x", 0 }), ErrInvalid, "pg_num 0"},
		{"more pgs than all pools may have", pool(func(p *Pool) { p.ID, p.Name, p.PGNum = 3, "x", MaxPGs }), ErrInvalid, "in all pools"},
		{"pgp_num above pg_num", pool(func(p *Pool) { p.PGPNum = 33 }), ErrInvalid, "pgp_num 33"},
		{"size 0", pool(func(p *Pool) { p.Size = 0 }), ErrInvalid, "size 0"},
		{"size beyond all bounds", pool(func(p *Pool) { p.Size = 256 }), ErrInvalid, "size 256"},
		{"min_size 0", pool(func(p *Pool) { p.MinSize = 0 }), ErrInvalid, "min_size 0"},
		{"min_size above size", pool(func(p *Pool) { p.MinSize = 4 }), ErrInvalid, "min_size 4"},
		{"an unknown pool flag", pool(func(p *Pool) { p.Flags = 1 << 40 }), ErrInvalid, "bit40"},
		{"a lease too short to be renewed", pool(func(p *Pool) { p.ReadLeaseMS = 99 }), ErrInvalid, "read_lease_interval 99 ms"},
		{"a lease that no copy would grant", pool(func(p *Pool) { p.ReadLeaseMS = 60_001 }), ErrInvalid, "must be 100 to 60000"},
		{"an unknown rule", pool(func(p *Pool) { p.Rule = 7 }), ErrUnknownRule, "rule 7"},
		{"a rule for other pools", pool(func(p *Pool) { p.Rule = 1 }), ErrInvalid, `"erasure" is for erasure pools`},
		{"a crush map without a pool's rule", func(c *Change) { c.Crush = testCrush(4, 2); c.Crush.Rules = c.Crush.Rules[:1] }, ErrUnknownRule, `pool 2 "ec": rule 1`},
		{"a crush map that is not valid", func(c *Change) { c.Crush = testCrush(4, 2); c.Crush.Buckets[0].Items[0].ID = -77 }, ErrInvalid, "crush map"},

		{"pg_temp of an unknown pool", func(c *Change) { c.PGTemp[PGID{9, 0}] = []OSDID{0} }, ErrUnknownPool, "pg_temp 9.0"},
		{"pg_temp of a pool just removed", func(c *Change) { c.RemovedPools = []PoolID{1}; c.PGTemp[PGID{1, 0}] = []OSDID{0} }, ErrUnknownPool, "pg_temp 1.0"},
		{"pg_temp of a seed at pg_num", func(c *Change) { c.PGTemp[PGID{1, 32}] = []OSDID{0} }, ErrUnknownPG, "1.20"},
		{"pg_temp of an unknown osd", func(c *Change) { c.PGTemp[PGID{1, 0}] = []OSDID{0, 7} }, ErrUnknownOSD, "osd 7"},
		{"pg_temp with an osd twice", func(c *Change) { c.PGTemp[PGID{1, 0}] = []OSDID{0, 0} }, ErrInvalid, "osd.0 appears twice"},
		{"pg_temp longer than the pool's size", func(c *Change) { c.PGTemp[PGID{1, 0}] = []OSDID{0, 1, 2, 3} }, ErrInvalid, "size 3"},
		{"a hole where positions shift", func(c *Change) { c.PGTemp[PGID{1, 0}] = []OSDID{0, NoOSD} }, ErrUnknownOSD, "osd 2147483647"},
		{"nothing but holes", func(c *Change) { c.PGTemp[PGID{2, 0}] = []OSDID{NoOSD, NoOSD} }, ErrInvalid, "no osd"},
		{"primary_temp of an unknown osd", func(c *Change) { c.PrimaryTemp[PGID{1, 0}] = 7 }, ErrUnknownOSD, "primary_temp 1.0"},
		{"upmap to an unknown osd", func(c *Change) { c.Upmap[PGID{1, 0}] = []OSDID{7} }, ErrUnknownOSD, "pg_upmap 1.0"},
		{"upmap item to an unknown osd", func(c *Change) { c.UpmapItems[PGID{1, 0}] = []UpmapItem{{0, 7}} }, ErrUnknownOSD, "pg_upmap_items 1.0"},
		{"upmap item to itself", func(c *Change) { c.UpmapItems[PGID{1, 0}] = []UpmapItem{{0, 0}} }, ErrInvalid, "no move"},
		{"upmap items from one osd", func(c *Change) { c.UpmapItems[PGID{1, 0}] = []UpmapItem{{0, 2}, {0, 4}} }, ErrInvalid, "repeats"},
		{"upmap items to one osd", func(c *Change) { c.UpmapItems[PGID{1, 0}] = []UpmapItem{{0, 4}, {2, 4}} }, ErrInvalid, "repeats"},
		{"clearing a pg that is not", func(c *Change) { c.Upmap[PGID{1, 32}] = nil }, ErrUnknownPG, "1.20"},

		{"an unknown flag", func(c *Change) { c.SetFlags = 1 << 31 }, ErrInvalid, "bit31"},
		{"a flag set and cleared", func(c *Change) { c.SetFlags, c.ClearFlags = FlagNoOut, FlagNoOut }, ErrInvalid, "noout"},
		{"ratios that fall", func(c *Change) { c.Ratios = &Ratios{900_000, 850_000, 950_000} }, ErrInvalid, "nearfull 0.9"},
		{"a ratio above 1", func(c *Change) { c.Ratios = &Ratios{1, 2, Whole + 1} }, ErrInvalid, "full 1.000001"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := m.Next(0)
			tt.edit(c)
			checkRefused(t, m, c, tt.want, tt.text)
		})
	}
}

func TestApplyRefusesPoolBeforeCrushMap(t *testing.T) {
	t.Parallel()
	m := New(testFSID, 0)
	c := m.Next(0)
	c.Pools = []Pool{testPool(1, "rbd")}
	checkRefused(t, m, c, ErrInvalid, "no crush map")
}

func TestEmptyChangeMovesTheEpoch(t *testing.T) {
	t.Parallel()
	m := testMap(t, 3, 2)
	after := next(t, m, func(c *Change) { c.Modified = 77 })
	if after.Epoch() != 3 || after.Modified() != 77 {
		t.Errorf("epoch %d, modified %d", after.Epoch(), after.Modified())
	}
	after.epoch, after.modified = m.epoch, m.modified
	if encoded(t, after) != encoded(t, m) {
		t.Error("something else changed")
	}
}

func TestEpochsOfAnOSDFollowItsLife(t *testing.T) {
	t.Parallel()
	m := testMap(t, 3, 2) // up at epoch 2
	check := func(want OSD) {
		t.Helper()
		got, ok := m.OSD(1)
		got.Store, got.Addrs, got.GID = UUID{}, nil, 0
		want.PrimaryAffinity = crush.One
		if !ok || !slices.Equal(got.Addrs, want.Addrs) || encodedOSD(got) != encodedOSD(want) {
			t.Errorf("epoch %d: osd.1 is %+v\nwant %+v", m.Epoch(), got, want)
		}
	}
	step := func(c OSDChange) { m = next(t, m, func(all *Change) { all.OSDs[1] = c }) }

	check(OSD{Up: true, Weight: crush.One, UpFrom: 2})
	step(OSDChange{UpThru: 2}) // 3
	check(OSD{Up: true, Weight: crush.One, UpFrom: 2, UpThru: 2})
	step(OSDChange{Down: true}) // 4
	check(OSD{Weight: crush.One, UpFrom: 2, UpThru: 2, DownAt: 4})
	step(OSDChange{AutoOut: true}) // 5
	check(OSD{OldWeight: crush.One, UpFrom: 2, UpThru: 2, DownAt: 4})
	step(OSDChange{Lost: true}) // 6
	check(OSD{OldWeight: crush.One, UpFrom: 2, UpThru: 2, DownAt: 4, LostAt: 6})
	step(OSDChange{Up: testBoot(77, 1), Weight: weight(crush.One)}) // 7: another store, as the old one is lost
	check(OSD{Up: true, Weight: crush.One, UpFrom: 7, UpThru: 2, DownAt: 4, LostAt: 6})
	step(OSDChange{Down: true, Goodbye: true}) // 8
	check(OSD{Goodbye: true, Weight: crush.One, UpFrom: 7, UpThru: 2, DownAt: 8, LostAt: 6})
	step(OSDChange{Destroy: true}) // 9
	check(OSD{Goodbye: true, Destroyed: true, Weight: crush.One, UpFrom: 7, UpThru: 2, DownAt: 8, LostAt: 6})
	step(OSDChange{Up: testBoot(78, 1)}) // 10: any store, as there is none
	check(OSD{Up: true, Weight: crush.One, UpFrom: 10, UpThru: 2, DownAt: 8, LostAt: 6})
	step(OSDChange{Down: true})   // 11
	step(OSDChange{Remove: true}) // 12
	if m.Exists(1) || m.IsUp(1) || !m.IsDown(1) || !m.IsOut(1) {
		t.Error("osd.1 still exists")
	}
	step(OSDChange{Create: true}) // 13
	check(OSD{})
}

func encodedOSD(o OSD) string {
	b, err := encMode.Marshal((&mapWire{}).packOSD(0, &o, map[string]uint32{}))
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestRemovedPoolTakesItsPGsAlong(t *testing.T) {
	t.Parallel()
	m := next(t, testMap(t, 4, 2), func(c *Change) {
		for _, pg := range []PGID{{1, 3}, {2, 3}} {
			c.PGTemp[pg] = []OSDID{0, 2}
			c.PrimaryTemp[pg] = 2
			c.Upmap[pg] = []OSDID{0, 2, 4}
			c.UpmapItems[pg] = []UpmapItem{{0, 1}}
		}
	})
	m = next(t, m, func(c *Change) {
		c.RemovedPools = []PoolID{1}
		c.PGTemp[PGID{1, 3}] = nil // what was gathered before the pool went does no harm
	})
	if err := m.Validate(); err != nil {
		t.Error(err)
	}
	for pg, want := range map[PGID]bool{{1, 3}: false, {2, 3}: true} {
		_, temp := m.PGTemp(pg)
		_, primary := m.PrimaryTemp(pg)
		_, up := m.Upmap(pg)
		_, items := m.UpmapItems(pg)
		if temp != want || primary != want || up != want || items != want {
			t.Errorf("%v: pg_temp %v, primary_temp %v, upmap %v, items %v; want %v", pg, temp, primary, up, items, want)
		}
	}
	after := next(t, m, func(c *Change) { c.Pools = []Pool{testPool(m.PoolMax()+1, "rbd")} })
	if p, ok := after.PoolNamed("rbd"); !ok || p.ID != 3 || p.Created != after.Epoch() || p.LastChange != after.Epoch() {
		t.Errorf("the new pool is %+v", p)
	}
}

func TestChangedPoolKeepsItsCreatedEpoch(t *testing.T) {
	t.Parallel()
	m := next(t, testMap(t, 4, 2), func(c *Change) {
		p := testPool(1, "renamed")
		p.Size, p.Created = 2, 99
		c.Pools = []Pool{p}
	})
	if p, _ := m.Pool(1); p.Created != 1 || p.LastChange != 3 || p.Size != 2 || p.Name != "renamed" {
		t.Errorf("the pool is %+v", p)
	}
	if _, ok := m.PoolNamed("rbd"); ok {
		t.Error("its old name is still known")
	}
}

func TestErasurePoolMayHaveHoles(t *testing.T) {
	t.Parallel()
	want := []OSDID{0, NoOSD, 2}
	m := next(t, testMap(t, 4, 2), func(c *Change) { c.PGTemp[PGID{2, 5}] = want })
	if got, ok := m.PGTemp(PGID{2, 5}); !ok || !slices.Equal(got, want) {
		t.Errorf("pg_temp is %v", got)
	}
}

func TestApplySharesWhatDidNotChange(t *testing.T) {
	t.Parallel()
	m := testMap(t, 3, 2)
	after := next(t, m, func(c *Change) { c.OSDs[3] = OSDChange{Down: true} })
	for id := range m.OSDs() {
		if shared := m.osds[id] == after.osds[id]; shared == (id == 3) {
			t.Errorf("%v: shared %v", id, shared)
		}
	}
	if m.crush != after.crush || &m.pools[0] != &after.pools[0] {
		t.Error("the crush map or the pools were copied")
	}
}

func TestChangeMayBeReusedAfterApply(t *testing.T) {
	t.Parallel()
	m := testMap(t, 4, 2)
	list := []OSDID{0, 2}
	after := next(t, m, func(c *Change) { c.PGTemp[PGID{1, 0}] = list })
	want := encoded(t, after)
	list[0] = 5
	if encoded(t, after) != want {
		t.Error("the map shares memory with the Change")
	}
}

func TestWithPGNumIsOnlyAQuestion(t *testing.T) {
	t.Parallel()
	m := next(t, testMap(t, 4, 2), func(c *Change) {
		c.PGTemp[PGID{1, 3}] = []OSDID{0, 2}
		c.PGTemp[PGID{1, 31}] = []OSDID{0, 2}
	})
	before := encoded(t, m)
	half, err := m.WithPGNum(1, 16)
	if err != nil {
		t.Fatal(err)
	}
	p, _ := half.Pool(1)
	_, kept := half.PGTemp(PGID{1, 3})
	_, gone := half.PGTemp(PGID{1, 31})
	if p.PGNum != 16 || p.PGPNum != 16 || half.Epoch() != m.Epoch() || !kept || gone {
		t.Errorf("pool %+v, epoch %d, pg_temps %v %v", p, half.Epoch(), kept, gone)
	}
	if encoded(t, m) != before {
		t.Error("the true map was modified")
	}
	if _, err := m.WithPGNum(1, 0); err == nil {
		t.Error("pg_num 0 was taken")
	}
	if _, err := m.WithPGNum(9, 16); !errors.Is(err, ErrUnknownPool) {
		t.Errorf("an unknown pool: %v", err)
	}
}
