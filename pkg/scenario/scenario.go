// Package scenario says what happens to a cluster in a run: how large it is, who uses it, which faults
// befall it and how it ends. It is plain data; what carries it out is the simulator, or chaos on real
// processes.
package scenario

import "time"

// Scenario is one run. Zero is no default: Fill gives those, or the simulator draws what is missing by seed.
type Scenario struct {
	Name  string `json:"name" yaml:"name"`             // how it is called, in small letters and dashes
	About string `json:"about,omitempty" yaml:"about"` // what it shows, in a line
	Swarm bool   `json:"swarm,omitempty" yaml:"swarm"` // draw by seed what is not said, as for a run without a scenario

	Mons    int           `json:"mons" yaml:"cluster.mons"`                               // monitors, an odd number; default 3
	OSDs    int           `json:"osds" yaml:"cluster.osds"`                               // OSDs; default 5. osd.N is on host N modulo hosts
	Hosts   int           `json:"hosts" yaml:"cluster.hosts"`                             // hosts, h0 and so on; default one for each OSD
	Racks   int           `json:"racks,omitempty" yaml:"cluster.racks"`                   // racks, r0 and so on; host N is in rack N modulo racks; default none
	PGs     int           `json:"pg_num" yaml:"cluster.pg_num"`                           // placement groups of the one pool; default 8
	Size    int           `json:"size" yaml:"cluster.size"`                               // copies of its objects; default 3
	MinSize int           `json:"min_size" yaml:"cluster.min_size"`                       // copies without which it serves nobody; default 2
	Pools   []Pool        `json:"pools,omitempty" yaml:"cluster.pools"`                   // several pools, in place of pg_num, size and min_size
	Lease   time.Duration `json:"read_lease_interval" yaml:"cluster.read_lease_interval"` // how long the leases of all pools are, for which a primary may serve without hearing from its replicas; default 800ms, or 0.4 of the grace if that is less

	Heartbeat time.Duration `json:"osd_heartbeat_interval" yaml:"settings.osd_heartbeat_interval"`       // between pings; default 500ms
	Grace     time.Duration `json:"osd_heartbeat_grace" yaml:"settings.osd_heartbeat_grace"`             // silence after which an OSD is reported; default 2s
	DownOut   time.Duration `json:"mon_osd_down_out_interval" yaml:"settings.mon_osd_down_out_interval"` // after which an OSD that is down goes out; default 10m
	MinLog    int           `json:"osd_min_pg_log_entries" yaml:"settings.osd_min_pg_log_entries"`       // of a placement group's log that are kept; default 1000
	MinMaps   int           `json:"mon_min_osdmap_epochs" yaml:"settings.mon_min_osdmap_epochs"`         // old maps that the monitors keep; default 500

	Workload Workload `json:"workload" yaml:"workload"` // what clients do meanwhile

	Seconds int     `json:"seconds" yaml:"seconds"`         // for how long faults strike; default until ten seconds after the last step, or 30
	Faults  []Fault `json:"faults,omitempty" yaml:"faults"` // faults at random, each with its own rate
	Steps   []Step  `json:"steps,omitempty" yaml:"steps"`   // or beside them what happens, in this order
	End     End     `json:"end" yaml:"end"`                 // healed (default): all comes back; lost: an OSD is gone for good; few: too few are left for a while
	Heal    int     `json:"heal" yaml:"heal"`               // seconds after the faults in which everything must be well again; default 90
	Expect  []Claim `json:"expect,omitempty" yaml:"expect"` // what must be so beyond that: see below
}

// Pool is one of several.
type Pool struct {
	Name    string `json:"name" yaml:"name"`                               // how it is called; default sim, sim2 and so on; the first one is pool 1, whose groups are 1.0, 1.1 and so on
	PGs     int    `json:"pg_num" yaml:"pg_num"`                           // placement groups; default 8
	Size    int    `json:"size" yaml:"size"`                               // copies of its objects; default 3
	MinSize int    `json:"min_size" yaml:"min_size"`                       // copies without which it serves nobody; default 2
	Domain  string `json:"failure_domain,omitempty" yaml:"failure_domain"` // what no two copies share: host (default), rack or osd
}

// Workload is what clients do.
type Workload struct {
	Writers int           `json:"writers" yaml:"writers"`         // clients that mostly write, and hear of new maps at once; default 2
	Readers int           `json:"readers" yaml:"readers"`         // clients that mostly read, and keep their map until an OSD tells them; default 2
	Lanes   int           `json:"lanes" yaml:"lanes"`             // operations of one client under way; default 1
	Objects int           `json:"objects" yaml:"objects"`         // that are written and swapped, and a quarter as many that are appended to; default 16
	Think   time.Duration `json:"think" yaml:"think"`             // most that a lane rests between two operations; default 100ms
	Rate    int           `json:"rate,omitempty" yaml:"rate"`     // operations a second of all clients together, about, in place of think
	Append  Percent       `json:"append,omitempty" yaml:"append"` // share of the operations that goes to objects which are appended to; default 25 %
	Swap    Percent       `json:"cas,omitempty" yaml:"cas"`       // share of the other writes that compare first, and set then; default 30 %, unless remove is said
	Remove  Percent       `json:"remove,omitempty" yaml:"remove"` // share of the other writes that remove; default 10 %, unless cas is said
}

// Fault is a kind of fault and how often it strikes.
type Fault struct {
	Kind  string        `json:"kind" yaml:"kind"`   // one of the kinds below
	Every time.Duration `json:"every" yaml:"every"` // on average; default 2s
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
	Name  string
	Doc   string
	Asked bool // never drawn: it breaks what the cluster rests on, and judges are to notice
}

// Kinds are all kinds of faults, by name.
var Kinds = []Kind{
	{"acklag", "acknowledgements of the primary's leases come late, then it is cut off and marked down", false},
	{"all", "all OSDs crash at once, as when the power fails", false},
	{"away", "an OSD is gone while the map goes through many epochs", false},
	{"bereave", "an OSD gets an empty disk while the others that have a copy are away", false},
	{"choke", "queues from an OSD to others are full: nothing more can be sent for a while", false},
	{"churn", "operators move OSDs between hosts and change their CRUSH weights", false},
	{"client", "a client dies with operations under way, and a new one takes its place", false},
	{"crash", "an OSD's process dies, and starts again soon or later", false},
	{"cut", "an OSD is cut off from others, both ways or one way, in silence", false},
	{"decay", "what a store knows of a placement group is damaged, and found so at the next start", false},
	{"delay", "everything from one OSD to another takes longer", false},
	{"disk", "an OSD's disk hangs, or is slow", false},
	{"double", "two OSDs crash, one a little after the other", false},
	{"eio", "a disk reports an error of a write: the process ends", false},
	{"flap", "an OSD restarts twice within moments", false},
	{"full", "an OSD's disk is nearly full, or full, for a while", false},
	{"hang", "an OSD's loop stands still while it answers pings", false},
	{"hles", "a primary activates, is heard by the next, and is gone for long", false},
	{"isolate", "a primary is cut off from all but the clients and marked down, others restart within its lease", false},
	{"late", "timers of an OSD or a monitor are late", false},
	{"lie", "a disk has lied: after a crash it is as it was a while ago", false},
	{"load", "clients want more at a time than before", false},
	{"mon", "a monitor dies, pauses, is cut off, or has a disk that hangs", false},
	{"out", "operators put OSDs out and in, and change their weights", false},
	{"pair", "a primary and one replica are cut off from the others, and marked down", false},
	{"pause", "an OSD's process stands still (SIGSTOP)", false},
	{"pool", "operators change size, min_size and read_lease_interval of the pool", false},
	{"purge", "operators want to destroy an OSD that may be needed", false},
	{"rate", "an OSD's clock runs up to a tenth faster or slower: more than is allowed for", true},
	{"recreate", "a pool is removed, and another made of the same name", false},
	{"refuse", "a firewall refuses connections between OSDs", false},
	{"relay", "a primary is cut off and put out; once newcomers are active its old peers die and are out, too", false},
	{"replace", "an OSD loses its disk and comes back with an empty one", false},
	{"reset", "connections end", false},
	{"rot", "a block of one copy of an object rots", false},
	{"rotate", "a primary is cut off, the next interval activates, its members die, a newcomer leads", false},
	{"scrub", "operators scrub and repair placement groups", false},
	{"stop", "an OSD is asked to end (SIGTERM), says goodbye, and starts again", false},
	{"straggle", "what a primary says to its peers is late, and it is marked down meanwhile", false},
	{"transfer", "an operator hands leadership of the monitors over", false},
	{"turn", "a primary is cut off, the next one leads; then that one is cut off, and the first comes back", false},
	{"wall", "the clock that a node shows to people is set", false},
}

// KindNames are their names.
func KindNames() []string {
	var names []string
	for _, k := range Kinds {
		names = append(names, k.Name)
	}
	return names
}
