package mon

import (
	"cmp"
	"slices"

	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// How much a State remembers.
const (
	keptLines   = 2_000  // of the cluster log
	keptAnswers = 10_000 // of requests that changed something
)

// State is what the monitors agree on. It is an immutable value: an entry makes the next one.
type State struct {
	version uint64           // counts entries that changed something
	time    osdmap.UnixMilli // of the last of them

	m       *osdmap.Map    // the newest map; nil before the cluster began
	base    *osdmap.Map    // the oldest that is kept
	changes list[[]byte]   // those after base, numbered by the epoch that they lead to
	lines   list[wireLine] // of the cluster log, numbered by Seq
	answers list[answer]

	configVersion uint64
	config        []configEdit // ascending by name, then who
	mons          []Mon        // ascending by name
	monsVersion   uint64
}

type wireLine = wire.LogLine

// Map is the newest osdmap; nil before the cluster began.
func (s *State) Map() *osdmap.Map { return s.m }

// Version counts the entries that changed the state.
func (s *State) Version() uint64 { return s.version }

// Oldest is the oldest epoch that a change is kept of, the one after the oldest whole map.
func (s *State) Oldest() osdmap.Epoch { return osdmap.Epoch(s.changes.start) }

// Epoch is that of the newest map; 0: there is none.
func (s *State) Epoch() osdmap.Epoch {
	if s.m == nil {
		return 0
	}
	return s.m.Epoch()
}

// Change is the change that led to an epoch, if it is kept.
func (s *State) Change(e osdmap.Epoch) ([]byte, bool) { return s.changes.at(uint64(e)) }

// MapAt is the map of an epoch, if it is kept. It is worked out from the oldest one.
func (s *State) MapAt(e osdmap.Epoch) (*osdmap.Map, bool) {
	switch {
	case s.m == nil || e < s.base.Epoch() || e > s.m.Epoch():
		return nil, false
	case e == s.m.Epoch():
		return s.m, true
	}
	m := s.base
	for m.Epoch() < e {
		m = s.next(m)
	}
	return m, true
}

// next is the map after one that is kept.
func (s *State) next(m *osdmap.Map) *osdmap.Map {
	b, ok := s.Change(m.Epoch() + 1)
	if !ok {
		panic("mon: State: a change is missing")
	}
	c, err := osdmap.DecodeChange(b)
	if err != nil {
		panic("mon: State: " + err.Error()) // it was applied before
	}
	next, err := m.Apply(c)
	if err != nil {
		panic("mon: State: " + err.Error())
	}
	return next
}

// answered finds the answer that a request was given.
func (s *State) answered(who wire.Asker) (answer, bool) {
	for n := s.answers.end(); n > s.answers.start; n-- {
		if a, _ := s.answers.at(n - 1); a.Asker == who {
			return a, true
		}
	}
	return answer{}, false
}

func (s *State) mon(name string) (Mon, bool) {
	i, ok := slices.BinarySearchFunc(s.mons, name, func(m Mon, name string) int { return cmp.Compare(m.Name, name) })
	if !ok {
		return Mon{}, false
	}
	return s.mons[i], true
}

func compareConfig(a, b configEdit) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Who, b.Who))
}

// editConfig is the settings after edits.
func (s *State) editConfig(edits []configEdit) []configEdit {
	next := slices.Clone(s.config)
	for _, e := range edits {
		i, found := slices.BinarySearchFunc(next, e, compareConfig)
		switch {
		case e.Remove && found:
			next = slices.Delete(next, i, i+1)
		case e.Remove:
		case found:
			next[i] = e
		default:
			next = slices.Insert(next, i, e)
		}
	}
	return next
}

func (s *State) editMons(edits []monEdit) []Mon {
	next := slices.Clone(s.mons)
	for _, e := range edits {
		i, found := slices.BinarySearchFunc(next, e.Mon.Name, func(m Mon, name string) int { return cmp.Compare(m.Name, name) })
		switch {
		case e.Remove && found:
			next = slices.Delete(next, i, i+1)
		case e.Remove:
		case found:
			next[i] = e.Mon
		default:
			next = slices.Insert(next, i, e.Mon)
		}
	}
	return next
}
