package osd

import (
	"slices"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/pg"
	"zeph/pkg/wire"
)

// received takes a message. Those about maps are for at once; the others wait until our map is as new as
// the sender's.
func (c *Core) received(m core.Received) {
	if m.Type.OneWay() && m.Request != 0 { // it has no answer: as a request it would stay under way for ever
		c.drop(m.Request)
		m.Request = 0
	}
	if c.maps.cur == nil || c.phase == stopping {
		c.fail(m.Request, wire.Closing.Errorf("osd.%d is %v", int32(c.cfg.ID), c.phase))
		return
	}
	from := c.sender(m.From)
	switch b := m.Body.(type) {
	case *wire.MapHint:
		c.mons.prefer(b.Leader)
		c.maps.fetch.again = 0
		c.hear(b.Epoch, nil)
		if b.Mons > c.mons.version && c.maps.tip != nil {
			c.askMaps() // the answer says who the monitors are
		}
		c.fetchMaps()
		return
	case *wire.Maps:
		c.take(b.Changes, m.From)
		c.hear(b.Newest, &from)
		return
	case *wire.GetMaps:
		c.serveMaps(m, b)
		c.hear(m.Epoch, &from)
		return
	case *wire.Command:
		c.command(m, b)
		return
	}
	c.hear(m.Epoch, &from)
	if c.mustWait(&m) {
		c.hold(m)
		return
	}
	c.deliver(m)
}

// deliver gives a message to whom it concerns, now that our map is as new as its sender's.
func (c *Core) deliver(m core.Received) {
	c.inform(c.sender(m.From), m.Epoch)
	if id, ok := osdOf(m.From.Entity); ok {
		c.fromOSD(id, m)
		return
	}
	switch b := m.Body.(type) {
	case *wire.Write:
		c.fromClient(m, osdmap.PGID(b.PG), &b.Target, uint64(len(m.Bulk)))
	case *wire.Read:
		c.fromClient(m, osdmap.PGID(b.PG), &b.Target, 0)
	case *wire.List:
		c.fromClient(m, osdmap.PGID(b.PG), nil, 0)
	default:
		c.fail(m.Request, wire.NoHandler.Errorf("osd.%d serves no %v", int32(c.cfg.ID), m.Type))
	}
}

// fromOSD takes what another OSD says, if it is the run of it that the map has (protocol 1.5).
func (c *Core) fromOSD(id osdmap.OSDID, m core.Received) {
	if !c.present(id, m.From.GID) {
		c.drop(m.Request)
		return
	}
	if b, ok := m.Body.(*wire.PGLeases); ok {
		if b.To != c.gid {
			return
		}
		c.room.Heard(id, m.From.GID, pg.Space{Used: b.Used, Size: b.Size, Coming: b.Coming, At: b.At})
		for _, l := range b.Leases {
			if s := c.slot(osdmap.PGID(l.PG)); s != nil {
				c.give(s, pg.LeaseReceived{From: m.From, Lease: l})
			}
		}
		return
	}
	of, ok := pg.PGOf(m.Body)
	if !ok {
		c.fail(m.Request, wire.NoHandler.Errorf("osd.%d serves no %v", int32(c.cfg.ID), m.Type))
		return
	}
	c.toPG(of, m)
}

// toPG gives a message to its PG. Without one, the answer is that there is none: so nobody waits for it.
func (c *Core) toPG(id osdmap.PGID, m core.Received) {
	if m.Request != 0 {
		c.ops.begin(m.Request, op{since: c.now.Mono, pg: id, from: m.From, typ: m.Type})
	}
	if s := c.slot(id); s != nil {
		c.give(s, m)
		return
	}
	c.carry(pg.Absent(c.pgConfig(id), view(c.maps.cur, id), m))
	if m.Request != 0 && c.ops.has(m.Request) {
		c.ended(m.Request)
		c.drop(m.Request)
	}
}

// reset is the end of a session. What a PG had under way by it, it hears of by its calls.
func (c *Core) reset(ev core.SessionReset) {
	c.unhold(ev.Session)
}

func (c *Core) answered(ev core.Answered) {
	if ev.Token.PG != (osdmap.PGID{}) {
		c.toOwner(ev.Token, ev)
		return
	}
	if then := takeOut(c.answers, ev.Token); then != nil {
		then(ev)
	}
}

func (c *Core) durable(ev core.Durable) {
	c.commits.last = c.now.Mono
	if ev.Token.PG != (osdmap.PGID{}) {
		c.toOwner(ev.Token, ev)
		return
	}
	if then := takeOut(c.durables, ev.Token); then != nil {
		then(ev.Err)
	}
}

func (c *Core) readDone(ev core.ReadDone) {
	if ev.Token.PG != (osdmap.PGID{}) {
		c.toOwner(ev.Token, ev)
		return
	}
	if then := takeOut(c.reads, ev.Token); then != nil {
		then(ev.Result)
	}
}

func (c *Core) goOn(ev core.Continue) {
	if ev.Token.PG != (osdmap.PGID{}) {
		c.toOwner(ev.Token, ev)
		return
	}
	if then := takeOut(c.slices, ev.Token); then != nil && c.phase != stopping {
		then()
	}
}

func takeOut[F any](m map[core.Token]F, t core.Token) F {
	f := m[t]
	delete(m, t)
	return f
}

// toOwner gives a PG what it asked for. An OSD that stops serves nothing any more.
func (c *Core) toOwner(t core.Token, ev any) {
	if s := c.slot(t.PG); s != nil && c.phase != stopping {
		c.give(s, ev)
	}
}

// toAll gives all PGs an event.
func (c *Core) toAll(ev any) {
	for _, s := range slices.Clone(c.order) {
		if c.phase != stopping {
			c.give(s, ev)
		}
	}
}
