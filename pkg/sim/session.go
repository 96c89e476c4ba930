package sim

import (
	"time"

	"zeph/pkg/core"
	"zeph/pkg/wire"
)

// The two sides of a session.
const (
	dialler  = 0
	listener = 1
)

// session is one connection after a hello. Each side has an end of it, and the ends do not close
// at the same moment: what is on its way when one does may still arrive, or some of it.
type session struct {
	w     *World
	id    uint64
	class wire.Class
	link  *link
	run   [2]*run
	gid   [2]wire.GID // theirs when it was opened
	up    [2]bool     // the side's end is open
	pipe  [2]pipe     // from that side to the other
	calls []*call     // open, by the dialler, in order
}

// pipe carries the messages of one direction, in order.
type pipe struct {
	s       *session
	from    int
	queue   []*message
	last    time.Duration // when the newest of them arrives
	waits   bool          // an event will deliver the first
	stopped bool          // nothing moves, until World.kick
	since   time.Duration // when it stopped
	event   func()        // deliver, made once
}

// peer is who sits at the other side.
func (s *session) peer(side int) core.Peer {
	other := s.run[1-side]
	return core.Peer{Entity: other.n.entity, GID: s.gid[1-side]}
}

// send puts a message on its way.
func (s *session) send(side int, m *message) {
	if !s.up[side] {
		return
	}
	if m.kind == requested {
		if m.call.over { // it timed out while it waited for the session
			return
		}
		m.call.s = s
		s.calls = append(s.calls, m.call)
	}
	if s.w.cfg.Codec && m.kind != ended {
		recode(m)
	}
	p := &s.pipe[side]
	from, to := s.run[side].n, s.run[1-side].n
	m.at = max(p.last, s.w.now+s.w.latency(from, to, s.class, len(m.bulk)))
	p.last, m.sent = m.at, s.w.now
	p.queue = append(p.queue, m)
	p.schedule()
}

func (p *pipe) schedule() {
	if p.waits || p.stopped || len(p.queue) == 0 {
		return
	}
	p.waits = true
	w := p.s.w
	w.queue.add(max(w.now, p.queue[0].at), p.event)
}

// deliver hands over what has arrived, unless the way is cut or the receiver stands still.
func (p *pipe) deliver() {
	p.waits = false
	s, w := p.s, p.s.w
	from, to := s.run[p.from], s.run[1-p.from]
	if w.rules[from.n.index][to.n.index].cut.Has(s.class) || to.alive() && to.n.paused {
		p.stop()
		return
	}
	if !to.alive() && !to.n.silent && s.up[p.from] { // the machine knows no such connection any more
		s.close(p.from, true)
		return
	}
	for len(p.queue) > 0 && p.queue[0].at <= w.now {
		m := p.queue[0]
		p.queue[0] = nil
		p.queue = p.queue[1:]
		if m.kind == ended {
			s.close(1-p.from, true)
			p.queue = nil
			return
		}
		if s.up[1-p.from] && to.alive() {
			s.receive(1-p.from, m)
		}
	}
	p.schedule()
}

// stop makes the pipe wait for World.kick. A way that is cut for long ends the sender's end.
func (p *pipe) stop() {
	s, w := p.s, p.s.w
	p.stopped, p.since = true, w.now
	w.pipes = append(w.pipes, p)
	since := p.since
	w.After(wire.StallTimeout, func() {
		if p.stopped && p.since == since && !s.run[1-p.from].n.paused {
			s.close(p.from, false)
		}
	})
}

// receive is a message's arrival at a side.
func (s *session) receive(side int, m *message) {
	r := s.run[side]
	switch m.kind {
	case replied, failed:
		s.w.traceMessage(s, side, m)
		a := core.Answered{Epoch: m.epoch, Body: m.body, Bulk: m.bulk}
		if m.kind == failed {
			a.Body, a.Bulk, a.Err = nil, nil, m.body.(*wire.Error)
		}
		m.call.end(a)
		return
	}
	if ping, ok := m.body.(*wire.Ping); ok && m.kind == requested {
		s.send(side, &message{kind: replied, typ: m.typ, body: r.pong(ping), call: m.call})
		return
	}
	s.w.traceMessage(s, side, m)
	ev := core.Received{From: s.peer(side), Session: s.id, Class: s.class, Type: m.typ, Epoch: m.epoch,
		ID: m.id, Trace: m.trace, Body: m.body, Bulk: m.bulk}
	if m.kind == requested {
		r.lastReq++
		r.requests[r.lastReq] = m.call
		ev.Request = r.lastReq
	}
	r.put(ev)
}

// pong is what a process's messenger answers for it.
func (r *run) pong(ping *wire.Ping) *wire.Pong {
	w := r.n.w
	p := &wire.Pong{Sent: ping.Sent, Clock: uint64(r.n.clock.mono(w.now) / time.Microsecond)}
	if r.n.hung {
		p.Turn = uint64((w.now - r.n.hungAt) / time.Microsecond)
	}
	if d := r.n.disk; d != nil && d.writing {
		p.Commit = uint64((w.now - d.since) / time.Microsecond)
	}
	return p
}

// answer sends the end of a request back the way it came.
func (r *run) answer(to core.Request, m *message) {
	c := r.requests[to]
	if c == nil {
		return
	}
	delete(r.requests, to)
	m.call, m.typ = c, c.typ
	if !c.s.choke() {
		c.s.send(listener, m)
	}
}

// close ends a side's end. The other learns of it after what it was sent before, or some of that,
// unless it is it who told us.
func (s *session) close(side int, told bool) {
	if !s.up[side] {
		return
	}
	s.up[side] = false
	r := s.run[side]
	r.drop(s)
	if r.alive() {
		s.w.trace.begin(s.w.now, r.n.name, "reset").s("peer", s.run[1-side].n.name).s("class", s.class.String()).u("session", s.id).end(nil)
		if side == dialler {
			s.failCalls()
		}
		r.put(core.SessionReset{From: s.peer(side), Session: s.id, Class: s.class})
	}
	if !told {
		s.sayEnd(side)
	}
	if side == dialler && r.alive() {
		s.link.lost(s)
	}
}

// abandon is close by a process that dies: it is told nothing, and may be unable to tell.
func (s *session) abandon(r *run, says bool) {
	for side := range s.run {
		if s.run[side] == r && s.up[side] {
			s.up[side] = false
			if says {
				s.sayEnd(side)
			} else {
				s.pipe[side].queue = nil
				s.loseTouch(1 - side)
			}
		}
	}
}

// sayEnd cuts what is on its way at some point, and ends it there.
func (s *session) sayEnd(side int) {
	p := &s.pipe[side]
	keep := s.w.rand.IntN(len(p.queue) + 1)
	clear(p.queue[keep:])
	p.queue = p.queue[:keep]
	end := &message{kind: ended, at: s.w.now + s.w.latency(s.run[side].n, s.run[1-side].n, s.class, 0)}
	if keep > 0 {
		end.at = max(end.at, p.queue[keep-1].at)
	}
	p.queue = append(p.queue, end)
	p.schedule()
}

// loseTouch ends a side's end after the time that it takes to notice that nothing moves any more.
func (s *session) loseTouch(side int) {
	s.w.After(wire.StallTimeout+between(s.w.rand, 0, wire.StallTimeout), func() { s.close(side, true) })
}

// failCalls ends the open calls, in order.
func (s *session) failCalls() {
	calls := s.calls
	s.calls = nil
	for _, c := range calls {
		c.s = s
		c.end(core.Answered{Err: core.ErrReset})
	}
}

func (s *session) forget(c *call) {
	for i, other := range s.calls {
		if other == c {
			s.calls = append(s.calls[:i:i], s.calls[i+1:]...)
			return
		}
	}
}

// open reports whether a request with the id is under way.
func (s *session) open(id uint64) bool {
	for _, c := range s.calls {
		if c.id == id {
			return true
		}
	}
	return false
}

func (r *run) drop(s *session) {
	for i, other := range r.sessions {
		if other == s {
			r.sessions = append(r.sessions[:i:i], r.sessions[i+1:]...)
			if r == s.run[listener] {
				r.index.end(s)
			}
			return
		}
	}
}

// ResetSessions ends all sessions between two nodes, one way dialled: from to to.
func (w *World) resetBetween(from, to *Node) {
	if from.run == nil {
		return
	}
	sessions := append([]*session(nil), from.run.sessions...)
	for _, s := range sessions {
		if s.run[0].n == to || s.run[1].n == to {
			s.close(w.rand.IntN(2), false)
		}
	}
}

// ResetSome ends a share of all sessions, in parts per million.
func (w *World) ResetSome(perMillion int) {
	for _, n := range w.nodes {
		if n.run == nil {
			continue
		}
		sessions := append([]*session(nil), n.run.sessions...)
		for _, s := range sessions {
			if s.run[dialler].n == n && w.rand.Chance(perMillion) {
				s.close(w.rand.IntN(2), false)
			}
		}
	}
}

// publish sends hints to all who listen. Any of them may get lost.
func (r *run) publish(e *core.Publish) {
	n, w := r.n, r.n.w
	for _, to := range w.nodes {
		if to == n || !to.spec.Hears || !to.Up() || w.rules[n.index][to.index].hints || w.rand.Chance(w.cfg.HintLoss) {
			continue
		}
		run := to.run
		ev := core.Received{From: core.Peer{Entity: n.entity, GID: r.gid}, Class: wire.Control, Type: e.Type, Epoch: e.Epoch, Body: e.Body}
		w.After(w.latency(n, to, wire.Control, 0), func() {
			if run.alive() && !to.paused {
				run.put(ev)
			}
		})
	}
}
