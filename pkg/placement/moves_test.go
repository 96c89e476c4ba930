package placement

import (
	"math"
	"reflect"
	"slices"
	"testing"

	"zeph/pkg/crush"
	"zeph/pkg/osdmap"
)

func TestPairs(t *testing.T) {
	t.Parallel()
	const none = osdmap.NoOSD
	rep, ec := &osdmap.Pool{Type: osdmap.Replicated}, &osdmap.Pool{Type: osdmap.Erasure}
	for _, c := range []struct {
		pool     *osdmap.Pool
		from, to []osdmap.OSDID
		want     [][2]osdmap.OSDID
	}{
		{rep, []osdmap.OSDID{1, 4, 7}, []osdmap.OSDID{4, 8, 1}, [][2]osdmap.OSDID{{7, 8}}},
		{rep, []osdmap.OSDID{1, 4}, []osdmap.OSDID{4, 1}, nil},
		{rep, []osdmap.OSDID{1, 4, 7}, []osdmap.OSDID{7}, [][2]osdmap.OSDID{{1, none}, {4, none}}},
		{rep, []osdmap.OSDID{1}, []osdmap.OSDID{2, 1, 3}, [][2]osdmap.OSDID{{none, 2}, {none, 3}}},
		{ec, []osdmap.OSDID{1, 4}, []osdmap.OSDID{4, 1}, [][2]osdmap.OSDID{{1, 4}, {4, 1}}},
		{ec, []osdmap.OSDID{none, 4, 7}, []osdmap.OSDID{1, none, 7}, [][2]osdmap.OSDID{{none, 1}, {4, none}}},
	} {
		if got := pairs(c.pool, c.from, c.to); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%v to %v: %v, want %v", c.from, c.to, got, c.want)
		}
	}
}

// withUp is the table of m in which the first PGs of a pool have other up sets, all others {1, 4, 7}.
func withUp(t *testing.T, m *osdmap.Map, pool osdmap.PoolID, ups ...[]osdmap.OSDID) *Table {
	t.Helper()
	table, err := NewTable(m)
	if err != nil {
		t.Fatal(err)
	}
	i, _ := table.find(pool)
	for seed := range table.pools[i].pgs {
		up := []osdmap.OSDID{1, 4, 7}
		if seed < len(ups) {
			up = ups[seed]
		}
		table.pools[i].pgs[seed] = Mapping{Up: up}
	}
	return table
}

func TestCompareTables(t *testing.T) {
	t.Parallel()
	type ups = [][]osdmap.OSDID
	const none = osdmap.NoOSD
	for _, c := range []struct {
		name          string
		plan          string // what else differs; OSDs that are gone count
		pool          osdmap.PoolID
		before, after ups
		remapped      int
		copies, least int
		flows         []Flow
		short         Count
	}{
		{"a swap", "", 1, ups{{1, 4, 7}, {2, 4, 7}}, ups{{2, 4, 7}, {1, 4, 7}}, 2, 2, 0,
			[]Flow{{1, 2, 1, 10}, {2, 1, 1, 10}}, Count{}},
		{"most first", "", 1, ups{{1, 4, 7}, {2, 4, 7}, {2, 4, 7}}, ups{{9, 4, 7}, {10, 4, 7}, {10, 4, 7}}, 3, 3, 3,
			[]Flow{{2, 10, 2, 20}, {1, 9, 1, 10}}, Count{}},
		{"a PG lacks what another gives up", "", 1, ups{{1, 4, 7}, {4, 7}}, ups{{4, 7}, {1, 4, 7}}, 2, 1, 1,
			[]Flow{{1, none, 1, 10}, {none, 1, 1, 10}}, Count{1, 1}},
		{"the lost copies of one that is out", "osd out 3", 1, ups{{3, 4, 7}, {1, 4, 7}}, ups{{1, 4, 7}, {4, 7}}, 2, 1, 1,
			[]Flow{{1, none, 1, 10}, {3, 1, 1, 10}}, Count{0, 1}},
		{"the lost copies of one that is down", "osd down 3", 1, ups{{3, 4, 7}, {1, 4, 7}}, ups{{1, 4, 7}, {4, 7}}, 2, 1, 1,
			[]Flow{{1, none, 1, 10}, {3, 1, 1, 10}}, Count{0, 1}},
		{"holes", "", 2, ups{{1, 4, 7, 10, 13}, {1, 4, 7, 10, 13}}, ups{{none, 4, 7, 10, 13}, {1, 4, 7, 10, 13}}, 1, 0, 0,
			[]Flow{{1, none, 1, 10}}, Count{22, 23}}, // the other PGs have three shards of five
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := small(t)
			next := m
			if c.plan != "" {
				var err error
				if next, err = Imagine(m, c.plan); err != nil {
					t.Fatal(err)
				}
			}
			before, after := withUp(t, m, c.pool, c.before...), withUp(t, next, c.pool, c.after...)
			for i := range after.pools { // the other pools are empty, before and after
				if after.pools[i].pool.ID != c.pool {
					after.pools[i].pgs = make([]Mapping, after.pools[i].pool.PGNum)
					before.pools[i] = after.pools[i]
				}
			}
			got := CompareTables(before, after, func(osdmap.PGID) uint64 { return 10 })
			want := &Moves{PGs: 72, Remapped: c.remapped, Copies: c.copies, Least: c.least, Bytes: 10 * uint64(c.copies),
				LeastBytes: 10 * uint64(c.least), Flows: c.flows, Short: c.short, Shared: got.Shared}
			want.Short.Before += 48 // the empty ones
			want.Short.After += 48
			if !reflect.DeepEqual(got, want) {
				t.Errorf("\n got %+v\nwant %+v", got, want)
			}
		})
	}
}

// TestPieces: of a PG that splits in two every piece moves half the bytes; PGs that merge move whole.
func TestPieces(t *testing.T) {
	t.Parallel()
	sixteen, err := Imagine(small(t), "pool set rep pg_num 16")
	if err != nil {
		t.Fatal(err)
	}
	for plan, want := range map[string]struct {
		pgs  int // with the 48 of the other pools
		size uint64
	}{"pool set rep pg_num 64": {112, 250}, "pool set rep pg_num 4": {64, 1000}, "pool set rep size 4": {64, 1000}} {
		m := movesOf(t, sixteen, plan)
		if m.PGs != want.pgs || m.Copies == 0 || m.Bytes != want.size*uint64(m.Copies) {
			t.Errorf("%s: %d PGs, %d copies of %d bytes, want %d PGs and %d bytes a copy", plan, m.PGs, m.Copies, m.Bytes, want.pgs, want.size)
		}
	}
	if m := movesOf(t, sixteen, "pool set rep pg_num 17"); m.Remapped > 1 {
		t.Errorf("only PG 0 splits: %+v", m)
	}
	if m := movesOf(t, small(t), "pool set rep size 2"); m.Copies != 0 || m.Least != 0 || m.Remapped != 24 || m.Short.After != 0 {
		t.Errorf("a smaller size gives up copies and moves none: %+v", m)
	}
	if m := movesOf(t, small(t), "pool set rep size 4"); m.Copies != 24 || m.Least != 24 {
		t.Errorf("one copy more of 24 PGs: %+v", m)
	}
}

func TestDomains(t *testing.T) {
	t.Parallel()
	const none = osdmap.NoOSD
	type ids = []osdmap.OSDID
	leaf := func(n int32, kind int32) crush.Step {
		return crush.Step{Op: crush.OpChooseleafFirstn, Arg1: n, Arg2: kind}
	}
	choose := func(n int32, kind int32) crush.Step {
		return crush.Step{Op: crush.OpChooseFirstn, Arg1: n, Arg2: kind}
	}
	emit := crush.Step{Op: crush.OpEmit}
	for _, c := range []struct {
		name      string
		steps     []crush.Step
		good, bad []ids
	}{
		{"hosts", []crush.Step{leaf(0, 1), emit}, []ids{{0, 3, 6}, {0}, {none, 3, none}}, []ids{{0, 1, 6}, {0, 0}}},
		{"racks", []crush.Step{leaf(0, 3), emit}, []ids{{0, 6, 12}}, []ids{{0, 3, 12}}},
		{"devices", []crush.Step{choose(0, 0), emit}, []ids{{0, 1, 2}}, []ids{{0, 0, 2}}},
		{"two in a rack", []crush.Step{choose(2, 3), choose(2, 0), emit}, []ids{{0, 1, 6, 7}}, []ids{{0, 1, 2, 6}}},
		{"two hosts in a rack", []crush.Step{choose(2, 3), leaf(2, 1), emit}, []ids{{0, 3, 6, 9}}, []ids{{0, 1, 6, 9}}},
		{"four in a rack", []crush.Step{choose(0, 3), choose(2, 1), choose(2, 0), emit}, []ids{{0, 1, 3, 4}}, []ids{{0, 1, 2, 6}}},
		{"all but two", []crush.Step{choose(2, 3), choose(-2, 0), emit}, []ids{{0, 1, 6, 7}}, []ids{{0, 1, 2, 6}}}, // size 4
		{"two emits", []crush.Step{leaf(1, 1), emit, leaf(1, 1), emit}, []ids{{0, 1}}, []ids{{0, 0}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := small(t).Crush().Clone()
			m.Rules[0].Steps = append([]crush.Step{{Op: crush.OpTake, Arg1: -1}}, c.steps...)
			d := newDomains(m, &osdmap.Pool{Size: 4})
			for _, mapping := range c.good {
				if !d.holds(mapping) {
					t.Errorf("%v breaks the rule", mapping)
				}
			}
			for _, mapping := range c.bad {
				if d.holds(mapping) {
					t.Errorf("%v keeps the rule", mapping)
				}
			}
		})
	}
}

// TestImagineDoesWhatItSays looks at the map after each edit.
func TestImagineDoesWhatItSays(t *testing.T) {
	t.Parallel()
	for plan, holds := range map[string]func(*osdmap.Map) bool{
		"osd out 3":                           func(m *osdmap.Map) bool { return m.IsOut(3) && m.IsUp(3) },
		"osd out osd.3; osd in 3":             func(m *osdmap.Map) bool { return m.Weight(3) == crush.One },
		"osd reweight 3 0.25":                 func(m *osdmap.Map) bool { return m.Weight(3) == crush.One/4 },
		"osd down 3":                          func(m *osdmap.Map) bool { return m.IsDown(3) && m.Weight(3) == crush.One },
		"osd remove 3":                        func(m *osdmap.Map) bool { return !m.Exists(3) && !m.Crush().Holds()[3] && m.Exists(4) },
		"osd add 18 2 host=h00":               func(m *osdmap.Map) bool { return m.IsUp(18) && m.Weight(18) == crush.One && m.MaxOSD() == 20 },
		"osd add 25 2 host=h00":               func(m *osdmap.Map) bool { return m.IsUp(25) && m.MaxOSD() == 26 },
		"osd add 18 2 ssd host=h00":           func(m *osdmap.Map) bool { d, _ := m.Crush().Device(18); return d.Class == "ssd" && d.Name == "osd.18" },
		"crush weight osd.3 2.5":              func(m *osdmap.Map) bool { return deviceWeight(m.Crush(), 3) == 5*crush.One/2 },
		"crush move osd.3 host=h20":           func(m *osdmap.Map) bool { return slices.Equal(m.Crush().Parents()[3], m.Crush().Parents()[12]) },
		"pool set rep size 1":                 func(m *osdmap.Map) bool { p, _ := m.PoolNamed("rep"); return p.Size == 1 && p.MinSize == 1 },
		"pool set rep size 4":                 func(m *osdmap.Map) bool { p, _ := m.PoolNamed("rep"); return p.Size == 4 && p.MinSize == 2 },
		"pool set rep pg_num 12":              func(m *osdmap.Map) bool { p, _ := m.PoolNamed("rep"); return p.PGNum == 12 && p.PGPNum == 12 },
		"pool set rep crush_rule two":         func(m *osdmap.Map) bool { p, _ := m.PoolNamed("rep"); return p.Rule == 2 },
		"pool set rep crush_rule 2":           func(m *osdmap.Map) bool { p, _ := m.PoolNamed("rep"); return p.Rule == 2 },
		"pool set rep size 4 ; ; osd down 3;": func(m *osdmap.Map) bool { p, _ := m.PoolNamed("rep"); return p.Size == 4 && m.IsDown(3) },
	} {
		m, err := Imagine(small(t), plan)
		if err != nil || !holds(m) {
			t.Errorf("%q: %v", plan, err)
		}
	}
}

// TestAllUpIn: OSDs come to be, up and in, and devices without weight get one; others keep theirs.
func TestAllUpIn(t *testing.T) {
	t.Parallel()
	m, err := Imagine(small(t), "osd out 4; crush weight osd.5 0; crush weight osd.6 0.5; osd reweight 7 0.5")
	if err != nil {
		t.Fatal(err)
	}
	all, err := AllUpIn(m)
	if err != nil {
		t.Fatal(err)
	}
	for id := range osdmap.OSDID(20) {
		if !all.IsUp(id) || all.Weight(id) != crush.One {
			t.Errorf("osd.%d: up %v, weight %v", id, all.IsUp(id), all.Weight(id))
		}
	}
	if a, b := deviceWeight(all.Crush(), 5), deviceWeight(all.Crush(), 6); a != crush.One || b != crush.One/2 {
		t.Errorf("CRUSH weights %v and %v, want 1 and 0.5", a, b)
	}
}

func TestTickets(t *testing.T) {
	t.Parallel()
	nodes := []Node{{ID: 4, Weight: 2 * crush.One}, {ID: 7, Weight: 3 * crush.One}, {ID: 9, Weight: 5 * crush.One}}
	if got := tickets(nodes, 1); !slices.Equal(got, []crush.ItemID{4, 7, 7, 9, 9, 9}) {
		t.Errorf("%v", got)
	}
	r := newRing(nodes)
	if n := len(r.points); n < 495 || n > 500 {
		t.Errorf("%d points on the ring, want 100, 150 and 250", n)
	}
}

// TestScoreOfAHandfulOfCopies works a score out by hand.
func TestScoreOfAHandfulOfCopies(t *testing.T) {
	t.Parallel()
	nodes := []Node{{0, crush.One, -2}, {1, crush.One, -2}, {2, 2 * crush.One, -3}}
	var s Score
	trial := Trial{Copies: 2, Inputs: 4}
	placed := [][]crush.ItemID{{0, 1}, {0, 2}, {0, 2}, {2, 0}}
	trial.judge(&s, nodes, placed) // fair: 2, 2 and 4; held: 4, 1 and 3
	want := Score{Spread: math.Sqrt((1 + 0.25 + 0.0625) / 3), Most: 2, Shared: 0.25}
	if math.Abs(s.Spread-want.Spread) > 1e-9 || s.Most != want.Most || s.Shared != want.Shared {
		t.Errorf("%+v, want %+v", s, want)
	}
	m := movement(placed, [][]crush.ItemID{{0, 2}, {0, 2}, {2, 0}, {0, 2}})
	if m != (Movement{Moved: 1, Least: 1}) {
		t.Errorf("%+v", m)
	}
}

// TestNodes: the failure domain is the last bucket type that the rule chooses.
func TestNodes(t *testing.T) {
	t.Parallel()
	m := small(t).Crush().Clone()
	m.Rules[0].Steps = []crush.Step{{Op: crush.OpTake, Arg1: -1}, {Op: crush.OpChooseFirstn, Arg1: 2, Arg2: 3}, {Op: crush.OpChooseleafFirstn, Arg1: 2, Arg2: 1}, {Op: crush.OpEmit}}
	root, _ := m.ItemNamed("default")
	m.Rules[0].Steps[0].Arg1 = int32(root)
	nodes, err := Nodes(m, 0)
	if err != nil || len(nodes) != 18 {
		t.Fatal(nodes, err)
	}
	for _, n := range nodes {
		if p := m.Parents()[n.ID]; n.Domain != p[0] || n.Weight != deviceWeight(m, n.ID) {
			t.Errorf("%+v, held by %v", n, p)
		}
	}
}

// TestSplitsStayBesideTheirParent: PG 24 splits from PG 8 (24 mod 16), and merges into it.
func TestSplitsStayBesideTheirParent(t *testing.T) {
	t.Parallel()
	small := small(t)
	more, err := small.WithPGNum(1, 25)
	if err != nil {
		t.Fatal(err)
	}
	ups := make([][]osdmap.OSDID, 25)
	for i := range ups {
		ups[i] = []osdmap.OSDID{1, 4, 7}
	}
	ups[8], ups[24] = []osdmap.OSDID{2, 5, 9}, []osdmap.OSDID{2, 5, 9}
	a, b := withUp(t, small, 1, ups...), withUp(t, more, 1, ups...)
	if m := CompareTables(a, b, nil); m.Remapped != 0 || m.PGs != 73 {
		t.Errorf("split: %+v", m)
	}
	if m := CompareTables(b, a, nil); m.Remapped != 0 || m.PGs != 73 {
		t.Errorf("merge: %+v", m)
	}
}

// TestNextOfAnotherMaxOSD: CRUSH holds osd.20 before the osdmap does.
func TestNextOfAnotherMaxOSD(t *testing.T) {
	t.Parallel()
	m := changed(t, small(t), func(c *osdmap.Change) {
		start := small(t).Crush()
		var err error
		if c.Crush, err = start.AddDevice(crush.Device{ID: 20, Name: "osd.20"}, 9*crush.One, crush.Location{{Type: "host", Name: "h00"}}); err != nil {
			t.Fatal(err)
		}
	})
	table, err := NewTable(m)
	if err != nil {
		t.Fatal(err)
	}
	m = changed(t, m, func(c *osdmap.Change) {
		n := int32(21)
		c.MaxOSD = &n
		c.OSDs[20] = upIn(m, 20)
	})
	next, err := table.Next(m)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := NewTable(m)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(next.Pool(1), whole.Pool(1)) || reflect.DeepEqual(next.Pool(1), table.Pool(1)) {
		t.Error("osd.20 came in and took nothing")
	}
}
