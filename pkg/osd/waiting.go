package osd

import (
	"cmp"
	"slices"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// waiting holds messages from peers whose map is newer than ours, until ours has caught up (protocol
// 3.3). What comes after such a message in its session waits behind it.
type waiting struct {
	list     []held // in order of arrival
	bytes    int
	sessions map[uint64]int // how many of each session wait
}

type held struct {
	core.Received
	since time.Duration
}

const (
	maxWaiting      = 64 << 20 // bytes
	maxWaitingCount = 20_000
	maxHeld         = 30 * time.Second
)

// mustWait reports whether a message has to wait for a map.
func (c *Core) mustWait(m *core.Received) bool {
	return m.Epoch > c.epoch() || c.waiting.sessions[m.Session] > 0
}

// hold lets a message wait. When too much waits it is refused: whoever sent it sends it again.
func (c *Core) hold(m core.Received) { c.holdSince(held{m, c.now.Mono}) }

func (c *Core) holdSince(m held) {
	w := &c.waiting
	size := len(m.Bulk) + 512
	if w.bytes+size > maxWaiting || len(w.list) >= maxWaitingCount {
		c.fail(m.Request, wire.Busy.Errorf("osd.%d waits for map %d", int32(c.cfg.ID), m.Epoch))
		return
	}
	w.list = append(w.list, m)
	w.bytes += size
	if w.sessions == nil {
		w.sessions = map[uint64]int{}
	}
	w.sessions[m.Session]++
}

// admit delivers the messages whose map is there now.
func (c *Core) admit() {
	w := &c.waiting
	if len(w.list) == 0 {
		return
	}
	list := w.list
	*w = waiting{}
	for _, m := range list {
		if c.mustWait(&m.Received) {
			c.holdSince(m)
		} else {
			c.deliver(m.Received)
		}
	}
}

// unhold drops what waits of a session that has ended.
func (c *Core) unhold(session uint64) {
	w := &c.waiting
	if w.sessions[session] == 0 {
		return
	}
	list := w.list
	*w = waiting{}
	for _, m := range list {
		if m.Session == session {
			c.drop(m.Request)
		} else {
			c.holdSince(m)
		}
	}
}

// expire refuses operations that have waited as long as their clients do: none of them has begun. Of a write that is
// sent again that is known only if its first send waits here, too; both end together.
func (c *Core) expire() {
	if !slices.ContainsFunc(c.waiting.list, c.expired) {
		return
	}
	list := c.waiting.list
	c.waiting = waiting{}
	first := map[wire.Asker]bool{}
	for _, m := range list {
		if c.expired(m) && !m.again() {
			first[m.asker()] = true
		}
	}
	for _, m := range list {
		switch {
		case !c.expired(m) && !first[m.asker()]:
			c.holdSince(m)
		case m.From.Entity.Kind() != wire.Client:
			c.drop(m.Request)
		case first[m.asker()]:
			c.fail(m.Request, wire.Expired.Errorf("osd.%d still waits for map %d", int32(c.cfg.ID), m.Epoch))
		default:
			c.fail(m.Request, wire.Interrupted.Errorf("osd.%d still waits for map %d", int32(c.cfg.ID), m.Epoch))
		}
	}
}

func (m *held) asker() wire.Asker { return wire.Asker{GID: m.From.GID, Request: m.ID} }

// again reports whether a write was sent before.
func (m *held) again() bool {
	w, ok := m.Body.(*wire.Write)
	return ok && w.Resend
}

func (c *Core) expired(m held) bool {
	patience := wire.Millis(maxHeld / time.Millisecond)
	switch b := m.Body.(type) {
	case *wire.Write:
		patience = cmp.Or(b.Timeout, patience)
	case *wire.Read:
		patience = cmp.Or(b.Timeout, patience)
	}
	return c.now.Mono-m.since > patience.Duration()
}

// unholdAll drops all that waits, when the OSD falls: nothing said to its last run concerns the next.
func (c *Core) unholdAll() {
	list := c.waiting.list
	c.waiting = waiting{}
	for _, m := range list {
		c.drop(m.Request)
	}
}

func (c *Core) reply(to core.Request, body any, bulk []byte) {
	if to != 0 {
		c.emit(core.Reply{To: to, Epoch: c.epoch(), Body: body, Bulk: bulk})
	}
}

func (c *Core) fail(to core.Request, err *wire.Error) {
	if to != 0 {
		c.emit(core.Fail{To: to, Epoch: c.epoch(), Err: err})
	}
}

func (c *Core) drop(to core.Request) {
	if to != 0 {
		c.emit(core.Drop{To: to})
	}
}

// sender is where a message came from, if that can be reached: an OSD of the map by its addresses,
// anyone else by the session.
func (c *Core) sender(from core.Peer) core.Dest {
	if id, ok := osdOf(from.Entity); ok && c.maps.cur != nil {
		if d, ok := c.dest(id); ok && d.GID == from.GID {
			return d
		}
	}
	return core.Dest{Peer: from}
}

// present reports whether a run of an OSD is the one that the map has: that, and nothing else of it,
// is listened to (protocol 1.5).
func (c *Core) present(id osdmap.OSDID, gid wire.GID) bool {
	o, ok := c.maps.cur.Map().OSD(id)
	return ok && o.Up && wire.GID(o.GID) == gid
}
