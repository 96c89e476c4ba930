package lab

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

// State says how a daemon is.
type State string

// The states of a daemon.
const (
	Running State = "running"
	Paused  State = "paused"  // by SIGSTOP
	Stopped State = "stopped" // it was asked to end, and did
	Dead    State = "dead"    // it ended otherwise: killed, or by itself
)

// Kind is what a daemon is.
type Kind string

// The kinds of daemons.
const (
	Mon Kind = "mon"
	OSD Kind = "osd"
)

// Daemon is what the lab knows of one process.
type Daemon struct {
	Name      string    `json:"name"` // entity name: mon.a, osd.3
	Kind      Kind      `json:"kind"`
	State     State     `json:"state"`
	Pid       int       `json:"pid,omitempty"`
	Began     string    `json:"began,omitempty"` // when that process began, as the system counts: tells a reused pid
	Addresses []Address `json:"addresses,omitempty"`
	Folder    string    `json:"folder"`
	Location  string    `json:"location,omitempty"` // of an OSD in the hierarchy: "host=h1 rack=r1"
	Store     string    `json:"store,omitempty"`    // id of a monitor's store

	Capacity uint64 `json:"capacity,omitempty"` // of an OSD in bytes, where it is not the lab's

	Strace      int    `json:"strace,omitempty"` // pid of the process that makes the disk hang
	StraceBegan string `json:"strace_began,omitempty"`

	Faults []string `json:"faults,omitempty"` // that it is under: "disk hangs", "cut off"
}

// Address is where a daemon listens, by the name of the listener.
type Address struct {
	Name string `json:"name"` // control, public.data …
	Addr string `json:"addr"` // tcp://127.0.0.1:41001
}

// faults are what a daemon is under, beside its state.
func (s *state) faults(d *Daemon) []string {
	var all []string
	if !d.gone() && d.hung() {
		all = append(all, "disk hangs")
	}
	for _, c := range s.Cuts {
		if c.Of == d.Name {
			all = append(all, c.String())
		}
	}
	return all
}

// ID is the name without the kind: a, 3.
func (d *Daemon) ID() string { return strings.TrimPrefix(d.Name, string(d.Kind)+".") }

// Log is the file that the daemon's stderr goes to.
func (d *Daemon) Log() string { return filepath.Join(d.Folder, "log") }

// stdout is the file where the daemon says that it is ready.
func (d *Daemon) stdout() string { return filepath.Join(d.Folder, "stdout") }

// now is the state that the process shows; d.State is what was last known.
func (d *Daemon) now() State {
	if d.Pid == 0 {
		return d.State
	}
	p, ok := look(d.Pid)
	switch {
	case !ok || p.ended || p.began != d.Began:
		return Dead
	case p.stopped:
		return Paused
	}
	return Running
}

// ended notes that the process is no more.
func (d *Daemon) ended(how State) { d.State, d.Pid, d.Began = how, 0, "" }

// number is that of an OSD's id.
func number(id string) int {
	n, _ := strconv.Atoi(id)
	return n
}

// listeners are the names of what daemons of a kind listen on.
func (k Kind) listeners() []string {
	if k == Mon {
		return []string{"control", "bulk", "hints"}
	}
	return []string{"public.control", "public.data", "cluster.control", "cluster.data", "cluster.bulk", "cluster.heartbeat"}
}

// monName is the name of the i-th monitor: a, b, …, z, m26, …
func monName(i int) string {
	if i < 26 {
		return string(rune('a' + i))
	}
	return "m" + strconv.Itoa(i)
}

func osdName(id int) string { return fmt.Sprintf("osd.%d", id) }
