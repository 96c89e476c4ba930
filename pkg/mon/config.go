package mon

import (
	"errors"
	"fmt"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// Config says who a monitor is, and how its cluster begins.
type Config struct {
	Name string      // such as a
	FSID osdmap.UUID // of the cluster
	Seed uint64      // of all its chance
	Mons []Mon       // of the cluster file; the cluster's own list takes over once it has begun

	Settings []wire.Setting // of a new cluster, for all
}

// Validate names everything that is wrong with the configuration.
func (c *Config) Validate() error {
	var errs []error
	if _, err := wire.ParseEntity("mon." + c.Name); err != nil {
		errs = append(errs, fmt.Errorf("name %q: %w", c.Name, err))
	}
	if c.FSID.IsZero() {
		errs = append(errs, errors.New("the fsid of the cluster is missing"))
	}
	known := make(map[string]bool)
	for _, m := range c.Mons {
		if known[m.Name] {
			errs = append(errs, fmt.Errorf("mon.%s is listed twice", m.Name))
		}
		known[m.Name] = true
		if m.Control == "" {
			errs = append(errs, fmt.Errorf("mon.%s: its control address is missing", m.Name))
		}
	}
	for _, s := range c.Settings {
		if _, err := checkSetting(s.Name, s.Value); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func checkSetting(name, value string) (string, error) {
	s, ok := settingNamed(name)
	if !ok {
		return "", fmt.Errorf("setting %q: there is no such; zeph config ls shows all", name)
	}
	v, err := s.canonical(value)
	if err != nil {
		return "", fmt.Errorf("setting %s: %w", name, err)
	}
	return v, nil
}

// MemberID names a monitor in the replicated log, as package consensus does: an emptied one is another
// member (protocol 14.6).
func MemberID(name string, store osdmap.UUID) string { return name + "/" + store.String() }

// entityOf is a monitor's name in messages.
func entityOf(name string) wire.Entity {
	e, err := wire.ParseEntity("mon." + name)
	if err != nil {
		return wire.Entity{}
	}
	return e
}

// dest is where a monitor listens.
func (m *Mon) dest() core.Dest {
	d := core.Dest{Peer: core.Peer{Entity: entityOf(m.Name)}}
	for _, a := range []osdmap.Addr{{Name: "bulk", Addr: m.Bulk}, {Name: "control", Addr: m.Control}, {Name: "hints", Addr: m.Hints}} {
		if a.Addr != "" {
			d.Addrs = append(d.Addrs, a)
		}
	}
	return d
}
