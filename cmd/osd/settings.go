package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"zeph/pkg/crush"
	"zeph/pkg/daemon"
	"zeph/pkg/osdmap"
)

// places are where an OSD listens: clients and monitors dial it at public ones, OSDs at cluster ones.
var places = []string{"public.control", "public.data", "cluster.control", "cluster.data", "cluster.bulk", "cluster.heartbeat"}

// settings are an OSD's.
type settings struct {
	daemon.Common
	id                      int32
	make, adopts            bool
	publicAddr, clusterAddr string
	publicNet, clusterNet   string
	location                string
	weight, capacity, class string
}

func (s *settings) flags(f *pflag.FlagSet) {
	s.Common.Flags(f)
	f.Int32Var(&s.id, "id", -1, "`number` of the OSD; default: that of the store in the folder, else one that the monitors give")
	f.StringVar(&s.publicAddr, "public-addr", "127.0.0.1", "`host` where clients and monitors reach it")
	f.StringVar(&s.clusterAddr, "cluster-addr", "", "`host` where other OSDs reach it; default: --public-addr")
	f.StringVar(&s.publicNet, "public-network", "", "the `network`, such as 10.0.0.0/24, in which this machine's address is --public-addr")
	f.StringVar(&s.clusterNet, "cluster-network", "", "the `network` in which this machine's address is --cluster-addr")
	f.StringVar(&s.location, "crush-location", "", "where in the hierarchy a new OSD goes, as `\"host=h1 rack=r1\"`; default: host=(this machine's name)")
	f.StringVar(&s.weight, "weight", "", "CRUSH `weight` of a new OSD; default: 1 for each TiB of capacity")
	f.StringVar(&s.capacity, "capacity", "", "`bytes` that its store may use, such as 100G; default: what is free in the folder's file system")
	f.StringVar(&s.class, "class", "", "device `class` of a new OSD, such as ssd")
}

// validate names everything that is wrong.
func (s *settings) validate() error {
	errs := []error{s.Common.Validate(places)}
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if s.id < -1 || s.id >= osdmap.MaxOSDs {
		wrong("--id: expected a number from 0 to %d", osdmap.MaxOSDs-1)
	}
	for _, n := range []struct {
		flag, network string
		addr          *string
	}{{"--public-network", s.publicNet, &s.publicAddr}, {"--cluster-network", s.clusterNet, &s.clusterAddr}} {
		if n.network == "" {
			continue
		}
		addr, err := daemon.AddrIn(n.network)
		if err != nil {
			wrong("%s: %w", n.flag, err)
		}
		*n.addr = addr
	}
	if _, err := s.size(); err != nil {
		wrong("--capacity %w", err)
	}
	if _, err := crush.ParseWeight(s.weight); s.weight != "" && err != nil {
		wrong("--weight: %w", err)
	}
	for _, l := range strings.Fields(s.location) {
		if kind, name, ok := strings.Cut(l, "="); !ok || kind == "" || name == "" {
			wrong("--crush-location %q: expected type=name", l)
		}
	}
	return daemon.Usage(errors.Join(errs...))
}

// size is how many bytes the store may use; 0: not said.
func (s *settings) size() (uint64, error) {
	if s.capacity == "" {
		return 0, nil
	}
	return daemon.ParseSize(s.capacity)
}

// crushWeight is the weight of an OSD that is new: 1 for a TiB.
func (s *settings) crushWeight(size uint64) uint32 {
	if s.weight != "" {
		w, _ := crush.ParseWeight(s.weight) // validate has looked
		return uint32(w)
	}
	const unit = 1 << 40 / uint64(crush.One)
	return uint32(min(max(size/unit, 1), 1<<32-1))
}

func (s *settings) crushLocation() []string {
	if s.location != "" {
		return strings.Fields(s.location)
	}
	if host := hostname(); host != "" {
		return []string{"host=" + host}
	}
	return nil
}

func hostname() string {
	host, err := os.Hostname()
	if err != nil {
		return ""
	}
	return host
}

// endpoint is where to listen when nothing was said: at the host's address, any port.
func (s *settings) endpoint(place string) string {
	host := s.publicAddr
	if strings.HasPrefix(place, "cluster.") {
		host = s.clusterHost()
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return "tcp://" + host + ":0"
}

func (s *settings) clusterHost() string {
	if s.clusterAddr != "" {
		return s.clusterAddr
	}
	return s.publicAddr
}
