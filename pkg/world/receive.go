package world

import (
	"errors"
	"syscall"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/messenger"
	"zeph/pkg/wire"
)

// handle takes a message in. It runs on the goroutine that reads the session, whose first number
// follows after.
func (r *run) handle(m *messenger.Message, first uint64) {
	if r.over.Load() { // it was for an earlier run, whose core is gone
		m.Release()
		return
	}
	body := m.Type.NewBody(m.Flags)
	if body == nil {
		m.Fail(wire.NoHandler.Errorf("%v is none for a request", m.Type))
		m.Release()
		return
	}
	if err := m.Parse(body); err != nil {
		m.Fail(err) // of what is one way nobody hears
		m.Release()
		return
	}
	switch body := body.(type) {
	case *wire.Ping:
		m.Reply(&messenger.Message{Body: wire.AppendBody(nil, r.w.pong(body))})
		m.Release()
	case *wire.LogCall:
		if r.w.log == nil {
			m.Fail(wire.NoHandler.Errorf("%v keeps no log", r.w.cfg.Entity))
			m.Release()
			return
		}
		r.w.log.serve(m, body)
	default:
		r.receive(m, body, first)
	}
}

func (r *run) receive(m *messenger.Message, body any, first uint64) {
	ev := core.Received{
		From: core.Peer{Entity: m.Entity, GID: m.GID}, Type: m.Type, Epoch: m.Epoch,
		ID: m.Request, Trace: m.Trace, Body: body, Bulk: keep(m.Bulk),
	}
	if s := m.Session(); s != nil {
		ev.Session, ev.Class = first+s.Number(), s.Class()
	}
	r.w.box.receive(ev, m)
}

// keep copies bulk out of memory that the messenger uses again.
func keep(bulk []byte) []byte {
	if len(bulk) == 0 {
		return nil
	}
	return append([]byte(nil), bulk...)
}

// pong answers a ping without the core, and says how it is (protocol 15.1).
func (w *World) pong(p *wire.Ping) *wire.Pong {
	now := w.cfg.Clock()
	a := &wire.Pong{Sent: p.Sent, Clock: uint64(now.Microseconds())}
	if began := time.Duration(w.busy.Load()); began != resting && now > began {
		a.Turn = uint64((now - began).Microseconds())
	}
	if w.store != nil {
		a.Commit = uint64(w.store.store.Stats().Stalled.Microseconds())
	}
	return a
}

// hear tells the core of the ends of sessions and of peers that cannot be dialled. It runs on the
// goroutine that reads, or dials, the session.
func (r *run) hear(e messenger.PeerEvent, first uint64) {
	class, ok := classOf(e.Place)
	if !ok {
		return
	}
	from := core.Peer{Entity: e.Peer.Entity, GID: e.Peer.GID}
	switch e.Kind {
	case messenger.Up:
		r.dialled(e, class)
	case messenger.Reset:
		r.gone(e, class)
		if peer := e.Session.Peer(); peer.GID != 0 {
			from.GID = peer.GID // whichever run it was
		}
		r.w.box.put(core.SessionReset{From: from, Session: first + e.Session.Number(), Class: class})
	case messenger.Unreachable:
		if !r.over.Load() {
			r.w.box.put(core.Unreachable{To: from, Class: class, Refused: errors.Is(e.Cause, syscall.ECONNREFUSED)})
		}
		if errors.Is(e.Cause, wire.WrongPeer) { // another run has its place: that one will not come back
			r.links.forget(e.Link)
		}
	}
}

// dialled notes a session that a peer made: what has no address goes back by it.
func (r *run) dialled(e messenger.PeerEvent, c wire.Class) {
	if e.Link == nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.inbound[linkKey{e.Peer.Entity, e.Peer.GID, c}] = e.Session
	}
}

func (r *run) gone(e messenger.PeerEvent, c wire.Class) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if key := (linkKey{e.Peer.Entity, e.Peer.GID, c}); r.inbound[key] == e.Session {
		delete(r.inbound, key)
	}
}

func classOf(place string) (wire.Class, bool) {
	for c := range wire.NumClasses {
		if c.String() == place {
			return c, true
		}
	}
	return 0, false
}
