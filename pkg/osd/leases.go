package osd

import (
	"slices"

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
	i := slices.IndexFunc(l.to, func(to leasesTo) bool { return to.dest.Peer == e.To.Peer })
	if i < 0 {
		i = len(l.to)
		l.to = append(l.to, leasesTo{dest: e.To})
	}
	l.to[i].list = append(l.to[i].list, e.Lease)
}

func (c *Core) sendLeases() {
	for _, to := range c.leases.to {
		c.emit(core.Send{To: to.dest, Class: wire.Control, Type: wire.TypePGLeases, Epoch: c.epoch(), Reserved: true,
			Body: &wire.PGLeases{To: to.dest.GID, Leases: to.list, Used: c.stats.Used + c.stats.InFlight, Size: c.stats.Size}})
	}
	c.leases.to = nil
}
