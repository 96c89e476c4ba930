package chaos

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"zeph/pkg/client"
	"zeph/pkg/messenger/zmq"
	"zeph/pkg/scenario"
	"zeph/pkg/world"
)

// Target is a cluster of real processes that a run breaks: a lab, containers, network namespaces.
//
// It belongs to a folder, and keeps there whatever it needs to find its processes again: a target that is
// made anew for the same folder, by another process, can take back all that the first one did.
//
// Calls may come side by side, but not two of Do and Undo for one daemon. Undo of a kill waits until the
// daemon is ready, and an OSD is not before the monitors are: so it must not keep others from being started.
type Target interface {
	// Can says why this machine cannot do a verb at all (no root, no strace); nil: it can. Verbs that no
	// machine can do with such a target are not in scenario.Verb.Where, and are not asked for.
	Can(verb string) error

	// Up makes the cluster that a scenario wants, with all its daemons, settings and pools, and waits until
	// it is healthy. OSD n stands on host n modulo Hosts, which is in rack n modulo Racks.
	Up(ctx context.Context, s *scenario.Scenario) error

	// Do does something to one daemon.
	Do(ctx context.Context, f Fault) error

	// Undo takes it back: who was killed or stopped starts, who was paused resumes, cuts heal. What is no
	// longer so is no error.
	Undo(ctx context.Context, f Fault) error

	// Add lets one more OSD join, on a host ("h3", "" is one of its own), and returns its name.
	Add(ctx context.Context, host string) (string, error)

	// Mend takes everything back, whoever did it: all daemons run, are connected, and have disks that work.
	Mend(ctx context.Context) error

	// Down is Mend, and ends the cluster. It works after a crash, too, and is nothing when all is down.
	Down(ctx context.Context) error

	// Daemons are all that there are, monitors first, as they are now.
	Daemons(ctx context.Context) ([]Daemon, error)

	// Connect connects a client: see dial, which does that once the monitors' addresses are known.
	Connect(ctx context.Context, who Who) (*client.Client, error)

	// Logs copies what daemons have logged into a folder, a file NAME.log for each.
	Logs(ctx context.Context, folder string) error
}

// Daemon is one of a target's.
type Daemon struct {
	Name     string `json:"name"` // mon.a, osd.3
	State    State  `json:"state"`
	Location string `json:"location,omitempty"`
	Log      string `json:"log,omitempty"` // where a person finds it
}

// IsOSD reports whether it is an OSD, not a monitor.
func (d *Daemon) IsOSD() bool { return strings.HasPrefix(d.Name, "osd.") }

// State says how a daemon's process is.
type State string

// The states.
const (
	Running State = "running"
	Paused  State = "paused"
	Gone    State = "gone" // killed, stopped, or ended by itself
)

// Who says what kind of client is to be connected.
type Who struct {
	Name   string // such as w0
	Beside string // a daemon whose side of every later cut it shares, where the target can (it has namespaces); else nothing
	Deaf   bool   // it hears of new maps from OSDs only: it stays with an old one as long as that works
}

// opTime is how long a client tries. What may have happened after that is unknown.
const opTime = 10 * time.Second

// dial connects a client to the cluster of a file.
func dial(ctx context.Context, clusterFile string, settings zmq.Settings, who Who) (*client.Client, error) {
	cluster, err := world.ReadCluster(clusterFile)
	if err != nil {
		return nil, err
	}
	return client.Connect(ctx, client.Config{Cluster: cluster, Transport: zmq.New(settings), Name: "chaos-" + who.Name, Timeout: opTime, Deaf: who.Deaf})
}

// Fault is something that is done to a daemon, and may be taken back. It is written to the run's folder
// before it is done, so that nothing is forgotten when the program itself is killed.
type Fault struct {
	Verb string           `json:"verb"`            // of scenario.Verbs: kill, stop, pause, cut, refuse, delay, slow, stick, fill, rot
	Of   string           `json:"of"`              // the daemon
	From []string         `json:"from,omitempty"`  // cut, refuse, delay: daemons on the other side; none: everybody, clients too
	Way  string           `json:"way,omitempty"`   // cut, delay: "" both, out (what it sends is lost), in
	By   time.Duration    `json:"by,omitempty"`    // slow: each commit; delay: each message
	To   scenario.Percent `json:"to,omitempty"`    // fill: share of the disk
	Host bool             `json:"power,omitempty"` // kill: as if the machine went
	Text string           `json:"text,omitempty"`  // rot: what stands in the block that rots
}

// String is a fault for people.
func (f Fault) String() string {
	text := f.Verb + " " + f.Of
	if len(f.From) > 0 {
		text += " from " + strings.Join(f.From, ", ")
	}
	if f.Way != "" {
		text += " (" + f.Way + ")"
	}
	if f.By > 0 {
		text += fmt.Sprint(" by ", f.By)
	}
	if f.To > 0 {
		text += fmt.Sprint(" to ", f.To)
	}
	return text
}

// ErrCannot: the target cannot do that. Nothing was done.
var ErrCannot = errors.New("this target cannot do that")

// Options say how a target is made.
type Options struct {
	Folder string               // of the run; what the target keeps is in Folder/cluster
	Talk   func(string, ...any) // progress for people; may be nil
}

// opener makes a target of a kind for a folder, new or left by a run before.
type opener func(Options) (Target, error)

// openers by kind. Those of compose.go and netns.go are named openCompose and openNetns.
var openers = map[string]opener{
	scenario.Lab:     openLab,
	scenario.Netns:   openNetns,
	scenario.Compose: openCompose,
}
