package mon

import "zeph/pkg/core"

// Dests are the monitors as whom messages go to; none before the cluster began.
func (s *State) Dests() []core.Dest {
	var all []core.Dest
	for i := range s.mons {
		all = append(all, s.mons[i].dest())
	}
	return all
}
