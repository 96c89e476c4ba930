package sim

import (
	"fmt"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// kind is what a message is on its session.
type kind uint8

const (
	oneWay    kind = iota
	requested      // opens a call
	replied        // ends it
	failed         // ends it with a *wire.Error
	ended          // the other end of the session is gone: its last message
)

var kindNames = [...]string{"send", "call", "reply", "fail", "end"}

// message is on its way.
type message struct {
	kind  kind
	typ   wire.Type
	epoch osdmap.Epoch
	body  any
	bulk  []byte
	id    uint64
	trace uint64
	call  *call
	sent  time.Duration
	at    time.Duration // when it arrives, unless it is held up
}

// call is one request under way, at the side that asked.
type call struct {
	token core.Token
	id    uint64
	link  *link
	s     *session // that it went by; nil: it waits for one
	over  bool     // it has ended for whoever asked
	typ   wire.Type
	about about // set when it arrives
}

// end tells whoever asked how the call ended, unless it has ended before.
func (c *call) end(a core.Answered) {
	if c.over {
		return
	}
	c.over = true
	a.Token, a.From = c.token, c.link.to
	if c.s != nil {
		a.From = c.s.peer(dialler)
		c.s.forget(c)
	}
	if c.link.from.alive() {
		c.link.from.put(a)
	}
}

// recode encodes and decodes a message's body, as a real messenger does.
func recode(m *message) {
	if m.body == nil {
		return
	}
	var flags wire.Flags
	switch m.kind {
	case replied:
		flags = wire.Reply
	case failed:
		flags = wire.Reply | wire.Failed
	}
	body := m.typ.NewBody(flags)
	if err := wire.ParseBody(wire.AppendBody(nil, m.body), body, true); err != nil {
		panic(fmt.Sprintf("sim: %v %v: %+v does not survive the wire: %v", m.typ, kindNames[m.kind], m.body, err))
	}
	m.body = body
}
