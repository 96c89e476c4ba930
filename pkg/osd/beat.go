package osd

import (
	"cmp"
	"slices"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// peer is a run of another OSD, which this one pings (protocol 15).
type peer struct {
	id  osdmap.OSDID
	gid wire.GID

	next     time.Duration // when to ping it
	out      int           // pings that have no answer yet
	heard    time.Duration // when it last showed life
	answered bool          // it did so ever
	moved    time.Duration // when it last showed progress, too
	rtt      time.Duration // smoothed
	last     time.Duration // round trip, as it was
	drift    drift
	space    time.Duration // when it was last told how full our store is

	refused wire.Classes // of its ports, since it was last heard
	probed  bool         // another port than the first that refused was tried

	reported time.Duration // when it was last reported; 0: it is well, as far as anybody was told
	reason   wire.Reason
	since    time.Duration // when that began
}

const maxPings = 8 // without an answer, to one peer

// beats pings the peers whose turn it is, and judges them all.
func (c *Core) beats() {
	for _, p := range c.peers {
		if c.now.After(p.next) {
			c.ping(p)
		}
		c.judge(p)
	}
}

// awoken forgives the peers a time in which this OSD did nothing itself: who sleeps hears nobody.
func (c *Core) awoken(slept time.Duration) {
	for _, p := range c.peers {
		p.heard = min(p.heard+slept, c.now.Mono)
		p.moved = min(p.moved+slept, c.now.Mono)
	}
}

func (c *Core) ping(p *peer) {
	every := c.set.HeartbeatInterval
	p.next = c.now.Mono + every*9/10 + time.Duration(c.rand.beat.IntN(int(every/5)+1))
	to, ok := c.dest(p.id)
	if !ok || p.out >= maxPings {
		return
	}
	to.GID = p.gid
	p.out++
	sent := c.now.Mono
	ping := &wire.Ping{Sent: uint64(sent / time.Microsecond)}
	c.call(core.Send{To: to, Class: wire.Heartbeat, Type: wire.TypePing, Body: ping, Reserved: true}, 2*c.set.HeartbeatGrace,
		func(a core.Answered) {
			p.out--
			pong, ok := a.Body.(*wire.Pong)
			if !ok || c.peer(p.id) != p {
				return // or late, of a run that the map has no more
			}
			c.pong(p, sent, pong)
			c.hear(a.Epoch, &to)
		})
}

// pong takes a sign of life. The link itself answers pings; whether there is an OSD behind it that works,
// the ages in it tell.
func (c *Core) pong(p *peer, sent time.Duration, pong *wire.Pong) {
	rtt := c.now.Mono - sent
	if p.last = rtt; p.answered {
		rtt = p.rtt + (rtt-p.rtt)/8
	}
	p.rtt, p.heard, p.answered = rtt, c.now.Mono, true
	p.refused, p.probed = 0, false
	idle := time.Duration(max(pong.Turn, pong.Commit)) * time.Microsecond
	p.moved = max(p.moved, c.now.Mono-idle)
	p.drift.sample(sent, p.last, pong.Clock)
	c.judge(p)
	c.boot()
}

// unreachable is a dial that failed. A machine that refuses it says at once what silence says late.
func (c *Core) unreachable(ev core.Unreachable) {
	id, ok := osdOf(ev.To.Entity)
	p := c.peer(id)
	if !ok || !ev.Refused || p == nil || ev.To.GID != p.gid {
		return
	}
	p.refused = p.refused.With(ev.Class)
	if ports(p.refused) == 1 && !p.probed {
		c.probe(p, ev.Class)
	}
	c.judge(p)
}

// probe knocks at a second port of a peer whose first one refuses.
func (c *Core) probe(p *peer, refused wire.Class) {
	to, ok := c.dest(p.id)
	if !ok {
		return
	}
	p.probed = true
	to.GID = p.gid
	class := wire.Control
	if refused == wire.Control {
		class = wire.Data
	}
	ask := &wire.GetMaps{After: c.epoch()}
	c.call(core.Send{To: to, Class: class, Type: wire.TypeGetMaps, Body: ask, Reserved: true}, fetchTimeout, func(core.Answered) {})
}

func ports(s wire.Classes) int {
	n := 0
	for class := range wire.NumClasses {
		if s.Has(class) {
			n++
		}
	}
	return n
}

func (c *Core) peer(id osdmap.OSDID) *peer {
	if i, ok := c.findPeer(id); ok {
		return c.peers[i]
	}
	return nil
}

func (c *Core) findPeer(id osdmap.OSDID) (int, bool) {
	return slices.BinarySearchFunc(c.peers, id, func(p *peer, id osdmap.OSDID) int { return cmp.Compare(p.id, id) })
}

// grace is how long a peer may be silent. It grows with the delay that is usual with it, and the leader
// asks for more patience with those that flap (protocol 15.7).
func (c *Core) grace(p *peer) time.Duration {
	g := c.set.HeartbeatGrace
	if i, ok := slices.BinarySearchFunc(c.graces, p.id, func(g wire.PeerGrace, id osdmap.OSDID) int { return cmp.Compare(g.OSD, id) }); ok {
		g = max(g, c.graces[i].Grace.Duration())
	}
	return g + min(4*p.rtt, c.set.HeartbeatGrace/2)
}

// unwell says what is wrong with a peer, and since when; 0: nothing.
func (c *Core) unwell(p *peer) (wire.Reason, time.Duration) {
	grace := c.grace(p)
	switch {
	case ports(p.refused) >= 2:
		return wire.Refused, p.heard
	case c.now.Mono-p.heard > grace:
		return wire.Silent, p.heard
	case c.now.Mono-p.moved > grace+c.set.HeartbeatInterval:
		return wire.NoProgress, p.moved
	}
	return 0, 0
}
