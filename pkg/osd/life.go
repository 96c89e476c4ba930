package osd

import (
	"cmp"
	"slices"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/pg"
	"zeph/pkg/placement"
)

// begin makes of what a start found the state that the OSD goes on from: its maps, and its PGs, each at the
// epoch that it was last seen at.
func (c *Core) begin(l *loaded) error {
	hist, err := historyOf(c.atlas(), &l.maps, &l.super)
	if err != nil {
		return err
	}
	c.maps.hist = hist
	from := hist.newest()
	for _, s := range l.pgs {
		if s.image.Err == nil {
			from = min(from, s.image.Info.Epoch)
		}
	}
	from = max(from, hist.oldest())
	if err := c.retable(from); err != nil {
		return err
	}
	c.gid = c.newGID()
	var damaged []osdmap.PGID
	for _, s := range l.pgs {
		switch _, known := c.maps.cur.Map().Pool(s.image.PG.Pool); {
		case s.image.Err == nil:
			c.open(s.image)
		case known:
			c.log(core.Error, "damaged pg: it is filled anew from its other copies", "pg", s.image.PG, "epoch", c.epoch(), "err", s.image.Err)
			damaged = append(damaged, s.image.PG)
		default:
			c.log(core.Error, "damaged pg: its pool is gone, what is left of it stays", "pg", s.image.PG, "epoch", c.epoch(), "err", s.image.Err)
		}
	}
	c.create(damaged, c.maps.cur, true)
	c.catchUpSome()
	return nil
}

// retable makes the tables of the epochs from one on.
func (c *Core) retable(from osdmap.Epoch) error {
	var table *placement.Table
	var err error
	walk := c.maps.hist.each(from, func(m *osdmap.Map) bool {
		if table == nil {
			table, err = c.atlas().Table(m)
		} else {
			table, err = c.atlas().Next(table, m)
		}
		c.maps.recent = append(c.maps.recent, table)
		return err == nil
	})
	c.maps.tip, c.maps.cur = table, table
	return cmp.Or(walk, err)
}

// open takes up a PG that the store has.
func (c *Core) open(image *pg.Image) {
	at := image.Info.Epoch
	s := c.addSlot(image.PG, at)
	base := pg.View{}
	for _, t := range c.maps.recent {
		if t.Map().Epoch() == at {
			base = view(t, image.PG)
		}
	}
	c.feed(s, pg.Open{Image: image, Base: base})
}

// enforce puts the maps up to an epoch into force, one by one, now that they are durable.
func (c *Core) enforce(upTo osdmap.Epoch) {
	if c.phase == stopping {
		return // its PGs have stopped, and begin nothing any more
	}
	for len(c.maps.coming) > 0 && c.maps.coming[0].Map().Epoch() <= upTo && c.phase != gone {
		t := c.maps.coming[0]
		c.maps.coming = c.maps.coming[1:]
		c.enter(t)
	}
	c.catchUpSome()
	c.admit()
	c.joinIfCurrent()
	c.fetchMaps()
}

// enter puts one map into force.
func (c *Core) enter(t *placement.Table) {
	before := c.maps.cur
	c.maps.cur = t
	c.maps.recent = append(c.maps.recent, t)
	if c.phase != stopping {
		c.createPGs(before, t)
	}
	c.myself(t.Map())
}

// createPGs makes the PGs that a map gives this OSD and that it does not have (protocol 11.1).
func (c *Core) createPGs(before, t *placement.Table) {
	var fresh []osdmap.PGID
	for pool := range t.Map().Pools() {
		list := t.Pool(pool.ID)
		if old := before.Pool(pool.ID); len(old) == len(list) && len(list) > 0 && &old[0] == &list[0] {
			continue // nothing moved in this pool
		}
		for seed, m := range list {
			id := osdmap.PGID{Pool: pool.ID, Seed: uint32(seed)}
			if has(m, c.cfg.ID) && c.slot(id) == nil {
				fresh = append(fresh, id)
			}
		}
	}
	c.create(fresh, t, false)
}

func has(m placement.Mapping, id osdmap.OSDID) bool {
	return slices.Contains(m.Up, id) || slices.Contains(m.Acting, id)
}

// create makes PGs, and tells each where it was in every map since its pool was made, as far back as
// there are maps: from that it finds out who may have written to it. Damaged ones the store has, but cannot read.
func (c *Core) create(ids []osdmap.PGID, t *placement.Table, damaged bool) {
	if len(ids) == 0 {
		return
	}
	views, err := c.views(ids, t)
	if err != nil {
		c.exit(err)
		return
	}
	for i, id := range ids {
		s := c.addSlot(id, t.Map().Epoch())
		c.log(core.Debug, "pg created", "pg", id, "epoch", t.Map().Epoch())
		c.feed(s, pg.Create{Views: views[i], Damaged: damaged})
	}
}

// views walks the maps once for many PGs.
func (c *Core) views(ids []osdmap.PGID, t *placement.Table) ([][]pg.View, error) {
	views := make([][]pg.View, len(ids))
	since := make([]osdmap.Epoch, len(ids))
	from, to := t.Map().Epoch(), t.Map().Epoch()
	for i, id := range ids {
		pool, _ := t.Map().Pool(id.Pool)
		since[i] = max(pool.Created, c.maps.hist.oldest())
		from = min(from, since[i])
	}
	var failed error
	var s placement.Scratch
	walk := c.maps.hist.each
	if from == to { // the usual case: the pool is new
		walk = func(osdmap.Epoch, func(*osdmap.Map) bool) error { return nil }
	}
	err := walk(from, func(m *osdmap.Map) bool {
		if m.Epoch() >= to {
			return false
		}
		mp, err := c.atlas().Mapper(m)
		if err != nil {
			failed = err
			return false
		}
		for i, id := range ids {
			if m.Epoch() < since[i] {
				continue
			}
			v := pg.View{Map: m}
			if pool, ok := m.Pool(id.Pool); ok {
				v.Mapping = mp.Map(&s, &pool, id)
			}
			views[i] = append(views[i], v)
		}
		return true
	})
	for i, id := range ids {
		views[i] = append(views[i], view(t, id))
	}
	return views, cmp.Or(err, failed)
}

// removed forgets a PG of which nothing is left. If a map has given it back meanwhile, it begins anew.
func (c *Core) removed(id osdmap.PGID) {
	c.log(core.Info, "pg removed", "pg", id, "epoch", c.epoch())
	c.dropSlot(id)
	c.local.free(c, id)
	c.remote.free(c, id)
	c.scrubs.local.free(c, id)
	c.scrubs.remote.free(c, id)
	if m, ok := c.maps.cur.PG(id); ok && has(m, c.cfg.ID) && c.phase != stopping {
		c.create([]osdmap.PGID{id}, c.maps.cur, false)
	}
}
