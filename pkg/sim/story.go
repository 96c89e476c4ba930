package sim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"zeph/pkg/objecter"
	"zeph/pkg/osdmap"
	"zeph/pkg/scenario"
	"zeph/pkg/status"
	"zeph/pkg/wire"
)

// Told is a line of the story of a run: what was done to the cluster, and what it did.
type Told struct {
	At   time.Duration `json:"at"`  // since clients and faults began
	Who  string        `json:"who"` // step, fault, map, mons, pgs, health, sim
	Text string        `json:"text"`
}

// Share is how much of the time every PG was active after a fault, up to the next one.
type Share struct {
	Fault     string        `json:"fault"` // its kind, or the verb of a step
	Times     int           `json:"times"`
	For       time.Duration `json:"for"`       // how long that was, of all of them
	Available int           `json:"available"` // of a thousand parts of it
	Gap       time.Duration `json:"gap"`       // the longest time in which some PG was not active
	away      time.Duration
	open      time.Duration
}

// narrator sees what happens, and says it. It only looks.
type narrator struct {
	told   []Told
	m      *osdmap.Map
	leader *Node
	idle   int           // PGs that were not active at the last look
	since  time.Duration // when some were not
	unwell time.Duration // when some were not clean; -1: all are
	words  []string      // of states that were told since
	shares []Share       // by name, in the order in which they first struck
	now    int           // the newest fault's, +1
	last   time.Duration
	health struct {
		asked bool
		codes []string // nil: nobody answered
		known bool
		said  []bool // by claim
	}
}

// say adds a line to the story.
func (c *Cluster) say(who, text string) {
	c.tale.told = append(c.tale.told, Told{c.w.now - c.began, who, text})
	if who == "step" {
		c.w.Note("scenario", "step", text)
	}
}

// struckBy lets the time that follows count for a kind of fault.
func (c *Cluster) struckBy(kind string) {
	t := &c.tale
	i := slices.IndexFunc(t.shares, func(s Share) bool { return s.Fault == kind })
	if i < 0 {
		i = len(t.shares)
		t.shares = append(t.shares, Share{Fault: kind})
	}
	t.shares[i].Times++
	t.shares[i].open = 0
	t.now = i + 1
}

// narrate begins to look, until the end of the run.
func (c *Cluster) narrate() {
	c.tale.m, c.tale.leader, c.tale.unwell = c.state().Map(), c.log.Leader(), -1
	c.tale.last = c.w.now
	c.tale.health.said = make([]bool, len(c.cfg.Expect))
	if c.cfg.Steps != nil {
		c.askHealth()
	}
	every := lookEvery * time.Duration(1+c.pgCount()/256)
	var look func()
	look = func() {
		c.tellMap()
		c.tellMons()
		c.tellPGs()
		c.w.After(every, look)
	}
	look()
}

// tellMap says what the newest map changed.
func (c *Cluster) tellMap() {
	old, m := c.tale.m, c.state().Map()
	if old == m {
		return
	}
	c.tale.m = m
	var lines []string
	note := func(what string, o osdmap.OSDID) {
		if n := len(lines) - 1; n >= 0 && strings.HasSuffix(lines[n], " "+what) {
			lines[n] = strings.TrimSuffix(lines[n], " "+what) + ", " + o.String() + " " + what
			return
		}
		lines = append(lines, o.String()+" "+what)
	}
	for id, o := range m.OSDs() {
		was, _ := old.OSD(id)
		if was.Up && !o.Up {
			note("marked down", id)
		}
	}
	for id, o := range m.OSDs() {
		was, known := old.OSD(id)
		switch {
		case !known && o.Up:
			note("joins", id)
		case !was.Up && o.Up:
			note("marked up", id)
		case was.Up && o.Up && was.UpFrom != o.UpFrom:
			note("up again, in a new life", id)
		}
	}
	for id, o := range m.OSDs() {
		was, known := old.OSD(id)
		switch {
		case !known:
		case was.Weight != 0 && o.Weight == 0:
			note("goes out", id)
		case was.Weight == 0 && o.Weight != 0:
			note("comes in", id)
		case was.Weight != o.Weight:
			note("reweighted", id)
		}
	}
	if old.Flags() != m.Flags() {
		lines = append(lines, "flags: "+cmp.Or(m.Flags().String(), "none"))
	}
	for i := range c.pools {
		p, ok := m.Pool(c.pools[i].id)
		if was, known := old.Pool(c.pools[i].id); ok && known && (was.Size != p.Size || was.MinSize != p.MinSize || was.LeaseMS() != p.LeaseMS()) {
			lines = append(lines, fmt.Sprintf("pool %s: size %d, min_size %d, leases of %d ms", p.Name, p.Size, p.MinSize, p.LeaseMS()))
		}
	}
	for _, line := range lines {
		c.say("map", fmt.Sprintf("e%d: %s", m.Epoch(), line))
	}
}

func (c *Cluster) tellMons() {
	l := c.log.Leader()
	if l == c.tale.leader {
		return
	}
	c.tale.leader = l
	if l == nil {
		c.say("mons", "nobody leads")
		return
	}
	c.say("mons", l.name+" leads")
}

// tellPGs says when PGs cease to serve, and when all do again; when they cease to be clean, and when all are again.
func (c *Cluster) tellPGs() {
	t, now := &c.tale, c.w.now
	idle, unclean := 0, 0
	var fresh []string // words of states that were not told yet
	example := ""
	ids := c.pgs()
	for _, id := range ids {
		state := c.pgState(id)
		if !isActive(state) || strings.Contains(state, "laggy") || strings.Contains(state, "wait") && !strings.Contains(state, "_wait") {
			idle++
			if example == "" {
				example = c.pgName(id) + ": " + state
			}
		}
		if !isClean(state) {
			unclean++
			fresh = c.tale.newWords(fresh, state)
		}
	}
	took := func(since time.Duration) string { return (now - since).Round(10 * time.Millisecond).String() }
	switch {
	case idle > 0 && t.idle == 0:
		t.since = now
		c.say("pgs", fmt.Sprintf("%d of %d are not active, such as %s", idle, len(ids), example))
	case idle == 0 && t.idle > 0:
		c.say("pgs", "all are active again, after "+took(t.since))
	case idle > t.idle:
		c.say("pgs", fmt.Sprintf("%d of %d are not active", idle, len(ids)))
	}
	switch {
	case unclean > 0 && t.unwell < 0:
		t.unwell = now
	case unclean == 0 && t.unwell >= 0:
		c.say("pgs", "all are active+clean, after "+took(t.unwell))
		t.unwell, t.words = -1, nil
	}
	if len(fresh) > 0 {
		c.say("pgs", "some are now "+strings.Join(fresh, ", "))
	}
	if t.now > 0 && !c.furies.over {
		s := &t.shares[t.now-1]
		s.For += now - t.last
		if idle > 0 {
			s.away += now - t.last
			s.open += now - t.last
			s.Gap = max(s.Gap, s.open)
		} else {
			s.open = 0
		}
	}
	t.idle, t.last = idle, now
}

// newWords adds those words of a state that nobody was told since all were clean.
func (t *narrator) newWords(fresh []string, state string) []string {
	for word := range strings.SplitSeq(state, "+") {
		if slices.Contains([]string{"degraded", "undersized", "remapped", "backfilling", "recovering", "inconsistent", "wait", "laggy"}, word) && !slices.Contains(t.words, word) {
			t.words = append(t.words, word)
			fresh = append(fresh, word)
		}
	}
	return fresh
}

// shareOut is what the faults came to.
func (c *Cluster) shareOut() []Share {
	for i := range c.tale.shares {
		if s := &c.tale.shares[i]; s.For > 0 {
			s.Available = 1000 - int(1000*s.away/s.For)
		}
	}
	return c.tale.shares
}

// askHealth asks the monitors for the health of the cluster, twice a second.
func (c *Cluster) askHealth() {
	h := &c.tale.health
	if c.furies != nil && c.furies.over {
		return
	}
	c.w.After(500*time.Millisecond, c.askHealth)
	if h.asked {
		return
	}
	h.asked = true
	c.operator.command(func(d objecter.Done) {
		h.asked = false
		var answer status.Health
		_, isReply := d.Body.(*wire.CommandReply)
		if d.Err != nil || !isReply || json.Unmarshal(d.Bulk, &answer) != nil {
			c.heardHealth(nil, false)
			return
		}
		var codes []string
		for i := range answer.Checks {
			codes = append(codes, answer.Checks[i].Code)
		}
		slices.Sort(codes)
		c.heardHealth(codes, true)
	}, "health")
}

func (c *Cluster) heardHealth(codes []string, known bool) {
	h := &c.tale.health
	if known != h.known || !slices.Equal(codes, h.codes) {
		switch {
		case !known:
			c.say("health", "nobody answers")
		case len(codes) == 0:
			c.say("health", "HEALTH_OK")
		default:
			c.say("health", strings.Join(codes, " "))
		}
	}
	h.codes, h.known = codes, known
	for i := range c.cfg.Expect {
		if e := &c.cfg.Expect[i]; e.Kind == scenario.Says && slices.Contains(codes, e.Code) && c.holds(&e.While) {
			h.said[i] = true
		}
	}
}

// holds reports whether a condition is met now.
func (c *Cluster) holds(cond *scenario.Condition) bool {
	return c.shown(cond) != cond.Not
}

func (c *Cluster) shown(cond *scenario.Condition) bool {
	in := func(state string) bool { return slices.Contains(strings.Split(state, "+"), cond.Is) }
	switch cond.Of {
	case "pg":
		id, ok := c.pgNamed(cond.PG)
		return ok && in(c.pgState(id))
	case "pgs":
		for _, id := range c.pgs() {
			if !in(c.pgState(id)) {
				return false
			}
		}
		return true
	case "osd":
		o, _ := c.state().Map().OSD(osdmap.OSDID(cond.OSD))
		return cond.Is == "up" && o.Up || cond.Is == "in" && o.Weight > 0
	}
	h := &c.tale.health
	if cond.Is == "ok" {
		return h.known && len(h.codes) == 0
	}
	return slices.Contains(h.codes, cond.Is)
}

// shows is what a condition is about, as it is.
func (c *Cluster) shows(cond *scenario.Condition) string {
	switch cond.Of {
	case "pg":
		id, _ := c.pgNamed(cond.PG)
		return "it is " + c.pgState(id)
	case "pgs":
		if text := c.states(); text != "" {
			return text
		}
		return "all are active+clean"
	case "osd":
		o, _ := c.state().Map().OSD(osdmap.OSDID(cond.OSD))
		return fmt.Sprintf("up %v, weight %v", o.Up, o.Weight)
	}
	return fmt.Sprintf("health says %v", c.tale.health.codes)
}

// weigh compares what was expected with what came.
func (c *Cluster) weigh() {
	w := &c.watch
	share := scenario.Percent(100_00)
	if w.looks > 0 {
		share = scenario.Percent(100_00 * w.writable / w.looks)
	}
	for i := range c.cfg.Expect {
		e := &c.cfg.Expect[i]
		ok, was := true, "every PG was active for "+share.String()+" of the time of the faults"
		switch e.Kind {
		case scenario.Healthy:
			ok, was = c.healing <= e.Span, "every PG was clean "+c.healing.Round(time.Millisecond).String()+" after the faults"
		case scenario.AtLeast:
			ok = share >= e.Share
		case scenario.AtMost:
			ok = share <= e.Share
		case scenario.NoGap, scenario.AGap:
			ok, was = (w.gap > e.Span) == (e.Kind == scenario.AGap), "the longest gap was "+w.gap.Round(time.Millisecond).String()
		case scenario.Says:
			ok, was = c.tale.health.said[i], "it never said so then"
		}
		if !ok {
			c.violation("not as expected", e.String()+": "+was)
		}
	}
}

// actingOf are the members of a placement group by the newest map, the primary first.
func (c *Cluster) actingOf(id osdmap.PGID) []*Node {
	place := c.mapping(id)
	var acting []*Node
	if place.ActingPrimary != osdmap.NoOSD {
		acting = append(acting, c.osds[place.ActingPrimary])
	}
	for _, id := range place.Acting {
		if id != osdmap.NoOSD && id != place.ActingPrimary {
			acting = append(acting, c.osds[id])
		}
	}
	return acting
}
