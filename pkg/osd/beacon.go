package osd

import (
	"cmp"
	"reflect"
	"slices"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// beacons tell the leader each second that the OSD is well, and what its PGs do. The leader keeps that in
// memory only: so a new one has to be told of every PG once, and is told when that is done.
type beacons struct {
	next   time.Duration
	last   time.Duration
	busy   bool
	term   uint64 // of the leader that answered last
	config uint64 // version of the settings that are in force
	told   map[osdmap.PGID]told
	turn   int // where in the order of PGs the next ones in turn begin
	peer   int // the same, of peers
}

// told is what the leader was last told of a PG.
type told struct {
	stat wire.PGStat
	term uint64
}

const (
	maxTold   = 1000 // PGs in a beacon, that changed
	turnTold  = 50   // and others, in turn
	beaconFor = 3 * time.Second
)

// hurry brings the next beacon forward: something happened that people look for.
func (b *beacons) hurry(now time.Duration) {
	b.next = min(b.next, max(now, b.last+250*time.Millisecond))
}

// beacon tells the leader how things are, if it is time.
func (c *Core) beacon() {
	b := &c.beacons
	if c.phase != up || b.busy || !c.now.After(b.next) {
		return
	}
	b.busy, b.last, b.next = true, c.now.Mono, c.now.Mono+c.set.BeaconInterval
	stats, complete := c.tell()
	gid := c.gid
	msg := &wire.Beacon{
		OSD: c.cfg.ID, GID: gid, Size: c.stats.Size, Used: c.stats.Used, PGs: stats, Copies: uint32(len(c.order)),
		Config: b.config, Unheard: c.unheard(), Hears: c.hears(), SlowOps: c.slowOps(), Complete: complete && b.term != 0, Term: b.term,
		Drifts: c.drifts(), Damaged: c.stats.Damaged, Mons: c.mons.version,
	}
	c.askMonitor(wire.TypeBeacon, msg, beaconFor, func(a core.Answered) {
		b.busy = false
		r, ok := a.Body.(*wire.BeaconReply)
		if !ok {
			b.next = min(b.next, c.now.Mono+200*time.Millisecond)
			return
		}
		if c.gid == gid {
			c.beaconAnswered(r, stats)
		}
	})
}

func (c *Core) beaconAnswered(r *wire.BeaconReply, stats []wire.PGStat) {
	b := &c.beacons
	c.newMonmap(&r.Monmap)
	if r.Term != b.term {
		b.term = r.Term
		b.next = c.now.Mono // this leader should know everything soon
	}
	for _, s := range stats {
		b.told[osdmap.PGID(s.PG)] = told{s, r.Term}
	}
	c.graces = slices.Clone(r.Grace)
	slices.SortFunc(c.graces, func(a, b wire.PeerGrace) int { return cmp.Compare(a.OSD, b.OSD) })
	if r.Config != b.config {
		b.config = r.Config
		c.configure(r.Settings)
	}
	c.maps.oldest = max(c.maps.oldest, r.Oldest)
	c.hear(r.Epoch, nil)
	c.trim()
}

// tell chooses what the leader is told of PGs now: what it does not know, what changed, and a few more in
// turn. Complete means that with this it knows all.
func (c *Core) tell() (stats []wire.PGStat, complete bool) {
	b := &c.beacons
	complete = true
	var others []wire.PGStat
	for i := range c.order {
		s := c.order[(b.turn+i)%len(c.order)]
		if !s.primary() {
			delete(b.told, s.id)
			continue
		}
		stat := s.pg.Stat()
		last, ok := b.told[s.id]
		switch known := ok && last.term == b.term; {
		case known && reflect.DeepEqual(last.stat, stat):
			if len(others) < turnTold {
				others = append(others, stat)
			}
		case len(stats) < maxTold:
			stats = append(stats, stat)
		default:
			complete = complete && known
		}
	}
	if len(c.order) > 0 {
		b.turn = (b.turn + turnTold) % len(c.order)
	}
	return append(stats, others...), complete
}

func (c *Core) drifts() []wire.Drift {
	var list []wire.Drift
	for _, p := range c.peers {
		if p.drift.parts != 0 {
			list = append(list, wire.Drift{OSD: p.id, Parts: p.drift.parts})
		}
	}
	return list
}

// configure puts the monitors' settings into force.
func (c *Core) configure(list []wire.Setting) {
	set, errs := c.cfg.Settings.with(list)
	for _, err := range errs {
		c.log(core.Warn, "bad setting", "err", err)
	}
	c.set = set
	c.toAll(c.pgSettings())
	c.local.grant(c)
	c.remote.grant(c)
	c.scrubs.local.grant(c)
	c.scrubs.remote.grant(c)
}
