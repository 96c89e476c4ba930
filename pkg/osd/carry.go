package osd

import (
	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/pg"
)

// carry passes on what a PG wants done. What concerns all PGs of the OSD it takes for itself.
func (c *Core) carry(effects []core.Effect) {
	for _, e := range effects {
		switch e := e.(type) {
		case core.Reply:
			c.ended(e.To)
			c.emit(e)
		case core.Fail:
			c.ended(e.To)
			c.emit(e)
		case core.Drop:
			c.ended(e.To)
			c.emit(e)
		case core.Exit:
			c.exit(e.Err)
		case pg.SendLease:
			if e.Lease.Ack || !c.diskHangs() {
				c.leases.add(e)
			}
		case pg.WantUpThru:
			c.upThru.want = max(c.upThru.want, e.Epoch)
		case pg.WantTemp:
			c.temps.add(e)
		case pg.AskSlot:
			c.places(e.Remote, e.Scrub).ask(c, e.PG)
		case pg.FreeSlot:
			c.places(e.Remote, e.Scrub).free(c, e.PG)
		case pg.Changed:
			c.beacons.hurry(c.now.Mono)
		case pg.Removed:
			c.gonePGs = append(c.gonePGs, e.PG)
		default:
			c.emit(e)
		}
	}
}

// diskHangs reports whether nothing has become durable for so long that the peers will say so soon. Such an
// OSD asks for no more leases: the last one then is over when the map says down, and the next primary, which
// cannot know that this one heard of it, need not wait (protocol 6.5). If the disk goes on, so do the leases.
func (c *Core) diskHangs() bool {
	return c.commits.asked && c.now.Mono-c.commits.last > c.set.HeartbeatGrace*3/4
}

// todo is an event that the OSD has for a PG, after the present one.
type todo struct {
	pg osdmap.PGID
	ev any
}

// finish ends a step: PGs get what the OSD found for them, and what all PGs asked for goes out together.
func (c *Core) finish() {
	for len(c.todo) > 0 || len(c.gonePGs) > 0 {
		if len(c.gonePGs) > 0 {
			id := c.gonePGs[0]
			c.gonePGs = c.gonePGs[1:]
			c.removed(id)
			continue
		}
		t := c.todo[0]
		c.todo = c.todo[1:]
		if s := c.slot(t.pg); s != nil && c.phase != stopping {
			c.give(s, t.ev)
		}
	}
	c.sendLeases()
	c.askUpThru()
	c.askTemps()
}
