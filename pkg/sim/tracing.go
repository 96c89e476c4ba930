package sim

import (
	"fmt"

	"zeph/pkg/core"
)

// traceEvent writes a line for an event that a core is stepped with. Messages had theirs when they
// arrived.
func (n *Node) traceEvent(ev core.Event) {
	t := n.w.trace.begin(n.w.now, n.name, "step")
	switch ev := ev.(type) {
	case core.Received:
		t.s("received").s(ev.Type.String()).u(ev.ID)
	case core.SessionReset:
		t.s("reset").u(ev.Session)
	case core.Answered:
		t.s("answered").s(ev.Token.String())
		if ev.Err != nil {
			t.s(ev.Err.Error())
		}
	case core.Durable:
		t.s("durable").s(ev.Token.String())
	case core.ReadDone:
		t.s("read").s(ev.Token.String())
	case core.Fired:
		t.s("fired").s(fmt.Sprint(ev.Key))
	case core.Continue:
		t.s("continue").s(ev.Token.String())
	case core.Applied:
		t.s("applied").u(ev.From).u(ev.To)
	case core.Proposed:
		t.s("proposed").s(ev.Token.String()).s(ev.Outcome.String())
	default:
		t.s(fmt.Sprintf("%T", ev))
	}
	t.end(nil)
}

// traceMessage writes a line for a message's arrival.
func (w *World) traceMessage(s *session, side int, m *message) {
	to, from := s.run[side].n, s.run[1-side].n
	t := w.trace.begin(w.now, to.name, kindNames[m.kind]).s(from.name).s(m.typ.String()).u(uint64(m.epoch)).u(uint64(len(m.bulk)))
	if m.call != nil {
		t.u(m.call.id)
	}
	if !w.cfg.Detail {
		t.end(nil)
		return
	}
	t.end(func() string { return fmt.Sprintf("%+v", m.body) })
}
