package sim

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"zeph/pkg/history"
	"zeph/pkg/osdmap"
	"zeph/pkg/pg"
	"zeph/pkg/placement"
	"zeph/pkg/store"
	"zeph/pkg/wire"
)

// isActive and isClean read a PG's state as people see it.
func isActive(state string) bool { return strings.HasPrefix(state, "active") }
func isClean(state string) bool {
	return isActive(state) && strings.Contains(state, "clean") && !strings.Contains(state, "laggy")
}

func (c *Cluster) pgs() []osdmap.PGID {
	ids := make([]osdmap.PGID, c.pgCount())
	for i := range ids {
		ids[i] = c.pgAt(i)
	}
	return ids
}

// pgState is what the primary of a PG, by the newest map, says of it.
func (c *Cluster) pgState(id osdmap.PGID) string {
	primary := c.mapping(id).ActingPrimary
	if primary == osdmap.NoOSD {
		return "nobody leads"
	}
	core := c.osdCore(primary)
	if core == nil {
		return primary.String() + " is not there"
	}
	state, ok := core.PGState(id)
	switch {
	case core.Epoch() != c.state().Epoch():
		return fmt.Sprintf("%v has map e%d only", primary, core.Epoch())
	case !ok:
		return primary.String() + " has none"
	}
	return state
}

// clean reports whether every PG is active+clean.
func (c *Cluster) clean() bool {
	for i := range c.pgCount() {
		id := c.pgAt(i)
		core := c.osdCore(c.mapping(id).ActingPrimary)
		if core == nil || core.Epoch() != c.state().Epoch() {
			return false
		}
		if p := core.PG(id); p == nil || !p.IsClean() {
			return false
		}
	}
	return true
}

// whole reports whether every PG is clean, and the disks that it counts on are those that there are: a PG
// seems to be clean until a map says that a member has lost its own.
func (c *Cluster) whole() bool {
	if !c.clean() {
		return false
	}
	m := c.state().Map()
	for _, id := range c.pgs() {
		if len(c.mapping(id).Acting) < 2 { // of one copy none may be lost
			return false
		}
		for _, member := range c.mapping(id).Acting {
			if o, ok := m.OSD(member); !ok || !o.Up || o.Store != c.stores[member] || !c.osds[member].Up() || c.osds[member].disk.decayed {
				return false
			}
		}
	}
	return true
}

// states are the PGs that are not clean, for people.
func (c *Cluster) states() string {
	var all []string
	for _, id := range c.pgs() {
		if state := c.pgState(id); !isClean(state) {
			place := c.mapping(id)
			all = append(all, fmt.Sprintf("%v up %v acting %v: %s", id, place.Up, place.Acting, state))
		}
	}
	return strings.Join(all, "; ")
}

// watch is what the judges remember from one look to the next.
type watch struct {
	epochs   []osdmap.Epoch // by OSD, of its present run
	runs     []int
	looks    int
	writable int           // looks at which every PG was active
	gap      time.Duration // the longest time in which not every PG was
	since    time.Duration // when the present one began; 0: every PG is active
	server   []string      // by PG, who serves it at this look
}

const lookEvery = 50 * time.Millisecond

// look checks what must hold at any time (I6, and I2 as far as it shows from outside).
func (c *Cluster) look() {
	w := &c.watch
	for len(w.epochs) < len(c.osds) { // some may have joined
		w.epochs, w.runs = append(w.epochs, 0), append(w.runs, 0)
	}
	newest := c.state().Epoch()
	for id, o := range c.osds {
		core := c.osdCore(osdmap.OSDID(id))
		if core == nil {
			continue
		}
		e := core.Epoch()
		if w.runs[id] == o.starts && e < w.epochs[id] || e > newest {
			c.violation("a map went back (I6)", fmt.Sprintf("%s: e%d after e%d, the newest is e%d", o.name, e, w.epochs[id], newest))
		}
		w.epochs[id], w.runs[id] = e, o.starts
	}
	active := c.lookAtPGs() == c.pgCount()
	w.looks++
	if active {
		w.writable++
		w.since = 0
	} else if w.since == 0 {
		w.since = c.w.now
	} else {
		w.gap = max(w.gap, c.w.now-w.since)
	}
}

// lookAtPGs goes through the PGs that OSDs lead, or believe to: no two may serve one. It counts those that are active, at
// whoever the newest map says.
func (c *Cluster) lookAtPGs() (active int) {
	w, newest := &c.watch, c.state().Epoch()
	if n := c.pgCount(); len(w.server) != n {
		w.server = make([]string, n)
	}
	clear(w.server)
	type doubly struct {
		pg   osdmap.PGID
		text string
	}
	var both []doubly
	for i, o := range c.osds {
		core := c.osdCore(osdmap.OSDID(i))
		if core == nil {
			continue
		}
		now, current, up := o.Time(), core.Epoch() == newest, core.IsUp()
		core.EachLed(func(id osdmap.PGID, p *pg.PG) {
			place := c.pgPlace(id)
			if place < 0 {
				return
			}
			if current && p.IsActive() && p.Ready(now) && c.mapping(id).ActingPrimary == osdmap.OSDID(i) {
				active++
			}
			if !up || !p.Serves(now) {
				return
			}
			if w.server[place] != "" {
				both = append(both, doubly{id, fmt.Sprintf("pg %v: %v", id, []string{w.server[place], o.name})})
			}
			w.server[place] = o.name
		})
	}
	for _, d := range both {
		c.violation("two primaries serve at once (I2)", d.text, about{pg: d.pg})
	}
	return active
}

// watchOver looks at everything from time to time, from now on.
func (c *Cluster) watchOver() {
	c.look()
	c.inspect()
	if !c.budget && c.whole() && !c.rots() {
		c.budget = true
	}
	c.w.After(lookEvery, c.watchOver)
}

// rots reports whether damage that was done is still there.
func (c *Cluster) rots() bool {
	for len(c.rotten) > 0 {
		r := c.rotten[0]
		v, err := r.n.Store().Verify(r.key)
		if !errors.Is(err, store.ErrNotFound) && (err != nil || len(v.Damage) > 0) {
			return true
		}
		c.rotten = c.rotten[1:]
	}
	return false
}

// checkDurable looks, at the moment at which a client is told that a write is done, whether enough disks have
// it (I3).
func (c *Cluster) checkDurable(op *history.Operation, v wire.PGVersion) {
	if at, ever := c.removes[op.Object]; !c.budget || op.Kind == history.Remove || ever && at+20*time.Second > op.Begin {
		return // somebody may have removed it meanwhile
	}
	key := c.keyOf(op.Object)
	if lacks, of := c.actingWithout(c.pgOf(op.Object), key, v); lacks != "" {
		c.violation("acknowledged, and not durable (I3)", fmt.Sprintf("%s of %s as %v is not on %s, which is acting in interval %v", op.Kind, op.Object, v, lacks, of), c.aboutObject(op.Object))
		return
	}
	have, need := 0, c.minSize(op.Object)
	for _, o := range c.osds {
		if info, err := o.Store().Stat(key); err == nil && info.Version.Compare(store.Version(v)) >= 0 {
			if have++; have == need {
				return
			}
		}
	}
	c.violation("acknowledged, and not durable (I3)", fmt.Sprintf("%s of %s as %v is on %d disks, min_size is %d", op.Kind, op.Object, v, have, need), c.aboutObject(op.Object))
}

// actingWithout names an acting member of the interval in which a write was made that does not have it; empty if all have
// it, or that interval is over already.
func (c *Cluster) actingWithout(id osdmap.PGID, key store.Key, v wire.PGVersion) (who string, of osdmap.Epoch) {
	primary := c.osdCore(c.mapping(id).ActingPrimary)
	if primary == nil || primary.PG(id) == nil {
		return "", 0
	}
	iv := &primary.PG(id).History().Interval
	if iv.First > v.Epoch {
		return "", 0
	}
	for _, m := range iv.Acting {
		info, err := c.osds[m.OSD].Store().Stat(key)
		if m.Store == c.stores[m.OSD] && (err != nil || info.Version.Compare(store.Version(v)) < 0) {
			return m.OSD.String(), iv.First
		}
	}
	return "", 0
}

// keyOf is where the stores have an object.
func (c *Cluster) keyOf(object string) store.Key {
	pool, _ := c.state().Map().Pool(c.poolOf(object).id)
	return store.Key{Pool: pool.ID, Hash: placement.Object{Name: object}.Hash(&pool), Name: object}
}

// objects are the names that clients use.
func (c *Cluster) objects() []string {
	var names []string
	for i := range c.cfg.Workload.Objects {
		names = append(names, fmt.Sprint("reg.", i))
	}
	for i := range max(1, c.cfg.Workload.Objects/4) {
		names = append(names, fmt.Sprint("log.", i))
	}
	return names
}

// readBack reads every object once, through a client that knows nothing yet.
func (c *Cluster) readBack(name string, patience time.Duration) {
	cl := c.addClient(name, true)
	cl.n.Start()
	for _, object := range c.objects() {
		cl.do(history.Read, object, false, patience)
	}
	before := len(c.history)
	c.until(patience+time.Second, func() bool { return len(cl.open) == 0 })
	if got, want := len(c.history)-before, len(c.objects()); got < want || len(cl.open) > 0 {
		c.violation("objects cannot be read (I7)", fmt.Sprintf("%d of %d were read back in %v", got, want, patience))
	}
}

// compareCopies compares all copies of every PG, byte for byte (I8).
func (c *Cluster) compareCopies() {
	for _, id := range c.pgs() {
		pool, _ := c.state().Map().Pool(id.Pool)
		from, to := store.SpanOf(id, pool.PGNum).Bounds()
		var first string
		var of osdmap.OSDID
		for i, member := range c.mapping(id).Acting {
			copy := c.contents(member, from, to)
			if i == 0 {
				first, of = copy, member
			} else if copy != first {
				c.violation("copies differ (I8)", fmt.Sprintf("pg %v: %v\n%s%v\n%s", id, of, first, member, copy), about{pg: id})
			}
		}
	}
}

// contents is a copy of a PG as text: every object with its digests.
func (c *Cluster) contents(member osdmap.OSDID, from, to store.Key) string {
	s := c.osds[member].Store()
	var b strings.Builder
	for {
		items, more, err := s.List(from, to, 0)
		if err != nil {
			return err.Error()
		}
		for _, item := range items {
			v, err := s.Verify(item.Key)
			fmt.Fprintf(&b, "  %v %v size %d data %08x attrs %08x omap %08x damage %d %v\n",
				item.Key, item.Info.Version, item.Info.Size, v.Data, v.Attrs, v.Omap, len(v.Damage), err)
			from = item.Key.Next()
		}
		if !more {
			return b.String()
		}
	}
}

// judgeHistory asks whether what clients were told could have happened (I1, I5).
func (c *Cluster) judgeHistory(patience time.Duration) history.Verdict {
	v := history.Check(c.history, patience)
	for i := range v.Violations {
		bad := &v.Violations[i]
		c.found = append(c.found, newViolation(bad.First.End, "not linearizable (I1, I5)", bad.String(), c.aboutObject(bad.Object)))
	}
	slices.SortStableFunc(c.found, func(a, b Violation) int { return cmp.Compare(a.At, b.At) })
	return v
}
