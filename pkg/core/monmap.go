package core

import (
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// NewMonmap says that the monitors are others than the daemon began with: hints are heard from these from now
// on, and the next start looks for these.
type NewMonmap struct {
	Monmap wire.Monmap
}

// MonDests are the monitors of a monmap as whom messages go to, whichever run of each. A name that is none is
// left out.
func MonDests(m *wire.Monmap) []Dest {
	var all []Dest
	for i := range m.Mons {
		mon := &m.Mons[i]
		e, err := wire.ParseEntity("mon." + mon.Name)
		if err != nil || mon.Control == "" {
			continue
		}
		d := Dest{Peer: Peer{Entity: e}}
		for _, a := range []osdmap.Addr{{Name: "bulk", Addr: mon.Bulk}, {Name: "control", Addr: mon.Control}, {Name: "hints", Addr: mon.Hints}} {
			if a.Addr != "" {
				d.Addrs = append(d.Addrs, a)
			}
		}
		all = append(all, d)
	}
	return all
}
