package osd

import (
	"slices"

	"zeph/pkg/osdmap"
	"zeph/pkg/pg"
)

// places are what the OSD lets recover, or scrub, at a time: one pool of them for PGs that it leads, another for
// copies that others recover here, so that two OSDs never wait for each other (protocol 10.3, 12.3).
type places struct {
	remote bool
	scrub  bool
	held   []osdmap.PGID // who has one
	queue  []osdmap.PGID // who waits, in order
}

func (c *Core) places(remote, scrub bool) *places {
	switch {
	case scrub && remote:
		return &c.scrubs.remote
	case scrub:
		return &c.scrubs.local
	case remote:
		return &c.remote
	}
	return &c.local
}

// limit is how many there are.
func (p *places) limit(c *Core) uint64 {
	if p.scrub {
		return c.set.MaxScrubs
	}
	return c.set.MaxBackfills
}

// ask gives a PG a place, or a place in the queue.
func (p *places) ask(c *Core, id osdmap.PGID) {
	switch {
	case slices.Contains(p.held, id):
		c.todo = append(c.todo, todo{id, pg.Slot{Remote: p.remote, Scrub: p.scrub}})
	case !slices.Contains(p.queue, id):
		p.queue = append(p.queue, id)
		p.grant(c)
	}
}

// free takes a place, or a wait for one, back.
func (p *places) free(c *Core, id osdmap.PGID) {
	is := func(other osdmap.PGID) bool { return other == id }
	p.held = slices.DeleteFunc(p.held, is)
	p.queue = slices.DeleteFunc(p.queue, is)
	p.grant(c)
}

func (p *places) grant(c *Core) {
	for uint64(len(p.held)) < p.limit(c) && len(p.queue) > 0 {
		id := p.queue[0]
		p.queue = slices.Clone(p.queue[1:])
		p.held = append(p.held, id)
		c.todo = append(c.todo, todo{id, pg.Slot{Remote: p.remote, Scrub: p.scrub}})
	}
}
