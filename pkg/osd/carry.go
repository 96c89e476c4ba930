package osd

import (
	"slices"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/pg"
	"zeph/pkg/wire"
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
			c.leases.add(e)
		case pg.WantUpThru:
			c.upThru.want = max(c.upThru.want, e.Epoch)
		case pg.WantTemp:
			c.temps.add(e)
		case pg.AskSlot:
			c.places(e.Remote).ask(c, e.PG)
		case pg.FreeSlot:
			c.places(e.Remote).free(c, e.PG)
		case pg.Changed:
			c.beacons.hurry(c.now.Mono)
		case pg.Removed:
			c.gonePGs = append(c.gonePGs, e.PG)
		default:
			c.emit(e)
		}
	}
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

// leases gathers the leases that PGs grant and acknowledge in one step, by whom they are for (protocol 6.1).
type leases struct {
	to []leasesTo
}

type leasesTo struct {
	dest core.Dest
	list []wire.PGLease
}

func (l *leases) add(e pg.SendLease) {
	i := slices.IndexFunc(l.to, func(to leasesTo) bool { return to.dest.Peer == e.To.Peer })
	if i < 0 {
		i = len(l.to)
		l.to = append(l.to, leasesTo{dest: e.To})
	}
	l.to[i].list = append(l.to[i].list, e.Lease)
}

func (c *Core) sendLeases() {
	for _, to := range c.leases.to {
		c.emit(core.Send{To: to.dest, Class: wire.Control, Type: wire.TypePGLeases, Epoch: c.epoch(), Reserved: true,
			Body: &wire.PGLeases{To: to.dest.GID, Leases: to.list}})
	}
	c.leases.to = nil
}

// upThru asks that the map say how long this OSD was up: one request serves all PGs (protocol 4.3).
type upThru struct {
	want  osdmap.Epoch
	asked osdmap.Epoch // under way; 0: none is
}

func (c *Core) askUpThru() {
	u := &c.upThru
	if u.asked != 0 || u.want == 0 || c.phase != up {
		return
	}
	u.asked = u.want
	u.want = 0
	ask := &wire.UpThru{OSD: c.cfg.ID, GID: c.gid, Want: u.asked}
	c.askMonitor(wire.TypeUpThru, ask, time.Second, func(a core.Answered) {
		if u.want <= u.asked {
			u.want = 0 // the PGs ask again, if the map does not show it
		}
		u.asked = 0
		if done, ok := a.Body.(*wire.Done); ok {
			c.hear(done.Epoch, nil)
		}
	})
}

// temps are the wishes of PGs that others be in charge for a while; the newest of each counts.
type temps struct {
	asks []wire.TempAsk // ascending PG
	busy bool
}

func (t *temps) add(e pg.WantTemp) {
	i, found := slices.BinarySearchFunc(t.asks, e.PG, func(a wire.TempAsk, id osdmap.PGID) int { return osdmap.PGID(a.PG).Compare(id) })
	ask := wire.TempAsk{PG: wire.PG(e.PG), Interval: e.Interval, OSDs: e.OSDs}
	if found {
		t.asks[i] = ask
		return
	}
	t.asks = slices.Insert(t.asks, i, ask)
}

const maxTemps = 1000 // in one request

func (c *Core) askTemps() {
	t := &c.temps
	if t.busy || len(t.asks) == 0 || c.phase != up {
		return
	}
	n := min(len(t.asks), maxTemps)
	asks := t.asks[:n:n]
	t.asks = slices.Clone(t.asks[n:])
	t.busy = true
	c.askMonitor(wire.TypePGTemp, &wire.PGTemp{OSD: c.cfg.ID, GID: c.gid, Asks: asks}, 2*time.Second, func(a core.Answered) {
		t.busy = false
		if done, ok := a.Body.(*wire.Done); ok {
			c.hear(done.Epoch, nil)
		}
	})
}
