package osdmap

import (
	"maps"
	"slices"
	"testing"

	"zeph/pkg/crush"
)

func TestReadersFindWhatTheMapHolds(t *testing.T) {
	t.Parallel()
	m := richMap(t) // OSDs 0 to 6 and 8 of max_osd 9; 6 and 8 are down, 8 is out
	var ids []OSDID
	for id := range m.OSDs() {
		if ids = append(ids, id); id == 6 {
			break
		}
	}
	if want := []OSDID{0, 1, 2, 3, 4, 5, 6}; !slices.Equal(ids, want) {
		t.Errorf("OSDs begin with %v, want %v", ids, want)
	}
	third := crush.One / 3
	if got, want := m.Weights(), []crush.Weight{crush.One, crush.One, crush.One, crush.One, crush.One, third, crush.One, 0, 0}; !slices.Equal(got, want) {
		t.Errorf("weights are %v, want %v", got, want)
	}
	for id, want := range map[OSDID]struct{ exists, up, in bool }{
		-1: {}, 0: {true, true, true}, 5: {true, true, true}, 6: {true, false, true}, 7: {}, 8: {true, false, false}, 9: {}, NoOSD: {},
	} {
		_, found := m.OSD(id)
		if found != want.exists || m.Exists(id) != want.exists || m.IsUp(id) != want.up || m.IsDown(id) == want.up || m.IsIn(id) != want.in || m.IsOut(id) == want.in {
			t.Errorf("osd %d: exists %v, up %v, in %v; want %v", id, m.Exists(id), m.IsUp(id), m.IsIn(id), want)
		}
	}
	if m.PrimaryAffinity(6) != crush.One/2 || m.PrimaryAffinity(0) != crush.One || m.PrimaryAffinity(77) != crush.One {
		t.Error("primary affinities are wrong")
	}
	if o, _ := m.OSD(0); len(o.Addrs) != 8 {
		t.Errorf("osd.0 has addresses %v", o.Addrs)
	} else if a, ok := o.Addr("private.control"); ok {
		t.Errorf("it listens at %s for nobody", a)
	}
	var pools []string
	for p := range m.Pools() {
		pools = append(pools, p.Name)
	}
	if want := []string{"rbd", "ec", "plain", "quota"}; !slices.Equal(pools, want) || m.PoolMax() != 5 {
		t.Errorf("pools are %q, want %q", pools, want)
	}
	if _, ok := m.Pool(3); ok || m.HasPG(PGID{3, 0}) || m.HasPG(PGID{1, 32}) || !m.HasPG(PGID{1, 31}) {
		t.Error("PGs are found where none are")
	}
	if !m.Has(FlagPause) || m.Has(FlagPause|FlagNoScrub) {
		t.Errorf("flags are %v", m.Flags())
	}
	for name, n := range map[string]int{
		"upmap": len(maps.Collect(m.AllUpmaps())), "items": len(maps.Collect(m.AllUpmapItems())),
		"pg_temp": len(maps.Collect(m.AllPGTemps())), "primary_temp": len(maps.Collect(m.AllPrimaryTemps())),
	} {
		if n != 1 {
			t.Errorf("%s has %d rows, want 1", name, n)
		}
	}
}

func TestTableFindsEveryRow(t *testing.T) {
	t.Parallel()
	rows := make(map[PGID]OSDID)
	for i := range uint32(50) {
		rows[PGID{PoolID(i % 3), i * i}] = OSDID(i)
		table := tableOf(rows)
		for pg, want := range rows {
			if got, ok := table.get(pg); !ok || got != want {
				t.Fatalf("%v of %d rows is %v, %v; want %v", pg, len(rows), got, ok, want)
			}
			if _, ok := table.get(PGID{pg.Pool, pg.Seed + 1}); ok != (rows[PGID{pg.Pool, pg.Seed + 1}] != 0) {
				t.Fatalf("a row after %v", pg)
			}
		}
	}
}
