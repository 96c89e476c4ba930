package osd

import (
	"cmp"
	"errors"
	"slices"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/pg"
	"zeph/pkg/placement"
	"zeph/pkg/store"
)

// slot is one PG of this OSD, with the epoch up to which it has been taken.
type slot struct {
	id    osdmap.PGID
	pg    *pg.PG
	epoch osdmap.Epoch
}

func (s *slot) primary() bool { return s.pg.IsPrimary() }

// stored is a PG that a start found in the store.
type stored struct {
	image *pg.Image
}

// readPGs reads what the store has of PGs beside their objects. What is damaged there concerns its PG alone, see
// begin. Where not even a list of PGs can be had, or the store is dead, the OSD does not start.
func readPGs(r store.Reader) ([]stored, error) {
	ids, err := r.PGs()
	if err != nil {
		return nil, err
	}
	list := make([]stored, len(ids))
	for i, id := range ids {
		list[i].image = pg.ReadImage(r, id)
		if err := list[i].image.Err; errors.Is(err, store.ErrDead) {
			return nil, err
		}
	}
	return list, nil
}

// find is where a PG is, or would be, in the order of PGs.
func (c *Core) find(id osdmap.PGID) (int, bool) {
	return slices.BinarySearchFunc(c.order, id, func(s *slot, id osdmap.PGID) int { return s.id.Compare(id) })
}

func (c *Core) slot(id osdmap.PGID) *slot { return c.slotOf[id] }

func (c *Core) addSlot(id osdmap.PGID, at osdmap.Epoch) *slot {
	s := &slot{id: id, pg: pg.New(c.pgConfig(id)), epoch: at}
	i, _ := c.find(id)
	c.order = slices.Insert(c.order, i, s)
	c.slotOf[id] = s
	return s
}

func (c *Core) dropSlot(id osdmap.PGID) {
	if i, ok := c.find(id); ok {
		c.order = slices.Delete(c.order, i, i+1)
		delete(c.slotOf, id)
		delete(c.beacons.told, id)
	}
}

func (c *Core) pgConfig(id osdmap.PGID) pg.Config {
	return pg.Config{PG: id, OSD: c.cfg.ID, GID: c.gid, Store: c.super.Store, Seed: c.cfg.Seed, Room: c.room, Rare: c.cfg.Rare, Settings: c.pgSettings()}
}

// give feeds a PG an event, after the epochs that it has yet to go through: so no event meets a PG
// that is behind the OSD's map.
func (c *Core) give(s *slot, ev any) {
	c.catchUp(s)
	c.feed(s, ev)
}

func (c *Core) feed(s *slot, ev any) {
	c.carry(s.pg.Step(c.now, ev))
}

// catchUp takes a PG through the epochs up to that in force, one by one (protocol 3.1, hazard 30).
func (c *Core) catchUp(s *slot) {
	if s.epoch >= c.epoch() {
		return
	}
	recent := c.maps.recent
	i, _ := slices.BinarySearchFunc(recent, s.epoch+1, func(t *placement.Table, e osdmap.Epoch) int {
		return cmp.Compare(t.Map().Epoch(), e)
	})
	for _, t := range recent[i:] {
		s.epoch = t.Map().Epoch()
		c.feed(s, pg.NewMap{View: view(t, s.id)})
	}
}

// view is where a PG is in a map.
func view(t *placement.Table, id osdmap.PGID) pg.View {
	m, _ := t.PG(id)
	return pg.View{Map: t.Map(), Mapping: m}
}

// slice is how many PGs a long walk over them takes at a time.
const slice = 128

// catchUpSome takes some of the PGs that are behind through their epochs, and comes back for the rest.
func (c *Core) catchUpSome() {
	n := 0
	for _, s := range c.order {
		if s.epoch >= c.epoch() {
			continue
		}
		if n++; n > slice {
			c.goOnLater(c.catchUpSome)
			return
		}
		c.catchUp(s)
	}
	c.maps.recent = c.maps.recent[max(0, len(c.maps.recent)-1):]
	c.gatherPeers()
	c.trim()
}

// catchUpAll leaves no PG behind: where the OSD itself is down, or stops, none may wait for its turn.
func (c *Core) catchUpAll() {
	for _, s := range c.order {
		c.catchUp(s)
	}
}

// slowest is the oldest epoch that a PG of this OSD is at.
func (c *Core) slowest() osdmap.Epoch {
	e := c.epoch()
	for _, s := range c.order {
		e = min(e, s.epoch)
	}
	return e
}

// tickSome gives the PGs their tick, in slices: those that have something to do.
func (c *Core) tickSome(from int) {
	c.ticking = true
	to := min(from+slice, len(c.order))
	for _, s := range c.order[min(from, to):to] {
		if s.epoch < c.epoch() || c.now.After(s.pg.Due()) {
			c.give(s, pg.Tick{})
		}
	}
	if to < len(c.order) {
		c.goOnLater(func() { c.tickSome(to) })
		return
	}
	c.ticking = false
}

// goOnLater comes back to a long walk, after whatever else waits.
func (c *Core) goOnLater(then func()) {
	t := c.token()
	c.slices[t] = then
	c.emit(core.Continue{Token: t})
}
