package osd

import (
	"slices"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/pg"
	"zeph/pkg/wire"
)

// leases gathers the leases that PGs grant and acknowledge in one step, by whom they are for (protocol 6.1).
type leases struct {
	to []leasesTo
}

type leasesTo struct {
	dest core.Dest
	list []wire.PGLease
}

func (l *leases) add(e pg.SendLease) {
	i := l.open(e.To)
	l.to[i].list = append(l.to[i].list, e.Lease)
}

// open is where the leases for an OSD are gathered.
func (l *leases) open(to core.Dest) int {
	i := slices.IndexFunc(l.to, func(other leasesTo) bool { return other.dest.Peer == to.Peer })
	if i < 0 {
		i = len(l.to)
		l.to = append(l.to, leasesTo{dest: to})
	}
	return i
}

const spaceEvery = time.Second

// tellSpace tells the peers how full our store is, should no lease do it: a copy that is filled is granted none, and
// its primary must hear when there is room again.
func (c *Core) tellSpace() {
	for _, p := range c.peers {
		if to, ok := c.dest(p.id); ok && c.now.Mono-p.space >= spaceEvery {
			to.GID = p.gid
			c.leases.open(to)
		}
	}
}

func (c *Core) sendLeases() {
	s := c.room.Space(uint64(c.now.Mono / time.Microsecond))
	for _, to := range c.leases.to {
		c.emit(core.Send{To: to.dest, Class: wire.Control, Type: wire.TypePGLeases, Epoch: c.epoch(), Reserved: true,
			Body: &wire.PGLeases{To: to.dest.GID, Leases: to.list, Used: s.Used, Size: s.Size, Coming: s.Coming, At: s.At}})
		if id, ok := osdOf(to.dest.Entity); ok {
			if p := c.peer(id); p != nil && p.gid == to.dest.GID {
				p.space = c.now.Mono
			}
		}
	}
	c.leases.to = nil
}
