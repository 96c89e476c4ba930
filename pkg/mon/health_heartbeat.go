package mon

import (
	"fmt"
	"time"

	"zeph/pkg/osdmap"
	"zeph/pkg/status"
)

// checkHeartbeat says who cannot hear whom, though the map says up.
func checkHeartbeat(l *leader) *status.Check {
	list := l.deafs()
	if len(list) == 0 {
		return nil
	}
	c := &status.Check{
		Code: "OSD_HEARTBEAT", Severity: status.Warn,
		Why:  "an OSD that does not answer delays what it takes part in; reported from enough failure domains it is marked down",
		Next: []string{"zeph heartbeat matrix: is it one OSD, one host, or the way between two?", "look at the network between those hosts", "look at the OSD's log and disk"},
	}
	ids := make(map[osdmap.OSDID]bool)
	for _, d := range list {
		ids[d.id] = true
	}
	c.Summary = fmt.Sprintf("%s cannot hear others that are up", counted(len(ids), "osd"))
	c.Detail = most(l.deafWords(list))
	return c
}

// most is as much of a list as a check shows.
func most(lines []string) []string {
	if n := len(lines) - mostDetail; n > 0 {
		return append(lines[:mostDetail:mostDetail], fmt.Sprintf("and %d more", n))
	}
	return lines
}

// checkSlowPings names OSDs that answer, but slowly.
func checkSlowPings(l *leader) *status.Check {
	limit, now := l.slowPing(), l.c.now.Mono
	if limit == 0 {
		return nil
	}
	c := &status.Check{
		Code: "OSD_SLOW_PING_TIME_BACK", Severity: status.Warn,
		Why:  "whatever these OSDs do together takes at least as long; slower still, they count as dead",
		Next: []string{"look at the load of these machines: pings wait behind all else that an OSD does", "look at the network between them", "zeph heartbeat matrix: is it one OSD, or one host?"},
	}
	longest := time.Duration(0)
	var lines []string
	for _, id := range l.sortedOSDs() {
		s := l.osds[id]
		for i := range s.hears {
			h := &s.hears[i]
			rtt := time.Duration(h.RTT) * time.Microsecond
			if !s.up || !l.isUp(h.OSD, h.gid) || rtt < limit || now-h.at > 2*fresh {
				continue
			}
			longest = max(longest, rtt)
			lines = append(lines, fmt.Sprintf("%v to %v takes %d ms there and back, the last one %d ms", id, h.OSD, h.RTT/1000, h.Last/1000))
		}
	}
	if len(lines) == 0 {
		return nil
	}
	c.Summary = fmt.Sprintf("slow heartbeats between osds: %d ms at the longest", longest/time.Millisecond)
	c.Detail = most(lines)
	return c
}

// apartFor is longer than the leader takes to miss one that is heard by nobody any more.
const apartFor = fresh + 2*time.Second

// checkMonsApart says which monitors cannot reach each other though the leader hears both.
func checkMonsApart(l *leader) *status.Check {
	c := &status.Check{
		Code: "MON_NETSPLIT", Severity: status.Warn,
		Why:  "they agree through the leader; should it fail, they may not agree on another one",
		Next: []string{"look at the network between those two monitors"},
	}
	for _, h := range l.monHeartbeats() {
		if h.AgeMS >= int64(apartFor/time.Millisecond) && l.monHeard(h.Mon) && l.monHeard(h.Peer) {
			c.Detail = append(c.Detail, fmt.Sprintf("mon.%s does not hear mon.%s: no answer for %s", h.Mon, h.Peer, tenths(time.Duration(h.AgeMS)*time.Millisecond)))
		}
	}
	if len(c.Detail) == 0 {
		return nil
	}
	c.Summary = "monitors that the leader hears do not hear each other"
	return c
}
