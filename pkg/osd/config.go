package osd

import (
	"errors"
	"fmt"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/placement"
	"zeph/pkg/wire"
)

// Config says who an OSD is and how it behaves. What it lacks means the default. Who it is, its store
// has to confirm.
type Config struct {
	ID   osdmap.OSDID
	FSID osdmap.UUID // of the cluster that it should belong to; zero: whichever its store names
	Seed uint64      // of all its chance, gids included: never twice the same in one cluster

	Mons  []core.Dest   // the monitors, in any order
	Know  uint64        // version of the monmap that they are of; 0: of none
	Addrs []osdmap.Addr // where it listens, all six names

	Location []string // in the CRUSH map when it is new there, as type=name
	Weight   uint32   // CRUSH weight, 16.16 fixed point, when it is new there
	Class    string   // of device, when it is new there
	Host     string   // for people
	Software string   // name and version

	Settings Settings // until the monitors send others

	Rare core.Rare // of a simulation

	Atlas *placement.Atlas // shared with other OSDs that the same goroutine steps; nil: its own
}

// Validate names everything wrong with the configuration.
func (c *Config) Validate() error {
	var errs []error
	if c.ID < 0 || int(c.ID) >= osdmap.MaxOSDs {
		errs = append(errs, fmt.Errorf("osd id %d: expected 0 to %d", int32(c.ID), osdmap.MaxOSDs-1))
	}
	if len(c.Mons) == 0 {
		errs = append(errs, errors.New("no monitor to ask"))
	}
	for _, m := range c.Mons {
		if m.Entity.Kind() != wire.Mon {
			errs = append(errs, fmt.Errorf("monitor %q: not the name of one", m.Entity))
		}
	}
	return errors.Join(errs...)
}

// Entity is the name of an OSD in messages.
func Entity(id osdmap.OSDID) wire.Entity {
	return wire.Numbered(wire.OSD, int32(id))
}

// osdOf is the OSD that an entity names.
func osdOf(e wire.Entity) (osdmap.OSDID, bool) {
	n, ok := e.Number(wire.OSD)
	return osdmap.OSDID(n), ok && n < osdmap.MaxOSDs
}
