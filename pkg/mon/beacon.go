package mon

import (
	"slices"
	"time"

	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// pgSoft is what its primary told of a PG, to this leader.
type pgSoft struct {
	wire.PGStat
	from  osdmap.OSDID
	gid   wire.GID
	since time.Duration // in this state
}

// ioMeters measure what clients do.
type ioMeters struct {
	readOps, readBytes, writeOps, writeBytes meter
}

// moving is data that moves for one cause.
type moving struct {
	done  uint64
	meter meter
}

// beacon takes an OSD's sign of life with its numbers, and tells it what it needs to know.
func (l *leader) beacon(a asker, b *wire.Beacon) {
	if !l.isUp(b.OSD, b.GID) {
		l.c.fail(a, wire.Overtaken.Errorf("%v: run %v is not up in epoch %d", b.OSD, b.GID, l.c.st.Epoch()))
		return
	}
	s := l.soft(b.OSD)
	s.beaconAt = l.c.now.Mono
	s.complete = s.complete || b.Complete && b.Term == l.term
	for i := range b.PGs {
		l.pgStat(b, &b.PGs[i])
	}
	s.beacon = *b
	s.beacon.PGs = nil
	l.heardPeers(s, b.Hears)
	l.c.reply(a, l.beaconReply(b), nil)
}

func (l *leader) beaconReply(b *wire.Beacon) *wire.BeaconReply {
	r := &wire.BeaconReply{Epoch: l.c.st.Epoch(), Oldest: l.floor(), Term: l.term, Config: l.c.st.configVersion, Monmap: l.c.st.monmap(b.Mons)}
	if b.Config != r.Config {
		r.Settings = l.c.st.settingsOf("osd", b.OSD.String())
	}
	base := l.c.st.length("osd_heartbeat_grace", "osd")
	for _, id := range l.sortedOSDs() {
		if g := l.grace(l.osds[id]); g != base && id != b.OSD {
			r.Grace = append(r.Grace, wire.PeerGrace{OSD: id, Grace: wire.Millis(g / time.Millisecond)})
		}
	}
	return r
}

// settingsOf is what was set for a daemon: by name for all, for its kind, or for it alone.
func (s *State) settingsOf(kind, name string) []wire.Setting {
	var list []wire.Setting
	for i, e := range s.config {
		if i > 0 && s.config[i-1].Name == e.Name {
			continue
		}
		doc, _ := settingNamed(e.Name)
		if doc.Reader != kind {
			continue
		}
		if set := s.setFor(e.Name, name, kind, global); set != "" {
			list = append(list, wire.Setting{Name: e.Name, Value: set})
		}
	}
	return list
}

// setFor is what was set for the first of those given; empty: nothing.
func (s *State) setFor(setting string, who ...string) string {
	for _, w := range who {
		if i, ok := slices.BinarySearchFunc(s.config, configEdit{Who: w, Name: setting}, compareConfig); ok {
			return s.config[i].Value
		}
	}
	return ""
}

// pgStat takes the numbers of a PG. Those of an earlier interval than what is known are late.
func (l *leader) pgStat(b *wire.Beacon, n *wire.PGStat) {
	pg := osdmap.PGID(n.PG)
	if !l.c.st.m.HasPG(pg) {
		return
	}
	old := l.pgs[pg]
	if old != nil && n.Interval < old.Interval {
		return
	}
	next := &pgSoft{PGStat: *n, from: b.OSD, gid: b.GID, since: l.c.now.Mono}
	if old != nil && old.State == n.State {
		next.since = old.since
	}
	l.cleans.move(old, next)
	l.pgs[pg] = next
	if old != nil && old.gid == b.GID {
		l.measure(&old.PGStat, n)
	}
}

// measure adds what happened between two reports of one run. Counters begin anew with a run.
func (l *leader) measure(old, n *wire.PGStat) {
	now := l.c.now.Mono
	more := func(a, b uint64) uint64 { return max(a, b) - a }
	l.io.readOps.add(now, more(old.ReadOps, n.ReadOps))
	l.io.readBytes.add(now, more(old.ReadBytes, n.ReadBytes))
	l.io.writeOps.add(now, more(old.WriteOps, n.WriteOps))
	l.io.writeBytes.add(now, more(old.WriteBytes, n.WriteBytes))
	pushed := more(old.Recovered, n.Recovered)
	cause := n.Cause
	if cause == "" {
		cause = old.Cause // its last bytes
	}
	cause = l.cause(cause)
	if pushed > 0 || n.ToRecover > 0 {
		mv := l.moved[cause]
		if mv == nil {
			mv = &moving{}
			l.moved[cause] = mv
		}
		mv.done += pushed
		mv.meter.add(now, pushed)
	}
}

// forgetPGs drops what is known of PGs whose pool is gone.
func (l *leader) forgetPGs() {
	for pg, p := range l.pgs {
		if !l.c.st.m.HasPG(pg) {
			l.cleans.move(p, nil)
			delete(l.pgs, pg)
		}
	}
}

// waiting lists the OSDs that are up and have not told this leader everything yet: until they have,
// what it knows of PGs is no more than a part (protocol 15.5).
func (l *leader) waiting() []osdmap.OSDID {
	list := []osdmap.OSDID{}
	for _, id := range l.sortedOSDs() {
		if s := l.osds[id]; s.up && !s.complete {
			list = append(list, id)
		}
	}
	return list
}

// floor is the oldest map that anybody may still need (protocol 3.4): the lowest last_epoch_clean over
// all PGs, as primaries told this leader. 0: not known, as long as one is lacking.
func (l *leader) floor() osdmap.Epoch {
	all := 0
	for pool := range l.c.st.m.Pools() {
		all += int(pool.PGNum)
	}
	if l.cleans.n < all {
		return 0
	}
	return min(l.c.st.Epoch(), l.cleans.lowest(l.c.st.Epoch()))
}

// trim lets go of maps that nobody needs, many at a time.
func (l *leader) trim() {
	keep := osdmap.Epoch(l.c.st.number("mon_min_osdmap_epochs"))
	base, newest := l.c.st.base.Epoch(), l.c.st.Epoch()
	if newest < base+keep+trimStep {
		return
	}
	if to := min(l.floor(), newest-keep); to >= base+trimStep {
		l.want(&trimming{to}, false)
	}
}

const trimStep = 50

type trimming struct {
	to osdmap.Epoch
}

func (*trimming) absorb(_ *leader, other intent) bool { _, same := other.(*trimming); return same }
func (*trimming) cancel(*leader, *wire.Error)         {}

func (t *trimming) plan(_ *leader, d *draft) verdict {
	if t.to <= d.st.base.Epoch() {
		return done
	}
	d.trim = t.to
	return planned
}
