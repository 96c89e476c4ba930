package mon

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"zeph/pkg/osdmap"
	"zeph/pkg/status"
	"zeph/pkg/wire"
)

// hearing is how an OSD hears another run, as it told at some time.
type hearing struct {
	wire.Heard
	gid wire.GID
	at  time.Duration // when it was told
}

// heardFor is how long an OSD's word of another holds: each beacon tells of some of many.
const heardFor = 2 * time.Minute

// heardPeers keeps what an OSD tells of those that it hears.
func (l *leader) heardPeers(s *osdSoft, told []wire.Heard) {
	now := l.c.now.Mono
	s.hears = slices.DeleteFunc(s.hears, func(h hearing) bool { return now-h.at > heardFor || !l.isUp(h.OSD, h.gid) })
	for _, h := range told {
		o, ok := l.c.st.m.OSD(h.OSD)
		if !ok || !o.Up {
			continue
		}
		i, known := s.hearingOf(h.OSD)
		if !known {
			s.hears = slices.Insert(s.hears, i, hearing{})
		}
		s.hears[i] = hearing{h, wire.GID(o.GID), now}
	}
}

func (s *osdSoft) hearingOf(id osdmap.OSDID) (int, bool) {
	return slices.BinarySearchFunc(s.hears, id, func(h hearing, id osdmap.OSDID) int { return cmp.Compare(h.OSD, id) })
}

// age is since when there was no answer, as far as was told: who told it may have heard others since.
func (h *hearing) age(now time.Duration) time.Duration {
	return time.Duration(h.Age)*time.Millisecond + now - h.at
}

// deaf is an OSD that does not hear another one that is up.
type deaf struct {
	id, to osdmap.OSDID
	reason wire.Reason
	since  time.Duration
}

// deafs lists them, by osd, then by whom it does not hear. Who has told nothing of late says nothing of this either.
func (l *leader) deafs() []deaf {
	var list []deaf
	for _, id := range l.sortedOSDs() {
		s := l.osds[id]
		if !s.up || l.c.now.After(s.beaconAt+fresh) {
			continue
		}
		unheard := slices.Clone(s.beacon.Unheard)
		slices.SortFunc(unheard, func(a, b wire.Unheard) int { return cmp.Compare(a.OSD, b.OSD) })
		for _, u := range unheard {
			if l.c.st.m.IsUp(u.OSD) {
				list = append(list, deaf{id, u.OSD, u.Reason, s.beaconAt - time.Duration(u.For)*time.Millisecond})
			}
		}
	}
	return list
}

// deafWords says of each pair who hears whom. Pings and their answers go both ways, so over a connection of which
// one way is cut nobody hears anybody for long; only one of two does where the other hangs, or refuses.
func (l *leader) deafWords(list []deaf) []string {
	var words []string
	now := l.c.now.Mono
	for _, d := range list {
		how := fmt.Sprintf("%v for %s", d.reason, tenths(now-d.since))
		i := slices.IndexFunc(list, func(o deaf) bool { return o.id == d.to && o.to == d.id })
		switch {
		case i >= 0 && d.id > d.to: // said of the other
		case i >= 0 && list[i].reason == d.reason:
			words = append(words, fmt.Sprintf("%v and %v do not hear each other: %s", d.id, d.to, how))
		case i >= 0:
			words = append(words, fmt.Sprintf("%v and %v do not hear each other: %s, and %v for %s", d.id, d.to, how, list[i].reason, tenths(now-list[i].since)))
		case l.hearsStill(d.to, d.id, d.since):
			words = append(words, fmt.Sprintf("%v hears %v, %v does not hear %v: %s", d.to, d.id, d.id, d.to, how))
		default:
			words = append(words, fmt.Sprintf("%v does not hear %v: %s%s", d.id, d.to, how, l.saidNothing(d.to)))
		}
	}
	return words
}

// hearsStill reports whether an OSD has heard another since a time.
func (l *leader) hearsStill(id, other osdmap.OSDID, since time.Duration) bool {
	s := l.osds[id]
	if s == nil {
		return false
	}
	i, ok := s.hearingOf(other)
	return ok && l.isUp(other, s.hears[i].gid) && l.c.now.Mono-s.hears[i].age(l.c.now.Mono) > since+time.Second
}

// saidNothing tells of an OSD that has not been heard by the leader either.
func (l *leader) saidNothing(id osdmap.OSDID) string {
	s := l.osds[id]
	if s == nil || !l.c.now.After(l.heard(s)+fresh) {
		return ""
	}
	return fmt.Sprintf(", and the leader has not heard it for %s", tenths(l.c.now.Mono-l.heard(s)))
}

// slowPing is how long a round trip of pings may take.
func (l *leader) slowPing() time.Duration {
	grace := l.c.st.length("osd_heartbeat_grace", "osd")
	return grace / 1000 * time.Duration(l.c.st.share("mon_warn_on_slow_ping_ratio")) / time.Duration(osdmap.Whole/1000)
}

// heartbeats is who hears whom.
func (l *leader) heartbeats() *status.Heartbeats {
	now := l.c.now.Mono
	list := l.deafs()
	h := &status.Heartbeats{OSDs: []status.Heartbeat{}, Mons: []status.MonHeartbeat{}, Words: l.deafWords(list), Slow: uint32(l.slowPing() / time.Microsecond), Known: len(l.waiting()) == 0}
	for _, d := range list {
		h.OSDs = append(h.OSDs, status.Heartbeat{OSD: d.id, Peer: d.to, AgeMS: int64((now - d.since) / time.Millisecond), Reason: d.reason.String()})
	}
	for _, id := range l.sortedOSDs() {
		s := l.osds[id]
		for i := range s.hears {
			e := &s.hears[i]
			isDeaf := slices.ContainsFunc(list, func(d deaf) bool { return d.id == id && d.to == e.OSD })
			if !isDeaf && s.up && l.isUp(e.OSD, e.gid) && e.age(now) <= heardFor {
				h.OSDs = append(h.OSDs, status.Heartbeat{OSD: id, Peer: e.OSD, Heard: true, RoundTripUS: e.RTT, LastUS: e.Last, AgeMS: int64(e.age(now) / time.Millisecond)})
			}
		}
	}
	slices.SortFunc(h.OSDs, func(a, b status.Heartbeat) int { return cmp.Or(cmp.Compare(a.OSD, b.OSD), cmp.Compare(a.Peer, b.Peer)) })
	h.Mons = l.monHeartbeats()
	if slow := checkSlowPings(l); slow != nil {
		h.Words = append(h.Words, slow.Detail...)
	}
	if apart := checkMonsApart(l); apart != nil {
		h.Words = append(h.Words, apart.Detail...)
	}
	if h.Words == nil {
		h.Words = []string{}
	}
	return h
}

// monHeartbeats is how monitors hear each other: the leader by itself, the others as they told.
func (l *leader) monHeartbeats() []status.MonHeartbeat {
	list := []status.MonHeartbeat{}
	for _, m := range l.c.mons() {
		told, at := l.c.heardMons(), l.c.now.Mono
		if m.Name != l.c.cfg.Name {
			s := l.mons[m.Name]
			if s == nil || !l.monHeard(m.Name) {
				continue // nothing is known of what it hears
			}
			told, at = s.hears, s.at
		}
		for _, h := range told {
			age := time.Duration(h.Age)*time.Millisecond + l.c.now.Mono - at
			list = append(list, status.MonHeartbeat{Mon: m.Name, Peer: h.Name, Heard: age <= fresh, RoundTripUS: h.RTT, AgeMS: int64(age / time.Millisecond)})
		}
	}
	return list
}
