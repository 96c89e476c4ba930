package sim

import (
	"slices"
	"time"

	"zeph/pkg/scenario"
)

// lie is a disk that said durable and did not keep its word, or an older copy of it that an operator has brought back: after
// a crash it is as it was a while ago, under the same id. The other copies are there and right at that moment, and
// a placement group never serves from this one alone: so nothing may be lost, and all of it is demanded.
func (n *nemesis) lie() {
	c := n.c
	id := n.rand.IntN(len(c.osds))
	o := c.osds[id]
	if !c.trusts() || !c.budget || !o.Up() {
		return
	}
	d, old := o.disk, o.Store().Clone()
	ago := between(n.rand, 20*time.Millisecond, time.Second)
	if n.chance(30) {
		ago = between(n.rand, time.Second, 10*time.Second)
	}
	n.after(ago, ago, func() {
		if n.over || o.disk != d || c.gone[id] || !c.budget || !c.whole() {
			return
		}
		c.budget = false
		o.Crash(n.chance(50))
		d.store = old
		clear(c.copies.last[id])
		c.w.Note(o.name, "disk", "is as it was "+ago.String()+" ago")
		n.after(20*time.Millisecond, 3*time.Second, func() { c.restart(o) })
	})
}

// trusts reports whether no pool ever goes by the word of one copy, nor has fewer than three.
func (c *Cluster) trusts() bool {
	return !slices.ContainsFunc(c.cfg.AllPools(), func(p scenario.Pool) bool { return p.MinSize < 2 || p.Size < 3 }) &&
		!slices.ContainsFunc(c.cfg.Faults, func(f scenario.Fault) bool { return f.Kind == "pool" })
}
