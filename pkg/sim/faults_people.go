package sim

import (
	"fmt"
	"strconv"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/objecter"
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// churn moves OSDs between hosts and changes their weights, one change soon after the other.
func (n *nemesis) churn() {
	for i := range 1 + n.rand.IntN(6) {
		id := n.rand.IntN(len(n.c.osds))
		args := []string{"crush weight", "name", fmt.Sprint("osd.", id), "weight", fmt.Sprint("0.", 1+n.rand.IntN(9))}
		if n.chance(40) {
			args = []string{"crush move", "name", fmt.Sprint("osd.", id), "location", fmt.Sprint("host=h", n.rand.IntN(n.c.cfg.Hosts))}
		}
		n.after(time.Duration(i)*100*time.Millisecond, time.Duration(i+1)*400*time.Millisecond, func() {
			if !n.over { // it would stay so
				n.c.operator.command(nil, args[0], args[1:]...)
			}
		})
	}
}

// unchurn puts an OSD back where it was, with the weight that it had.
func (c *Cluster) unchurn(id int) {
	name := fmt.Sprint("osd.", id)
	c.insist("crush move", "name", name, "location", fmt.Sprint("host=h", id%c.cfg.Hosts))
	c.insist("crush weight", "name", name, "weight", "1")
}

// transfer hands leadership of the monitors over.
func (n *nemesis) transfer() {
	m := n.c.monList[n.rand.IntN(len(n.c.mons))]
	n.c.operator.command(nil, "mon transfer", "name", m.Name)
}

// away is an OSD that is gone while the map goes through many epochs: more than the monitors keep, perhaps.
func (n *nemesis) away() {
	c := n.c
	id := n.rand.IntN(len(c.osds))
	o := c.osds[id]
	if c.gone[id] || !o.Up() {
		return
	}
	o.Crash(n.chance(50))
	for i := range 5 + n.rand.IntN(60) {
		other := strconv.Itoa(n.rand.IntN(len(c.osds)))
		n.after(0, 6*time.Second, func() {
			c.operator.command(nil, "osd primary-affinity", "id", other, "weight", fmt.Sprintf("0.%d", 50+i%50))
		})
	}
	n.after(4*time.Second, 15*time.Second, func() { c.restart(o) })
}

// purge has an OSD destroyed that may still be needed: the monitors must refuse that. Where they do not, its disk is
// gone, and it comes back with an empty one.
func (n *nemesis) purge() {
	c := n.c
	id := n.rand.IntN(len(c.osds))
	if c.gone[id] {
		return
	}
	o := c.osds[id]
	name := strconv.Itoa(id)
	if n.chance(50) { // it may be safe after a while
		o.Crash(n.chance(50))
		c.gone[id] = true
		c.operator.command(nil, "osd out", "id", name)
		n.after(6*time.Second, 15*time.Second, func() {
			if c.gone[id] {
				c.gone[id] = false
				c.restart(o)
			}
		})
	}
	for range 3 {
		n.after(100*time.Millisecond, 6*time.Second, func() {
			if n.over {
				return
			}
			c.operator.command(func(d objecter.Done) {
				if d.Err == nil && !o.Up() && c.gone[id] {
					c.destroyed(id)
				}
			}, "osd destroy", "id", name, "yes", "true")
		})
	}
}

// destroyed is told that the monitors gave an OSD's data up, and judges whether all of it was elsewhere (I10).
func (c *Cluster) destroyed(id int) {
	if o, ok := c.state().Map().OSD(osdmap.OSDID(id)); !ok || !o.Destroyed {
		return // the word is old
	}
	if c.budget && !c.backedUp(id, noOlder) { // nobody waits for its word: the map says that it has none
		c.violation("destroyed, and needed (I10)", c.osds[id].name+" has what no other disk has")
	}
	c.w.Note(c.osds[id].name, "destroyed", "")
	c.budget = false
	c.osds[id].Wipe()
	c.mkfs(id)
	c.gone[id] = false
	c.w.After(time.Second, func() { c.restart(c.osds[id]) })
}

// recreate removes a pool with an object in it and makes another one of the same name: its objects are not those
// of the first (R32).
func (n *nemesis) recreate() {
	c := n.c
	if c.recreating {
		return
	}
	c.recreating = true
	again := func() { c.recreating = false }
	pool := []string{"name", "tmp", "size", strconv.Itoa(c.cfg.Size), "min_size", strconv.Itoa(c.cfg.MinSize), "pg_num", "2"}
	c.operator.command(func(d objecter.Done) {
		if d.Err != nil {
			again()
			return
		}
		c.operator.write("tmp", "o", func(objecter.Done) {
			c.operator.command(func(d objecter.Done) {
				if d.Err != nil {
					again()
					return
				}
				c.operator.command(func(d objecter.Done) {
					if d.Err != nil {
						again()
						return
					}
					c.operator.read("tmp", "o", func(d objecter.Done) {
						if reply, ok := d.Body.(*wire.ReadReply); ok && d.Err == nil {
							c.violation("a pool's object in another pool (R32)", fmt.Sprintf("%d bytes, version %v", len(d.Bulk), reply.Version))
						}
						c.operator.command(func(objecter.Done) { again() }, "pool rm", "name", "tmp", "name2", "tmp", "yes", "true")
					})
				}, "pool create", pool...)
			}, "pool rm", "name", "tmp", "name2", "tmp", "yes", "true")
		})
	}, "pool create", pool...)
}

// load lets clients work without a rest, and do more at a time, for a while.
func (n *nemesis) load() {
	for _, cl := range n.c.clients {
		cl.hurry(n)
	}
}

// hurry begins more operations than the client would, in a short time.
func (cl *client) hurry(n *nemesis) {
	if cl.c.opt.Ops != nil { // they are in there
		return
	}
	life := cl.life
	for range 3 + n.rand.IntN(8) {
		cl.ops++
		number := cl.ops
		r := cl.chanceOf(number)
		n.after(0, 2*time.Second, func() {
			if cl.life == life {
				cl.work(number, r, false)
			}
		})
	}
}

// write makes an object in some pool; read reads it. What comes of it is told, and is in no history.
func (cl *client) write(pool, object string, then func(objecter.Done)) {
	cl.ask(func(t core.Token) core.Event {
		return objecter.Write{Token: t, Object: objecter.Object{Pool: objecter.Pool{Name: pool}, Name: object}, Timeout: 5 * time.Second,
			Steps: []wire.Step{{Op: wire.StepWriteFull, Length: 1}}, Bulk: []byte("x")}
	}, then)
}

func (cl *client) read(pool, object string, then func(objecter.Done)) {
	cl.ask(func(t core.Token) core.Event {
		return objecter.Read{Token: t, Object: objecter.Object{Pool: objecter.Pool{Name: pool}, Name: object}, Timeout: 5 * time.Second,
			Steps: []wire.Step{{Op: wire.StepRead}}, Expect: 1 << 10}
	}, then)
}

func (cl *client) ask(event func(core.Token) core.Event, then func(objecter.Done)) {
	cl.next++
	cl.open[cl.next] = &request{recheck: then}
	cl.n.Put(event(core.Token{N: cl.next}))
}
