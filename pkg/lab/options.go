package lab

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// Options say what cluster Up shall make. Zero values mean the defaults.
type Options struct {
	Dir   string // of the lab; it is made. Required.
	Mons  int    // default 3
	OSDs  int    // default 6
	Hosts int    // that the OSDs are spread over; default 3
	Racks int    // that the hosts are spread over; default 2
	Addr  string // that daemons listen at; default 127.0.0.1

	Location func(id int) string // where an OSD stands, such as "host=h1 rack=r1"; default neighbours by id share a host

	Capacity uint64 // of each OSD, in bytes; default a share of what is free in Dir

	Cuts  bool // daemons can be cut off: needs root, and iptables (CanCut)
	Netns bool // the same, and each has a network namespace and an address of its own: needs ip, too (CanNetns)

	Pool    Pool          // the first pool; default demo
	NoPool  bool          // make none
	Config  []Setting     // set before OSDs are asked for anything
	Timeout time.Duration // for all of it; default 60s

	MonArgs, OSDArgs []string  // more flags for the daemons
	Bin              Binaries  // default: FindBinaries
	Talk             io.Writer // progress for people; default: nobody

	connect dialer // default: dial; tests have no cluster to dial
}

// Pool is a pool to make. Zero values mean the defaults.
type Pool struct {
	Name    string // default demo
	Size    int    // default 3, at most the number of hosts
	MinSize int    // default size/2+1
	PGs     int    // default 32
}

// Setting is one of the cluster's settings.
type Setting struct {
	Who, Name, Value string // as in zeph config set
}

func (o *Options) fill() error {
	def := func(n *int, value int) {
		if *n == 0 {
			*n = value
		}
	}
	def(&o.Mons, 3)
	def(&o.OSDs, 6)
	def(&o.Hosts, min(3, o.OSDs))
	def(&o.Racks, min(2, o.Hosts))
	if o.Addr == "" {
		o.Addr = "127.0.0.1"
	}
	if o.Pool.Name == "" {
		o.Pool.Name = "demo"
	}
	def(&o.Pool.Size, min(3, o.Hosts))
	def(&o.Pool.MinSize, o.Pool.Size/2+1)
	def(&o.Pool.PGs, 32)
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	if o.Talk == nil {
		o.Talk = io.Discard
	}
	return o.check()
}

// Check says what is wrong with options, but for the folder.
func (o Options) Check() error {
	if o.Dir == "" {
		o.Dir = "."
	}
	return o.fill()
}

func (o *Options) check() error {
	var errs []error
	wrong := func(is bool, format string, args ...any) {
		if is {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	wrong(o.Dir == "", "lab: no folder is named")
	wrong(o.Mons < 1, "%d monitors: expected at least 1", o.Mons)
	wrong(o.Mons%2 == 0, "%d monitors: expected an odd number, for one more does not let one more fail", o.Mons)
	wrong(o.OSDs < 1, "%d OSDs: expected at least 1", o.OSDs)
	wrong(o.Hosts < 1 || o.Hosts > o.OSDs, "%d hosts for %d OSDs: expected 1 to %d", o.Hosts, o.OSDs, o.OSDs)
	wrong(o.Racks < 1 || o.Racks > o.Hosts, "%d racks for %d hosts: expected 1 to %d", o.Racks, o.Hosts, o.Hosts)
	wrong(!o.NoPool && (o.Pool.Size < 1 || o.Pool.Size > o.Hosts), "%d copies on %d hosts: each is on another host, expected 1 to %d", o.Pool.Size, o.Hosts, o.Hosts)
	wrong(o.Netns && o.Cuts, "cuts by group and a network of namespaces: expected one of them")
	return errors.Join(errs...)
}

// location is where an OSD stands. By default neighbours by id share a host, neighbouring hosts a rack.
func (o *Options) location(id int) string {
	if o.Location != nil {
		return o.Location(id)
	}
	host := id * o.Hosts / o.OSDs
	return location(host, host*o.Racks/o.Hosts)
}

func location(host, rack int) string { return fmt.Sprintf("host=h%d rack=r%d", host+1, rack+1) }
