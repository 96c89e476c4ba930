package sim

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/objecter"
	"zeph/pkg/osdmap"
	"zeph/pkg/store"
)

// choke makes the queues from one node to another full: it does not read what is sent to it, or the network between
// them is slow.
func (n *nemesis) choke() {
	from, w := n.osd(), n.c.w
	var to []*Node
	switch n.rand.IntN(4) {
	case 0:
		to = n.c.osds
	case 1:
		to = n.c.mons
	case 2:
		for _, cl := range n.c.clients {
			to = append(to, cl.n)
		}
	default:
		to = []*Node{n.osd()}
	}
	back := n.chance(30)
	for _, o := range to {
		if o != from {
			w.Choke(from, o)
			if back {
				w.Choke(o, from)
			}
		}
	}
	n.after(50*time.Millisecond, 4*time.Second, func() {
		for _, o := range to {
			w.Heal(from, o)
			w.Heal(o, from)
		}
	})
}

// late makes a node's timers late, as when it gets little of the processor or the collector stops it.
func (n *nemesis) late() {
	o := n.osd()
	if n.chance(20) {
		o = n.c.mons[n.rand.IntN(len(n.c.mons))]
	}
	o.LateTimers(between(n.rand, 10*time.Millisecond, 2*time.Second))
	n.after(500*time.Millisecond, 6*time.Second, func() { o.LateTimers(0) })
}

// wall steps what a node's clock shows to people. Nothing may rest on that.
func (n *nemesis) wall() {
	w := n.c.w
	o := w.nodes[n.rand.IntN(len(w.nodes))]
	step := between(n.rand, -6*time.Hour, 6*time.Hour)
	o.clock.wall = max(time.Hour, o.clock.wall+step)
	w.Note(o.name, "wall clock", step.String())
}

// rate makes an OSD's clock run up to a tenth faster or slower than the world's: ten times what is allowed for.
func (n *nemesis) rate() {
	n.osd().SetRate(int64(n.rand.IntN(200_001)) - 100_000)
}

// LateTimers makes timers that the node sets from now on late by up to so much.
func (n *Node) LateTimers(by time.Duration) {
	n.late = by
	n.w.Note(n.name, "timers", "late by "+by.String())
}

// SetRate makes the node's clock faster than the world's by parts in a million.
func (n *Node) SetRate(ppm int64) {
	now := n.w.now
	n.clock.start, n.clock.base, n.clock.ppm = now, n.clock.mono(now), ppm
	n.w.Note(n.name, "clock", fmt.Sprintf("%+d ppm", ppm))
}

// setTimer lets a timer fire when the node's clock shows its time, or later.
func (r *run) setTimer(e core.SetTimer) {
	n := r.n
	at := max(n.clock.when(e.At), n.w.now)
	if n.late > 0 {
		at += between(n.rand, 0, n.late)
	}
	n.w.queue.add(at, func() {
		switch {
		case !r.alive():
		case n.clock.mono(n.w.now) < e.At: // the clock has slowed down since
			r.setTimer(e)
		default:
			r.put(core.Fired{Key: e.Key})
		}
	})
}

// eio is a disk that reports an error of a write: the daemon ends, and is started again (protocol 7.4).
func (n *nemesis) eio() {
	o := n.osd()
	if !o.Up() || o.disk.store.Pending() == 0 {
		return
	}
	n.c.w.Note(o.name, "disk", "error")
	o.disk.fail()
}

// fail makes the disk refuse everything until the process is started again. Of what waited some is there.
func (d *disk) fail() {
	d.failed = true
	d.store.Fail(d.n.rand.IntN(d.store.Pending() + 1))
	d.feed()
}

// decay damages what a store knows of a placement group: its record, an entry of its log, or a row of the rest,
// while every other copy is there and right. Who finds it so at the next start cannot use the copy.
func (n *nemesis) decay() {
	c := n.c
	if !c.budget || !c.whole() {
		return
	}
	id, acting := n.target()
	if len(acting) < 3 {
		return
	}
	o := acting[n.rand.IntN(len(acting))]
	what := n.spoil(o, id)
	if what == "" {
		return
	}
	c.budget = false
	o.disk.decayed = true
	c.w.Note(o.name, "decays", fmt.Sprintf("pg %v: %s", id, what))
	n.after(0, time.Second, func() {
		n.kill(o, 100*time.Millisecond, time.Second)
		c.survives(o, o.disk)
	})
}

// survives waits until a node runs for long enough to have read all that its disk knows: what was damaged there was
// written anew before anybody looked.
func (c *Cluster) survives(o *Node, d *disk) {
	c.w.After(4*time.Second, func() {
		switch {
		case o.disk != d:
		case o.Up() && !o.paused && !o.hung && !d.stuck:
			d.decayed = false
		default:
			c.survives(o, d)
		}
	})
}

// spoil damages one thing of a PG on a node, and says which.
func (n *nemesis) spoil(o *Node, id osdmap.PGID) string {
	s := o.Store()
	switch n.rand.IntN(3) {
	case 0:
		if s.DamagePG(id) {
			return "its record"
		}
	case 1:
		if entries, _, err := s.LogAfter(id, store.Version{}, 0); err == nil && len(entries) > 0 {
			if v := entries[n.rand.IntN(len(entries))].Version; s.DamageLog(id, v) {
				return fmt.Sprintf("entry %v of its log", v)
			}
		}
	default:
		if rows, _, err := s.Rows(id, "", "", 0); err == nil && len(rows) > 0 {
			if row := rows[n.rand.IntN(len(rows))].Key; s.DamagePGRow(id, row) {
				return "its row " + row
			}
		}
	}
	return ""
}

// condemn gives an OSD that is down an empty disk, as an operator does, who says so; then it is to start.
func (c *Cluster) condemn(id int, then func(start func())) {
	o := c.osds[id]
	c.gone[id] = true
	o.Wipe()
	c.mkfs(id)
	var say func()
	say = func() {
		c.operator.command(func(d objecter.Done) {
			if d.Err != nil {
				c.w.After(500*time.Millisecond, say)
				return
			}
			c.gone[id] = false
			then(func() { c.restart(o) })
		}, "osd lost", "id", strconv.Itoa(id), "yes", "true")
	}
	say()
}

// excused reports whether a daemon has ended because of what was done to its disk, and sees to it that it goes on.
func (c *Cluster) excused(n *Node, err error) bool {
	switch {
	case n.disk == nil:
		return false
	case n.disk.failed && errors.Is(err, store.ErrDead):
		n.disk.failed = false
		return true
	case n.disk.decayed: // its successor is not
		for id, o := range c.osds {
			if o == n {
				c.condemn(id, func(start func()) { c.w.After(time.Second, start) })
			}
		}
		return true
	}
	return errors.Is(err, store.ErrFull) // it protects its store (protocol 7.4)
}
