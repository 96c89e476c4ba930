package osd

import (
	"time"

	"zeph/pkg/core"
	"zeph/pkg/pg"
	"zeph/pkg/store"
)

// ticker is the key of the OSD's one timer; PGs have their own.
type ticker struct{}

const (
	tickEvery = 100 * time.Millisecond
	pollEvery = 500 * time.Millisecond
)

func (c *Core) armTick() { c.emit(core.SetTimer{Key: ticker{}, At: c.now.Mono + tickEvery}) }

func (c *Core) fired(ev core.Fired) {
	switch key := ev.Key.(type) {
	case ticker:
		c.tick()
		c.armTick()
	case leave:
		c.log(core.Warn, "no monitor has noted the goodbye", "epoch", c.epoch())
		c.exit(nil)
	case sayAgain:
		c.goodbye()
	case pg.TimerKey:
		if s := c.slot(key.PG); s != nil && c.phase != stopping {
			c.give(s, ev)
		}
	}
}

// tick does what is due. Everything that repeats is derived anew from the state here, never chained from
// one event to the next, so that no lost event stops it.
func (c *Core) tick() {
	late := c.now.Mono - c.lastTick - tickEvery
	first := c.lastTick == 0
	c.lastTick = c.now.Mono
	if c.maps.cur == nil || c.phase == stopping {
		return
	}
	if !first && late > 5*tickEvery {
		c.awoken(late)
	}
	c.seek()
	c.fetchMaps()
	c.expire()
	c.look()
	if c.phase == up || c.listens() {
		if c.now.Mono-c.gathered >= time.Second {
			c.gatherPeers()
		}
		c.beats()
	}
	if c.phase == up {
		c.tellSpace()
		c.beacon()
	}
	c.proveDisk()
	if !c.ticking {
		c.tickSome(0)
	}
}

// seek asks for maps, and to be up, while the OSD is not.
func (c *Core) seek() {
	if c.phase == up {
		return
	}
	if c.now.Mono-c.polled >= pollEvery {
		c.polled = c.now.Mono
		c.askMaps()
	}
	c.boot()
}

// commits is how the store is known to work: something has become durable a moment ago.
type commits struct {
	last  time.Duration
	asked bool
}

const proofEvery = 500 * time.Millisecond

// proveDisk writes something when nothing was made durable for a while. The age of the last commit goes
// out with every pong: so a disk that hangs shows also in an OSD that has nothing to do (protocol 15.1).
func (c *Core) proveDisk() {
	if c.commits.asked || c.now.Mono-c.commits.last < proofEvery {
		return
	}
	c.commits.asked = true
	t := new(store.Txn)
	t.WriteFull(proofKey, nil)
	c.submit(t, func() { c.commits.asked = false })
}

var proofKey = store.Key{Name: "proof"}
