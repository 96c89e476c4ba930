package sim

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/objecter"
	"zeph/pkg/pg"
	"zeph/pkg/scenario"
)

// play makes the run of a scenario. What it does not say is as in a new cluster, on a quiet network, unless it says swarm:
// then that is drawn, as for a run without a scenario.
func play(o Options) settings {
	given := *o.Scenario
	if given.Swarm {
		s := draw(o.bare())
		s.Scenario = s.with(&given)
		return s.overridden(&o)
	}
	given.Seconds = or(o.Seconds, given.Seconds)
	given.Fill()
	s := settings{Scenario: given, Seed: o.Seed, Luck: o.Luck}
	s.PG = pg.Settings{MinLog: s.MinLog}
	s.World = Config{Codec: o.Seed%10 == 0, Commit: 500 * time.Microsecond, DriftPPM: 1_000, Together: true}
	s.Log = LogConfig{Slow: 5 * time.Millisecond, Lag: 5 * time.Millisecond}
	return s.overridden(&o)
}

// bare is what is asked for without a scenario.
func (o Options) bare() Options {
	o.Scenario = nil
	return o
}

// overridden are settings in which the options have replaced what they name.
func (s settings) overridden(o *Options) settings {
	s.Mons, s.PGs = or(o.Mons, s.Mons), or(o.PGs, s.PGs)
	if o.OSDs != 0 {
		s.OSDs, s.Hosts = o.OSDs, min(s.Hosts, o.OSDs)
	}
	s.Workload.Objects = or(o.Objects, s.Workload.Objects)
	s.Seconds = or(o.Seconds, s.Seconds)
	if o.End != "" {
		s.End = o.End
	}
	if o.Faults != nil {
		s.Faults = nil
		for _, kind := range o.Faults {
			s.Faults = append(s.Faults, scenario.Fault{Kind: kind, Every: 2 * time.Second})
		}
	}
	return s
}

// with is what was drawn, where a scenario does not say otherwise.
func (s *settings) with(given *scenario.Scenario) scenario.Scenario {
	drawn := s.Scenario
	keep := func(into *int, value int) { *into = or(value, *into) }
	last := func(into *time.Duration, value time.Duration) {
		if value != 0 {
			*into = value
		}
	}
	drawn.Name, drawn.About, drawn.Swarm = given.Name, given.About, true
	keep(&drawn.Mons, given.Mons)
	keep(&drawn.OSDs, given.OSDs)
	drawn.Hosts = or(given.Hosts, min(drawn.OSDs, max(drawn.Hosts, drawn.Size)))
	keep(&drawn.Racks, given.Racks)
	keep(&drawn.PGs, given.PGs)
	keep(&drawn.Size, given.Size)
	drawn.Size = min(drawn.Size, drawn.Hosts)
	keep(&drawn.MinSize, given.MinSize)
	drawn.MinSize = min(drawn.MinSize, drawn.Size)
	last(&drawn.Heartbeat, given.Heartbeat)
	last(&drawn.Grace, given.Grace)
	last(&drawn.Lease, given.Lease)
	last(&drawn.DownOut, given.DownOut)
	keep(&drawn.MinLog, given.MinLog)
	keep(&drawn.MinMaps, given.MinMaps)
	s.PG.MinLog = drawn.MinLog
	if given.Workload != (scenario.Workload{}) {
		drawn.Workload = given.Workload
	}
	keep(&drawn.Seconds, given.Seconds)
	keep(&drawn.Heal, given.Heal)
	if given.Faults != nil || given.Steps != nil {
		drawn.Faults = given.Faults
	}
	drawn.Steps, drawn.Expect, drawn.Pools = given.Steps, given.Expect, given.Pools
	if given.End != "" {
		drawn.End = given.End
	}
	drawn.Fill()
	return drawn
}

// timeline carries out the steps of a scenario, one after the other.
type timeline struct {
	c     *Cluster
	end   *nemesis // what knows when it is over
	ready time.Duration
	next  int
}

// follow begins with the steps.
func (c *Cluster) follow(end *nemesis) {
	if c.cfg.Steps == nil {
		return
	}
	t := &timeline{c: c, end: end, ready: c.w.now}
	t.goOn()
}

// goOn waits until the time of the next step has come.
func (t *timeline) goOn() {
	if t.next == len(t.c.cfg.Steps) || t.end.over {
		return
	}
	s := &t.c.cfg.Steps[t.next]
	t.next++
	switch {
	case s.When != nil:
		patience := s.Within
		if patience == 0 {
			patience = 30 * time.Second
		}
		t.await(s.When, patience, func() { t.take(s) }, func() {
			t.c.violation("not as expected", "step "+s.String()+": it waits for: "+s.When.String()+"; that was not so within "+patience.String())
		})
	case s.At > 0:
		t.c.w.After(t.c.began+s.At-t.c.w.now, func() { t.take(s) })
	default:
		t.c.w.After(t.ready+s.After-t.c.w.now, func() { t.take(s) })
	}
}

// await does something as soon as a condition holds, or something else when it does not in time; 0: it may take as long as the run does.
func (t *timeline) await(cond *scenario.Condition, patience time.Duration, then, late func()) {
	c := t.c
	end := c.w.now + patience
	var look func()
	look = func() {
		switch {
		case t.end.over:
		case c.holds(cond):
			then()
		case patience > 0 && c.w.now >= end:
			late()
		default:
			c.w.After(lookEvery, look)
		}
	}
	look()
}

// take carries a step out, sees to it that it is taken back, and goes on to the next.
func (t *timeline) take(s *scenario.Step) {
	if t.end.over {
		return
	}
	c := t.c
	n := &nemesis{t.end.furies, core.RandFor(c.cfg.Seed, "step/"+strconv.Itoa(t.next)), nil}
	t.ready = c.w.now
	whom := n.named(s)
	if s.Do != "wait" {
		c.say("step", s.String()+whom)
	}
	if !slices.Contains([]string{"wait", "check", "heal", "start", "resume", "scrub", "repair", "strike"}, s.Do) {
		c.faults++
		c.struckBy(s.Do)
	}
	back := n.take(s)
	undo := func() {
		if back != nil && !t.end.over {
			c.say("step", scenario.VerbNamed(s.Do).Undo+": "+s.Whom().String()+s.Flag+whom)
			back()
		}
	}
	if s.For > 0 {
		c.w.After(s.For, undo)
	}
	if s.Until != nil {
		// Not at once: what the step brings about takes a while to show.
		c.w.After(2*lookEvery, func() { t.await(s.Until, 0, undo, nil) })
	}
	t.goOn()
}

// named says whom a step means at the moment, where that is not plain.
func (n *nemesis) named(s *scenario.Step) string {
	plain := []scenario.Role{scenario.OneOSD, scenario.OneMon, scenario.AllOSDs, scenario.AllMons, scenario.Clients, scenario.PG, scenario.AllPGs}
	if !slices.ContainsFunc(s.Whom(), func(t scenario.Target) bool { return !slices.Contains(plain, t.Role) }) {
		return ""
	}
	var names []string
	for _, o := range n.nodes(s.Whom()) {
		names = append(names, o.name)
	}
	return ": " + strings.Join(names, ", ")
}

// nodes are those that targets mean now.
func (n *nemesis) nodes(ts scenario.Targets) []*Node {
	var all []*Node
	for _, t := range ts {
		for _, o := range n.nodesOf(t) {
			if !slices.Contains(all, o) {
				all = append(all, o)
			}
		}
	}
	return all
}

func (n *nemesis) nodesOf(t scenario.Target) []*Node {
	c := n.c
	var some []*Node
	switch t.Role {
	case scenario.OneOSD:
		if t.N < len(c.osds) {
			some = c.osds[t.N : t.N+1]
		}
	case scenario.OneMon:
		for _, m := range c.mons {
			if m.name == "mon."+t.Name {
				some = append(some, m)
			}
		}
	case scenario.Host, scenario.Rack:
		for id, o := range c.osds {
			host := c.hostOf(id)
			if t.Role == scenario.Rack {
				host %= max(1, c.cfg.Racks)
			}
			if host == t.N {
				some = append(some, o)
			}
		}
	case scenario.AllOSDs:
		some = c.osds
	case scenario.AllMons:
		some = c.mons
	case scenario.Leader:
		if l := c.log.Leader(); l != nil {
			some = append(some, l)
		}
	case scenario.AnyOSD:
		some = append(some, n.osd())
	case scenario.Clients:
		for _, cl := range c.clients {
			some = append(some, cl.n)
		}
	case scenario.Primary, scenario.Replicas, scenario.Members:
		some = n.members(t)
	}
	return some
}

// members are the acting set of a placement group, or a part of it.
func (n *nemesis) members(t scenario.Target) []*Node {
	id, ok := n.c.pgNamed(t.Name)
	if !ok {
		return nil
	}
	acting := n.c.actingOf(id)
	switch {
	case len(acting) == 0:
		return nil
	case t.Role == scenario.Primary:
		return acting[:1]
	case t.Role == scenario.Replicas:
		return acting[1:]
	}
	return acting[:min(t.N, len(acting))]
}

// others are all OSDs and monitors but some.
func (n *nemesis) others(than []*Node) []*Node {
	var all []*Node
	for _, o := range append(append([]*Node(nil), n.c.osds...), n.c.mons...) {
		if !slices.Contains(than, o) {
			all = append(all, o)
		}
	}
	return all
}

// ids are the OSDs among targets, for commands.
func (n *nemesis) ids(ts scenario.Targets) []string {
	var all []string
	for id, o := range n.c.osds {
		if slices.Contains(n.nodes(ts), o) {
			all = append(all, strconv.Itoa(id))
		}
	}
	return all
}

// each sends a command for each of some OSDs, again and again until it is done.
func (c *Cluster) each(name string, ids []string, args ...string) {
	for _, id := range ids {
		c.command(name, append([]string{"id", id}, args...)...)
	}
}

// command sends a command until it is done, or the faults are over.
func (c *Cluster) command(name string, args ...string) {
	c.operator.command(func(d objecter.Done) {
		if d.Err != nil && !c.furies.over {
			c.w.After(time.Second, func() { c.command(name, args...) })
		}
	}, name, args...)
}

// hostOf is the number of an OSD's host.
func (c *Cluster) hostOf(id int) int { return c.hosts[id] }

// location is where an OSD is in the CRUSH map.
func (c *Cluster) location(id int) []string {
	host := c.hostOf(id)
	where := []string{"host=h" + strconv.Itoa(host)}
	if c.cfg.Racks > 0 {
		where = append(where, "rack=r"+strconv.Itoa(host%c.cfg.Racks))
	}
	return where
}

// letGo ends what steps have left: who is down may start, flags are cleared.
func (c *Cluster) letGo() {
	c.held = nil
	for i := range c.cfg.Steps {
		if s := &c.cfg.Steps[i]; s.Flag != "" {
			c.insist("flag unset", "flag", s.Flag)
		}
	}
}
