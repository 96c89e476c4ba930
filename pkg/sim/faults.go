package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/objecter"
	"zeph/pkg/osdmap"
	"zeph/pkg/scenario"
	"zeph/pkg/store"
	"zeph/pkg/wire"
)

// furies are what all strikes of a run have in common.
type furies struct {
	c      *Cluster
	over   bool
	struck []*Strike // in the order in which they were carried out
}

// nemesis makes things go wrong once: it is one strike, with random numbers of its own.
type nemesis struct {
	*furies
	rand   *core.Rand
	strike *Strike // nil: how the run ends
}

// unleash lets the faults begin, and readies how they end.
func (c *Cluster) unleash() *nemesis {
	all := &furies{c: c}
	for _, s := range c.plan() {
		n := &nemesis{all, core.RandFor(c.cfg.Seed, "strike/"+s.Kind+"/"+strconv.Itoa(s.Number)), s}
		c.w.After(s.At, n.begin)
	}
	return &nemesis{furies: all, rand: core.RandFor(c.cfg.Seed, "end")}
}

// strikes are the faults by kind: each sees to it that it ends.
var strikes = map[string]func(*nemesis){
	"acklag":   (*nemesis).acklag,
	"all":      (*nemesis).all,
	"away":     (*nemesis).away,
	"bereave":  (*nemesis).bereave,
	"choke":    (*nemesis).choke,
	"churn":    (*nemesis).churn,
	"client":   (*nemesis).client,
	"crash":    (*nemesis).crash,
	"cut":      (*nemesis).cut,
	"decay":    (*nemesis).decay,
	"delay":    (*nemesis).delay,
	"disk":     (*nemesis).disk,
	"double":   (*nemesis).double,
	"eio":      (*nemesis).eio,
	"flap":     (*nemesis).flap,
	"full":     (*nemesis).full,
	"hang":     (*nemesis).hang,
	"hles":     (*nemesis).hles,
	"isolate":  (*nemesis).isolate,
	"late":     (*nemesis).late,
	"lie":      (*nemesis).lie,
	"load":     (*nemesis).load,
	"mon":      (*nemesis).mon,
	"out":      (*nemesis).out,
	"pair":     (*nemesis).pair,
	"pause":    (*nemesis).pause,
	"pool":     (*nemesis).pool,
	"purge":    (*nemesis).purge,
	"rate":     (*nemesis).rate,
	"recreate": (*nemesis).recreate,
	"refuse":   (*nemesis).refuse,
	"relay":    (*nemesis).relay,
	"replace":  (*nemesis).replace,
	"reset":    (*nemesis).reset,
	"rot":      (*nemesis).rot,
	"rotate":   (*nemesis).rotate,
	"scrub":    (*nemesis).scrub,
	"stop":     (*nemesis).stop,
	"straggle": (*nemesis).straggle,
	"transfer": (*nemesis).transfer,
	"turn":     (*nemesis).turn,
	"wall":     (*nemesis).wall,
}

// has reports whether one of some kinds of faults is among those of the run.
func (n *nemesis) has(kinds ...string) bool {
	return slices.ContainsFunc(n.c.cfg.Faults, func(f scenario.Fault) bool { return slices.Contains(kinds, f.Kind) })
}

func (n *nemesis) osd() *Node { return n.c.osds[n.rand.IntN(len(n.c.osds))] }

func (n *nemesis) chance(percent int) bool { return n.rand.IntN(100) < percent }

func (n *nemesis) after(lo, hi time.Duration, do func()) {
	n.c.w.After(between(n.rand, lo, hi), func() { n.acting(do) })
}

// kill crashes a node, and starts it again after a while.
func (n *nemesis) kill(o *Node, lo, hi time.Duration) {
	o.Crash(n.chance(30))
	n.after(lo, hi, func() { n.c.restart(o) })
}

// soon is how long a process is away: often but a moment, as with a supervisor that restarts it.
func (n *nemesis) soon() (lo, hi time.Duration) {
	switch n.rand.IntN(3) {
	case 0:
		return 20 * time.Millisecond, 400 * time.Millisecond
	case 1:
		return 300 * time.Millisecond, 3 * time.Second
	}
	return 2 * time.Second, 12 * time.Second
}

func (n *nemesis) crash() {
	lo, hi := n.soon()
	n.kill(n.osd(), lo, hi)
}

// stop is SIGTERM: the daemon exits by itself, and is started again; after five seconds it is killed.
func (n *nemesis) stop() {
	o := n.osd()
	o.Put(core.Stop{})
	starts := o.starts
	n.after(5*time.Second, 5*time.Second, func() {
		if !o.Up() || o.starts != starts {
			return
		}
		if !n.has("pause", "hang", "disk") {
			n.c.violation("a daemon does not stop", o.name+" was asked to end five seconds ago")
		}
		n.kill(o, time.Second, 2*time.Second)
	})
}

func (n *nemesis) double() {
	a, b := n.osd(), n.osd()
	lo, hi := n.soon()
	n.kill(a, lo, hi)
	n.after(0, time.Second, func() { n.kill(b, lo, hi) })
}

func (n *nemesis) all() {
	power := n.chance(50)
	for _, o := range n.c.osds {
		o.Crash(power)
		n.after(50*time.Millisecond, 3*time.Second, func() { n.c.restart(o) })
	}
}

func (n *nemesis) flap() {
	o := n.osd()
	n.kill(o, 20*time.Millisecond, 300*time.Millisecond)
	n.after(300*time.Millisecond, time.Second, func() { n.kill(o, 20*time.Millisecond, 300*time.Millisecond) })
}

func (n *nemesis) pause() {
	o := n.osd()
	o.Pause()
	n.after(100*time.Millisecond, 6*time.Second, o.Resume)
}

func (n *nemesis) hang() {
	o := n.osd()
	o.Hang()
	n.after(500*time.Millisecond, 5*time.Second, o.Resume)
}

func (n *nemesis) disk() {
	o := n.osd()
	if n.chance(50) {
		o.Stick()
		n.after(200*time.Millisecond, 5*time.Second, o.Unstick)
		return
	}
	o.SlowDisk(between(n.rand, 2*time.Millisecond, 300*time.Millisecond))
	n.after(time.Second, 8*time.Second, func() { o.SlowDisk(0) })
}

// full makes a disk so small that it is between nearly full and beyond full.
func (n *nemesis) full() {
	o := n.osd()
	o.disk.store.SetSize(o.disk.store.Stats().Used * 100 / uint64(80+n.rand.IntN(25)))
	n.c.w.Note(o.name, "disk", "is full")
	n.after(time.Second, 8*time.Second, func() {
		o.disk.store.SetSize(0)
		n.c.w.Note(o.name, "disk", "has room")
	})
}

func (n *nemesis) reset() { n.c.w.ResetSome(10_000 + n.rand.IntN(500_000)) }

func (n *nemesis) delay() {
	a, b := n.osd(), n.osd()
	n.c.w.Delay(a, b, between(n.rand, 5*time.Millisecond, 1500*time.Millisecond))
	n.after(500*time.Millisecond, 5*time.Second, func() { n.c.w.Heal(a, b) })
}

// some draws a few of the OSDs, and tells the others.
func (n *nemesis) some() (in, rest []*Node) {
	for _, o := range n.c.osds {
		if n.rand.IntN(2) == 0 {
			in = append(in, o)
		} else {
			rest = append(rest, o)
		}
	}
	return in, rest
}

// part makes from silent towards to, or both towards each other, until the time is over.
func (n *nemesis) part(from, to []*Node, both bool, lo, hi time.Duration) {
	w := n.c.w
	for _, a := range from {
		for _, b := range to {
			if a == b {
				continue
			}
			w.Cut(a, b, wire.AllClasses)
			if both {
				w.Cut(b, a, wire.AllClasses)
			}
		}
	}
	n.after(lo, hi, func() {
		for _, a := range from {
			for _, b := range to {
				w.Heal(a, b)
				w.Heal(b, a)
			}
		}
	})
}

func (n *nemesis) cut() {
	lo, hi := 200*time.Millisecond, 8*time.Second
	both := n.chance(60)
	o := n.osd()
	switch n.rand.IntN(6) {
	case 0: // one from everybody but the clients
		n.part([]*Node{o}, append(append([]*Node(nil), n.c.osds...), n.c.mons...), both, lo, hi)
	case 1: // from its peers
		n.part([]*Node{o}, n.c.osds, both, lo, hi)
	case 2: // from the monitors
		n.part([]*Node{o}, n.c.mons, both, lo, hi)
	case 3: // the other way
		n.part(n.c.osds, []*Node{o}, both, lo, hi)
	case 4: // two
		n.part([]*Node{o}, []*Node{n.osd()}, both, lo, hi)
	default: // halves
		a, b := n.some()
		n.part(a, b, both, lo, hi)
	}
}

func (n *nemesis) refuse() {
	w := n.c.w
	o := n.osd()
	var others []*Node
	if n.chance(50) {
		others = []*Node{n.osd()}
	} else {
		others = n.c.osds
		if n.chance(50) {
			others = append(append([]*Node(nil), others...), n.c.mons...)
		}
	}
	for _, b := range others {
		if b != o {
			w.Refuse(o, b)
			w.Refuse(b, o)
		}
	}
	n.after(200*time.Millisecond, 6*time.Second, func() {
		for _, b := range others {
			w.Heal(o, b)
			w.Heal(b, o)
		}
	})
}

func (n *nemesis) mon() {
	m := n.c.mons[n.rand.IntN(len(n.c.mons))]
	if l := n.c.log.Leader(); l != nil && n.chance(50) {
		m = l
	}
	lo, hi := 200*time.Millisecond, 6*time.Second
	switch n.rand.IntN(5) {
	case 0:
		n.kill(m, lo, hi)
	case 1:
		m.Pause()
		n.after(lo, hi, m.Resume)
	case 2:
		n.part([]*Node{m}, n.c.mons, n.chance(70), lo, hi)
	case 3:
		m.StickLog(true)
		n.after(lo, hi, func() { m.StickLog(false) })
	default:
		n.c.log.elect(nil)
	}
}

func (n *nemesis) out() {
	id := strconv.Itoa(n.rand.IntN(len(n.c.osds)))
	switch n.rand.IntN(6) {
	case 0, 1:
		n.c.operator.command(nil, "osd out", "id", id)
	case 2:
		n.c.operator.command(nil, "osd reweight", "id", id, "weight", "0."+strconv.Itoa(1+n.rand.IntN(9)))
	case 3:
		n.c.operator.command(nil, "osd primary-affinity", "id", id, "weight", "0."+strconv.Itoa(n.rand.IntN(10)))
	case 4:
		n.c.operator.command(nil, "osd down", "id", id)
	default:
		n.c.operator.command(nil, "osd in", "id", id)
	}
}

// replace takes an OSD's disk away and gives it an empty one, under the same id: as an operator does,
// who says so. Only one copy is destroyed until all is well again.
func (n *nemesis) replace() {
	c := n.c
	if !c.budget || !c.whole() {
		return
	}
	c.budget = false
	id := n.rand.IntN(len(c.osds))
	o := c.osds[id]
	o.Crash(n.chance(50))
	c.condemn(id, func(start func()) { n.after(0, 2*time.Second, start) })
}

// client ends a client's process with all that it had under way: nobody will know what became of it.
func (n *nemesis) client() {
	cl := n.c.clients[n.rand.IntN(len(n.c.clients))]
	cl.die()
	n.after(10*time.Millisecond, time.Second, func() {
		if !cl.n.Up() {
			cl.n.Start()
			cl.begin()
		}
	})
}

// pool changes how many copies there are, and how many there must be: never fewer than in the scenario. And how long
// leases are: an interval with long ones is followed by one with short ones, and the other way around.
func (n *nemesis) pool() {
	least, most := n.c.cfg.MinSize, n.c.cfg.Size
	if n.has("rot", "decay") { // the one copy that is kept would be the damaged one, which nobody knows yet
		least = max(least, min(2, most))
	}
	size := least + n.rand.IntN(most-least+1)
	lease := n.c.cfg.Lease
	if n.chance(50) {
		lease = max(100*time.Millisecond, pick(n.rand, lease/4, lease/2, 2*lease))
	}
	n.setPool(size, least+n.rand.IntN(size-least+1), lease, n.c.operator.command)
}

func (n *nemesis) setPool(size, least int, lease time.Duration, command func(func(objecter.Done), string, ...string)) {
	n.c.leases = max(n.c.leases, lease)
	command(nil, "pool set", "name", n.c.pools[0].Name, "size", strconv.Itoa(size), "min_size", strconv.Itoa(least),
		"read_lease_interval", millis(lease), "yes", "true")
}

// scrub looks through a placement group, as operators have it done.
func (n *nemesis) scrub() {
	n.c.operator.askPG(n.pg(), pick(n.rand, "pg scrub", "pg deep-scrub", "pg deep-scrub", "pg repair"))
}

// rot damages a block of an object on one disk, while every other copy is there and right.
func (n *nemesis) rot() {
	c := n.c
	if !c.budget || !c.whole() {
		return
	}
	pg, acting := n.target()
	if len(acting) < 3 { // a write that nobody acknowledged may take another copy of the object
		return
	}
	o := acting[n.rand.IntN(len(acting))]
	pool, _ := c.state().Map().Pool(pg.Pool)
	from, to := store.SpanOf(pg, pool.PGNum).Bounds()
	items, _, err := o.Store().List(from, to, 0)
	if err != nil || len(items) == 0 {
		return
	}
	item := items[n.rand.IntN(len(items))]
	key := item.Key
	if strings.HasPrefix(key.Name, "log.") { // what is appended to it would be on a damaged copy first
		return
	}
	for _, other := range acting {
		if info, err := other.Store().Stat(key); err != nil || info.Version != item.Info.Version {
			return // a write is under way: this may be the only copy of it
		}
	}
	if n.chance(25) && o.Store().DamageRecord(key) || o.Store().Damage(key, 0, 1) { // its record, or a block of it
		c.budget = false
		c.rotten = append(c.rotten, rotten{o, key})
		c.w.Note(o.name, "rots", key.String())
	}
}

// pg is a placement group of any pool.
func (n *nemesis) pg() osdmap.PGID { return n.c.pgAt(n.rand.IntN(n.c.pgCount())) }

// target is a PG, and its members up to the primary first.
func (n *nemesis) target() (pg osdmap.PGID, acting []*Node) {
	pg = n.pg()
	place := n.c.mapping(pg)
	if place.ActingPrimary != osdmap.NoOSD {
		acting = append(acting, n.c.osds[place.ActingPrimary])
	}
	for _, id := range place.Acting {
		if id != osdmap.NoOSD && id != place.ActingPrimary {
			acting = append(acting, n.c.osds[id])
		}
	}
	return pg, acting
}

// without is all OSDs and monitors but one node.
func (n *nemesis) without(o *Node) []*Node {
	var others []*Node
	for _, other := range append(append([]*Node(nil), n.c.osds...), n.c.mons...) {
		if other != o {
			others = append(others, other)
		}
	}
	return others
}

func idOf(o *Node) string { return o.name[len("osd."):] }

// isolate leaves a primary its clients alone, has it marked down, and may restart the others while its
// lease runs.
func (n *nemesis) isolate() {
	_, acting := n.target()
	if len(acting) == 0 {
		return
	}
	p := acting[0]
	n.hide(p, 500*time.Millisecond, 6*time.Second)
	n.c.operator.command(nil, "osd down", "id", idOf(p))
	if n.chance(50) {
		for _, o := range acting[1:] {
			n.after(0, 300*time.Millisecond, func() { n.kill(o, 30*time.Millisecond, 400*time.Millisecond) })
		}
	}
}

// hide cuts a node from all but the clients, by silence or by refusal.
func (n *nemesis) hide(p *Node, lo, hi time.Duration) {
	others := n.without(p)
	if n.chance(60) {
		n.part([]*Node{p}, others, true, lo, hi)
		return
	}
	for _, o := range others {
		n.c.w.Refuse(p, o)
		n.c.w.Refuse(o, p)
	}
	n.after(lo, hi, func() {
		for _, o := range others {
			n.c.w.Heal(p, o)
			n.c.w.Heal(o, p)
		}
	})
}

// acklag makes acknowledgements come late, then cuts the primary's own words off.
func (n *nemesis) acklag() {
	_, acting := n.target()
	if len(acting) < 2 {
		return
	}
	p := acting[0]
	lag := between(n.rand, 300*time.Millisecond, 2500*time.Millisecond)
	for _, o := range acting[1:] {
		n.c.w.Delay(o, p, lag)
	}
	n.after(lag/2, 2*lag, func() {
		n.part([]*Node{p}, n.without(p), false, time.Second, 5*time.Second)
		n.part(n.c.mons, []*Node{p}, false, time.Second, 5*time.Second) // nor does it hear that it is down
		n.c.operator.command(nil, "osd down", "id", idOf(p))
	})
}

// rotate hides a primary, lets the next interval activate, and kills its members: newcomers lead.
func (n *nemesis) rotate() {
	pg, acting := n.target()
	if len(acting) == 0 {
		return
	}
	p := acting[0]
	n.hide(p, 2*time.Second, 8*time.Second)
	n.c.operator.command(nil, "osd down", "id", idOf(p))
	n.when(3*time.Second, func() bool { return n.leads(pg) != nil && n.leads(pg) != p }, func() {
		for _, o := range acting[1:] {
			n.kill(o, time.Second, 6*time.Second)
			n.c.operator.command(nil, "osd down", "id", idOf(o))
		}
	})
}

// hles lets a primary activate with few, be heard by the next one, and then be away for long.
func (n *nemesis) hles() {
	pg, acting := n.target()
	if len(acting) < 2 {
		return
	}
	p := acting[0]
	for _, o := range acting[1:] {
		n.kill(o, 800*time.Millisecond, 3*time.Second)
		n.c.operator.command(nil, "osd down", "id", idOf(o))
	}
	n.when(5*time.Second, func() bool { return n.leads(pg) == p }, func() {
		n.after(0, time.Second, func() { n.kill(p, 4*time.Second, 12*time.Second) })
	})
}

// leads is the OSD whose copy of a PG is an active primary, the newest interval's; nil: none.
func (n *nemesis) leads(id osdmap.PGID) *Node {
	place := n.c.mapping(id)
	if c := n.c.osdCore(place.ActingPrimary); c != nil {
		if state, ok := c.PGState(id); ok && isActive(state) {
			return n.c.osds[place.ActingPrimary]
		}
	}
	return nil
}

// when does something as soon as something is so, if that is within a while.
func (n *nemesis) when(patience time.Duration, so func() bool, do func()) {
	end := n.c.w.now + patience
	var look func()
	look = func() {
		switch {
		case n.over || n.c.w.now > end:
		case so():
			n.acting(do)
		default:
			n.c.w.After(10*time.Millisecond, look)
		}
	}
	look()
}

// end takes all faults back, and starts everything that is not gone for good.
func (n *nemesis) end() {
	n.over = true
	c := n.c
	c.w.Note("nemesis", "ends", fmt.Sprint(c.faults))
	c.w.HealAll()
	c.log.Tune(func(l *LogConfig) { l.Depose, l.Slow = 0, 2*time.Millisecond })
	for _, cl := range c.clients {
		if !cl.n.Up() {
			cl.n.Start()
			cl.begin()
		}
	}
	if c.cfg.Steps == nil || n.has("pool") { // what a step has made of a pool stays
		n.setPool(c.cfg.Size, c.cfg.MinSize, c.cfg.Lease, func(_ func(objecter.Done), name string, args ...string) { c.insist(name, args...) })
	}
	for _, m := range c.mons {
		m.LateTimers(0)
		m.StickLog(false)
		m.Resume()
		m.Start()
	}
	for id, o := range c.osds {
		o.Unstick()
		o.SlowDisk(0)
		o.Store().SetSize(0)
		o.Resume()
		c.restart(o)
		if name := strconv.Itoa(id); id == c.lost {
			c.insist("osd out", "id", name)
		} else {
			c.insist("osd reweight", "id", name, "weight", "1")
		}
		o.LateTimers(0)
		if n.has("rate") {
			o.SetRate(0)
		}
		if n.has("churn") {
			c.unchurn(id)
		}
	}
}

// insist repeats a command until it is done.
func (c *Cluster) insist(name string, args ...string) {
	c.operator.command(func(d objecter.Done) {
		if d.Err != nil {
			c.w.After(time.Second, func() { c.insist(name, args...) })
		}
	}, name, args...)
}
