package sim

import (
	"fmt"
	"time"

	"zeph/pkg/osdmap"
	"zeph/pkg/pg"
	"zeph/pkg/store"
	"zeph/pkg/wire"
)

// copies is what the judge of placement groups remembers of every copy.
type copies struct {
	next   time.Duration                // when all is looked at again
	last   [][]lastLook                 // by OSD, and the PG's place
	judged []judged                     // by the PG's place
	maps   map[osdmap.Epoch]*osdmap.Map // that somebody had
}

// judged is the newest interval of a PG whose activation was.
type judged struct {
	pg       osdmap.PGID
	interval osdmap.Epoch
}

// lastLook is how a copy was. What was acknowledged then, and is not newer than its log, it must not lose.
type lastLook struct {
	pg       osdmap.PGID
	store    osdmap.UUID
	floor    wire.PGVersion // the newest acknowledged write that its log had
	removing bool
}

// inspect looks at every copy: at the activation of a PG at once, at the rest each second (I1, I2, I4, I10).
func (c *Cluster) inspect() {
	k := &c.copies
	if k.maps == nil {
		k.maps, k.judged = make(map[osdmap.Epoch]*osdmap.Map), make([]judged, c.pgCount())
	}
	for len(k.last) < len(c.osds) { // some may have joined
		k.last = append(k.last, make([]lastLook, c.pgCount()))
	}
	all := c.w.now >= k.next
	if all {
		k.next = c.w.now + time.Second
	}
	if all {
		c.sameBytes()
	}
	var acked map[osdmap.PGID][]write
	for id := range c.osds {
		core := c.osdCore(osdmap.OSDID(id))
		if core == nil {
			continue
		}
		if all {
			c.sameMap(id, core.Map())
		}
		core.Each(func(one osdmap.PGID, p *pg.PG) {
			place := c.pgPlace(one)
			if place < 0 || !all && !c.news(id, place, one, p) {
				return
			}
			if acked == nil {
				acked = c.ackedByPG()
			}
			c.inspectCopy(id, place, one, p, acked[one], all)
		})
	}
}

// news reports whether a copy has just become active, begins to go, or has a log that ends before what it had.
func (c *Cluster) news(id, place int, one osdmap.PGID, p *pg.PG) bool {
	now, was := p.Look(), c.lastLook(id, place, one)
	return now.Active && now.Interval > c.copies.newest(place, one) || now.Removing != was.removing || now.Head.Compare(was.floor) < 0
}

// lastLook is how a copy was; anew, if that was one of a pool which is gone.
func (c *Cluster) lastLook(id, place int, one osdmap.PGID) *lastLook {
	was := &c.copies.last[id][place]
	if was.pg != one {
		*was = lastLook{pg: one}
	}
	return was
}

// newest is the newest interval of a PG whose activation was judged.
func (k *copies) newest(place int, one osdmap.PGID) osdmap.Epoch {
	if j := &k.judged[place]; j.pg == one {
		return j.interval
	}
	return 0
}

// write is an object and the newest acknowledged write of it.
type write struct {
	object string
	ackedWrite
}

// ackedByPG are the acknowledged writes of each PG, in order of the objects. Those that somebody may have removed
// meanwhile are left out.
func (c *Cluster) ackedByPG() map[osdmap.PGID][]write {
	by := make(map[osdmap.PGID][]write)
	for _, name := range c.objects() {
		at, ever := c.removes[name]
		if v, known := c.acked[name]; known && !v.removed && !(ever && c.w.now < at+30*time.Second) {
			id := c.pgOf(name)
			by[id] = append(by[id], write{name, v})
		}
	}
	return by
}

func (c *Cluster) inspectCopy(id, place int, one osdmap.PGID, p *pg.PG, acked []write, all bool) {
	k := &c.copies
	now := p.Look()
	if now.Active && now.Interval > k.newest(place, one) {
		k.judged[place] = judged{one, now.Interval}
		c.judgeActivation(id, one, p, acked)
	}
	was := c.lastLook(id, place, one)
	if was.store != c.stores[id] {
		*was = lastLook{pg: one, store: c.stores[id]}
	}
	anew := now.Head.IsZero() && !was.floor.IsZero() // it was removed, and made again, since the last look
	if now.Removing && !was.removing || anew {
		c.judgeRemoval(id, one, acked)
	}
	was.removing = now.Removing
	if now.Removing || now.Incomplete || anew {
		was.floor = wire.PGVersion{}
	} else if now.Head.Compare(was.floor) < 0 {
		c.violation("a log lost what was acknowledged (I4)", fmt.Sprintf("%s, pg %v: its log ends at %v, and reached %v, which was acknowledged", c.osds[id].name, one, now.Head, was.floor), about{pg: one})
		was.floor = wire.PGVersion{}
	}
	if all && !now.Removing && !now.Incomplete {
		for _, w := range acked {
			if w.version.Compare(now.Head) <= 0 && w.version.Compare(was.floor) > 0 && p.Knows(w.version) {
				was.floor = w.version
			}
		}
		if now.Active && p.Serves(c.osds[id].Time()) {
			c.judgePrimary(id, one, p, acked)
		}
	}
}

// judgeActivation demands that the log with which a PG becomes active has every acknowledged write (I2).
func (c *Cluster) judgeActivation(id int, one osdmap.PGID, p *pg.PG, acked []write) {
	for _, w := range acked {
		if !p.Knows(w.version) {
			look := p.Look()
			c.violation("active without an acknowledged write (I2)", fmt.Sprintf("%s, pg %v, interval %v: %v of %s is not in the log after %v up to %v",
				c.osds[id].name, one, look.Interval, w.version, w.object, look.Tail, look.Head), about{pg: one, object: w.object})
			return
		}
	}
}

// judgePrimary demands that who serves has what was acknowledged, or knows that it has to get it (I1).
func (c *Cluster) judgePrimary(id int, one osdmap.PGID, p *pg.PG, acked []write) {
	for _, w := range acked {
		key := c.keyOf(w.object)
		info, err := c.osds[id].Store().Stat(key)
		if (err != nil || info.Version.Compare(store.Version(w.version)) < 0) && !p.Lacks(key) {
			c.violation("an acknowledged write is gone (I1)", fmt.Sprintf("%s serves pg %v with %s at %v (%v), and %v was acknowledged",
				c.osds[id].name, one, w.object, info.Version, err, w.version), about{pg: one, object: w.object})
			return
		}
	}
}

// judgeRemoval demands that a copy goes only when what was acknowledged is on enough other disks (I10).
func (c *Cluster) judgeRemoval(id int, one osdmap.PGID, acked []write) {
	if !c.budget {
		return
	}
	for _, w := range acked {
		key, have := c.keyOf(w.object), 0
		for other, o := range c.osds {
			if info, err := o.Store().Stat(key); other != id && err == nil && info.Version.Compare(store.Version(w.version)) >= 0 {
				have++
			}
		}
		if have < c.cfg.MinSize {
			c.violation("a copy is removed that is needed (I10)", fmt.Sprintf("%s, pg %v: %v of %s is on %d other disks",
				c.osds[id].name, one, w.version, w.object, have), about{pg: one, object: w.object})
			return
		}
	}
}

// sameMap demands that two that have an epoch have the same map (I6).
func (c *Cluster) sameMap(id int, m *osdmap.Map) {
	if m == nil || len(c.osds) > 50 { // encoding it takes long
		return
	}
	other := c.copies.maps[m.Epoch()]
	if other == nil {
		c.copies.maps[m.Epoch()] = m
		return
	}
	if other == m {
		return
	}
	a, err1 := m.Encode()
	b, err2 := other.Encode()
	if err1 != nil || err2 != nil || string(a) != string(b) {
		c.violation("two maps of one epoch (I6)", fmt.Sprintf("%s has another e%d than somebody before it", c.osds[id].name, m.Epoch()), about{})
	}
}

// sameBytes demands that two disks which have an object at one version have the same bytes: what was pushed from one to
// the other is what was written, and nobody makes one version of an object twice (I9). What says itself that it is damaged
// is left out.
func (c *Cluster) sameBytes() {
	if len(c.osds) > 50 { // reading all of it takes long
		return
	}
	type copy struct {
		version store.Version
		of      store.Verified
		on      *Node
	}
	var have []copy
	for _, name := range c.objects() {
		key := c.keyOf(name)
		have = have[:0]
		for _, o := range c.osds {
			info, err := o.Store().Stat(key)
			if err != nil {
				continue
			}
			v, err := o.Store().Verify(key)
			if err != nil || len(v.Damage) > 0 {
				continue
			}
			for _, other := range have {
				if other.version == info.Version && (other.of.Data != v.Data || other.of.Attrs != v.Attrs || other.of.Omap != v.Omap) {
					c.violation("one version, two contents (I9)", fmt.Sprintf("%s at %v: %s has data %08x attrs %08x, %s has data %08x attrs %08x",
						name, info.Version, other.on.name, other.of.Data, other.of.Attrs, o.name, v.Data, v.Attrs), c.aboutObject(name))
					return
				}
			}
			have = append(have, copy{info.Version, v, o})
		}
	}
}
