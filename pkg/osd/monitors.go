package osd

import (
	"errors"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/wire"
)

// monitors are whom an OSD asks: any of them, preferably the one that leads, for others pass on.
type monitors struct {
	all []core.Dest
	at  int // whom to ask next

	version uint64 // of the monmap that they are of; 0: of none
}

// newMonmap takes up who the monitors are now.
func (c *Core) newMonmap(m *wire.Monmap) {
	dests := core.MonDests(m)
	if m.Version <= c.mons.version || len(dests) == 0 {
		return
	}
	prefer := c.mons.now().Entity.String()
	c.mons = monitors{all: dests, version: m.Version}
	c.mons.prefer(prefer)
	c.log(core.Info, "monitors", "version", m.Version, "mons", len(dests))
	c.emit(core.NewMonmap{Monmap: *m})
}

func (m *monitors) now() core.Dest { return m.all[m.at] }

// prefer makes a monitor the one to ask, if it is known.
func (m *monitors) prefer(name string) {
	for i, d := range m.all {
		if d.Entity.String() == name {
			m.at = i
		}
	}
}

// failed passes to the next monitor, unless that has happened meanwhile.
func (m *monitors) failed(who core.Dest) {
	if m.now().Entity == who.Entity {
		m.at = (m.at + 1) % len(m.all)
	}
}

// askMonitor sends a request to a monitor. When it fails the next request goes to another one,
// unless the answer was a plain no.
func (c *Core) askMonitor(typ wire.Type, body any, timeout time.Duration, then func(core.Answered)) {
	to := c.mons.now()
	c.call(core.Send{To: to, Class: wire.Control, Type: typ, Body: body, Reserved: true}, timeout, func(a core.Answered) {
		if a.Err != nil && !refusal(a.Err) {
			c.mons.failed(to)
		}
		then(a)
	})
}

// refusal reports whether an error is the other side's considered no: asking again will not help.
func refusal(err error) bool {
	var e *wire.Error
	return errors.As(err, &e) && e.Code.Outcome() == wire.Definite
}
