package placement

import (
	"bytes"
	"slices"
	"testing"

	"zeph/pkg/osdmap"
)

// TestAtlasGivesWhatItWorkedOut: the same question has the same answer, and it is that of a question asked anew.
func TestAtlasGivesWhatItWorkedOut(t *testing.T) {
	t.Parallel()
	var a Atlas
	encoded, err := small(t).Encode()
	if err != nil {
		t.Fatal(err)
	}
	decode := func() *osdmap.Map {
		m, err := a.Decode(bytes.Clone(encoded))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	start := decode()
	if decode() != start {
		t.Error("the same bytes give another map")
	}
	m, chain := start, []*osdmap.Map{start}
	var changes [][]byte
	for epoch := range 2 * remembered {
		c := m.Next(0)
		c.OSDs[osdmap.OSDID(epoch%18)] = osdmap.OSDChange{Down: m.IsUp(osdmap.OSDID(epoch % 18)), Up: boot(m, osdmap.OSDID(epoch%18))}
		b, err := c.Encode()
		if err != nil {
			t.Fatal(err)
		}
		changes = append(changes, b)
		if m, err = a.Apply(m, b); err != nil {
			t.Fatal(err)
		}
		if again, err := a.Apply(chain[len(chain)-1], bytes.Clone(b)); err != nil || again != m {
			t.Fatalf("epoch %d: the same change gives another map, or %v", m.Epoch(), err)
		}
		chain = append(chain, m)
	}
	if len(a.sheets) != len(a.order) || len(a.order) > remembered {
		t.Errorf("%d maps, %d in order, at most %d are remembered", len(a.sheets), len(a.order), remembered)
	}
	last := chain[len(chain)-2]
	table, err := a.Table(last)
	if err != nil {
		t.Fatal(err)
	}
	next, err := a.Next(table, m)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := a.Table(m); again != next {
		t.Error("the table of a map is not the one that was worked out from its predecessor's")
	}
	sameAsWhole(t, next, m)
	encoded, err = m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if decode() != m {
		t.Error("a map that was reached by changes is not known by its encoding")
	}
	if mapper, _ := a.Mapper(m); mapper != next.Mapper() {
		t.Error("a map has two mappers")
	}
	m = chain[0] // forgotten long ago
	for _, b := range changes {
		if m, err = a.Apply(m, b); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := m.Encode(); !bytes.Equal(got, encoded) {
		t.Error("what was forgotten comes out otherwise")
	}
	if _, err := a.Decode([]byte("x")); err == nil {
		t.Error("no map was decoded")
	}
	if _, err := a.Apply(m, slices.Concat(changes...)); err == nil {
		t.Error("no change was applied")
	}
}

// boot is what brings an OSD up that is down.
func boot(m *osdmap.Map, id osdmap.OSDID) *osdmap.Boot {
	if m.IsUp(id) {
		return nil
	}
	return &osdmap.Boot{GID: uint64(m.Epoch()), Store: osdmap.UUID{2, byte(id)}}
}
