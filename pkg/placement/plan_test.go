package placement

import (
	"strings"
	"testing"

	"zeph/pkg/osdmap"
)

func movesOf(t *testing.T, m *osdmap.Map, plan string) *Moves {
	t.Helper()
	before, err := NewTable(m)
	if err != nil {
		t.Fatal(err)
	}
	imagined, err := Imagine(m, plan)
	if err != nil {
		t.Fatal(err)
	}
	after, err := before.Next(imagined)
	if err != nil {
		t.Fatal(err)
	}
	return CompareTables(before, after, func(osdmap.PGID) uint64 { return 1000 })
}

// TestImaginedMovesAddUp: whatever the plan, flows add up to the totals, and no fewer copies
// move than the least possible.
func TestImaginedMovesAddUp(t *testing.T) {
	t.Parallel()
	for _, plan := range []string{
		"osd out 3", "osd out 3; osd out 4", "osd reweight osd.3 0.5", "osd down 5", "osd remove 3",
		"osd add 18 2.0 host=h00", "osd add 19 1 ssd host=hnew rack=r1", "crush weight osd.7 0", "crush weight osd.7 9.5",
		"crush move h00 rack=r2", "crush move osd.3 host=h20", "pool set rep size 2", "pool set ec pg_num 40",
		"pool set rep pg_num 7", "pool set rep crush_rule two", "osd in 3",
	} {
		t.Run(plan, func(t *testing.T) {
			t.Parallel()
			m := movesOf(t, small(t), plan)
			copies, bytes := 0, uint64(0)
			for _, f := range m.Flows {
				if f.From == f.To || f.PGs == 0 {
					t.Errorf("flow %+v", f)
				}
				if f.To != osdmap.NoOSD {
					copies += f.PGs
					bytes += f.Bytes
				}
			}
			if m.Least > m.Copies || m.LeastBytes > m.Bytes {
				t.Errorf("%d copies move, %d bytes, less than the least possible: %d, %d", m.Copies, m.Bytes, m.Least, m.LeastBytes)
			}
			if copies != m.Copies || bytes != m.Bytes || m.Remapped > m.PGs {
				t.Errorf("%+v: flows add up to %d copies, %d bytes", m, copies, bytes)
			}
		})
	}
}

// TestOutMovesWhatTheOSDHeld: in a pool over plain hosts an OSD that goes out moves its own
// copies and few others.
func TestOutMovesWhatTheOSDHeld(t *testing.T) {
	t.Parallel()
	m := movesOf(t, small(t), "osd out 3")
	if m.Least == 0 || m.Copies < m.Least || m.Copies > 2*m.Least {
		t.Errorf("%d copies move, least %d", m.Copies, m.Least)
	}
	if m.Shared.After != 0 {
		t.Errorf("%d PGs break their rule", m.Shared.After)
	}
}

// TestWhatIfSaysWhenARuleBreaks: without two racks' worth of hosts a PG of five shards is
// short, and an upmap can put two copies on one host.
func TestWhatIfSaysWhenARuleBreaks(t *testing.T) {
	t.Parallel()
	m := small(t)
	moves := movesOf(t, m, "osd out 0; osd out 1; osd out 2; osd out 3; osd out 4; osd out 5")
	if moves.Short.Before != 0 || moves.Short.After == 0 {
		t.Errorf("short: %+v", moves.Short)
	}
	table, err := NewTable(m)
	if err != nil {
		t.Fatal(err)
	}
	pg := osdmap.PGID{Pool: 1, Seed: 0}
	up, _ := table.PG(pg)
	neighbour := up.Up[0]/3*3 + (up.Up[0]+1)%3 // another OSD of the same host
	c := m.Next(0)
	c.UpmapItems[pg] = []osdmap.UpmapItem{{From: up.Up[1], To: neighbour}}
	next, err := m.Apply(c)
	if err != nil {
		t.Fatal(err)
	}
	after, err := table.Next(next)
	if err != nil {
		t.Fatal(err)
	}
	if got := CompareTables(table, after, nil); got.Shared.Before != 0 || got.Shared.After != 1 || got.Copies != 1 || got.Bytes != 0 {
		t.Errorf("%+v", got)
	}
}

func TestImagineRefusesNonsense(t *testing.T) {
	t.Parallel()
	for plan, want := range map[string]string{
		"":                               "empty plan",
		" ; ":                            "empty plan",
		"osd":                            "not understood",
		"osd out":                        "not understood",
		"osd out 3 4":                    "not understood",
		"osd out three":                  `osd "three"`,
		"osd out 99":                     "osd.99",
		"osd reweight 3 2":               "osd.3",
		"osd reweight 3 x":               `weight "x"`,
		"osd add 3 1 host=h00":           "device 3",
		"osd add 18 1 host":              "where to?",
		"osd add 18 1 ssd host":          `location "host"`,
		"osd add 18 1 shelf=s1":          "shelf",
		"crush weight nobody 1":          "nobody",
		"crush weight h00 1":             "h00",
		"crush move default rack=r0":     "below",
		"crush move h00 host=h00":        "below",
		"pool set nopool size 3":         "nopool",
		"pool set rep size x":            "whole number",
		"pool set ec size 4":             "erasure",
		"pool set rep size 0":            "size",
		"pool set rep crush_rule ec":     "rule",
		"pool set rep crush_rule nobody": "nobody",
		"pool set rep colour 3":          "not understood",
		"pool set rep pg_num 0":          "pg_num",
		"osd out 1; nonsense here now":   "nonsense",
	} {
		if _, err := Imagine(small(t), plan); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", plan, err, want)
		}
	}
}

// TestAllUpInKeepsStores: an OSD that was up before comes up on the store the map knows.
func TestAllUpInKeepsStores(t *testing.T) {
	t.Parallel()
	m, err := Imagine(small(t), "osd down 3; osd out 4")
	if err != nil {
		t.Fatal(err)
	}
	was, _ := m.OSD(3)
	if m, err = AllUpIn(m); err != nil {
		t.Fatal(err)
	}
	is, _ := m.OSD(3)
	if !m.IsUp(3) || !m.IsIn(4) || is.Store != was.Store || is.GID == was.GID {
		t.Errorf("%+v became %+v", was, is)
	}
}

// TestUnreached: an OSD that stands below nothing a rule takes is told.
func TestUnreached(t *testing.T) {
	t.Parallel()
	m := small(t)
	if lost := Unreached(m); len(lost) > 0 {
		t.Errorf("%v", lost)
	}
	m, err := Imagine(m, "osd add 18 1 host=elsewhere; crush weight osd.2 0")
	if err != nil {
		t.Fatal(err)
	}
	if lost := Unreached(m); len(lost) != 2 || lost[0] != 2 || lost[1] != 18 {
		t.Errorf("%v, want [osd.2 osd.18]", lost)
	}
}
