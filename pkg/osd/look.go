package osd

import (
	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/pg"
)

// What follows changes nothing: it is for those who look on from outside, such as judges of a simulation.

// Epoch is that of the OSD's map.
func (c *Core) Epoch() osdmap.Epoch { return c.epoch() }

// Map is the OSD's map; nil: it has none.
func (c *Core) Map() *osdmap.Map {
	if c.maps.cur == nil {
		return nil
	}
	return c.maps.cur.Map()
}

// PG is the machine of a PG; nil: there is none here.
func (c *Core) PG(id osdmap.PGID) *pg.PG {
	if s := c.slot(id); s != nil {
		return s.pg
	}
	return nil
}

// PGState is how a PG here is, as people see it; false: there is none.
func (c *Core) PGState(id osdmap.PGID) (string, bool) {
	if p := c.PG(id); p != nil {
		return p.State(), true
	}
	return "", false
}

// Serves reports whether clients could read from a PG here at a time.
func (c *Core) Serves(id osdmap.PGID, now core.Time) bool {
	p := c.PG(id)
	return p != nil && c.phase == up && p.Serves(now)
}

// Each goes through the PGs that are here, in order.
func (c *Core) Each(yield func(osdmap.PGID, *pg.PG)) {
	for _, s := range c.order {
		yield(s.id, s.pg)
	}
}

// EachLed goes through the PGs that this OSD leads, in order.
func (c *Core) EachLed(yield func(osdmap.PGID, *pg.PG)) {
	for _, s := range c.order {
		if s.pg.IsPrimary() {
			yield(s.id, s.pg)
		}
	}
}

// IsUp reports whether the OSD takes itself to be up.
func (c *Core) IsUp() bool { return c.phase == up }
