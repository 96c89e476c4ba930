package mon

import (
	"errors"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/wire"
)

// asker is who waits for an answer, here or behind another monitor.
type asker struct {
	req       core.Request
	entity    wire.Entity
	key       wire.Asker // names the request for ever
	forwarded bool
	harmless  bool // to be asked again: it changes nothing, or the same
}

func (a asker) who() string { return a.entity.String() }

func (c *Core) reply(a asker, body any, bulk []byte) {
	if a.req == 0 {
		return
	}
	if a.forwarded {
		body = &wire.Forwarded{Body: wire.AppendBody(nil, body)}
	}
	c.emit(core.Reply{To: a.req, Epoch: c.st.Epoch(), Body: body, Bulk: bulk})
}

func (c *Core) fail(a asker, err *wire.Error) {
	if a.req != 0 {
		c.emit(core.Fail{To: a.req, Epoch: c.st.Epoch(), Err: err})
	}
}

func (c *Core) drop(a asker) {
	if a.req != 0 {
		c.emit(core.Drop{To: a.req})
	}
}

// received answers what this monitor can answer by itself, gives the leader what is the leader's, and
// passes on the rest.
func (c *Core) received(ev core.Received) {
	a := asker{req: ev.Request, entity: ev.From.Entity, key: wire.Asker{GID: ev.From.GID, Request: ev.ID}}
	switch body := ev.Body.(type) {
	case *wire.GetMaps:
		c.getMaps(a, body)
	case *wire.Follow:
		if c.lead == nil {
			c.fail(a, c.noLeader())
			return
		}
		c.lead.follower(a, body)
	case *wire.Forward:
		c.forwarded(a, body)
	case *wire.Boot, *wire.UpThru, *wire.Failure, *wire.Beacon, *wire.Goodbye, *wire.PGTemp, *wire.Command:
		if c.lead != nil {
			c.lead.ask(a, body)
			return
		}
		c.forward(a, ev.Type, body)
	default:
		c.fail(a, wire.NoHandler.Errorf("a monitor does not serve %v", ev.Type))
	}
}

func (c *Core) noLeader() *wire.Error {
	if c.leader.IsZero() || c.leader == c.entity {
		return wire.NoQuorum.Errorf("%v knows of no monitor that leads", c.entity)
	}
	return wire.NoQuorum.Errorf("%v does not lead, %v does", c.entity, c.leader)
}

// forwarded takes a request that another monitor passed on. It is never passed on again.
func (c *Core) forwarded(a asker, f *wire.Forward) {
	if a.entity.Kind() != wire.Mon {
		c.fail(a, wire.Denied.Errorf("%v is no monitor: only these pass requests on", a.entity))
		return
	}
	if c.lead == nil {
		c.fail(a, c.noLeader())
		return
	}
	entity, err := wire.ParseEntity(f.Entity)
	body := f.Type.NewBody(0)
	if err != nil || body == nil {
		c.fail(a, wire.Malformed.Errorf("forward of type %d for %q", f.Type, f.Entity))
		return
	}
	if err := wire.ParseBody(f.Body, body, false); err != nil {
		c.fail(a, wire.Malformed.Errorf("forward of %v: %v", f.Type, err))
		return
	}
	c.lead.ask(asker{req: a.req, entity: entity, key: wire.Asker{GID: f.GID, Request: f.ID}, forwarded: true}, body)
}

const (
	forwardTimeout = 10 * time.Second
	pageBytes      = 512 << 10 // of an answer's JSON, or of changes, that one message brings
)

// forward passes a request on to the leader, and its answer back.
func (c *Core) forward(a asker, typ wire.Type, body any) {
	to, ok := c.monitor(c.leader)
	if !ok || c.leader == c.entity {
		c.fail(a, c.noLeader())
		return
	}
	f := &wire.Forward{Type: typ, Body: wire.AppendBody(nil, body), Entity: a.entity.String(), GID: a.key.GID, ID: a.key.Request}
	expect := 0
	a.harmless = true
	if cmd, ok := body.(*wire.Command); ok {
		expect, a.harmless = pageBytes, commands[cmd.Name].look != nil
	}
	c.call(core.Call{Send: core.Send{To: to, Class: wire.Control, Type: wire.TypeForward, Body: f}, Expect: expect, Timeout: forwardTimeout},
		func(ev core.Answered) { c.passBack(a, typ, ev) })
}

func (c *Core) call(call core.Call, then func(core.Answered)) {
	call.Token, call.Epoch = c.token(), c.st.Epoch()
	c.calls[call.Token.N] = then
	c.emit(call)
}

// passBack passes the leader's answer back. Whether a command was executed, nobody knows when its answer
// did not come; all else may be asked again.
func (c *Core) passBack(a asker, typ wire.Type, ev core.Answered) {
	var refused *wire.Error
	switch {
	case errors.As(ev.Err, &refused):
		c.fail(a, refused)
		return
	case ev.Err != nil && !a.harmless && !core.NotSent(ev.Err):
		c.fail(a, wire.Lost.Errorf("no answer of %v, which leads: %v", c.leader, ev.Err))
		return
	case ev.Err != nil:
		c.fail(a, wire.NoQuorum.Errorf("%v, which leads, is not to be reached: %v", c.leader, ev.Err))
		return
	}
	f, ok := ev.Body.(*wire.Forwarded)
	body := typ.NewBody(wire.Reply)
	if !ok || wire.ParseBody(f.Body, body, false) != nil {
		c.fail(a, wire.Internal.Errorf("%v answered what is no answer to %v", ev.From.Entity, typ))
		return
	}
	c.reply(a, body, ev.Bulk)
}

// monitor is where a monitor listens.
func (c *Core) monitor(e wire.Entity) (core.Dest, bool) {
	for _, m := range c.mons() {
		if entityOf(m.Name) == e {
			return m.dest(), true
		}
	}
	return core.Dest{}, false
}

// mons lists the monitors with what is known of each: from the state, else the cluster file, else the log.
func (c *Core) mons() []Mon {
	known := c.st.mons
	if len(known) == 0 {
		known = c.cfg.Mons
	}
	for _, m := range c.members {
		if !hasMon(known, m.Name) {
			known = append(known[:len(known):len(known)], Mon{Name: m.Name, Control: m.Addr})
		}
	}
	return known
}

func hasMon(mons []Mon, name string) bool {
	for i := range mons {
		if mons[i].Name == name {
			return true
		}
	}
	return false
}

// follow tells the leader that this monitor is well.
func (c *Core) follow() {
	to, ok := c.monitor(c.leader)
	if !ok || c.leader == c.entity {
		return
	}
	body := &wire.Follow{Name: c.cfg.Name, Epoch: c.st.Epoch(), Clock: c.now.Wall, Term: c.term, Hears: c.heardMons()}
	c.call(core.Call{Send: core.Send{To: to, Class: wire.Control, Type: wire.TypeFollow, Body: body}, Timeout: time.Second},
		func(core.Answered) {})
}
