package scenario

import (
	"slices"
	"time"
)

// Step is something that is done to a cluster at some time. Steps are taken in the order in which they stand.
type Step struct {
	At     time.Duration `json:"at,omitempty" yaml:"at"`         // since the faults began; not before the step above
	After  time.Duration `json:"after,omitempty" yaml:"after"`   // or: since the step above
	When   *Condition    `json:"when,omitempty" yaml:"when"`     // or: as soon as this is so
	Within time.Duration `json:"within,omitempty" yaml:"within"` // how long `when` may take, or else the run fails; default 30s

	Do string `json:"do" yaml:"do"` // a verb: see below

	On   Targets  `json:"on,omitempty" yaml:"on"`     // to whom: see below
	OSD  []string `json:"osd,omitempty" yaml:"osd"`   // the same as `on: osd.N`; a number, or a list
	Mon  []string `json:"mon,omitempty" yaml:"mon"`   // the same as `on: mon.X`
	Host []string `json:"host,omitempty" yaml:"host"` // the same as `on: host N`
	Rack []string `json:"rack,omitempty" yaml:"rack"` // the same as `on: rack N`

	From Targets `json:"from,omitempty" yaml:"from"` // cut, refuse, delay: the other side; default others
	Way  string  `json:"way,omitempty" yaml:"way"`   // cut, delay: both (default), out (what they send does not arrive) or in (what they are sent)

	By     time.Duration `json:"by,omitempty" yaml:"by"`                                   // slow: added to each commit; delay: to each message
	To     string        `json:"to,omitempty" yaml:"to"`                                   // fill: share of the disk, such as 97 %; reweight: a weight, such as 0.5
	Count  int           `json:"count,omitempty" yaml:"count"`                             // add: how many OSDs
	Power  bool          `json:"power,omitempty" yaml:"power"`                             // kill: the machine goes too: nobody refuses connections
	Pool   string        `json:"pool,omitempty" yaml:"pool"`                               // pool: its name; default the first
	Size   int           `json:"size,omitempty" yaml:"size"`                               // pool: copies
	Min    int           `json:"min_size,omitempty" yaml:"min_size"`                       // pool: copies without which it serves nobody
	Lease  time.Duration `json:"read_lease_interval,omitempty" yaml:"read_lease_interval"` // pool: how long its leases are
	Flag   string        `json:"flag,omitempty" yaml:"flag"`                               // flag: such as noout
	Deep   bool          `json:"deep,omitempty" yaml:"deep"`                               // scrub: read all data, not only what is noted of it
	Random string        `json:"random,omitempty" yaml:"random"`                           // strike: a kind of random fault
	That   *Condition    `json:"that,omitempty" yaml:"that"`                               // check: what must be so now

	For   time.Duration `json:"for,omitempty" yaml:"for"`     // take it back after so long
	Until *Condition    `json:"until,omitempty" yaml:"until"` // or as soon as this is so

	Line int `json:"-" yaml:"-"` // in the file
}

// targetsOf are what scenarios can be run on.
const (
	Sim     = "sim"     // virtual time
	Lab     = "lab"     // processes of this machine
	Compose = "compose" // containers
	Netns   = "netns"   // processes in network namespaces
)

var everywhere = []string{Sim, Lab, Compose, Netns}

// Verb is something that a step can do.
type Verb struct {
	Name  string
	Doc   string
	Undo  string   // what `for` and `until` do after it; empty: nothing
	Needs []string // keys that must be given
	Takes []string // keys that may be
	Where []string // which targets can do it
	On    []Role   // whom it may befall; nil: nobody is named
}

var (
	onDaemons = []Role{OneOSD, OneMon, Host, Rack, AllOSDs, AllMons, Leader, AnyOSD, Primary, Replicas, Members}
	onOSDs    = []Role{OneOSD, Host, Rack, AllOSDs, AnyOSD, Primary, Replicas, Members}
)

// Verbs are all of them, by name.
var Verbs = []Verb{
	{"add", "more OSDs join, empty, on hosts of their own or on the host named", "", []string{"count"}, nil, everywhere, []Role{Host}},
	{"check", "something must be so now, or the run fails", "", []string{"that"}, nil, everywhere, nil},
	{"cut", "messages between two sides vanish, in silence (a firewall that drops)", "heal", []string{"on"}, []string{"from", "way"}, everywhere, append(slices.Clone(onDaemons), Clients)},
	{"delay", "messages between two sides take longer", "heal", []string{"on", "by"}, []string{"from", "way"}, []string{Sim}, append(slices.Clone(onDaemons), Clients)},
	{"down", "the operator has OSDs marked down; those that live come back by themselves", "", []string{"on"}, nil, everywhere, onOSDs},
	{"fill", "OSDs' disks are as full as `to` says", "make room", []string{"on", "to"}, nil, []string{Sim, Lab, Netns}, onOSDs},
	{"flag", "a flag of the cluster is set", "unset it", []string{"flag"}, nil, everywhere, nil},
	{"hang", "OSDs' loops stand still, while their connections go on to answer pings", "resume", []string{"on"}, nil, []string{Sim}, onOSDs},
	{"heal", "everything is connected again", "", nil, nil, everywhere, nil},
	{"in", "the operator takes OSDs in", "out", []string{"on"}, nil, everywhere, onOSDs},
	{"kill", "processes die (SIGKILL): what was not durable is lost", "start", []string{"on"}, []string{"power"}, everywhere, append(slices.Clone(onDaemons), Clients)},
	{"out", "the operator takes OSDs out: their data moves elsewhere", "in", []string{"on"}, nil, everywhere, onOSDs},
	{"pause", "processes stand still (SIGSTOP)", "resume", []string{"on"}, nil, everywhere, onDaemons},
	{"pool", "a pool's size, min_size or read_lease_interval is changed", "", nil, []string{"pool", "size", "min_size", "read_lease_interval"}, everywhere, nil},
	{"refuse", "connections between two sides end, and new ones are refused (a firewall that rejects)", "heal", []string{"on"}, []string{"from"}, everywhere, onDaemons},
	{"repair", "damage of placement groups is repaired", "", []string{"on"}, nil, everywhere, []Role{PG, AllPGs}},
	{"resume", "processes go on that were paused", "", []string{"on"}, nil, everywhere, onDaemons},
	{"reweight", "OSDs get a weight `to` from 0 to 1: 0.5 is half of their data", "to 1", []string{"on", "to"}, nil, everywhere, onOSDs},
	{"rot", "one block of one object on each OSD rots: what is read there differs from what was written", "", []string{"on"}, nil, everywhere, onOSDs},
	{"scrub", "the copies of placement groups are compared", "", []string{"on"}, []string{"deep"}, everywhere, []Role{PG, AllPGs}},
	{"slow", "each commit of OSDs' disks takes longer by `by`", "fast again", []string{"on", "by"}, nil, everywhere, onOSDs},
	{"start", "processes start again, with the disks that they had", "", []string{"on"}, nil, everywhere, append(slices.Clone(onDaemons), Clients)},
	{"stick", "disks hang: nothing is committed, and nothing fails", "go on", []string{"on"}, nil, everywhere, onDaemons},
	{"stop", "processes are asked to end (SIGTERM), and say goodbye", "start", []string{"on"}, nil, everywhere, onDaemons},
	{"strike", "one fault of a kind that otherwise strikes at random", "", []string{"random"}, nil, []string{Sim}, nil},
	{"wait", "nothing: for the time, or for what is to be so", "", nil, nil, everywhere, nil},
}

// VerbNames are their names.
func VerbNames() []string {
	var names []string
	for i := range Verbs {
		names = append(names, Verbs[i].Name)
	}
	return names
}

// VerbNamed finds a verb; nil: there is none.
func VerbNamed(name string) *Verb {
	for i := range Verbs {
		if Verbs[i].Name == name {
			return &Verbs[i]
		}
	}
	return nil
}

// Whom are all targets of a step.
func (s *Step) Whom() Targets {
	all := slices.Clone(s.On)
	for _, short := range []struct {
		prefix string
		names  []string
	}{{"osd.", s.OSD}, {"mon.", s.Mon}, {"host ", s.Host}, {"rack ", s.Rack}} {
		for _, name := range short.names {
			if t, err := ParseTarget(short.prefix + name); err == nil {
				all = append(all, t)
			}
		}
	}
	return all
}

// String is a step for people: what is done to whom.
func (s *Step) String() string {
	text := s.Do
	add := func(word, value string) {
		if value != "" && value != "0s" && value != "0" {
			text += word + value
		}
	}
	switch s.Do {
	case "check":
		add(" that ", s.That.String())
	case "flag":
		add(" ", s.Flag)
	case "strike":
		add(" ", s.Random)
	}
	if s.Count > 0 {
		text += " " + itoa(s.Count) + " osds"
	}
	add(" ", s.Whom().String())
	add(" from ", s.From.String())
	if s.Way != "" && s.Way != "both" {
		text += ", " + s.Way + " only"
	}
	add(" by ", s.By.String())
	add(" to ", s.To)
	add(" ", s.Pool)
	add(" size ", itoa(s.Size))
	add(" min_size ", itoa(s.Min))
	add(" read_lease_interval ", s.Lease.String())
	add(" for ", s.For.String())
	if s.Until != nil {
		text += " until " + s.Until.String()
	}
	return text
}
