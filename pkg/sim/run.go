package sim

import (
	"fmt"
	"io"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/history"
	"zeph/pkg/osdmap"
	"zeph/pkg/scenario"
)

// Options say which run is wanted. Zeros are drawn by seed.
type Options struct {
	Seed     uint64
	Scenario *scenario.Scenario // the others replace what it says; nil: all is drawn
	Mons     int
	OSDs     int
	PGs      int
	Seconds  int      // of virtual time in which faults strike
	Faults   []string // kinds; nil: drawn
	End      scenario.End
	Luck     uint64    // another one gives links, disks, clocks and daemons other random numbers; what is planned stays
	Objects  int       // that clients use
	Strikes  []Strike  // instead of drawn ones
	Ops      []Op      // that clients begin, each at its time; nil: one after the other
	Trace    io.Writer // gets a line for every event
	Detail   bool      // with what messages say
	Check    time.Duration
}

// settings are what the options come to.
func (o *Options) settings() settings {
	if o.Scenario != nil {
		return play(*o)
	}
	return draw(*o)
}

// Validate names everything that is wrong with the options.
func (o *Options) Validate() error {
	s := o.settings().Scenario
	return s.Validate()
}

// Report is what a run came to.
type Report struct {
	Seed       uint64            `json:"seed"`
	Scenario   scenario.Scenario `json:"scenario"`
	OK         bool              `json:"ok"`
	Violations []Violation       `json:"violations"`
	Counts     Counts            `json:"operations"`
	Objects    int               `json:"objects"`
	Undecided  []string          `json:"undecided,omitempty"` // objects whose history was too hard to judge
	Faults     int               `json:"faults"`
	Strikes    []*Strike         `json:"strikes,omitempty"` // that were carried out
	Began      time.Duration     `json:"began"`             // when clients and faults did
	Begun      []Op              `json:"-"`                 // operations, in order
	Epochs     osdmap.Epoch      `json:"epochs"`
	Virtual    time.Duration     `json:"virtual"`
	Available  int               `json:"available"` // of a thousand looks while faults struck: every PG was active
	Gap        time.Duration     `json:"gap"`       // the longest time in which not every PG was
	Healing    time.Duration     `json:"healing"`   // from the end of the faults until every PG was clean
	Steps      uint64            `json:"steps"`
	Reached    map[string]int    `json:"reached,omitempty"` // rare states of the cores, how often: see Rare
	TraceHash  string            `json:"trace_hash"`
	Story      []Told            `json:"story,omitempty"`
	Shares     []Share           `json:"by_fault,omitempty"`
	Last       []string          `json:"-"` // the newest lines of the trace, when something is wrong
}

// Run carries out one run. A core that panics lets the panic through; Running tells then what was on.
func Run(o Options) *Report { return NewRunning(o).Finish() }

// Running is a run under way.
type Running struct {
	c   *Cluster
	opt Options
}

// NewRunning readies a run.
func NewRunning(o Options) *Running {
	cfg := o.settings()
	cfg.World.Detail = o.Detail
	c := newCluster(cfg, o.Trace)
	c.opt = o
	return &Running{c: c, opt: o}
}

// Last are the newest lines of its trace.
func (r *Running) Last(n int) []string { return r.c.w.Last(n) }

// Scenario is what was drawn.
func (r *Running) Scenario() scenario.Scenario { return r.c.cfg.Scenario }

// Finish runs it, and judges.
func (r *Running) Finish() *Report {
	c := r.c
	verdict := history.Verdict{}
	if c.bringUp() {
		c.watchOver()
		c.began = c.w.now
		for _, cl := range c.clients {
			cl.begin()
		}
		n := c.unleash()
		c.furies = n.furies
		c.narrate()
		c.follow(n)
		c.w.Run(c.w.now + time.Duration(c.cfg.Seconds)*time.Second)
		looked := c.watch
		c.letGo()
		c.finish(n)
		patience := r.opt.Check
		if patience == 0 {
			patience = 10 * time.Second
		}
		verdict = c.judgeHistory(patience)
		c.watch = looked
		c.weigh()
	}
	return r.report(&verdict)
}

// finish ends the faults in one of the three ways, and demands what then must be so.
func (c *Cluster) finish(n *nemesis) {
	if c.cfg.End == scenario.Few {
		c.few(n)
	}
	if c.cfg.End == scenario.Lost {
		c.loseOne(n.rand.IntN(len(c.osds)))
	}
	n.end()
	ended := c.w.now
	c.w.Run(c.w.now + 2*time.Second)
	for _, cl := range c.clients {
		cl.quiet = true
	}
	if !c.until(time.Duration(c.cfg.Heal)*time.Second, c.clean) {
		c.violation("not clean after the faults (I7)", fmt.Sprintf("within %d s: %s", c.cfg.Heal, c.states()))
	}
	c.healing = c.w.now - ended
	c.until(12*time.Second, func() bool {
		for _, cl := range c.clients {
			if len(cl.open) > 0 {
				return false
			}
		}
		return true
	})
	if c.clean() {
		c.steady()
	}
	c.readBack("reader", 20*time.Second)
	c.mend()
	if c.until(10*time.Second, c.clean) {
		c.compareCopies()
	}
}

// mend has everything repaired that rotted: right copies of it are left.
func (c *Cluster) mend() {
	for range 6 {
		if !c.rots() {
			return
		}
		for _, id := range c.pgs() {
			c.operator.askPG(id, "pg repair")
		}
		c.until(10*time.Second, func() bool { return !c.rots() })
	}
	c.violation("damage is not repaired (I8)", fmt.Sprintf("%v on %s", c.rotten[0].key, c.rotten[0].n.name))
}

// few leaves fewer OSDs than a PG needs: everything must block, and nothing be made up. Then the others
// come back.
func (c *Cluster) few(n *nemesis) {
	n.over = true
	c.w.Note("nemesis", "ends", "too few are left")
	c.w.HealAll()
	left := max(0, c.fewestCopies()-1)
	first := n.rand.IntN(len(c.osds))
	for i := range c.osds {
		o := c.osds[(first+i)%len(c.osds)]
		o.Resume()
		if i >= left {
			c.barred[(first+i)%len(c.osds)] = true
			o.Crash(n.chance(50))
		}
	}
	alone := c.w.now + 2*c.longestLease() + time.Second
	c.w.Run(c.w.now + 8*time.Second)
	for i := range c.history {
		if op := &c.history[i]; op.Begin > alone && op.Outcome != history.Unknown {
			c.violation("served by too few (I3)", op.String())
			break
		}
	}
	clear(c.barred)
}

func (r *Running) report(v *history.Verdict) *Report {
	c := r.c
	rep := &Report{
		Seed: r.opt.Seed, Scenario: c.cfg.Scenario, OK: len(c.found) == 0, Violations: c.found, Counts: c.counts,
		Objects: v.Objects, Undecided: v.Undecided, Faults: c.faults, Epochs: c.state().Epoch(), Virtual: c.w.now,
		Gap: c.watch.gap, Healing: c.healing, Steps: c.w.steps, TraceHash: c.w.Hash(), Reached: c.reached,
		Story: c.tale.told, Shares: c.shareOut(),
	}
	if c.furies != nil {
		rep.Strikes = c.furies.struck
		for _, s := range rep.Strikes {
			s.tell()
		}
	}
	rep.Began, rep.Begun = c.began, c.begun
	if c.watch.looks > 0 {
		rep.Available = 1000 * c.watch.writable / c.watch.looks
	}
	if !rep.OK {
		rep.Last = c.w.Last(kept)
	}
	return rep
}

// pick draws one of some values.
func pick[T any](r *core.Rand, of ...T) T { return of[r.IntN(len(of))] }
