package placement

import (
	"zeph/pkg/crush"
	"zeph/pkg/osdmap"
)

// upIn is the change that has an OSD exist, up and in: on the store that the map knows, or
// an imagined one, in a run that it cannot have had before.
func upIn(m *osdmap.Map, id osdmap.OSDID) osdmap.OSDChange {
	one := crush.One
	change := osdmap.OSDChange{Create: !m.Exists(id), Weight: &one}
	if m.IsUp(id) {
		return change
	}
	old, _ := m.OSD(id)
	change.Up = &osdmap.Boot{GID: old.GID + 1, Store: old.Store, Addrs: old.Addrs}
	if change.Up.GID == 0 {
		change.Up.GID = 1
	}
	if change.Up.Store == (osdmap.UUID{}) {
		change.Up.Store = osdmap.UUID{0: 1, 13: byte(id >> 16), 14: byte(id >> 8), 15: byte(id)}
	}
	return change
}

// AllUpIn is the map with every OSD below max_osd existing, up and in, and those that CRUSH
// gives no weight at weight 1, as "osdmaptool --mark-up-in" imagines it.
func AllUpIn(m *osdmap.Map) (*osdmap.Map, error) {
	weighted := m.Crush()
	if weighted != nil {
		for id, held := range weighted.Holds() {
			if !held || id >= m.MaxOSD() || deviceWeight(weighted, crush.ItemID(id)) > 0 {
				continue
			}
			var err error
			if weighted, err = weighted.Reweight(crush.ItemID(id), crush.One); err != nil {
				return nil, err
			}
		}
	}
	return apply(m, func(c *osdmap.Change) {
		if weighted != m.Crush() {
			c.Crush = weighted
		}
		for id := range osdmap.OSDID(m.MaxOSD()) {
			c.OSDs[id] = upIn(m, id)
		}
	})
}

// deviceWeight is the weight with which the map holds a device, zero where it does not.
func deviceWeight(m *crush.Map, id crush.ItemID) crush.Weight {
	for i := range m.Buckets {
		for _, it := range m.Buckets[i].Items {
			if it.ID == id && !m.Buckets[i].IsShadow() {
				return it.Weight
			}
		}
	}
	return 0
}
