package osd

import (
	"fmt"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/placement"
	"zeph/pkg/store"
	"zeph/pkg/wire"
)

// maps are the maps that an OSD has, on their way into force:
//
//	received ──▶ tip ──store──▶ durable ──▶ cur ──▶ each PG, epoch by epoch
//
// Nothing is done because of a map before it is durable here (protocol 3.1), and no PG misses an epoch,
// though they may be a few behind cur for a moment: see catchUp.
type maps struct {
	hist history          // up to tip
	tip  *placement.Table // the newest received
	cur  *placement.Table // the newest in force

	coming []*placement.Table // after cur, up to tip: not durable yet
	recent []*placement.Table // that some PG has yet to go through, the last one is cur

	heard osdmap.Epoch // the newest that anyone has spoken of
	fetch fetching

	oldest   osdmap.Epoch // that anyone may still need, as the leader says
	trimming bool
}

// atlas is where maps and tables are worked out.
func (c *Core) atlas() *placement.Atlas {
	if c.cfg.Atlas == nil {
		c.cfg.Atlas = new(placement.Atlas)
	}
	return c.cfg.Atlas
}

// take applies changes that follow the newest map received, and has them stored. Those that it has
// already are passed over. A gap ends it: they are fetched.
func (c *Core) take(changes [][]byte, who core.Peer) {
	t := new(store.Txn)
	for _, b := range changes {
		change, err := c.atlas().Change(b)
		if err != nil {
			c.log(core.Warn, "bad map", "peer", who.Entity, "err", err)
			break
		}
		if change.Epoch() <= c.maps.tip.Map().Epoch() {
			continue
		}
		if change.Epoch() > c.maps.tip.Map().Epoch()+1 {
			break
		}
		table, err := c.next(c.maps.tip, b)
		if err != nil {
			c.badChange(who, err)
			break
		}
		c.maps.tip = table
		c.maps.hist.add(b, table.Map())
		c.maps.coming = append(c.maps.coming, table)
		putBytes(t, changeKey(change.Epoch()), b)
		if len(t.Ops) >= 256 {
			break
		}
	}
	if len(t.Ops) > 0 {
		c.storeMaps(t)
	}
}

func (c *Core) next(t *placement.Table, change []byte) (*placement.Table, error) {
	m, err := c.atlas().Apply(t.Map(), change)
	if err != nil {
		return nil, err
	}
	return c.atlas().Next(t, m)
}

// badChange is a change that does not follow our map. From a monitor that means that one of us has
// another history: nothing good can come of going on.
func (c *Core) badChange(who core.Peer, err error) {
	c.log(core.Error, "a change does not follow our map", "peer", who.Entity, "err", err)
	if who.Entity.Kind() == wire.Mon {
		c.exit(fmt.Errorf("osd.%d: the change from %v does not follow map %d: %w",
			int32(c.cfg.ID), who.Entity, c.maps.tip.Map().Epoch(), err))
	}
}

// storeMaps makes the newest maps durable, by a transaction that has them, then puts them into force.
func (c *Core) storeMaps(t *store.Txn) {
	c.super.Base, c.super.Newest = c.maps.hist.oldest(), c.maps.hist.newest()
	c.super.put(t)
	upTo := c.super.Newest
	c.submit(t, func() { c.enforce(upTo) })
}

// jump takes a whole map, where the changes up to it are gone everywhere.
func (c *Core) jump(m *osdmap.Map, encoded []byte) {
	table, err := c.atlas().Table(m)
	if err != nil {
		c.log(core.Error, "bad map", "err", err)
		return
	}
	if c.maps.tip.Map().Epoch() > 0 {
		c.log(core.Warn, "the maps after ours are gone", "epoch", c.maps.tip.Map().Epoch(), "next", m.Epoch())
	}
	t := new(store.Txn)
	putBytes(t, wholeKey(m.Epoch()), encoded)
	forget(t, &c.maps.hist, c.maps.hist.newest()+1)
	c.maps.tip = table
	c.maps.hist = history{atlas: c.atlas(), base: m}
	c.maps.coming = append(c.maps.coming, table)
	c.storeMaps(t)
}

// forget removes what a history has stored from before an epoch on.
func forget(t *store.Txn, h *history, before osdmap.Epoch) {
	if h.newest() == 0 {
		return
	}
	t.Remove(wholeKey(h.oldest()))
	for e := h.oldest() + 1; e <= h.newest() && e <= before && len(t.Ops) < store.MaxTxnOps/2; e++ {
		t.Remove(changeKey(e))
	}
}

// trimAt is how many maps too many are worth a whole map written.
const trimAt = 64

// trim drops maps that nobody needs any more (protocol 3.4).
func (c *Core) trim() {
	h := &c.maps.hist
	to := min(c.maps.oldest, c.epoch(), c.slowest())
	if c.maps.trimming || to < h.oldest()+trimAt {
		return
	}
	to = min(to, h.oldest()+store.MaxTxnOps/4)
	short, err := h.trimmed(to)
	if err != nil {
		c.exit(fmt.Errorf("osd.%d: trim maps: %w", int32(c.cfg.ID), err))
		return
	}
	whole, err := short.base.Encode()
	if err != nil {
		c.exit(fmt.Errorf("osd.%d: trim maps: %w", int32(c.cfg.ID), err))
		return
	}
	t := new(store.Txn)
	forget(t, h, to)
	putBytes(t, wholeKey(to), whole)
	c.maps.hist = short
	c.super.Base, c.super.Newest = short.oldest(), short.newest()
	c.super.put(t)
	c.maps.trimming = true
	c.submit(t, func() { c.maps.trimming = false })
}
