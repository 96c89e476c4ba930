package chaos

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"zeph/pkg/scenario"
)

const (
	waits  = time.Second            // an operation that takes longer had to wait for something
	heldUp = 250 * time.Millisecond // … than this was held up by a fault that came meanwhile, or just before
	after  = 15 * time.Second       // what begins later than this after a fault is no longer felt because of it
	never  = time.Duration(-1)
)

// times measures how faults were felt.
func (v *Verdict) times(r *Record) {
	v.availability(r)
	v.active(r)
	v.Heal = never
	if r.Facts.Clean > 0 {
		v.Heal = max(0, r.Facts.Clean-r.Facts.Mended)
	}
	strikes := r.strikes()
	for i, s := range strikes {
		f := Felt{What: s.what, At: s.at, Detect: r.detected(s), Heal: r.healed(s)}
		next := time.Duration(1 << 62)
		if i+1 < len(strikes) {
			next = strikes[i+1].at
		}
		for j := range r.Ops {
			op := &r.Ops[j]
			if op.End-op.Begin >= heldUp && op.End > s.at && op.Begin < min(next, s.end, s.at+after) {
				f.Serve = max(f.Serve, op.End-s.at)
			}
		}
		v.Faults = append(v.Faults, f)
	}
}

// availability is the share of the time of the faults in which nobody waited for more than a second.
func (v *Verdict) availability(r *Record) {
	type span struct{ from, to time.Duration }
	var spans []span
	for i := range r.Ops {
		if op := &r.Ops[i]; op.End-op.Begin > waits && op.Begin < r.Facts.Struck {
			spans = append(spans, span{op.Begin, op.End})
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var lost, from, to time.Duration
	end := func() {
		v.Gap = max(v.Gap, to-from)
		lost += min(to, r.Facts.Struck) - min(from, r.Facts.Struck)
	}
	for _, s := range spans {
		if s.from > to {
			end()
			from, to = s.from, s.to
		}
		to = max(to, s.to)
	}
	end()
	v.Availability = 1
	if r.Facts.Struck > 0 {
		v.Availability = 1 - lost.Seconds()/r.Facts.Struck.Seconds()
	}
}

// active is the same by the states of PGs, which monitors hear of a moment later: what scenarios make claims about.
func (v *Verdict) active(r *Record) {
	var lost, from time.Duration
	broken := false
	end := func(at time.Duration) {
		if broken {
			v.InactiveGap = max(v.InactiveGap, at-from)
			lost += min(at, r.Facts.Struck) - min(from, r.Facts.Struck)
		}
	}
	for i := range r.Samples {
		s := &r.Samples[i]
		if len(s.PGs) == 0 {
			continue
		}
		now := false
		for _, state := range s.PGs {
			now = now || !hasWord(state, "active")
		}
		if now != broken {
			end(s.At)
			broken, from = now, s.At
		}
	}
	end(max(from, r.Facts.Quiet))
	v.Active = 1
	if r.Facts.Struck > 0 {
		v.Active = 1 - lost.Seconds()/r.Facts.Struck.Seconds()
	}
}

// struck is one or several faults of a kind at the same moment.
type struck struct {
	what  string
	verb  string
	at    time.Duration
	end   time.Duration // it was taken back; that is when all was, if nobody did before
	over  time.Duration // that had been done
	names []string
}

// together is how close faults are that are one.
const together = 50 * time.Millisecond

// strikes are the faults of a run.
func (r *Record) strikes() []struck {
	var all []struck
	rest := r.Facts.Mended // all that nobody took back before is taken back from here on
	ends, overs := map[int]time.Duration{}, map[int]time.Duration{}
	for _, m := range r.Marks {
		switch m.What {
		case "undo":
			ends[m.N] = m.At
		case "undone":
			overs[m.N] = m.At
		case "say":
			if m.Ended {
				rest = m.At
			}
		}
	}
	for _, m := range r.Marks {
		if m.What != "do" || m.Fault == nil {
			continue
		}
		end, ok := ends[m.N]
		if !ok {
			end = max(m.At, rest)
		}
		over := max(end, overs[m.N])
		if !ok || overs[m.N] == 0 {
			over = max(end, r.Facts.Mended)
		}
		if n := len(all); n > 0 && all[n-1].verb == m.Fault.Verb && m.At-all[n-1].at < together {
			all[n-1].what += ", " + m.Fault.Of
			all[n-1].names = append(all[n-1].names, m.Fault.Of)
			all[n-1].end, all[n-1].over = max(all[n-1].end, end), max(all[n-1].over, over)
			continue
		}
		f := *m.Fault
		if len(f.From) > 3 {
			f.From = []string{fmt.Sprint(len(f.From), " daemons")}
		}
		f.Text = ""
		all = append(all, struck{what: f.String(), verb: f.Verb, at: m.At, end: end, over: over, names: []string{f.Of}})
	}
	return all
}

// detected is how long it took until everybody was told, by a map without the victims, or by another leader.
func (r *Record) detected(s struck) time.Duration {
	var osds []int
	for _, name := range s.names {
		if n, err := strconv.Atoi(strings.TrimPrefix(name, "osd.")); err == nil {
			osds = append(osds, n)
		}
	}
	led := ""
	for i := range r.Samples {
		sample := &r.Samples[i]
		if sample.At <= s.at {
			led = sample.Leader
			continue
		}
		if sample.At > s.end+after {
			break
		}
		switch {
		case len(osds) > 0:
			if !slices.ContainsFunc(osds, func(n int) bool { return slices.Contains(sample.Up, n) }) {
				return sample.At - s.at
			}
		case slices.Contains(s.names, "mon."+strings.TrimPrefix(led, "mon.")):
			if sample.Leader != "" && sample.Leader != led {
				return sample.At - s.at
			}
		}
	}
	return never
}

// healed is how long it took from a fault's end to every PG active+clean with its victims up, unless the next one came before.
func (r *Record) healed(s struck) time.Duration {
	for i := range r.Samples {
		sample := &r.Samples[i]
		if i+1 < len(r.Samples) && r.Samples[i+1].At <= s.end {
			continue
		}
		ok := len(sample.PGs) > 0
		for _, state := range sample.PGs {
			ok = ok && hasWord(state, "clean") && hasWord(state, "active")
		}
		for _, name := range s.names {
			if n, err := strconv.Atoi(strings.TrimPrefix(name, "osd.")); err == nil {
				ok = ok && slices.Contains(sample.Up, n)
			}
		}
		if ok {
			return max(0, sample.At-s.end)
		}
	}
	return never
}

// blame is for how long after a fault was taken back it may still be why an OSD is marked down.
const blame = 5 * time.Second

// falseDowns finds OSDs that went down though nothing had been done to them.
func (v *Verdict) falseDowns(r *Record) {
	strikes := r.strikes()
	excused := func(osd int, at time.Duration) bool {
		name := fmt.Sprint("osd.", osd)
		for _, m := range r.Marks { // the operator had it marked down, or wanted it to
			if m.What == "say" && strings.HasPrefix(m.Text, "down ") && m.At <= at && at < m.At+blame {
				return true
			}
		}
		for _, s := range strikes {
			if s.at > at || at > s.over+blame {
				continue
			}
			if slices.Contains(s.names, name) || s.between(r, name) {
				return true
			}
		}
		return false
	}
	var up []int
	for i := range r.Samples {
		sample := &r.Samples[i]
		for _, osd := range up {
			if !slices.Contains(sample.Up, osd) && !excused(osd, sample.At) {
				v.Downs = append(v.Downs, FalseDown{osd, sample.At})
				v.problem("failure reports", "osd.%d was marked down at %v, and nothing had been done to it", osd, sample.At.Round(time.Millisecond))
			}
		}
		if len(sample.Up) > 0 {
			up = sample.Up
		}
	}
}

// between reports whether a daemon is on the other side of a cut between few: then either may be found dead.
func (s *struck) between(r *Record, name string) bool {
	for _, m := range r.Marks {
		if m.What == "do" && m.Fault != nil && m.At >= s.at && m.At < s.at+together && slices.Contains(s.names, m.Fault.Of) {
			switch m.Fault.Verb {
			case "cut", "refuse", "delay":
				if len(m.Fault.From) == 0 || slices.Contains(m.Fault.From, name) {
					return true
				}
			}
		}
	}
	return false
}

// claims holds what the scenario expects against what was. Availability has two views, and one that bears a claim out
// will do: monitors hear late of PGs, and clients wait for leases, too, while all PGs are active.
func (v *Verdict) claims(r *Record) {
	for i := range r.Scenario.Expect {
		c := &r.Scenario.Expect[i]
		felt, active := scenario.Percent(v.Availability*100_00+0.5), scenario.Percent(v.Active*100_00+0.5)
		shares := fmt.Sprintf("%v by what clients felt, %v by the states of PGs", felt, active)
		gaps := fmt.Sprintf("%s by what clients felt, %s by the states of PGs", seconds(v.Gap), seconds(v.InactiveGap))
		ok, was := true, ""
		switch c.Kind {
		case scenario.Healthy:
			ok, was = v.Heal != never && v.Heal <= c.Span, seconds(v.Heal)
		case scenario.AtLeast:
			ok, was = max(felt, active) >= c.Share, shares
		case scenario.AtMost:
			ok, was = min(felt, active) <= c.Share, shares
		case scenario.NoGap:
			ok, was = min(v.Gap, v.InactiveGap) <= c.Span, gaps
		case scenario.AGap:
			ok, was = max(v.Gap, v.InactiveGap) > c.Span, gaps
		case scenario.Says:
			ok, was = r.says(c), "it did not"
		}
		if !ok {
			v.problem(judgeExpected, "%v: %s", c, was)
		}
	}
}

// says reports whether health had a code while something was so.
func (r *Record) says(c *scenario.Claim) bool {
	return slices.ContainsFunc(r.Samples, func(s Sample) bool { return slices.Contains(s.Health, c.Code) && holds(&c.While, &s) })
}

func seconds(d time.Duration) string {
	if d < 0 {
		return "never"
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}
