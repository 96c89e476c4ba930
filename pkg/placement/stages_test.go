package placement

import (
	"reflect"
	"slices"
	"testing"

	"zeph/pkg/crush"
	"zeph/pkg/osdmap"
)

// changed is a map after a Change.
func changed(t testing.TB, m *osdmap.Map, fill func(*osdmap.Change)) *osdmap.Map {
	t.Helper()
	next, err := apply(m, fill)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// TestStagesAfterCRUSH leads given raw mappings through upmaps, down OSDs, affinities and
// temporary mappings. What is expected follows Ceph's OSDMap::_pg_to_up_acting_osds.
func TestStagesAfterCRUSH(t *testing.T) {
	t.Parallel()
	const none = osdmap.NoOSD
	type ids = []osdmap.OSDID
	rep, ec := osdmap.PGID{Pool: 1, Seed: 5}, osdmap.PGID{Pool: 2, Seed: 5}
	zero := crush.Weight(0)
	out := func(id osdmap.OSDID) func(*osdmap.Change) {
		return func(c *osdmap.Change) { c.OSDs[id] = osdmap.OSDChange{Weight: &zero} }
	}
	down := func(list ...osdmap.OSDID) func(*osdmap.Change) {
		return func(c *osdmap.Change) {
			for _, id := range list {
				c.OSDs[id] = osdmap.OSDChange{Down: true}
			}
		}
	}
	affinity := func(w crush.Weight, list ...osdmap.OSDID) func(*osdmap.Change) {
		return func(c *osdmap.Change) {
			for _, id := range list {
				c.OSDs[id] = osdmap.OSDChange{PrimaryAffinity: &w}
			}
		}
	}
	upmap := func(pg osdmap.PGID, to ...osdmap.OSDID) func(*osdmap.Change) {
		return func(c *osdmap.Change) { c.Upmap[pg] = to }
	}
	items := func(pg osdmap.PGID, list ...osdmap.UpmapItem) func(*osdmap.Change) {
		return func(c *osdmap.Change) { c.UpmapItems[pg] = list }
	}
	temp := func(pg osdmap.PGID, to ...osdmap.OSDID) func(*osdmap.Change) {
		return func(c *osdmap.Change) { c.PGTemp[pg] = to }
	}
	primary := func(pg osdmap.PGID, id osdmap.OSDID) func(*osdmap.Change) {
		return func(c *osdmap.Change) { c.PrimaryTemp[pg] = id }
	}
	type changes = []func(*osdmap.Change)

	for _, c := range []struct {
		name          string
		pg            osdmap.PGID
		raw           ids
		changes       changes
		up            ids
		upPrimary     osdmap.OSDID
		acting        ids // nil: as up
		actingPrimary osdmap.OSDID
	}{
		{"nothing", rep, ids{1, 4, 7}, nil, ids{1, 4, 7}, 1, nil, 1},
		{"a replica down", rep, ids{1, 4, 7}, changes{down(1)}, ids{4, 7}, 4, nil, 4},
		{"a shard down", ec, ids{1, 4, 7, 10, 13}, changes{down(1, 7)}, ids{none, 4, none, 10, 13}, 4, nil, 4},
		{"all down", rep, ids{1, 4}, changes{down(1, 4)}, ids{}, none, nil, none},

		{"upmap", rep, ids{1, 4, 7}, changes{upmap(rep, 2, 5, 8)}, ids{2, 5, 8}, 2, nil, 2},
		{"upmap to one that is down", rep, ids{1, 4, 7}, changes{upmap(rep, 2, 5, 8), down(2)}, ids{5, 8}, 5, nil, 5},
		{"upmap to one that is out", rep, ids{1, 4, 7}, changes{upmap(rep, 2, 5, 8), out(5)}, ids{1, 4, 7}, 1, nil, 1},
		{"upmap and items", rep, ids{1, 4, 7}, changes{upmap(rep, 2, 5, 8), items(rep, osdmap.UpmapItem{From: 5, To: 11})}, ids{2, 11, 8}, 2, nil, 2},
		{"upmap to one that is out, and items", rep, ids{1, 4, 7},
			changes{upmap(rep, 2, 5, 8), items(rep, osdmap.UpmapItem{From: 4, To: 11}), out(5)}, ids{1, 4, 7}, 1, nil, 1},
		{"items", rep, ids{1, 4, 7}, changes{items(rep, osdmap.UpmapItem{From: 4, To: 5}, osdmap.UpmapItem{From: 7, To: 8})}, ids{1, 5, 8}, 1, nil, 1},
		{"items one after the other", rep, ids{1, 4, 7}, changes{items(rep, osdmap.UpmapItem{From: 4, To: 5}, osdmap.UpmapItem{From: 5, To: 6})}, ids{1, 6, 7}, 1, nil, 1},
		{"items to one that is there", rep, ids{1, 4, 7}, changes{items(rep, osdmap.UpmapItem{From: 4, To: 7})}, ids{1, 4, 7}, 1, nil, 1},
		{"items to one that is out", rep, ids{1, 4, 7}, changes{items(rep, osdmap.UpmapItem{From: 4, To: 5}), out(5)}, ids{1, 4, 7}, 1, nil, 1},
		{"items from one that is down", rep, ids{1, 4, 7}, changes{items(rep, osdmap.UpmapItem{From: 4, To: 5}), down(4)}, ids{1, 5, 7}, 1, nil, 1},

		{"affinity passes on", rep, ids{1, 4, 7}, changes{affinity(0, 1)}, ids{4, 1, 7}, 4, nil, 4},
		{"affinity passes on twice", rep, ids{1, 4, 7}, changes{affinity(0, 1, 4)}, ids{7, 1, 4}, 7, nil, 7},
		{"affinity, all pass", rep, ids{1, 4, 7}, changes{affinity(0, 1, 4, 7)}, ids{1, 4, 7}, 1, nil, 1},
		{"affinity of shards", ec, ids{none, 4, 7, 10, 13}, changes{affinity(0, 4)}, ids{none, 4, 7, 10, 13}, 7, nil, 7},
		{"affinity of shards, all pass", ec, ids{none, 4, 7}, changes{affinity(0, 4, 7)}, ids{none, 4, 7}, 4, nil, 4},

		{"pg_temp", rep, ids{1, 4, 7}, changes{temp(rep, 8, 2)}, ids{1, 4, 7}, 1, ids{8, 2}, 8},
		{"pg_temp, one down", rep, ids{1, 4, 7}, changes{temp(rep, 8, 2), down(8)}, ids{1, 4, 7}, 1, ids{2}, 2},
		{"pg_temp, all down", rep, ids{1, 4, 7}, changes{temp(rep, 8, 2), down(8, 2)}, ids{1, 4, 7}, 1, nil, 1},
		{"pg_temp of shards, one down", ec, ids{1, 4, 7, 10, 13}, changes{temp(ec, 8, 2, 3, 10, 13), down(8)},
			ids{1, 4, 7, 10, 13}, 1, ids{none, 2, 3, 10, 13}, 2},
		{"pg_temp knows no affinity", rep, ids{1, 4, 7}, changes{temp(rep, 8, 2), affinity(0, 8)}, ids{1, 4, 7}, 1, ids{8, 2}, 8},
		{"primary_temp", rep, ids{1, 4, 7}, changes{primary(rep, 4)}, ids{1, 4, 7}, 1, nil, 4},
		{"primary_temp and pg_temp", rep, ids{1, 4, 7}, changes{primary(rep, 2), temp(rep, 8, 2)}, ids{1, 4, 7}, 1, ids{8, 2}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := small(t)
			for _, fill := range c.changes {
				m = changed(t, m, fill)
			}
			mp, err := New(m)
			if err != nil {
				t.Fatal(err)
			}
			pool, _ := m.Pool(c.pg.Pool)
			given := slices.Clone(c.raw)
			got := mp.finish(&pool, c.pg, given)
			if c.acting == nil {
				c.acting = c.up
			}
			want := Mapping{Raw: c.raw, RawPrimary: first(c.raw), Up: c.up, UpPrimary: c.upPrimary, Acting: c.acting, ActingPrimary: c.actingPrimary}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("\n got %+v\nwant %+v", got, want)
			}
		})
	}
}

// TestAffinityTakesItsShare: an OSD is passed over where the upper half of the hash of the
// PG's seed and its id is at or above its affinity.
func TestAffinityTakesItsShare(t *testing.T) {
	t.Parallel()
	pg := osdmap.PGID{Pool: 1, Seed: 5}
	start := small(t)
	pool, _ := start.Pool(1)
	hash := crush.Weight(crush.Hash2(Seed(&pool, pg), 1) >> 16)
	for w, want := range map[crush.Weight]osdmap.OSDID{hash: 4, hash + 1: 1} {
		m := changed(t, start, func(c *osdmap.Change) { c.OSDs[1] = osdmap.OSDChange{PrimaryAffinity: &w} })
		mp, err := New(m)
		if err != nil {
			t.Fatal(err)
		}
		if got := mp.finish(&pool, pg, []osdmap.OSDID{1, 4, 7}); got.UpPrimary != want {
			t.Errorf("hash %v, affinity %v: osd.%d is primary, want osd.%d", hash, w, got.UpPrimary, want)
		}
	}
}

// TestRawAsksTheWeightSet: a weight set that keeps all in one rack binds its own pool only.
func TestRawAsksTheWeightSet(t *testing.T) {
	t.Parallel()
	start := small(t)
	m := changed(t, start, func(c *osdmap.Change) {
		c.Crush = start.Crush().Clone()
		root, _ := c.Crush.ItemNamed("default")
		c.Crush.ChooseArgs = []crush.ChooseArgs{{ID: 1, Args: []crush.ChooseArg{
			{Bucket: root, Weights: [][]crush.Weight{{crush.One, 0, 0}}},
		}}}
	})
	mp, err := New(m)
	if err != nil {
		t.Fatal(err)
	}
	var s Scratch
	for pool := range m.Pools() {
		only := true
		for seed := range pool.PGNum {
			for _, id := range mp.Map(&s, &pool, osdmap.PGID{Pool: pool.ID, Seed: seed}).Raw {
				only = only && id < 6 // those of rack r0
			}
		}
		if pool.Name == "rep" && !only || pool.Name == "ec" && only {
			t.Errorf("pool %s: all in one rack is %v; the set is that of pool rep alone", pool.Name, only)
		}
	}
}

// TestRulesThatTakeDevices: CRUSH tests no device that a rule takes, so here one can show up
// that the osdmap does not have: left out of a replicated mapping, a hole in one of shards.
func TestRulesThatTakeDevices(t *testing.T) {
	t.Parallel()
	start := small(t)
	m := changed(t, start, func(c *osdmap.Change) {
		c.Crush = start.Crush().Clone()
		for i := range c.Crush.Rules {
			c.Crush.Rules[i].Steps = append([]crush.Step{{Op: crush.OpTake, Arg1: 3}, {Op: crush.OpEmit}}, c.Crush.Rules[i].Steps...)
		}
	})
	m = changed(t, m, func(c *osdmap.Change) { c.OSDs[3] = osdmap.OSDChange{Down: true} })
	m = changed(t, m, func(c *osdmap.Change) { c.OSDs[3] = osdmap.OSDChange{Remove: true} })
	mp, err := New(m)
	if err != nil {
		t.Fatal(err)
	}
	var s Scratch
	for name, n := range map[string]int{"rep": 2, "ec": 5} {
		pool, _ := m.PoolNamed(name)
		raw := mp.Map(&s, &pool, osdmap.PGID{Pool: pool.ID, Seed: 1}).Raw
		if slices.Contains(raw, 3) || len(raw) != n || (name == "ec") != slices.Contains(raw, osdmap.NoOSD) {
			t.Errorf("pool %s: %v", name, raw)
		}
	}
}

// TestPGOfAnObject: pg_num divides objects, pgp_num places PGs.
func TestPGOfAnObject(t *testing.T) {
	t.Parallel()
	pool := &osdmap.Pool{ID: 1, PGNum: 64, PGPNum: 1, ObjectHash: osdmap.HashRJenkins}
	o := Object{Name: "a"}
	if got, want := o.PG(pool).Seed, o.Hash(pool)%64; got != want || want == 0 {
		t.Errorf("pg %d, want %d", got, want)
	}
}
