package placement

import (
	"zeph/pkg/osdmap"
)

// Unreached lists the OSDs that are in but that no pool's rule can choose: they stand below
// nothing that a rule takes, or have no weight on the way.
func Unreached(m *osdmap.Map) []osdmap.OSDID {
	if m.Crush() == nil {
		return nil
	}
	reached := make(map[osdmap.OSDID]bool)
	for pool := range m.Pools() {
		nodes, err := Nodes(m.Crush(), pool.Rule)
		if err != nil {
			continue
		}
		for _, n := range nodes {
			reached[osdmap.OSDID(n.ID)] = true
		}
	}
	var lost []osdmap.OSDID
	for id := range m.OSDs() {
		if m.IsIn(id) && !reached[id] {
			lost = append(lost, id)
		}
	}
	return lost
}
