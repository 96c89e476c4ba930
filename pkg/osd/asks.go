package osd

import (
	"slices"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/pg"
	"zeph/pkg/wire"
)

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
