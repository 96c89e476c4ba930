package mon

import (
	"cmp"
	"slices"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/wire"
)

// pingedMon is another monitor. The log tells whether a majority hears each other; who does not hear whom,
// only pings from each to each tell.
type pingedMon struct {
	name  string
	heard time.Duration // when it last answered, or when it was pinged first
	rtt   time.Duration // of that answer; 0: none came yet
}

// pingMons pings all other monitors, and forgets those that are none any more.
func (c *Core) pingMons() {
	mons := c.mons()
	c.pinged = slices.DeleteFunc(c.pinged, func(p *pingedMon) bool { return !hasMon(mons, p.name) })
	for _, m := range mons {
		to, ok := c.monitor(entityOf(m.Name))
		if !ok || m.Name == c.cfg.Name {
			continue
		}
		i, known := slices.BinarySearchFunc(c.pinged, m.Name, func(p *pingedMon, name string) int { return cmp.Compare(p.name, name) })
		if !known {
			c.pinged = slices.Insert(c.pinged, i, &pingedMon{name: m.Name, heard: c.now.Mono})
		}
		p, sent := c.pinged[i], c.now.Mono
		body := &wire.Ping{Sent: uint64(sent / time.Microsecond)}
		c.call(core.Call{Send: core.Send{To: to, Class: wire.Control, Type: wire.TypePing, Body: body}, Timeout: time.Second}, func(a core.Answered) {
			if _, ok := a.Body.(*wire.Pong); ok {
				p.heard, p.rtt = c.now.Mono, max(c.now.Mono-sent, 1)
			}
		})
	}
}

// heardMons is what this monitor tells the leader of the others.
func (c *Core) heardMons() []wire.HeardMon {
	var list []wire.HeardMon
	for _, p := range c.pinged {
		list = append(list, wire.HeardMon{
			Name: p.name, RTT: uint32(min(p.rtt/time.Microsecond, 1<<32-1)), Age: wire.Millis(min((c.now.Mono-p.heard)/time.Millisecond, 1<<32-1)),
		})
	}
	return list
}
