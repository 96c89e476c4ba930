package osd

import (
	"slices"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/store"
	"zeph/pkg/wire"
)

const (
	goodbyeFor   = 3500 * time.Millisecond // then the OSD leaves without an answer
	goodbyeAgain = 500 * time.Millisecond
)

// leave is the key of the timer that ends waiting for the monitors' answer.
type leave struct{}

// stop ends the OSD well. First nothing is served any more: PGs get no event from here on, so no answer,
// no acknowledgement and no lease leaves. Then all that was written is made durable. Then the monitors are
// told: a goodbye ends the leases of this run, so it must not come before its service has ended (protocol 6.5).
func (c *Core) stop() {
	if c.phase == stopping {
		return
	}
	was := c.phase
	c.phase = stopping
	c.log(core.Info, "osd stops", "epoch", c.epoch())
	c.endOps()
	c.unholdAll()
	if was != up && was != booting {
		c.exit(nil)
		return
	}
	c.emit(core.SetTimer{Key: leave{}, At: c.now.Mono + goodbyeFor})
	c.submit(new(store.Txn), func() { c.goodbye() })
}

// endOps ends what is under way. Whether a write happened, the next primary finds out.
func (c *Core) endOps() {
	var all []core.Request
	for r := range c.ops.running {
		all = append(all, r)
	}
	slices.Sort(all)
	for _, r := range all {
		if c.ops.running[r].client {
			c.fail(r, wire.Interrupted.Errorf("osd.%d stops", int32(c.cfg.ID)))
		} else {
			c.drop(r)
		}
		c.ended(r)
	}
}

// goodbye tells the monitors that this run has stopped serving, until they have noted it.
func (c *Core) goodbye() {
	c.askMonitor(wire.TypeGoodbye, &wire.Goodbye{OSD: c.cfg.ID, GID: c.gid}, goodbyeAgain, func(a core.Answered) {
		if a.Err == nil || refusal(a.Err) {
			c.exit(nil)
			return
		}
		c.emit(core.SetTimer{Key: sayAgain{}, At: c.now.Mono + goodbyeAgain/5})
	})
}

// sayAgain is the key of the timer after a goodbye that nobody heard.
type sayAgain struct{}
