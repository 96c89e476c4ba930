package mon

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"zeph/pkg/crush"
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// report is one OSD's word that it cannot reach another.
type report struct {
	from   osdmap.OSDID
	gid    wire.GID
	reason wire.Reason
	since  time.Duration
	at     time.Duration // when it was last said
}

// staleReport is how long a report holds that is not repeated.
const staleReport = 10 * time.Second

// failure notes a report, or a withdrawal. Neither changes anything by itself, so both are answered at
// once; the epoch in the answer tells a reporter that is behind.
func (l *leader) failure(a asker, f *wire.Failure) {
	l.c.reply(a, &wire.Done{Epoch: l.c.st.Epoch()}, nil)
	if !l.isUp(f.OSD, f.GID) || !l.isUp(f.Target, f.TargetGID) {
		return // void: protocol 15.2
	}
	s := l.soft(f.Target)
	i, found := slices.BinarySearchFunc(s.reports, f.OSD, func(r *report, id osdmap.OSDID) int { return cmp.Compare(r.from, id) })
	if f.Withdraw {
		if found {
			s.reports = slices.Delete(s.reports, i, i+1)
		}
		return
	}
	r := &report{f.OSD, f.GID, f.Reason, l.c.now.Mono - time.Duration(f.For)*time.Millisecond, l.c.now.Mono}
	if found {
		s.reports[i] = r
	} else {
		s.reports = slices.Insert(s.reports, i, r)
	}
	l.judge()
}

func (l *leader) isUp(id osdmap.OSDID, gid wire.GID) bool {
	o, ok := l.c.st.m.OSD(id)
	return ok && o.Up && wire.GID(o.GID) == gid
}

// judge marks down who is reported from enough failure domains (protocol 15.3).
func (l *leader) judge() {
	m := l.c.st.m
	if m.Has(osdmap.FlagNoDown) {
		return
	}
	j := judgement{l: l, level: l.c.st.word("mon_osd_reporter_subtree_level"), tree: l.tree.of(m.Crush())}
	for _, id := range j.condemned() {
		s := l.osds[id]
		l.want(&down{osd: id, gid: s.gid, why: "reported by " + j.words(s), how: s.how()}, false)
	}
}

type judgement struct {
	l     *leader
	level string
	tree  *tree
	gone  []osdmap.OSDID // fully reported: their word, and their presence, no longer counts
}

// condemned lists the OSDs that are fully reported. Each that is found makes it easier to condemn the
// others: it could not report them any more. So the last of three hosts can still report the other two.
// Of two that accuse each other, whoever was accused first goes, and its own reports with it.
func (j *judgement) condemned() []osdmap.OSDID {
	var accused []osdmap.OSDID
	for _, id := range j.l.sortedOSDs() {
		if s := j.l.osds[id]; s.up && len(s.reports) > 0 {
			accused = append(accused, id)
		}
	}
	slices.SortStableFunc(accused, func(a, b osdmap.OSDID) int { return cmp.Compare(j.first(a), j.first(b)) })
	for again := true; again; {
		again = false
		for _, id := range accused {
			if !slices.Contains(j.gone, id) && j.enough(id) {
				j.gone, again = append(j.gone, id), true
			}
		}
	}
	return j.gone
}

// how sums up what an OSD is reported for: the strongest word counts.
func (s *osdSoft) how() wire.Reason {
	how := wire.NoProgress
	for _, r := range s.reports {
		switch {
		case r.reason == wire.Refused:
			return wire.Refused
		case r.reason == wire.Silent:
			how = wire.Silent
		}
	}
	return how
}

// first is since when an OSD has been unwell, by its earliest report.
func (j *judgement) first(id osdmap.OSDID) time.Duration {
	first := j.l.osds[id].reports[0].since
	for _, r := range j.l.osds[id].reports {
		first = min(first, r.since)
	}
	return first
}

func (j *judgement) enough(id osdmap.OSDID) bool {
	s := j.l.osds[id]
	var domains []crush.ItemID
	for _, r := range s.reports {
		if j.holds(s, r) {
			domains = append(domains, j.tree.domain(r.from, j.level))
		}
	}
	slices.Sort(domains)
	return len(slices.Compact(domains)) >= j.needed(id)
}

// holds reports whether a report counts: it is of a run that is up and well, was repeated, and if it is
// for silence, the silence is longer than the target's grace.
func (j *judgement) holds(target *osdSoft, r *report) bool {
	now := j.l.c.now
	if !j.l.isUp(r.from, r.gid) || slices.Contains(j.gone, r.from) || now.After(r.at+staleReport) {
		return false
	}
	return r.reason == wire.Refused || now.After(r.since+j.l.grace(target))
}

// needed is from how many failure domains an OSD has to be reported: as many as set, but no more than
// there are others with an OSD that could speak.
func (j *judgement) needed(id osdmap.OSDID) int {
	own := j.tree.domain(id, j.level)
	var domains []crush.ItemID
	for other, s := range j.l.osds {
		if !s.up || other == id || slices.Contains(j.gone, other) || j.l.c.now.After(j.l.heard(s)+fresh) {
			continue
		}
		if d := j.tree.domain(other, j.level); d != own {
			domains = append(domains, d)
		}
	}
	slices.Sort(domains)
	most := int(j.l.c.st.number("mon_osd_min_down_reporters"))
	return max(1, min(most, len(slices.Compact(domains))))
}

// words says who reported what.
func (j *judgement) words(s *osdSoft) string {
	var words []string
	for _, r := range s.reports {
		if !j.holds(s, r) {
			continue
		}
		what := r.reason.String()
		if r.reason != wire.Refused {
			what += " for " + tenths(j.l.c.now.Mono-r.since)
		}
		where := ""
		if host := j.tree.name(r.from, j.level); host != "" {
			where = j.level + " " + host + ", "
		}
		words = append(words, fmt.Sprintf("%v (%s%s)", r.from, where, what))
	}
	return strings.Join(words, ", ")
}

// tenths is a length of time for people, such as 2.1 s.
func tenths(d time.Duration) string {
	n := d / (100 * time.Millisecond)
	return fmt.Sprintf("%d.%d s", n/10, n%10)
}

// down marks an OSD down that did not ask for it.
type down struct {
	osd osdmap.OSDID
	gid wire.GID
	why string
	how wire.Reason
}

func (w *down) absorb(_ *leader, other intent) bool {
	o, ok := other.(*down)
	return ok && o.osd == w.osd
}

func (*down) cancel(*leader, *wire.Error) {}

func (w *down) plan(l *leader, d *draft) verdict {
	o, _ := d.m.OSD(w.osd)
	switch {
	case !l.isUp(w.osd, w.gid) || d.m.Has(osdmap.FlagNoDown):
		return done
	case d.touches(w.osd) && !o.Up:
		return done // goes down anyway
	case d.touches(w.osd):
		return later // up_thru was recorded in this draft: never together
	}
	if err := d.editOSD(w.osd, func(c *osdmap.OSDChange) { c.Down = true }); err != nil {
		return later
	}
	host := ""
	if name := l.tree.of(d.m.Crush()).name(w.osd, "host"); name != "" {
		host = " (host " + name + ")"
	}
	d.note("warn", l.c.entity.String(), fmt.Sprintf("%v%s is down: %s", w.osd, host, w.why))
	s := l.soft(w.osd)
	s.why, s.reason = w.why, w.how
	return planned
}
