package mon

import (
	"fmt"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// Core is a monitor. It holds what the log has agreed on, serves maps, and passes everything else on
// to the monitor that leads; when that is itself, leader has what it does then.
type Core struct {
	cfg    Config
	entity wire.Entity
	now    core.Time
	out    []core.Effect

	started   bool
	stopping  bool
	tokens    uint64
	calls     map[uint64]func(core.Answered)
	proposals map[uint64]func(core.Proposed)

	st      *State
	hinted  osdmap.Epoch // the newest map that was told of
	lined   uint64       // the next line of the cluster log to tell
	members []core.Member
	whole   wholeMap
	pinged  []*pingedMon // the other monitors, by name

	term   uint64
	leader wire.Entity // zero: nobody, as far as is known
	lead   *leader     // nil: this monitor does not lead
}

// New makes a monitor's core.
func New(cfg Config) *Core {
	return &Core{
		cfg: cfg, entity: entityOf(cfg.Name), st: Machine().New().(*State),
		calls: make(map[uint64]func(core.Answered)), proposals: make(map[uint64]func(core.Proposed)),
	}
}

// State is what this monitor knows to be agreed.
func (c *Core) State() *State { return c.st }

// Step moves the monitor by one event.
func (c *Core) Step(now core.Time, ev core.Event) []core.Effect {
	c.now, c.out = now, nil
	if !c.started {
		c.started = true
		c.timer(tickKey{}, tickEvery)
		c.emit(core.Ready{})
	}
	if c.lead != nil {
		c.lead.afterPause()
	}
	switch ev := ev.(type) {
	case core.Received:
		c.received(ev)
	case core.Answered:
		if then, ok := c.calls[ev.Token.N]; ok {
			delete(c.calls, ev.Token.N)
			then(ev)
		}
	case core.Proposed:
		if then, ok := c.proposals[ev.Token.N]; ok {
			delete(c.proposals, ev.Token.N)
			then(ev)
		}
	case core.Applied:
		c.applied(ev)
	case core.Leading:
		c.leading(ev)
	case core.Members:
		c.members = ev.Members
	case core.Fired:
		c.fired(ev.Key)
	case core.Continue:
		if c.lead != nil {
			c.lead.idle()
		}
	case core.Stop:
		c.stop()
	case core.SessionReset, core.Unreachable, core.StoreStats:
	default:
		panic(fmt.Sprintf("mon: Step: unknown event %T", ev))
	}
	return c.out
}

func (c *Core) emit(e core.Effect) { c.out = append(c.out, e) }

func (c *Core) log(level core.Level, message string, args ...any) {
	c.emit(core.Log{Level: level, Message: message, Args: args})
}

func (c *Core) token() core.Token {
	c.tokens++
	return core.Token{N: c.tokens}
}

func (c *Core) timer(key any, after time.Duration) {
	c.emit(core.SetTimer{Key: key, At: c.now.Mono + after})
}

// tickKey is the timer of what every monitor does from time to time.
type tickKey struct{}

const tickEvery = 200 * time.Millisecond

func (c *Core) fired(key any) {
	switch key := key.(type) {
	case tickKey:
		c.timer(tickKey{}, tickEvery)
		c.tick()
	case leaderKey:
		if c.lead != nil && c.lead.term == key.term {
			c.lead.fired(key)
		}
	case stopKey:
		c.emit(core.Exit{})
	}
}

// tick repeats the hint of the newest map, which may have been lost, and tells the leader that this
// monitor is well.
func (c *Core) tick() {
	if c.now.Mono/time.Second != (c.now.Mono-tickEvery)/time.Second {
		c.hint()
		c.pingMons()
		c.follow()
	}
	if c.lead != nil {
		c.lead.tick()
	}
}

// applied moves on to a newer state, and tells everyone who listens.
func (c *Core) applied(ev core.Applied) {
	old := c.st
	c.st = ev.State.(*State)
	if c.st.Epoch() > c.hinted || c.st.monsVersion != old.monsVersion {
		c.hint()
	}
	c.tellLines(old)
	if c.lead != nil {
		c.lead.applied()
	}
}

func (c *Core) hint() {
	c.hinted = c.st.Epoch()
	hint := &wire.MapHint{Epoch: c.hinted, Mons: c.st.monsVersion}
	if !c.leader.IsZero() {
		hint.Leader = c.leader.String()
	}
	if c.hinted > 0 {
		c.emit(core.Publish{Type: wire.TypeMapHint, Epoch: c.hinted, Body: hint})
	}
}

// mostLines is how many lines of the cluster log one hint brings.
const mostLines = 100

// tellLines publishes what is new in the cluster log. After a restart all of it is old.
func (c *Core) tellLines(old *State) {
	if old.version == 0 && c.st.version > 1 {
		c.lined = c.st.lines.end()
		return
	}
	c.lined = max(c.lined, c.st.lines.start)
	for c.lined < c.st.lines.end() {
		told := &wire.LogLines{}
		for len(told.Lines) < mostLines && c.lined < c.st.lines.end() {
			line, _ := c.st.lines.at(c.lined)
			told.Lines = append(told.Lines, line)
			c.lined++
		}
		c.emit(core.Publish{Type: wire.TypeLogLines, Epoch: c.st.Epoch(), Body: told})
	}
}

// leading is news of who leads. Leading twice without a break between is still another term: what
// the leader knew belongs to the term.
func (c *Core) leading(ev core.Leading) {
	changed := ev.Leader != c.leader
	c.term, c.leader = ev.Term, ev.Leader
	if ev.Me {
		c.leader = c.entity
	}
	if c.lead != nil && (!ev.Me || ev.Term != c.lead.term) {
		c.log(core.Info, "leads no longer", "term", c.lead.term)
		c.lead.end()
		c.lead = nil
	}
	if ev.Me && c.lead == nil {
		c.log(core.Info, "leads", "term", ev.Term, "epoch", c.st.Epoch())
		c.lead = newLeader(c, ev.Term)
		c.lead.begin()
	}
	if changed {
		c.hint()
		c.follow()
	}
}

// propose asks the log to agree on an entry.
func (c *Core) propose(e *entry, then func(core.Proposed)) {
	t := c.token()
	c.proposals[t.N] = then
	c.emit(core.Propose{Token: t, Command: e.encode()})
}

func (c *Core) barrier(then func(core.Proposed)) {
	t := c.token()
	c.proposals[t.N] = then
	c.emit(core.Barrier{Token: t})
}

func (c *Core) changeMembers(action core.MemberAction, m core.Member, then func(core.Proposed)) {
	t := c.token()
	c.proposals[t.N] = then
	c.emit(core.ChangeMembers{Token: t, Action: action, Member: m})
}

// stopKey is the timer that ends a stop.
type stopKey struct{}

// stop hands leadership on, so that nobody waits for an election, and exits.
func (c *Core) stop() {
	if c.stopping {
		return
	}
	c.stopping = true
	if c.lead != nil {
		if heir, ok := c.lead.heir(); ok {
			c.timer(stopKey{}, 2*time.Second)
			c.changeMembers(core.TransferTo, heir, func(core.Proposed) { c.emit(core.Exit{}) })
			return
		}
	}
	c.emit(core.Exit{})
}
