package mon

import (
	"slices"
	"time"

	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// osdSoft is what the leader knows of an OSD beside the map.
type osdSoft struct {
	gid      wire.GID      // of the run that the next ones are about
	beaconAt time.Duration // when it was heard; 0: not yet in this term
	beacon   wire.Beacon   // the last one, without its PGs
	complete bool          // it has told of every PG that it is the primary of
	reports  []*report     // by other OSDs, ascending by reporter
	hears    []hearing     // whom it hears, ascending

	up     bool
	upAt   time.Duration // since when, as far as this leader saw
	downAt time.Duration // since when, as far as this leader saw; 0: it is up
	why    string        // it went down
	held   string        // why it does not go out by itself
	waits  string        // why it does not ask to be up, though it runs
	waitAt time.Duration // when it last said so
	reason wire.Reason   // it was reported for; 0: it said goodbye, or somebody marked it down
	flaps  []time.Duration
}

func (l *leader) soft(id osdmap.OSDID) *osdSoft {
	o := l.osds[id]
	if o == nil {
		o = &osdSoft{}
		l.osds[id] = o
	}
	return o
}

// watchOSDs compares what is known of OSDs with the newest map.
func (l *leader) watchOSDs() {
	for id, o := range l.c.st.m.OSDs() {
		s := l.soft(id)
		if wire.GID(o.GID) != s.gid || o.Up != s.up {
			l.turned(s, &o)
		}
		if !o.Up && s.downAt == 0 {
			s.downAt = l.c.now.Mono
		}
	}
	for id := range l.osds {
		if !l.c.st.m.Exists(id) {
			delete(l.osds, id)
		}
	}
}

// turned notes that an OSD went up or down. What was known of its earlier run is void.
func (l *leader) turned(s *osdSoft, o *osdmap.OSD) {
	if o.Up && (s.reason == wire.Silent || s.reason == wire.NoProgress) { // not where a connection was refused
		s.flaps = append(s.flaps, l.c.now.Mono)
	}
	if o.Up {
		s.downAt, s.why, s.held, s.reason, s.waits = 0, "", "", 0, ""
		s.upAt, s.beaconAt, s.complete, s.beacon = l.c.now.Mono, 0, false, wire.Beacon{}
	}
	s.gid, s.up, s.reports, s.hears = wire.GID(o.GID), o.Up, nil, nil
}

// heard is when an OSD was heard, at the earliest when it came up, or this leader took office.
func (l *leader) heard(s *osdSoft) time.Duration { return max(s.beaconAt, s.upAt, l.since.Mono) }

// fresh is how old a beacon may be for its OSD to count among those that could report others.
const fresh = 3 * time.Second

// flapWindow is how long a flap is remembered.
const flapWindow = 10 * time.Minute

// grace is how long an OSD may be silent: the longer, the more often it was wrongly found dead in the last
// minutes. (Ceph estimates a probability of being slow and a mean length; two numbers nobody can explain.)
func (l *leader) grace(s *osdSoft) time.Duration {
	base := l.c.st.length("osd_heartbeat_grace", "osd")
	s.flaps = slices.DeleteFunc(s.flaps, func(at time.Duration) bool { return l.c.now.After(at + flapWindow) })
	if n := len(s.flaps); n > 2 && l.c.st.yes("mon_osd_adjust_heartbeat_grace") {
		base += base / 2 * time.Duration(min(n-2, 8))
	}
	return base
}
