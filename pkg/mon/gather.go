package mon

import (
	"slices"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/wire"
)

// An intent is something that the leader wants the state to say. It plans itself into a draft, and
// into another one when that draft comes too late.
type intent interface {
	plan(l *leader, d *draft) verdict

	// absorb reports whether this intent, which waits, stands for a later one too.
	absorb(l *leader, later intent) bool

	// cancel ends whoever waits for the intent, without it.
	cancel(l *leader, err *wire.Error)
}

// verdict is what a plan came to.
type verdict uint8

const (
	planned verdict = iota // it is in the draft
	step                   // its first half is: the other one needs a further epoch
	later                  // it clashes with what the draft holds
	done                   // there is nothing to do, and whoever asked has been told
)

// leaderKey is a timer of one term.
type leaderKey struct {
	term uint64
	what string // gather, again
}

// want queues an intent. Those that are urgent go as soon as nothing else waits for this core, unless
// others are being gathered (protocol 14.7).
func (l *leader) want(in intent, urgent bool) {
	if slices.ContainsFunc(l.queue, func(other intent) bool { return other.absorb(l, in) }) {
		return
	}
	first := len(l.queue) == 0
	l.queue = append(l.queue, in)
	if !l.ready || l.inflight != nil {
		return // goes with the next draft
	}
	if first && urgent {
		l.goingIdle = true
		l.c.emit(core.Continue{Token: core.Token{N: l.term}})
	} else if first || !l.gathering && !l.goingIdle {
		l.gather()
	}
}

// gather lets the queue wait for company.
func (l *leader) gather() {
	l.gathering = true
	l.c.timer(leaderKey{l.term, "gather"}, l.c.st.length("mon_osd_gather"))
}

// idle is when nothing else waits for the core.
func (l *leader) idle() {
	if l.goingIdle {
		l.goingIdle = false
		l.flush()
	}
}

func (l *leader) fired(key leaderKey) {
	switch key.what {
	case "gather":
		l.gathering = false
		l.flush()
	case "again":
		l.begin()
		l.flush()
		l.pass()
	}
}

// flush makes a draft of what waits, and proposes it. There is one under way at a time.
func (l *leader) flush() {
	if !l.ready || l.inflight != nil {
		return
	}
	l.gathering, l.goingIdle = false, false
	d := newDraft(l.c.st, l.c.now.Wall)
	queue := l.queue
	l.queue = nil
	for _, in := range queue {
		switch in.plan(l, d) {
		case planned:
			d.intents = append(d.intents, in)
		case step, later:
			l.queue = append(l.queue, in)
		}
	}
	l.tidyTemps(d)
	if d.empty() {
		for _, then := range d.then {
			then(d.epoch())
		}
		return
	}
	e, err := d.entry()
	if err != nil {
		l.c.log(core.Error, "a change cannot be encoded", "err", err)
		d.fail(l, wire.Internal.Errorf("%v", err))
		return
	}
	l.inflight = d
	c := l.c
	c.propose(e, func(p core.Proposed) { c.proposed(l, d, p) })
}

// proposed is what became of a draft. The leader that made it may have lost its office meanwhile.
func (c *Core) proposed(l *leader, d *draft, p core.Proposed) {
	holds := c.lead == l
	l.inflight = nil
	r, _ := p.Result.(Result)
	switch {
	case p.Outcome == core.Committed && r.Err == nil:
		for _, then := range d.then {
			then(r.Epoch)
		}
	case p.Outcome == core.Committed && r.Stale && holds, p.Outcome == core.Refused && holds:
		l.queue = append(d.intents, l.queue...) // nothing happened: plan anew
		if p.Outcome == core.Refused {
			c.timer(leaderKey{l.term, "again"}, 50*time.Millisecond)
			return
		}
	case p.Outcome == core.Committed && !r.Stale:
		c.log(core.Error, "a change was agreed on that no map takes", "err", r.Err, "epoch", c.st.Epoch())
		d.fail(l, wire.Internal.Errorf("%v", r.Err))
	case p.Outcome == core.Unknown:
		d.fail(l, wire.Lost.Errorf("the leader changed with the request under way: %v", p.Err))
	default:
		d.fail(l, c.noLeader())
	}
	if holds && len(l.queue) > 0 {
		l.flush()
	}
}

// fail ends all who wait for a draft.
func (d *draft) fail(l *leader, err *wire.Error) {
	for _, in := range d.intents {
		in.cancel(l, err)
	}
}
