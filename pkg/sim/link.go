package sim

import (
	"time"

	"zeph/pkg/core"
	"zeph/pkg/wire"
)

// These are the messenger's.
const (
	redialMin = 20 * time.Millisecond
	redialMax = 500 * time.Millisecond
	idleLink  = 20 * time.Second // a link that nobody used for so long is forgotten when it cannot connect
)

// link is what a process dials: it keeps a session with one peer going.
type link struct {
	from    *run
	to      core.Peer
	class   wire.Class
	session *session   // nil: it connects, or pauses
	opening *session   // its welcome is on the way
	dialing bool       // what is sent now waits for the session
	waiting []*message //
	pause   time.Duration
	used    time.Duration
	gone    bool // by a former run of the process: nothing is sent any more
}

// linkTo is the link to a peer, made when it is needed. There is one for each entity and class: a
// message for another run replaces those of the old run, one for whichever run goes by the one there is.
func (r *run) linkTo(to core.Peer, c wire.Class) *link {
	if l := r.index.links[linkKey{to.Entity, c}]; l != nil {
		if to.GID == 0 || to.GID == l.to.GID {
			return l
		}
		r.unlink(l.to, c)
	}
	l := &link{from: r, to: to, class: c, used: r.n.w.now}
	r.links = append(r.links, l)
	r.index.add(l)
	l.dial()
	return l
}

// unlink closes the links to a run that is no more: of all classes, if it is known which run.
func (r *run) unlink(to core.Peer, c wire.Class) {
	for _, l := range append([]*link(nil), r.links...) {
		if l.to == to && (l.class == c || to.GID != 0) {
			l.close()
		}
	}
}

// close ends a link for good, with its session.
func (l *link) close() {
	l.gone = true
	l.from.forget(l)
	waiting := l.waiting
	l.waiting = nil
	for _, m := range waiting {
		if m.call != nil {
			m.call.end(core.Answered{Err: core.ErrReset})
		}
	}
	for _, s := range append([]*session(nil), l.from.sessions...) {
		if s.link == l {
			s.close(dialler, false)
		}
	}
}

// find is the node that a peer runs on.
func (w *World) find(e wire.Entity) *Node { return w.named[e] }

// dial tries to open a session.
func (l *link) dial() {
	from, w := l.from.n, l.from.n.w
	l.dialing = true
	to := w.find(l.to.Entity)
	if to == nil {
		w.After(time.Millisecond, func() { l.failed(true) })
		return
	}
	w.After(w.latency(from, to, l.class, 0), func() {
		switch {
		case !l.from.alive() || l.gone:
		case w.rules[from.index][to.index].refuse || w.rules[to.index][from.index].refuse:
			l.failed(true)
		case !w.Reaches(from, to, l.class) || !w.Reaches(to, from, l.class), !to.Up() && to.silent, to.paused:
			w.After(wire.HelloTimeout, func() { l.failed(false) })
		case !to.Up():
			l.failed(true)
		case l.to.GID != 0 && to.run.gid != l.to.GID: // another run listens there: that one will not come back
			l.failed(false)
			l.close()
		default:
			l.open(to.run)
		}
	})
}

// failed says that an attempt has; the next one comes a little later than the last.
func (l *link) failed(refused bool) {
	r := l.from
	if !r.alive() {
		return
	}
	l.dialing = false
	if l.gone {
		return
	}
	for _, m := range l.waiting {
		if m.call != nil {
			m.call.end(core.Answered{Err: core.ErrDown})
		}
	}
	l.waiting = nil
	r.put(core.Unreachable{To: l.to, Class: l.class, Refused: refused})
	l.redial()
}

// lost is the end of a session of the link's.
func (l *link) lost(s *session) {
	if l.gone || l.session != s && l.opening != s {
		return
	}
	l.session, l.opening, l.dialing = nil, nil, false
	waiting := l.waiting
	l.waiting = nil
	for _, m := range waiting {
		if m.call != nil {
			m.call.end(core.Answered{Err: core.ErrReset})
		}
	}
	l.redial()
}

func (l *link) redial() {
	r, w := l.from, l.from.n.w
	if l.gone || w.now-l.used > idleLink {
		r.forget(l)
		return
	}
	pause := max(l.pause, redialMin)
	l.pause = min(pause*3/2, redialMax)
	w.After(pause-between(r.n.rand, 0, pause/4), func() {
		if r.alive() && !l.gone {
			l.dial()
		}
	})
}

func (r *run) forget(l *link) {
	for i, other := range r.links {
		if other == l {
			r.links = append(r.links[:i:i], r.links[i+1:]...)
			r.index.drop(l)
			return
		}
	}
}

// open makes the session. The peer has it now, we when its welcome comes back.
func (l *link) open(to *run) {
	w := l.from.n.w
	s := &session{w: w, id: w.nextID(), class: l.class, link: l, run: [2]*run{l.from, to}, gid: [2]wire.GID{l.from.gid, to.gid}}
	s.up = [2]bool{true, true}
	for side := range s.pipe {
		s.pipe[side] = pipe{s: s, from: side}
		s.pipe[side].event = s.pipe[side].deliver
	}
	w.trace.begin(w.now, l.from.n.name, "session").s("peer", to.n.name).s("class", l.class.String()).u("session", s.id).end(nil)
	to.replace(s)
	to.sessions = append(to.sessions, s)
	to.index.accept(s)
	l.from.sessions = append(l.from.sessions, s)
	l.opening = s
	w.After(w.latency(to.n, l.from.n, l.class, 0), func() {
		if !l.from.alive() || !s.up[dialler] || l.gone {
			return
		}
		l.session, l.opening, l.dialing, l.pause = s, nil, false, 0
		waiting := l.waiting
		l.waiting = nil
		for _, m := range waiting {
			s.send(dialler, m)
		}
	})
}

// replace ends an older session of the same run and class: a process keeps one.
func (r *run) replace(by *session) {
	if s := r.index.diallers[diallerKey{by.run[dialler], by.class}]; s != nil && s.up[listener] {
		s.close(listener, false)
	}
}

// send sends what nobody answers: over a link, or to whoever cannot be dialled over the session
// that they opened.
func (r *run) send(e *core.Send) {
	m := &message{kind: oneWay, typ: e.Type, epoch: e.Epoch, body: e.Body, bulk: e.Bulk, trace: e.Trace}
	if r.noRoom(e) {
		return
	}
	if len(e.To.Addrs) == 0 {
		if s := r.accepted(e.To.Peer, e.Class); s != nil {
			s.send(listener, m)
		}
		return
	}
	r.linkTo(e.To.Peer, e.Class).send(m)
}

// accepted is the newest session that a peer opened.
func (r *run) accepted(from core.Peer, c wire.Class) *session {
	if s := r.index.accepted[acceptedKey{from, c}]; s != nil && s.up[listener] {
		return s
	}
	return nil
}

// call sends a request.
func (r *run) call(e *core.Call) {
	w := r.n.w
	if len(e.To.Addrs) == 0 {
		r.put(core.Answered{Token: e.Token, From: e.To.Peer, Err: core.ErrDown})
		return
	}
	l := r.linkTo(e.To.Peer, e.Class)
	l.used = w.now
	c := &call{token: e.Token, id: e.ID, typ: e.Type, link: l}
	if c.id == 0 {
		c.id = 1<<63 | w.nextID()
	}
	if r.noRoom(&e.Send) || l.pending(c.id) {
		r.put(core.Answered{Token: e.Token, From: l.to, Err: core.ErrQueueFull})
		return
	}
	l.send(&message{kind: requested, typ: e.Type, epoch: e.Epoch, body: e.Body, bulk: e.Bulk, id: c.id, trace: e.Trace, call: c})
	if e.Timeout > 0 && !c.over {
		w.After(e.Timeout, func() { c.end(core.Answered{Err: core.ErrTimeout}) })
	}
}

// pending reports whether a request with the id is under way.
func (l *link) pending(id uint64) bool {
	for _, m := range l.waiting {
		if m.call != nil && !m.call.over && m.id == id {
			return true
		}
	}
	return l.session != nil && l.session.open(id)
}

func (l *link) send(m *message) {
	l.used = l.from.n.w.now
	switch {
	case l.session != nil:
		l.session.send(dialler, m)
	case l.dialing:
		l.waiting = append(l.waiting, m)
	case m.call != nil:
		m.call.end(core.Answered{Err: core.ErrDown})
	}
}

// rename makes the process another run of itself: all of its sessions and links end.
func (r *run) rename(gid wire.GID) {
	r.n.w.trace.begin(r.n.w.now, r.n.name, "rename").x("gid", uint64(gid)).end(nil)
	for _, l := range append([]*link(nil), r.links...) {
		l.close()
	}
	for _, s := range append([]*session(nil), r.sessions...) {
		for side := range s.run {
			if s.run[side] == r {
				s.close(side, false)
			}
		}
	}
	r.gid = gid
}
