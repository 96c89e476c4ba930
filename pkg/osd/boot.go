package osd

import (
	"errors"
	"fmt"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/pg"
	"zeph/pkg/store"
	"zeph/pkg/wire"
)

// How an OSD gets up, and what it does when the map says that it is not:
//
//	loading ──▶ joining ──▶ noting ──▶ booting ──▶ up ──▶ stopping ──▶ gone
//	              ▲  the newest map   gid durable   map shows the gid   │
//	              └──────────── the map says down, or has another gid ──┘
//
// A gid is durable before anyone hears of it, and all since the last one seen in a map are kept: by
// these notes the leader tells the same store, started again, from a copy of it (protocol 1.3).

// loaded is what a start found in the store.
type loaded struct {
	super superblock
	maps  written
	pgs   []stored
	err   error
}

// load begins: everything that the OSD needs of its store is read at once.
func (c *Core) load() {
	c.phase = loading
	c.read(func(r store.Reader) any { return readAtStart(r) }, func(result any) { c.loaded(result.(*loaded)) })
	c.armTick()
}

func readAtStart(r store.Reader) *loaded {
	l := &loaded{}
	if l.super, l.err = readSuper(r); l.err != nil {
		return l
	}
	if l.maps, l.err = readHistory(r, &l.super); l.err != nil {
		return l
	}
	if l.pgs, l.err = readPGs(r); l.err != nil {
		l.err = fmt.Errorf("its store is damaged, and it will not serve from it: %w; to do without this store: zeph osd lost, then mkfs a new one", l.err)
	}
	return l
}

func (c *Core) loaded(l *loaded) {
	if l.err != nil {
		c.exit(fmt.Errorf("osd.%d: %w", int32(c.cfg.ID), l.err))
		return
	}
	if err := c.mine(&l.super); err != nil {
		c.exit(err)
		return
	}
	c.super = l.super
	if err := c.begin(l); err != nil {
		c.exit(fmt.Errorf("osd.%d: %w", int32(c.cfg.ID), err))
		return
	}
	c.log(core.Info, "osd starts", "epoch", c.epoch(), "pgs", len(l.pgs))
	c.phase = joining
	c.askMaps()
}

// mine refuses a store that is another OSD's, or another cluster's.
func (c *Core) mine(s *superblock) error {
	switch {
	case s.ID != c.cfg.ID:
		return fmt.Errorf("this is osd.%d, and its store is that of osd.%d", int32(c.cfg.ID), int32(s.ID))
	case !c.cfg.FSID.IsZero() && s.FSID != c.cfg.FSID:
		return wire.WrongCluster.Errorf("osd.%d: its store belongs to cluster %v, it was told of %v", int32(c.cfg.ID), s.FSID, c.cfg.FSID)
	}
	return nil
}

// newGID draws the gid of another run.
func (c *Core) newGID() wire.GID {
	for {
		if gid := wire.GID(c.rand.gid.Uint64()); gid != 0 {
			return gid
		}
	}
}

// joinIfCurrent goes on to boot once a monitor has said that there is no newer map than ours.
func (c *Core) joinIfCurrent() {
	f := &c.maps.fetch
	if c.phase != joining || !f.asked || c.epoch() == 0 || c.epoch() < c.maps.heard {
		return
	}
	c.phase = noting
	gid := c.gid
	c.super.GIDs = append(c.super.GIDs, gid)
	t := new(store.Txn)
	c.super.put(t)
	announce := func() {
		if c.phase != noting {
			return
		}
		c.emit(core.Rename{GID: gid})
		c.phase, c.bootAgain = booting, 0
		if c.listens() {
			c.gatherPeers()
			c.beats()
		}
		c.boot()
	}
	c.submit(t, announce)
}

const bootTimeout = 10 * time.Second

// boot asks to be up, until a map says so.
func (c *Core) boot() {
	if c.phase != booting || c.booting || !c.now.After(c.bootAgain) || c.waits() {
		return
	}
	c.booting = true
	gid := c.gid
	ask := &wire.Boot{
		OSD: c.cfg.ID, GID: gid, Store: c.super.Store, GIDs: c.super.GIDs, Addrs: c.cfg.Addrs,
		Location: c.cfg.Location, Weight: c.cfg.Weight, Class: c.cfg.Class, Size: c.stats.Size,
		Epoch: c.epoch(), Software: c.cfg.Software, Host: c.cfg.Host,
	}
	c.askMonitor(wire.TypeBoot, ask, bootTimeout, func(a core.Answered) {
		c.booting = false
		if c.phase != booting || c.gid != gid {
			return
		}
		if a.Err != nil {
			c.notBooted(a.Err)
			return
		}
		c.bootAgain = c.now.Mono + time.Second
		if done, ok := a.Body.(*wire.Done); ok {
			c.hear(done.Epoch, nil)
		}
	})
}

func (c *Core) notBooted(err error) {
	c.bootAgain = c.now.Mono + 500*time.Millisecond
	if refusal(err) {
		c.exit(fmt.Errorf("osd.%d, store %v: the monitors refuse it: %w", int32(c.cfg.ID), c.super.Store, err))
		return
	}
	if e := (*wire.Error)(nil); errors.As(err, &e) && e.Text != c.bootWhy {
		c.bootWhy = e.Text
		c.log(core.Warn, "not booted yet", "err", err)
	}
}

// myself looks for the OSD in a map that has come into force: whether it is up, fell, or may forget gids.
func (c *Core) myself(m *osdmap.Map) {
	o, known := m.OSD(c.cfg.ID)
	is := known && o.Up && c.gid != 0 && wire.GID(o.GID) == c.gid
	if known {
		c.forgetGIDs(wire.GID(o.GID))
	}
	switch {
	case is && c.phase == booting:
		c.phase = up
		c.log(core.Info, "osd is up", "epoch", m.Epoch())
		if !c.ready {
			c.ready = true
			c.emit(core.Ready{})
		}
		c.rise()
	case !is && (c.phase == noting || c.phase == booting) && known && wire.GID(o.GID) == c.gid:
		c.cfg.Rare.Sometimes("osd is marked down before it knows that it was up")
		c.fall() // it was up, and is not any more: a gid is used once
	case !is && c.phase == up:
		c.cfg.Rare.Sometimes("osd is marked down while it runs")
		c.log(core.Warn, "the map says that this osd is down", "epoch", m.Epoch(), "up", known && o.Up)
		c.fall()
	}
}

// rise begins what only an OSD that is up does.
func (c *Core) rise() {
	c.beacons.next, c.bootWhy = c.now.Mono, ""
	c.peers = nil
	c.gatherPeers()
	c.beacon()
}

// fall stops all PGs, for each sees in its new interval that this OSD is no part of it; then the OSD is
// another run of itself, and joins again (protocol 1.4).
func (c *Core) fall() {
	c.catchUpAll()
	c.unholdAll()
	c.phase = joining
	c.maps.fetch.asked = false
	c.gid = c.newGID()
	for _, s := range c.order {
		c.feed(s, pg.NewGID{GID: c.gid})
	}
	c.peers, c.graces = nil, nil
	c.falls.fell(c.now.Mono)
	c.beacons = beacons{told: map[osdmap.PGID]told{}, config: c.beacons.config}
	c.upThru, c.temps.asks = upThru{asked: c.upThru.asked}, nil
}

// forgetGIDs drops the notes of gids before the one that a map shows. The next map stores that.
func (c *Core) forgetGIDs(seen wire.GID) {
	for i, g := range c.super.GIDs {
		if g == seen {
			c.super.GIDs = append([]wire.GID(nil), c.super.GIDs[i:]...)
			return
		}
	}
}
