package mon

import (
	"fmt"
	"strings"

	"zeph/pkg/osdmap"
	"zeph/pkg/status"
	"zeph/pkg/wire"
)

func checkMons(l *leader) *status.Check {
	m := l.monCounts()
	if len(m.Missing) == 0 {
		return nil
	}
	c := &status.Check{
		Code: "MON_DOWN", Severity: status.Warn,
		Summary: fmt.Sprintf("%d of %d monitors not heard: mon.%s", len(m.Missing), m.Total, strings.Join(m.Missing, ", mon.")),
		Why:     fmt.Sprintf("%d monitors are needed to agree on anything, %d are there", m.Total/2+1, len(m.Quorum)),
		Next:    []string{"start it again, or look why mon." + l.c.cfg.Name + " cannot reach it", "gone for good? zeph mon rm " + m.Missing[0] + " --yes, then add another"},
	}
	for _, name := range m.Missing {
		heard := "was not heard by this leader"
		if s := l.mons[name]; s != nil {
			heard = "was last heard " + tenths(l.c.now.Mono-s.at) + " ago"
		}
		for _, h := range l.monHeartbeats() {
			if h.Peer == name && h.Heard && h.Mon != l.c.cfg.Name {
				heard += fmt.Sprintf("; mon.%s hears it", h.Mon)
			}
		}
		c.Detail = append(c.Detail, fmt.Sprintf("mon.%s %s", name, heard))
	}
	return c
}

func checkMonClocks(l *leader) *status.Check {
	allowed := int64(l.c.st.length("mon_clock_drift_allowed") / 1_000_000)
	c := &status.Check{
		Code: "MON_CLOCK_SKEW", Severity: status.Warn,
		Why:  "no rule of the cluster rests on it, but times in its log will puzzle whoever reads them",
		Next: []string{"let all machines take their time from one source (NTP)"},
	}
	for _, m := range l.c.mons() {
		if s := l.mons[m.Name]; s != nil && l.monHeard(m.Name) && (s.skew > allowed || s.skew < -allowed) {
			c.Detail = append(c.Detail, fmt.Sprintf("mon.%s is %d ms off the leader's clock", m.Name, s.skew))
		}
	}
	if len(c.Detail) == 0 {
		return nil
	}
	c.Summary = fmt.Sprintf("clocks of %s differ from the leader's", counted(len(c.Detail), "monitor"))
	return c
}

func checkDown(l *leader) *status.Check {
	var in []status.Going
	for _, g := range l.osdCounts().Down {
		if g.In {
			in = append(in, g)
		}
	}
	if len(in) == 0 {
		return nil
	}
	c := &status.Check{
		Code: "OSD_DOWN", Severity: status.Warn,
		Why: "their PGs go on with fewer copies, or wait where too few are left; out, their data is made anew elsewhere",
	}
	var ids []osdmap.OSDID
	for _, g := range in {
		ids = append(ids, g.OSD)
		text := fmt.Sprintf("osd.%d (host %s) is down for %d s", int32(g.OSD), or(g.Host, "unknown"), g.Seconds)
		if g.Why != "" {
			text += ": " + g.Why
		}
		if g.Waits != "" {
			text += "; it runs, and waits: " + g.Waits
		}
		if g.OutSeconds >= 0 {
			text += fmt.Sprintf("; goes out in %d s", g.OutSeconds)
		} else {
			text += "; stays in: " + g.Held
		}
		c.Detail = append(c.Detail, text)
	}
	c.Summary = fmt.Sprintf("%s down: %s", counted(len(in), "osd"), names(ids))
	c.Next = []string{l.revive(&in[0])}
	if in[0].OutSeconds >= 0 {
		c.Next = append(c.Next, "do nothing: it goes out by itself, and its data moves", "planned maintenance? zeph flag set noout")
	} else {
		c.Next = append(c.Next, fmt.Sprintf("gone for good? zeph osd out %d, and its data moves", int32(ids[0])))
	}
	return c
}

// revive says what to do first about an OSD that is down.
func (l *leader) revive(g *status.Going) string {
	start := fmt.Sprintf("zeph lab osd start %d, or its service", int32(g.OSD))
	switch reason := l.soft(g.OSD).reason; {
	case g.Waits != "" && reason != 0:
		return fmt.Sprintf("look at the network between %v and the others: it comes up by itself when it hears enough of them", g.OSD)
	case g.Waits != "":
		return fmt.Sprintf("wait: %v comes up by itself", g.OSD)
	case reason == wire.NoProgress:
		return fmt.Sprintf("look at the log and the disk of %v: its process answers, and gets nothing done; it comes up by itself when that goes on", g.OSD)
	case reason == wire.Silent:
		return "does its process run? It may be stopped, or its host or network is gone; if it ended, " + start
	}
	if l.soft(g.OSD).reason == wire.Refused {
		return "start it again: " + start + "; it runs? Then something refuses connections to it"
	}
	return "start it again: " + start
}

func checkFlags(l *leader) *status.Check {
	f := l.c.st.m.Flags() &^ (osdmap.FlagFull | osdmap.FlagNearFull)
	if f == 0 {
		return nil
	}
	c := &status.Check{
		Code: "OSDMAP_FLAGS", Severity: status.Warn, Summary: fmt.Sprintf("flags are set: %v", f),
		Why: "somebody switched something of the cluster's own care off",
	}
	for _, w := range words(f.String()) {
		c.Next = append(c.Next, "zeph flag unset "+w)
	}
	return c
}

func checkFew(l *leader) *status.Check {
	n, size := l.osdCounts().Total, int(l.c.st.number("osd_pool_default_size"))
	if n >= size {
		return nil
	}
	return &status.Check{
		Code: "TOO_FEW_OSDS", Severity: status.Warn, Summary: fmt.Sprintf("%s, fewer than the %d copies of a new pool", counted(n, "osd"), size),
		Why: "objects cannot have as many copies as they should", Next: []string{"add OSDs: zeph lab osd add, or zeph-osd mkfs and run"},
	}
}

// fullCheck lists the OSDs at a level of fullness.
func fullCheck(l *leader, level int, c status.Check) *status.Check {
	var ids []osdmap.OSDID
	for _, id := range l.sortedOSDs() {
		s := l.osds[id]
		if l.level(s) == level {
			ids = append(ids, id)
			c.Detail = append(c.Detail, fmt.Sprintf("%v is at %s %% of %d bytes", id, status.Share(s.beacon.Used, s.beacon.Size).Percent(), s.beacon.Size))
		}
	}
	if len(ids) == 0 {
		return nil
	}
	c.Summary = fmt.Sprintf("%s %s: %s", counted(len(ids), "osd"), c.Summary, names(ids))
	c.Next = append(c.Next, "remove what is not needed: deletes still work", "add OSDs, and data moves to them", "zeph osd df: is one much fuller than the others? zeph osd reweight")
	return &c
}

func checkFull(l *leader) *status.Check {
	return fullCheck(l, full, status.Check{Code: "OSD_FULL", Severity: status.Err, Summary: "full",
		Why: "writes that would grow anything are refused until there is room"})
}

func checkBackfillFull(l *leader) *status.Check {
	return fullCheck(l, backfill, status.Check{Code: "OSD_BACKFILLFULL", Severity: status.Warn, Summary: "too full to be backfilled",
		Why: "data that should move there waits"})
}

func checkNearFull(l *leader) *status.Check {
	return fullCheck(l, near, status.Check{Code: "OSD_NEARFULL", Severity: status.Warn, Summary: "nearly full",
		Why: "when one OSD is full, all writes that grow anything are refused"})
}

func checkReads(l *leader) *status.Check {
	c := &status.Check{
		Code: "OSD_TOO_MANY_REPAIRS", Severity: status.Warn,
		Why:  "blocks did not match their checksums when they were read, and were taken from another copy: a disk, its cable or memory fails",
		Next: []string{"look at the disk's own counters (SMART)", "zeph osd drain it, then replace it", "zeph pg deep-scrub its PGs to find what else is damaged"},
	}
	var ids []osdmap.OSDID
	for _, id := range l.sortedOSDs() {
		if n := l.osds[id].beacon.Damaged; n > 0 {
			ids = append(ids, id)
			c.Detail = append(c.Detail, fmt.Sprintf("%v: %d reads since it started", id, n))
		}
	}
	if len(ids) == 0 {
		return nil
	}
	c.Summary = fmt.Sprintf("damaged reads on %s", names(ids))
	return c
}

func checkSlow(l *leader) *status.Check {
	c := &status.Check{
		Code: "SLOW_OPS", Severity: status.Warn, Why: "clients wait for these operations",
		Next: []string{"zeph pg ls --state peering,down: does a PG wait for an OSD?", "zeph osd df, and the load of the machines with these OSDs"},
	}
	var ids []osdmap.OSDID
	total := 0
	for _, id := range l.sortedOSDs() {
		if n := l.osds[id].beacon.SlowOps; n > 0 {
			ids = append(ids, id)
			total += int(n)
			c.Detail = append(c.Detail, fmt.Sprintf("%v: %d", id, n))
		}
	}
	if len(ids) == 0 {
		return nil
	}
	c.Summary = fmt.Sprintf("%s on %s", counted(total, "slow operation"), names(ids))
	return c
}

// promisedDrift is by how much clock rates may differ, in parts per million (protocol 6.2).
const promisedDrift = 10_000

func checkDrift(l *leader) *status.Check {
	c := &status.Check{
		Code: "OSD_CLOCK_DRIFT", Severity: status.Err,
		Why:  "leases rest on clock rates that differ by no more than 1 %: beyond, a cut-off OSD might serve old data for a moment",
		Next: []string{"stop the OSD whose clock is wrong: it is the one that several others name", "look at its machine's clock source"},
	}
	for _, id := range l.sortedOSDs() {
		for _, d := range l.osds[id].beacon.Drifts {
			if d.Parts > promisedDrift || d.Parts < -promisedDrift {
				c.Detail = append(c.Detail, fmt.Sprintf("%v sees the clock of %v run faster by %d parts per million", id, d.OSD, d.Parts))
			}
		}
	}
	if len(c.Detail) == 0 {
		return nil
	}
	c.Summary = "clocks of OSDs run at different rates"
	return c
}
