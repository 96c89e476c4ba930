package sim

import (
	"fmt"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/pg"
	"zeph/pkg/wire"
)

// about is what an event concerns: a placement group, and of its objects one; or nothing of this kind.
type about struct {
	pg     osdmap.PGID
	object string
}

// aboutBody reads what a message concerns.
func aboutBody(body any) about {
	switch b := body.(type) {
	case *wire.Write:
		return about{osdmap.PGID(b.PG), b.Object}
	case *wire.Read:
		return about{osdmap.PGID(b.PG), b.Object}
	case *wire.SubWrite:
		return about{osdmap.PGID(b.PG), b.Object}
	case interface{ Head() *wire.PGHead }:
		return about{pg: osdmap.PGID(b.Head().PG)}
	}
	return about{}
}

func (t *trace) about(a about) *trace {
	if a.pg != (osdmap.PGID{}) {
		t.pg(a.pg)
	}
	if a.object != "" {
		t.s("object", a.object)
	}
	return t
}

func (t *trace) pg(id osdmap.PGID) *trace { return t.s("pg", id.String()) }

// token says whose effect an event ends.
func (t *trace) token(token core.Token) *trace {
	if token.PG != (osdmap.PGID{}) {
		t.pg(token.PG)
	}
	return t.u("token", token.N)
}

// traceEvent writes a line for an event that a core is stepped with. Messages had theirs when they
// arrived.
func (n *Node) traceEvent(ev core.Event) {
	t := n.w.trace.begin(n.w.now, n.name, "step")
	switch ev := ev.(type) {
	case core.Received:
		t.s("on", "received").s("type", ev.Type.String()).x("request", ev.ID)
	case core.SessionReset:
		t.s("on", "reset").u("session", ev.Session)
	case core.Answered:
		t.s("on", "answered").token(ev.Token)
		if ev.Err != nil {
			t.s("error", ev.Err.Error())
		}
	case core.Durable:
		t.s("on", "durable").token(ev.Token)
	case core.ReadDone:
		t.s("on", "read").token(ev.Token)
	case core.Fired:
		t.s("on", "fired")
		if key, ok := ev.Key.(pg.TimerKey); ok {
			t.pg(key.PG)
		} else {
			t.s("key", fmt.Sprint(ev.Key))
		}
	case core.Continue:
		t.s("on", "continue").token(ev.Token)
	case core.Applied:
		t.s("on", "applied").u("from", ev.From).u("to", ev.To)
	case core.Proposed:
		t.s("on", "proposed").token(ev.Token).s("outcome", ev.Outcome.String())
	default:
		t.s("on", fmt.Sprintf("%T", ev))
	}
	t.end(nil)
}

// traceMessage writes a line for a message's arrival. An answer concerns what the question did.
func (w *World) traceMessage(s *session, side int, m *message) {
	to, from := s.run[side].n, s.run[1-side].n
	t := w.trace.begin(w.now, to.name, kindNames[m.kind]).s("peer", from.name).s("type", m.typ.String()).u("sent", uint64(m.sent.Microseconds()))
	concerns := aboutBody(m.body)
	if m.epoch != 0 {
		t.u("epoch", uint64(m.epoch))
	}
	if len(m.bulk) > 0 {
		t.u("bytes", uint64(len(m.bulk)))
	}
	if m.call != nil {
		t.x("request", m.call.id)
		if m.kind == requested {
			m.call.about = concerns
		} else {
			concerns = m.call.about
		}
	}
	t.about(concerns)
	if err, ok := m.body.(*wire.Error); ok {
		t.s("error", err.Error())
	}
	if !w.cfg.Detail {
		t.end(nil)
		return
	}
	t.end(func() string { return fmt.Sprintf("%+v", m.body) })
}

// errorText is an error for a trace; none is empty.
func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
