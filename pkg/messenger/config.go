package messenger

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"time"

	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// Config says who a messenger is, where it listens and what it does with what arrives. A zero
// limit means its default.
type Config struct {
	Entity    wire.Entity
	GID       wire.GID    // of this run
	FSID      osdmap.UUID // of the cluster; zero: not known yet, any will do
	Transport Transport

	// Listen says by place where others dial to: the names of the classes, Hints and Reports.
	// Clients leave it empty.
	Listen map[string]string

	// Handler gets each message that arrives, on the goroutine that reads its session, and must
	// not block. The message is its to release. Nil: requests are refused.
	Handler func(*Message)

	// OnPeer hears of sessions that begin and end, in order with their messages and on the same
	// goroutine as they. It must not block. Nil: nobody is told.
	OnPeer func(PeerEvent)

	Limits   Limits
	Software string       // name and version, told to peers
	WireLog  io.Writer    // gets every message as one JSON line; nil: the file that ZEPH_WIRE_LOG names, if it does
	Log      *slog.Logger // nil: silent
	Poison   bool         // overwrite what was released, so that a test sees a use after it
}

// The places that are no class.
const (
	Hints   = "hints"   // PUB: what a daemon tells whoever listens
	Reports = "reports" // PULL: what others tell a daemon and may be lost
)

// Limits bound what peers and a slow network can make a messenger hold or wait for.
type Limits struct {
	Hello       time.Duration // from a connection's first byte to its hello; default 2 s
	Stall       time.Duration // a peer that moves less than 4 KiB in this time, with more to move, is cut; default 5 s
	Linger      time.Duration // Close lets what is queued go out for this long; default 200 ms
	RedialMin   time.Duration // after a session ended; default 20 ms
	RedialMax   time.Duration // it grows to this; default 500 ms
	Strangers   int           // connections without a hello, by listener; beyond it the oldest goes; default 256
	Subscribers int           // of hints; beyond it the oldest goes; default 1024
	HintBytes   int           // queued for each subscriber; beyond it the oldest hint is dropped; default 1 MiB
	ReportBytes int           // queued for each receiver of reports, likewise; default 1 MiB

	Class [wire.NumClasses]ClassLimits
}

// ClassLimits bound one class of traffic. All are in bytes.
type ClassLimits struct {
	Message int // the longest, with its header
	Outbox  int // queued for one session, beyond which Send says ErrQueueFull
	Reserve int // on top of it, for answers and what is marked as reserved
	Window  int // what one session may send us before we have released it
	Receive int // what all sessions of clients may have us hold; those of daemons the same again
	Send    int // what may be queued for all sessions together
}

const (
	kib = 1 << 10
	mib = 1 << 20
)

// DefaultLimits are those of an empty Limits.
func DefaultLimits() Limits {
	data := ClassLimits{
		Message: wire.MaxDataFrame, Outbox: 96 * mib, Reserve: 96 * mib, Window: 64 * mib, Receive: 256 * mib, Send: 512 * mib,
	}
	return Limits{
		Hello: wire.HelloTimeout, Stall: wire.StallTimeout, Linger: 200 * time.Millisecond,
		RedialMin: 20 * time.Millisecond, RedialMax: 500 * time.Millisecond,
		Strangers: 256, Subscribers: 1024, HintBytes: mib, ReportBytes: mib,
		Class: [wire.NumClasses]ClassLimits{
			wire.Control:   {Message: wire.MaxControlFrame, Outbox: 16 * mib, Reserve: 16 * mib, Window: 8 * mib, Receive: 64 * mib, Send: 128 * mib},
			wire.Data:      data,
			wire.Bulk:      data,
			wire.Heartbeat: {Message: wire.MaxHeartbeatFrame, Outbox: 64 * kib, Reserve: 64 * kib, Window: 64 * kib, Receive: 4 * mib, Send: 8 * mib},
		},
	}
}

// fill puts the defaults where nothing was said.
func (l Limits) fill() Limits {
	d := DefaultLimits()
	or(&l.Hello, d.Hello)
	or(&l.Stall, d.Stall)
	or(&l.Linger, d.Linger)
	or(&l.RedialMin, d.RedialMin)
	or(&l.RedialMax, d.RedialMax)
	or(&l.Strangers, d.Strangers)
	or(&l.Subscribers, d.Subscribers)
	or(&l.HintBytes, d.HintBytes)
	or(&l.ReportBytes, d.ReportBytes)
	for i := range l.Class {
		c, d := &l.Class[i], &d.Class[i]
		or(&c.Message, d.Message)
		or(&c.Outbox, d.Outbox)
		or(&c.Reserve, d.Reserve)
		or(&c.Window, d.Window)
		or(&c.Receive, d.Receive)
		or(&c.Send, d.Send)
	}
	return l
}

func or[T comparable](v *T, otherwise T) {
	var zero T
	if *v == zero {
		*v = otherwise
	}
}

// Validate names everything that is wrong with a configuration at once.
func (c *Config) Validate() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.Entity.Kind() == 0 {
		wrong("entity %q is none", c.Entity)
	}
	if c.GID == 0 {
		wrong("gid is 0")
	}
	if c.Transport == nil {
		wrong("there is no transport")
	}
	for _, place := range slices.Sorted(maps.Keys(c.Listen)) {
		if _, ok := placePattern(place); !ok {
			wrong("cannot listen for %q: expected a class, %s or %s", place, Hints, Reports)
		}
	}
	l := c.Limits.fill()
	for class, limits := range l.Class {
		for _, n := range []int{limits.Message, limits.Outbox, limits.Reserve, limits.Window, limits.Receive, limits.Send} {
			if n < 2*wire.HeaderSize {
				wrong("limits of class %v: %d bytes are less than a message needs", wire.Class(class), n)
			}
		}
	}
	if min(l.Hello, l.Stall, l.Linger, l.RedialMin, l.RedialMax) < 0 || min(l.Strangers, l.Subscribers, l.HintBytes, l.ReportBytes) < 0 {
		wrong("a limit is negative")
	}
	return errors.Join(errs...)
}

// placePattern is the pattern of who listens at a place.
func placePattern(place string) (Pattern, bool) {
	if _, ok := placeClass(place); ok {
		return Router, true
	}
	switch place {
	case Hints:
		return Pub, true
	case Reports:
		return Pull, true
	}
	return 0, false
}

func placeClass(place string) (wire.Class, bool) {
	for c := range wire.NumClasses {
		if c.String() == place {
			return c, true
		}
	}
	return 0, false
}
