package sim

import (
	"fmt"
	"strings"
	"time"

	"zeph/pkg/history"
	"zeph/pkg/osdmap"
	"zeph/pkg/placement"
)

const calmOps = 1_000_000_000

// steady demands that clients are answered in good time once all PGs are clean and no fault is on: every object is
// written and read once more. Whoever waits longer is named, with whom it waits for.
func (c *Cluster) steady() {
	began, from := c.w.now, len(c.history)
	patience := c.answersWithin()
	for i, object := range c.objects() { // of few clients each, or nobody could judge in which order they were
		kind := history.Write
		if strings.HasPrefix(object, "log.") {
			kind = history.Append
		}
		writer, reader := c.clients[i%max(1, c.cfg.Workload.Writers)], c.clients[len(c.clients)-1-i%len(c.clients)]
		writer.names = calmOps + i // numbers of others are lower
		writer.do(kind, object, false, 2*patience)
		reader.do(history.Read, object, false, 2*patience)
	}
	c.until(patience, func() bool { return c.waiting() == 0 })
	for _, cl := range c.clients {
		for token := uint64(1); token <= cl.next; token++ {
			if r := cl.open[token]; r != nil && r.recheck == nil {
				c.violation("an operation is stuck (I7)", fmt.Sprintf("%s %s of %s has no answer %v after no fault was on any more; %s",
					cl.n.name, r.op.Kind, r.op.Object, c.w.now-max(began, r.op.Begin), c.whoServes(r.op.Object)), c.aboutObject(r.op.Object))
				return
			}
		}
	}
	for i := range c.history[from:] {
		if op := &c.history[from+i]; op.Begin >= began && op.Outcome == history.Unknown {
			c.violation("an operation has no answer (I7)", fmt.Sprintf("%s %s of %s, and no fault was on; %s", op.Client, op.Kind, op.Object, c.whoServes(op.Object)), c.aboutObject(op.Object))
			return
		}
	}
}

// answersWithin is how long an operation may take while no fault is on: a lease or two, a few repeats.
func (c *Cluster) answersWithin() time.Duration { return 3*time.Second + 2*c.longestLease() }

// waiting is how many operations of clients are under way.
func (c *Cluster) waiting() int {
	n := 0
	for _, cl := range c.clients {
		for token := uint64(1); token <= cl.next; token++ {
			if r := cl.open[token]; r != nil && r.recheck == nil {
				n++
			}
		}
	}
	return n
}

func (c *Cluster) pgOf(object string) osdmap.PGID {
	pool, _ := c.state().Map().Pool(c.poolOf(object).id)
	return placement.Object{Name: object}.PG(&pool)
}

// whoServes says where an object is, and how that is.
func (c *Cluster) whoServes(object string) string {
	id := c.pgOf(object)
	return fmt.Sprintf("pg %v, primary %v: %s", id, c.mapping(id).ActingPrimary, c.pgState(id))
}
