package objecter

import (
	"slices"

	"zeph/pkg/core"
	"zeph/pkg/wire"
)

// newMonmap takes up who the monitors are now. Those of the configuration are where to begin.
func (o *Objecter) newMonmap(m *wire.Monmap) {
	dests := core.MonDests(m)
	if m.Version <= o.maps.monmap || len(dests) == 0 {
		return
	}
	asked := o.cfg.Mons[o.maps.mon].Entity
	o.cfg.Mons, o.maps.monmap = dests, m.Version
	o.maps.mon = max(0, slices.IndexFunc(dests, func(d core.Dest) bool { return d.Entity == asked }))
	for op := o.ops.first; op != nil; op = op.next {
		op.mon = -1 // its place in the list that was
	}
	o.emit(core.NewMonmap{Monmap: *m})
}

// heardOfMons asks for the monmap if there is a newer one.
func (o *Objecter) heardOfMons(version uint64) {
	if version > o.maps.monmap {
		o.askMaps()
	}
}
