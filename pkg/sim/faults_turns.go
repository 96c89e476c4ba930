package sim

import (
	"slices"
	"time"

	"zeph/pkg/wire"
)

// pair cuts a primary off together with one of its replicas, and has both marked down: those two alone are enough for a write, and
// what the others know of its lease is old.
func (n *nemesis) pair() {
	_, acting := n.target()
	if len(acting) < 2 {
		return
	}
	in := []*Node{acting[0], acting[1+n.rand.IntN(len(acting)-1)]}
	n.part(in, n.others(in), true, time.Second, 8*time.Second)
	for _, o := range in {
		n.c.operator.command(nil, "osd down", "id", idOf(o))
	}
}

// turn cuts a primary off; once the next one leads that is cut off instead, and the first one is back: who leads then has
// granted no lease to who led before.
func (n *nemesis) turn() {
	pg, acting := n.target()
	if len(acting) == 0 {
		return
	}
	first := acting[0]
	others := n.without(first)
	for _, o := range others {
		n.c.w.Cut(first, o, wire.AllClasses)
		n.c.w.Cut(o, first, wire.AllClasses)
	}
	heal := func() {
		for _, o := range others {
			n.c.w.Heal(first, o)
			n.c.w.Heal(o, first)
		}
	}
	n.c.operator.command(nil, "osd down", "id", idOf(first))
	turned := false
	n.when(4*time.Second, func() bool { return n.leads(pg) != nil && n.leads(pg) != first }, func() {
		turned = true
		second := n.leads(pg)
		heal()
		n.hide(second, 2*time.Second, 8*time.Second)
		n.c.operator.command(nil, "osd down", "id", idOf(second))
	})
	n.after(5*time.Second, 6*time.Second, func() {
		if !turned {
			heal()
		}
	})
}

// relay cuts a primary off and takes it out; once newcomers are in its place its old peers die, and are out, too.
func (n *nemesis) relay() {
	pg, acting := n.target()
	if len(acting) == 0 {
		return
	}
	away := func(o *Node) {
		n.c.operator.command(nil, "osd down", "id", idOf(o))
		n.c.operator.command(nil, "osd out", "id", idOf(o))
		n.after(3*time.Second, 8*time.Second, func() { n.c.operator.command(nil, "osd in", "id", idOf(o)) })
	}
	n.hide(acting[0], 3*time.Second, 9*time.Second)
	away(acting[0])
	newcomer := func() bool {
		next := n.c.actingOf(pg)
		return n.leads(pg) != nil && slices.ContainsFunc(next, func(o *Node) bool { return !slices.Contains(acting, o) })
	}
	n.when(4*time.Second, newcomer, func() {
		for _, o := range acting[1:] {
			n.kill(o, 200*time.Millisecond, 4*time.Second)
			away(o)
		}
	})
}

// straggle makes what a primary says to its peers late, and has it marked down without its knowledge: what is under way
// arrives in an interval for which it was not meant.
func (n *nemesis) straggle() {
	pg, acting := n.target()
	if len(acting) < 2 {
		return
	}
	p := acting[0]
	lag := between(n.rand, 300*time.Millisecond, 2500*time.Millisecond)
	back := n.chance(30)
	for _, o := range acting[1:] {
		n.c.w.Delay(p, o, lag)
		if back {
			n.c.w.Delay(o, p, lag)
		}
	}
	n.after(lag/8, lag/2, func() {
		n.part([]*Node{p}, n.c.mons, true, lag, 2*lag)
		n.c.operator.command(nil, "osd down", "id", idOf(p))
	})
	if n.chance(40) {
		n.after(lag/2, lag, func() {
			if now := n.c.actingOf(pg); len(now) > 0 {
				n.c.operator.command(nil, "osd down", "id", idOf(now[0]))
			}
		})
	}
	n.after(2*lag, 3*lag, func() {
		for _, o := range acting[1:] {
			n.c.w.Heal(p, o)
			n.c.w.Heal(o, p)
		}
	})
}

// bereave takes an OSD's disk away and gives it an empty one, while all others that have a copy are away and put out: newcomers
// and the one that lost its disk are left, who know nothing.
func (n *nemesis) bereave() {
	c := n.c
	if !c.budget || !c.whole() {
		return
	}
	_, acting := n.target()
	if len(acting) < 2 {
		return
	}
	c.budget = false
	bereft := acting[n.rand.IntN(len(acting))]
	id := slices.Index(c.osds, bereft)
	bereft.Crash(n.chance(50))
	c.condemn(id, func(start func()) { n.after(0, time.Second, start) })
	for _, o := range acting {
		if o != bereft {
			n.after(0, 500*time.Millisecond, func() {
				n.kill(o, 3*time.Second, 8*time.Second)
				c.operator.command(nil, "osd down", "id", idOf(o))
				c.operator.command(nil, "osd out", "id", idOf(o))
				n.after(4*time.Second, 9*time.Second, func() { c.operator.command(nil, "osd in", "id", idOf(o)) })
			})
		}
	}
}
