package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"zeph/pkg/daemon"
	"zeph/pkg/mon"
	"zeph/pkg/wire"
	"zeph/pkg/world"
)

// places are where a monitor listens.
var places = []string{"control", "bulk", "hints"}

// settings are a monitor's.
type settings struct {
	daemon.Common
	name string
}

func (s *settings) flags(f *pflag.FlagSet) {
	s.Common.Flags(f)
	f.StringVar(&s.name, "name", "", "`name` of the monitor, such as a")
}

// validate names everything that is wrong.
func (s *settings) validate() error {
	errs := []error{s.Common.Validate(places)}
	if _, err := wire.ParseEntity("mon." + s.name); err != nil || strings.ContainsAny(s.name, "/\n") {
		errs = append(errs, fmt.Errorf("--name %q: expected a short name, such as a", s.name))
	}
	return daemon.Usage(errors.Join(errs...))
}

// mine is what the cluster file says of this monitor, and all that it says.
func (s *settings) mine() (*world.ClusterMon, *world.Cluster, error) {
	cluster, err := s.ReadCluster()
	if err != nil {
		return nil, nil, err
	}
	m, ok := cluster.Mon(s.name)
	if !ok {
		return nil, nil, fmt.Errorf("cluster file %s: it has no mon.%s", s.Cluster, s.name)
	}
	return m, cluster, nil
}

// mons are the monitors of the cluster file, as the monitor's core wants them.
func mons(c *world.Cluster) []mon.Mon {
	var all []mon.Mon
	for _, m := range c.Mons {
		all = append(all, mon.Mon{Name: m.Name, Store: m.Store, Control: m.Control, Bulk: m.Bulk, Hints: m.Hints})
	}
	return all
}
