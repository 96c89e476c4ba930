package logtest

import (
	"time"

	"zeph/pkg/core"
)

// Scenario is one thing that happens to a cluster.
type Scenario struct {
	Name    string
	Members int
	Well    bool // it counts on a log that does not fail without a fault
	play    func(*Play)
}

// Run plays it. The cluster is a new one, with a Machine of this package, whose members run.
func (s Scenario) Run(t T, c Cluster, seed uint64) {
	t.Helper()
	p := newPlay(t, c, s.Members, seed)
	s.play(p)
	p.settle()
}

// Scenarios are all of them.
var Scenarios = []Scenario{
	{"one order", 3, true, oneOrder},
	{"alone", 1, false, alone},
	{"large commands", 3, true, largeCommands},
	{"leader crashes", 3, false, leaderCrashes},
	{"new leader's first barrier", 3, false, firstBarrier},
	{"leader cut off", 3, false, leaderCutOff},
	{"leader paused", 3, false, leaderPaused},
	{"disk of the leader hangs", 3, false, diskHangs},
	{"no majority", 3, false, noMajority},
	{"all restart", 3, false, allRestart},
	{"back by snapshot", 3, false, backBySnapshot},
	{"long away", 3, true, longAway},
	{"followers refuse", 3, false, followersRefuse},
	{"members come and go", 3, false, transfer},
	{"chaos", 3, false, func(p *Play) { chaos(p, 2*time.Minute) }},
	{"chaos of five", 5, false, func(p *Play) { chaos(p, time.Minute) }},
}

func oneOrder(p *Play) {
	p.leader()
	for range 20 {
		l := p.leader()
		for range 5 {
			p.propose(l)
		}
		p.barrier(l)
		p.wait(200 * time.Millisecond)
	}
	if p.j.Commands() < 90 {
		p.Errorf("%d of 100 commands agreed on without a fault", p.j.Commands())
	}
}

func alone(p *Play) {
	p.commit(10)
	p.crash(0)
	p.restart(0)
	p.commit(1)
}

func largeCommands(p *Play) {
	l := p.leader()
	away := p.others(l)[0]
	p.crash(away) // it gets all of them at once later
	for range 7 {
		t := p.proposeSized(l, 3<<20)
		p.until(30*time.Second, "a large command ends", func() bool { return p.end(t) != 0 })
	}
	p.restart(away)
}

// firstBarrier: a leader is asked for a barrier before it knows what was agreed on.
func firstBarrier(p *Play) {
	p.step = time.Millisecond
	for range 6 {
		l := p.leader()
		t := p.propose(l)
		p.until(5*time.Second, "a proposal ends", func() bool { return p.end(t) != 0 })
		p.crash(l)
		next := p.leader(p.others(l)...)
		for range 10 {
			p.barrier(next)
			p.wait(p.step)
		}
		p.restart(l)
	}
	p.step = normalStep
}

func leaderCrashes(p *Play) {
	for range 4 {
		p.commit(5)
		l := p.leader()
		p.propose(l)
		p.propose(l)
		p.crash(l)
		p.commit(5, p.others(l)...)
		p.restart(l)
		p.wait(time.Second)
	}
}

// leaderCutOff: what it is asked while cut off is not acknowledged, and it shows nothing old as new.
func leaderCutOff(p *Play) {
	p.commit(5)
	l := p.leader()
	p.c.Cut(l)
	mine := p.propose(l)
	before := p.barrier(l)
	p.commit(5, p.others(l)...)
	after := p.barrier(l)
	p.wait(3 * time.Second)
	for _, t := range []core.Token{mine, before, after} {
		if p.end(t) == core.Committed {
			p.Errorf("%v is agreed on by one of three", t)
		}
	}
	p.c.Heal(l)
	p.commit(3)
}

// leaderPaused: it wakes up and still believes to lead.
func leaderPaused(p *Play) {
	for range 3 {
		p.commit(5)
		l := p.leader()
		p.c.Pause(l)
		p.commit(5, p.others(l)...)
		p.c.Heal(l)
		p.barrier(l) // the judge sees what it covers
		p.propose(l)
		p.wait(2 * time.Second)
	}
}

// diskHangs: the leader is replaced, although its process answers.
func diskHangs(p *Play) {
	p.commit(5)
	l := p.leader()
	p.c.Hang(l)
	p.propose(l)
	p.wait(p.step)
	p.commit(5, p.others(l)...)
	p.c.Heal(l)
	p.barrier(l)
	p.wait(time.Second)
	p.commit(5)
}

func noMajority(p *Play) {
	p.commit(5)
	l := p.leader()
	for _, m := range p.others(l) {
		p.crash(m)
	}
	p.wait(2 * time.Second)
	known := p.j.Commands()
	for range 10 {
		p.propose(l)
		p.barrier(l)
		p.wait(500 * time.Millisecond)
	}
	if p.j.Commands() > known {
		p.Errorf("one of three agreed with itself on %d commands", p.j.Commands()-known)
	}
	p.restart(p.others(l)[0])
	p.commit(5)
}

func allRestart(p *Play) {
	for range 3 {
		p.commit(10)
		for m := range p.n {
			p.crash(m)
		}
		for m := range p.n {
			p.restart(m)
		}
	}
}

func backBySnapshot(p *Play) {
	p.commit(5)
	away := p.others(p.leader())[0]
	p.crash(away)
	p.commit(150, p.others(away)...)
	for _, m := range p.others(away) {
		p.c.Snapshot(m)
	}
	p.commit(150, p.others(away)...)
	for _, m := range p.others(away) {
		p.c.Snapshot(m)
	}
	p.commit(5, p.others(away)...)
	p.restart(away)
	p.until(30*time.Second, "who was away has caught up", func() bool { return p.j.Lag(away) == 0 })
	p.Logf("%d states stood for entries", p.jumps[away])
	p.crash(away)
	p.restart(away)
}

// longAway: who comes back after minutes is needed at once.
func longAway(p *Play) {
	p.commit(3)
	l := p.leader()
	away, other := p.others(l)[0], p.others(l)[1]
	p.crash(away)
	p.wait(3 * time.Minute)
	p.commit(3)
	p.restart(away)
	p.wait(time.Second)
	p.crash(other)
	t := p.propose(p.leader())
	p.until(5*time.Second, "a command is agreed on by two of three", func() bool { return p.end(t) != 0 })
}

func followersRefuse(p *Play) {
	p.commit(3)
	l := p.leader()
	for _, m := range p.others(l) {
		t := p.propose(m)
		b := p.barrier(m)
		p.until(5*time.Second, "a follower answers", func() bool { return p.end(t) != 0 && p.end(b) != 0 })
		if p.end(t) != core.Refused || p.end(b) != core.Refused {
			p.Errorf("a follower was asked: %v and %v", p.end(t), p.end(b))
		}
	}
}

// transfer: another member leads when asked to.
func transfer(p *Play) {
	p.commit(3)
	for range 3 {
		l := p.leader()
		p.wait(time.Second)
		t := p.token()
		to := p.others(l)[p.rand.IntN(p.n-1)]
		p.do(l, core.ChangeMembers{Token: t, Action: core.TransferTo, Member: core.Member{Name: MemberName(to), ID: p.id(to)}})
		p.until(10*time.Second, "a transfer ends", func() bool { return p.end(t) != 0 })
		p.commit(3)
		if p.end(t) == core.Committed && p.leader() != to {
			p.Logf("member %d was to lead, and %d does", to, p.leader())
		}
	}
}

// id is a member's, as any Cluster must have it.
func (p *Play) id(m int) string { return MemberName(m) + "/" + MemberName(m) }

// MemberName is the name of a member; its id is its name, a slash, and its name again.
func MemberName(m int) string { return string(rune('a' + m)) }

// Soak is a Scenario of chaos alone, for as long as one likes.
func Soak(members int, length time.Duration) Scenario {
	return Scenario{"soak", members, false, func(p *Play) {
		chaos(p, length)
		p.Logf("%d commands agreed on in %v, %d terms had a leader", p.j.Commands(), length, len(p.j.leaders))
	}}
}

// chaos does anything to anybody for a while. At most a minority is hurt at once, but now and then all.
func chaos(p *Play, length time.Duration) {
	hurt := make([]time.Duration, p.n) // until when
	for at := time.Duration(0); at < length; at += p.step {
		for m := range p.n {
			p.chaosOf(m, at, hurt)
		}
		p.wait(p.step)
	}
}

func (p *Play) chaosOf(m int, at time.Duration, hurt []time.Duration) {
	switch {
	case hurt[m] > at:
	case hurt[m] > 0:
		hurt[m] = 0
		p.c.Heal(m)
		if p.down[m] {
			p.restart(m)
		}
	case p.rand.Chance(2_000) && (p.hurt(hurt) < (p.n-1)/2 || p.rand.Chance(100_000)):
		hurt[m] = at + time.Duration(1+p.rand.IntN(8_000))*time.Millisecond
		p.hurtOne(m, &hurt[m], at)
	}
	if p.down[m] {
		return
	}
	switch {
	case p.leading[m].Me && p.rand.Chance(200_000), p.rand.Chance(5_000):
		p.propose(m)
	case p.leading[m].Me && p.rand.Chance(50_000), p.rand.Chance(2_000):
		p.barrier(m)
	case p.rand.Chance(500):
		p.c.Snapshot(m)
	}
}

func (p *Play) hurt(until []time.Duration) int {
	n := 0
	for _, u := range until {
		if u > 0 {
			n++
		}
	}
	return n
}

func (p *Play) hurtOne(m int, until *time.Duration, at time.Duration) {
	switch p.rand.IntN(4) {
	case 0:
		p.crash(m)
	case 1:
		p.c.Cut(m)
	case 2:
		p.c.Pause(m)
	case 3:
		p.c.Hang(m)
		*until = min(*until, at+3*time.Second) // after five the process ends
	}
}
