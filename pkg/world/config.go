package world

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/messenger"
	"zeph/pkg/osdmap"
	"zeph/pkg/store"
	"zeph/pkg/wire"
)

// Config says who a world's core is to others, and what it has to work with. Zero numbers mean
// their defaults.
type Config struct {
	Entity    wire.Entity
	GID       wire.GID    // of this run, until the core renames it; 0: one is drawn
	FSID      osdmap.UUID // of the cluster; zero: not known
	Transport messenger.Transport

	// Listen is where others dial to, by place: for a monitor control, bulk and hints; for an OSD
	// the classes twice, as public.control and cluster.control. Clients have none.
	Listen map[string]string

	// PublicHost and ClusterHost stand in for the host of an address that listens on all of a
	// machine's, such as tcp://0.0.0.0:7000.
	PublicHost, ClusterHost string

	Monitors []core.Dest        // whose hints are heard, until there is a newer monmap
	Hear     []wire.Type        // which hints
	Monmap   func(*wire.Monmap) // gets newer ones, on the loop; nil: nobody

	Store   store.Store   // nil: the core submits and reads nothing
	Readers int           // reads of the store at a time; default 4
	Goodbye time.Duration // how long the core has for it; default 5 s

	// Log opens the member of the replicated log that the core is, when the world is made. Nil: there is
	// no log. LogDests tells from a state of the log where monitors listen: the file that Monitors comes
	// from may be older.
	Log      func(LogWays) (LogMember, error)
	LogDests func(core.State) []core.Dest

	Ready func()            // the core is; called once, on the loop
	Other func(core.Effect) // gets effects that are the core's own kind, in order, on the loop; must not block

	Limits   messenger.Limits
	Software string               // name and version, told to peers
	Logger   *slog.Logger         // nil: silent
	Clock    func() time.Duration // monotonic; nil: since the machine's start, suspended time included
	Poison   bool                 // for tests: see messenger.Config
}

// Validate names everything that is wrong with the Config at once.
func (c *Config) Validate() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.Entity.Kind() == 0 {
		wrong("entity %q is none", c.Entity)
	}
	if c.Transport == nil {
		wrong("there is no transport")
	}
	for _, place := range slices.Sorted(maps.Keys(c.Listen)) {
		if net, _ := split(place); (net != "") != (c.Entity.Kind() == wire.OSD) || net != "" && !isNetwork(net) {
			wrong("cannot listen for %q: an OSD listens for %s and %s, others for control, bulk, hints", place, "public.CLASS", "cluster.CLASS")
		}
	}
	if c.Readers < 0 || c.Goodbye < 0 {
		wrong("%d readers and %v for a goodbye: below zero", c.Readers, c.Goodbye)
	}
	if len(c.Hear) > 0 && len(c.Monitors) == 0 {
		wrong("hints to hear, and no monitors")
	}
	return errors.Join(errs...)
}

func (c *Config) fill() {
	if c.Readers == 0 {
		c.Readers = 4
	}
	if c.Goodbye == 0 {
		c.Goodbye = 5 * time.Second
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Clock == nil {
		c.Clock = sinceBoot
	}
	if c.Ready == nil {
		c.Ready = func() {}
	}
	if c.GID == 0 {
		c.GID = NewGID()
	}
}

// split parts a place such as public.control into network and the messenger's own place.
func split(place string) (network, inner string) {
	if network, inner, ok := strings.Cut(place, "."); ok {
		return network, inner
	}
	return "", place
}

const (
	public  = "public"
	cluster = "cluster"
)

func isNetwork(name string) bool { return name == public || name == cluster }
