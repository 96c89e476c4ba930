package mon

import (
	"zeph/pkg/core"
	"zeph/pkg/wire"
)

// Dests are the monitors as whom messages go to; none before the cluster began.
func (s *State) Dests() []core.Dest {
	var all []core.Dest
	for i := range s.mons {
		all = append(all, s.mons[i].dest())
	}
	return all
}

// monmap is who the monitors are, for somebody who has a version of it; nothing if that is no older.
func (s *State) monmap(has uint64) wire.Monmap {
	if has >= s.monsVersion || len(s.mons) == 0 {
		return wire.Monmap{}
	}
	m := wire.Monmap{Version: s.monsVersion}
	for _, mon := range s.mons {
		m.Mons = append(m.Mons, wire.MonInfo{Name: mon.Name, Store: mon.Store, Control: mon.Control, Bulk: mon.Bulk, Hints: mon.Hints})
	}
	return m
}
