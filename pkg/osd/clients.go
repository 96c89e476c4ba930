package osd

import (
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/pg"
	"zeph/pkg/placement"
	"zeph/pkg/wire"
)

// op is a request that a PG has not ended yet.
type op struct {
	since  time.Duration
	pg     osdmap.PGID
	from   core.Peer
	typ    wire.Type
	bytes  uint64
	client bool
}

// ops are the requests under way. Those of clients are counted, and only those: what OSDs ask is bounded
// by what clients asked them (protocol 16.4).
type ops struct {
	running map[core.Request]op
	clients uint64
	bytes   uint64
	done    uint64 // of clients, since the start
	refused uint64 // of clients: there was no room

	looked time.Duration // when it was last looked at what follows
	seen   uint64        // done, then
	busy   bool          // clients were at work
	slow   uint32        // operations that took too long
}

func (o *ops) begin(r core.Request, op op) {
	o.running[r] = op
	if op.client {
		o.clients++
		o.bytes += op.bytes
	}
}

func (o *ops) has(r core.Request) bool {
	_, ok := o.running[r]
	return ok
}

// ended counts a request out.
func (c *Core) ended(r core.Request) {
	op, ok := c.ops.running[r]
	if !ok {
		return
	}
	delete(c.ops.running, r)
	if op.client {
		c.ops.clients--
		c.ops.bytes -= op.bytes
		c.ops.done++
	}
}

// slowOps counts the requests that take too long.
func (c *Core) slowOps() uint32 {
	var n uint32
	for _, op := range c.ops.running {
		if c.now.Mono-op.since > c.set.SlowOp {
			n++
		}
	}
	return n
}

// fromClient admits an operation of a client: for an object that is where the client thinks it is, by
// this OSD's map, and while there is room.
func (c *Core) fromClient(m core.Received, id osdmap.PGID, on *wire.Target, bytes uint64) {
	if m.Request == 0 {
		return // nobody waits for an answer: nothing would end it
	}
	if err := c.misplaced(id, on); err != nil {
		c.fail(m.Request, err)
		return
	}
	if c.ops.clients >= c.set.ClientOps || c.ops.clients > 0 && c.ops.bytes+bytes > c.set.ClientBytes {
		c.ops.refused++
		c.fail(m.Request, wire.Busy.Errorf("osd.%d has %d operations of %d bytes under way", int32(c.cfg.ID), c.ops.clients, c.ops.bytes))
		return
	}
	c.ops.begin(m.Request, op{since: c.now.Mono, pg: id, from: m.From, typ: m.Type, bytes: bytes, client: true})
	c.give(c.slot(id), m)
}

// misplaced says what is wrong with where an operation was sent.
func (c *Core) misplaced(id osdmap.PGID, on *wire.Target) *wire.Error {
	m := c.maps.cur.Map()
	pool, ok := m.Pool(id.Pool)
	if !ok {
		return wire.NoPool.Errorf("pool %d", id.Pool)
	}
	if !m.HasPG(id) {
		return wire.Denied.Errorf("pool %q has no pg %v", pool.Name, id)
	}
	if on != nil {
		o := placement.Object{Name: on.Object, Namespace: on.Namespace, Key: on.Key}
		if at := o.PG(&pool); at != id {
			return wire.Denied.Errorf("object %q belongs to pg %v, not %v", on.Object, at, id)
		}
	}
	at, _ := c.maps.cur.PG(id)
	if c.phase != up || at.ActingPrimary != c.cfg.ID || c.slot(id) == nil {
		return wire.WrongPrimary.Errorf("pg %v in epoch %d: its primary is %v", id, m.Epoch(), at.ActingPrimary)
	}
	return nil
}

// pgSettings are those of every PG now.
func (c *Core) pgSettings() pg.Settings {
	s := c.set.PG
	s.Busy = c.ops.busy
	return s
}

// look notes whether clients are at work, once a second. All PGs are told, since recovery of one is in the
// way of clients of another (protocol 10.4).
func (c *Core) look() {
	o := &c.ops
	if c.now.Mono < o.looked+time.Second {
		return
	}
	busy := o.done != o.seen || o.clients > 0
	o.looked, o.seen = c.now.Mono, o.done
	if busy != o.busy {
		o.busy = busy
		c.toAll(c.pgSettings())
	}
	slow := c.slowOps()
	if slow > 0 && slow != o.slow {
		c.log(core.Warn, "operations take long", "count", slow, "longer", c.set.SlowOp)
	}
	o.slow = slow
}
