package world

import (
	"zeph/pkg/core"
	"zeph/pkg/messenger"
	"zeph/pkg/wire"
)

// hints is a monitor at an address where its hints are heard.
type hints struct {
	entity   wire.Entity
	endpoint string
}

// listen hears the hints of the monitors that there are now, and of no others.
func (r *run) listen() {
	next := make(map[hints]*messenger.Subscription)
	for _, to := range r.w.cfg.Monitors {
		addrs := inner(to.Addrs, "")
		at := hints{to.Entity, addrs[messenger.Hints]}
		if len(r.w.cfg.Hear) == 0 || at.endpoint == "" || next[at] != nil {
			continue
		}
		if next[at] = r.hears[at]; next[at] == nil {
			next[at] = r.outward(to.Entity).Subscribe(messenger.Peer{Entity: to.Entity, Addrs: addrs}, r.w.cfg.Hear...)
		}
		delete(r.hears, at)
	}
	for _, gone := range r.hears {
		gone.Close()
	}
	r.hears = next
}

// newMonmap is a core's word on who the monitors are.
func (l *loop) newMonmap(e core.NewMonmap) {
	l.cfg.Monitors = core.MonDests(&e.Monmap)
	l.present().listen()
	if l.cfg.Monmap != nil {
		l.cfg.Monmap(&e.Monmap)
	}
}
