package placement

import (
	"bytes"

	"zeph/pkg/osdmap"
)

// Atlas works out maps and tables once for all who ask: OSDs of one process that are told the same get the same values,
// which are immutable. It decides nothing: whoever has an atlas of its own comes to the same maps and tables, only later
// and in more memory. It is for one goroutine at a time; what it gives is for any number. The zero value is ready for use.
//
// It remembers the newest sheets only. What was forgotten is worked out anew.
type Atlas struct {
	sheets map[*osdmap.Map]*sheet
	order  []*sheet // as they came
	read   [remembered]decoded
	reads  int
}

// decoded is a change that was read a while ago.
type decoded struct {
	encoded []byte
	change  *osdmap.Change
}

// sheet is what is known of one map.
type sheet struct {
	m       *osdmap.Map
	mapper  *Mapper // nil: not asked for yet
	table   *Table  // the same
	encoded []byte  // the same
	nexts   []step
}

// step leads from a map to the one after it.
type step struct {
	change []byte
	m      *osdmap.Map
}

// remembered is how many maps an atlas knows.
const remembered = 96

func (a *Atlas) sheet(m *osdmap.Map) *sheet {
	s := a.sheets[m]
	if s != nil {
		return s
	}
	if a.sheets == nil {
		a.sheets = make(map[*osdmap.Map]*sheet)
	}
	if len(a.order) == remembered {
		delete(a.sheets, a.order[0].m)
		a.order[0] = nil
		a.order = a.order[1:]
	}
	s = &sheet{m: m}
	a.sheets[m] = s
	a.order = append(a.order, s)
	return s
}

// Decode is the map that was encoded.
func (a *Atlas) Decode(encoded []byte) (*osdmap.Map, error) {
	for _, s := range a.order {
		if s.encoded != nil && bytes.Equal(s.encoded, encoded) {
			return s.m, nil
		}
	}
	m, err := osdmap.DecodeMap(encoded)
	if err != nil {
		return nil, err
	}
	for _, s := range a.order { // it may have been reached by changes
		if s.m.Epoch() != m.Epoch() || s.encoded != nil {
			continue
		}
		if s.encoded, err = s.m.Encode(); err == nil && bytes.Equal(s.encoded, encoded) {
			return s.m, nil
		}
	}
	a.sheet(m).encoded = encoded
	return m, nil
}

// Change is the change that was encoded. It is shared: read it, do not write it.
func (a *Atlas) Change(encoded []byte) (*osdmap.Change, error) {
	for _, d := range a.read {
		if d.change != nil && bytes.Equal(d.encoded, encoded) {
			return d.change, nil
		}
	}
	c, err := osdmap.DecodeChange(encoded)
	if err != nil {
		return nil, err
	}
	a.read[a.reads%remembered] = decoded{encoded, c}
	a.reads++
	return c, nil
}

// Apply is the map after a change. It keeps the change.
func (a *Atlas) Apply(m *osdmap.Map, change []byte) (*osdmap.Map, error) {
	s := a.sheet(m)
	for _, n := range s.nexts {
		if bytes.Equal(n.change, change) {
			return n.m, nil
		}
	}
	c, err := a.Change(change)
	if err != nil {
		return nil, err
	}
	next, err := m.Apply(c)
	if err != nil {
		return nil, err
	}
	s.nexts = append(s.nexts, step{change, next})
	return next, nil
}

// Mapper places the PGs of a map.
func (a *Atlas) Mapper(m *osdmap.Map) (*Mapper, error) {
	s := a.sheet(m)
	if s.mapper != nil {
		return s.mapper, nil
	}
	var err error
	s.mapper, err = New(m)
	return s.mapper, err
}

// Table has the places of all PGs of a map.
func (a *Atlas) Table(m *osdmap.Map) (*Table, error) {
	return a.table(m, func() (*Table, error) { return NewTable(m) })
}

// Next is the table of the map after another's, worked out from the other's.
func (a *Atlas) Next(t *Table, m *osdmap.Map) (*Table, error) {
	return a.table(m, func() (*Table, error) { return t.Next(m) })
}

func (a *Atlas) table(m *osdmap.Map, make func() (*Table, error)) (*Table, error) {
	if m.Epoch() == 0 { // each has its own, and there is nothing in it
		return make()
	}
	s := a.sheet(m)
	if s.table != nil {
		return s.table, nil
	}
	t, err := make()
	if err != nil {
		return nil, err
	}
	s.table, s.mapper = t, t.mapper
	return t, nil
}
