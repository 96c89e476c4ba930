// Package scenario says what happens to a cluster in a run: how large it is, who uses it, which faults
// befall it and how it ends. It is plain data; what carries it out is the simulator, or chaos on real
// processes.
package scenario

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Scenario is one run. Zero is no default: the simulator draws scenarios by seed, and an operator's
// flags replace what they name.
type Scenario struct {
	Name string

	Mons, OSDs, Hosts  int
	PGs, Size, MinSize int

	Seconds int // that faults go on
	Heal    int // seconds after them in which everything must be well again

	Workload Workload
	Faults   []Fault
	End      End

	Heartbeat time.Duration // between pings
	Grace     time.Duration // silence after which an OSD is reported
	Lease     time.Duration
	DownOut   time.Duration // after which an OSD that is down goes out
	MinLog    int           // entries of a PG's log that are kept
	MinMaps   int           // old maps that the monitors keep
}

// Workload is what clients do.
type Workload struct {
	Writers int           // hear of new maps at once
	Readers int           // keep their map until an OSD tells them
	Lanes   int           // operations of one client under way
	Objects int           // more than writers, or reads of what is being written hide what is stale
	Think   time.Duration // most that a lane rests between two operations
}

// Fault is a kind of fault and how often it strikes.
type Fault struct {
	Kind  string
	Every time.Duration // on average
}

// End is how a run ends.
type End string

// The ends.
const (
	Healed End = "healed" // everything comes back
	Lost   End = "lost"   // one OSD is gone for good
	Few    End = "few"    // fewer OSDs come back than a PG needs
)

// Ends are all of them.
var Ends = []End{Healed, Lost, Few}

// Kind says what a kind of fault does.
type Kind struct {
	Name string
	Doc  string
}

// Kinds are all kinds of faults, by name.
var Kinds = []Kind{
	{"acklag", "acknowledgements of the primary's leases come late, then it is cut off and marked down"},
	{"all", "all OSDs crash at once, as when the power fails"},
	{"client", "a client dies with operations under way, and a new one takes its place"},
	{"crash", "an OSD's process dies, and starts again soon or later"},
	{"cut", "an OSD is cut off from others, both ways or one way, in silence"},
	{"delay", "everything from one OSD to another takes longer"},
	{"disk", "an OSD's disk hangs, or is slow"},
	{"double", "two OSDs crash, one a little after the other"},
	{"flap", "an OSD restarts twice within moments"},
	{"full", "an OSD's disk is nearly full, or full, for a while"},
	{"hang", "an OSD's loop stands still while it answers pings"},
	{"hles", "a primary activates, is heard by the next, and is gone for long"},
	{"isolate", "a primary is cut off from all but the clients and marked down, others restart within its lease"},
	{"mon", "a monitor dies, pauses, is cut off, or has a disk that hangs"},
	{"out", "operators put OSDs out and in, and change their weights"},
	{"pause", "an OSD's process stands still (SIGSTOP)"},
	{"pool", "operators change size and min_size of the pool"},
	{"refuse", "a firewall refuses connections between OSDs"},
	{"replace", "an OSD loses its disk and comes back with an empty one"},
	{"reset", "connections end"},
	{"rot", "a block of one copy of an object rots"},
	{"rotate", "a primary is cut off, the next interval activates, its members die, a newcomer leads"},
	{"scrub", "operators scrub and repair placement groups"},
	{"stop", "an OSD is asked to end (SIGTERM), says goodbye, and starts again"},
}

// KindNames are their names.
func KindNames() []string {
	var names []string
	for _, k := range Kinds {
		names = append(names, k.Name)
	}
	return names
}

// Validate names everything that is wrong with a scenario.
func (s *Scenario) Validate() error {
	var errs []error
	want := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	want(s.Mons >= 1 && s.Mons%2 == 1, "%d monitors: expected an odd number", s.Mons)
	want(s.OSDs >= 1, "%d osds: expected at least one", s.OSDs)
	want(s.Hosts >= 1 && s.Hosts <= s.OSDs, "%d hosts: expected 1 to %d, the number of osds", s.Hosts, s.OSDs)
	want(s.PGs >= 1, "%d pgs: expected at least one", s.PGs)
	want(s.Size >= 1 && s.Size <= s.Hosts, "size %d: expected 1 to %d, the number of hosts", s.Size, s.Hosts)
	want(s.MinSize >= 1 && s.MinSize <= s.Size, "min_size %d: expected 1 to %d, the size", s.MinSize, s.Size)
	want(s.Seconds >= 0, "%d seconds: below zero", s.Seconds)
	want(s.Workload.Writers+s.Workload.Readers > 0, "nobody uses the cluster")
	want(s.Workload.Objects > 0 && s.Workload.Lanes > 0, "%d objects, %d lanes: expected at least one", s.Workload.Objects, s.Workload.Lanes)
	want(slices.Contains(Ends, s.End), "end %q: expected one of %v", s.End, Ends)
	for _, f := range s.Faults {
		want(slices.Contains(KindNames(), f.Kind), "fault %q: expected one of %v", f.Kind, KindNames())
		want(f.Every > 0, "fault %s: every %v", f.Kind, f.Every)
	}
	return errors.Join(errs...)
}
