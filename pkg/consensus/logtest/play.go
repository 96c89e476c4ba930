package logtest

import (
	"time"

	"zeph/pkg/core"
)

// Cluster is a log with its members, numbered from 0, and what can happen to them. Time passes in Wait only.
type Cluster interface {
	Do(m int, ef core.Effect)  // of a member that runs
	Events(m int) []core.Event // since the last call
	Wait(d time.Duration)      // lets time pass
	Crash(m int)               // its process ends, and what was not on disk is gone
	Restart(m int)             // after Crash
	Cut(m int)                 // no message goes to it or comes from it
	Pause(m int)               // as by SIGSTOP, as near as can be: all messages of its wait
	Hang(m int)                // its disk hangs; with any luck not for long
	Heal(m int)                // ends Cut, Pause and Hang
	Snapshot(m int)            // it makes one now
}

// T is what Scenarios need of a testing.TB.
type T interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
}

// Play is a scenario under way.
type Play struct {
	T
	c    Cluster
	j    *Judge
	n    int
	rand *core.Rand

	step    time.Duration // between looks at the members
	next    uint64
	down    []bool
	leading []core.Leading
	ended   map[core.Token]core.Proposed
	jumps   []int // by member: states that stood for entries, after the first
}

const normalStep = 50 * time.Millisecond

func newPlay(t T, c Cluster, members int, seed uint64) *Play {
	p := &Play{T: t, c: c, n: members, step: normalStep, rand: core.RandFor(seed, "logtest"), down: make([]bool, members),
		leading: make([]core.Leading, members), ended: make(map[core.Token]core.Proposed), jumps: make([]int, members)}
	p.j = NewJudge(members, func(what string) {
		t.Helper()
		t.Errorf("%s", what)
	})
	return p
}

// hear takes in what has happened.
func (p *Play) hear() {
	for m := range p.n {
		if p.down[m] {
			continue
		}
		for _, ev := range p.c.Events(m) {
			if a, ok := ev.(core.Applied); ok && a.From > a.To && p.j.members[m].heard {
				p.jumps[m]++
			}
			p.j.Heard(m, ev)
			switch ev := ev.(type) {
			case core.Leading:
				p.leading[m] = ev
			case core.Proposed:
				p.ended[ev.Token] = ev
			}
		}
	}
}

func (p *Play) wait(d time.Duration) {
	for ; d > 0; d -= p.step {
		p.c.Wait(min(d, p.step))
		p.hear()
	}
}

// until waits for something to become true, so long at most.
func (p *Play) until(limit time.Duration, what string, true func() bool) {
	p.Helper()
	for at := time.Duration(0); ; at += p.step {
		if true() {
			return
		}
		if at >= limit {
			p.Fatalf("after %v: still not so that %s", limit, what)
			return
		}
		p.wait(p.step)
	}
}

func (p *Play) token() core.Token {
	p.next++
	return core.Token{N: p.next}
}

func (p *Play) propose(m int) core.Token { return p.proposeSized(m, 0) }

func (p *Play) proposeSized(m, size int) core.Token {
	t := p.token()
	p.do(m, core.Propose{Token: t, Command: Command(t.N, size)})
	return t
}

func (p *Play) barrier(m int) core.Token {
	t := p.token()
	p.do(m, core.Barrier{Token: t})
	return t
}

func (p *Play) do(m int, ef core.Effect) {
	p.hear() // what was told before was told before
	p.j.Asked(m, ef)
	p.c.Do(m, ef)
}

func (p *Play) end(t core.Token) core.Outcome { return p.ended[t].Outcome }

func (p *Play) crash(m int) {
	p.hear()
	p.c.Crash(m)
	p.down[m] = true
	p.j.Stopped(m)
	p.leading[m] = core.Leading{}
}

func (p *Play) restart(m int) {
	p.c.Restart(m)
	p.down[m] = false
}

// leader waits for a member that leads, of those given (all: none), and that others do not outrank.
func (p *Play) leader(among ...int) int {
	p.Helper()
	found := -1
	p.until(15*time.Second, "one of the members leads", func() bool {
		found = p.leads(among...)
		return found >= 0
	})
	return found
}

// leads is who leads now in the highest term, or -1.
func (p *Play) leads(among ...int) int {
	best := -1
	for m := range p.n {
		l := p.leading[m]
		if l.Me && !p.down[m] && (len(among) == 0 || contains(among, m)) && (best < 0 || l.Term > p.leading[best].Term) {
			best = m
		}
	}
	return best
}

func contains(all []int, m int) bool {
	for _, a := range all {
		if a == m {
			return true
		}
	}
	return false
}

func (p *Play) others(m int) []int {
	var o []int
	for i := range p.n {
		if i != m {
			o = append(o, i)
		}
	}
	return o
}

// commit has so many commands agreed on, by whoever leads among the members given.
func (p *Play) commit(count int, among ...int) {
	p.Helper()
	for done := 0; done < count; {
		t := p.propose(p.leader(among...))
		p.until(15*time.Second, "a proposal ends", func() bool { return p.end(t) != 0 })
		if p.end(t) == core.Committed {
			done++
		}
	}
}

// settle ends all faults and waits for everybody to be of one mind.
func (p *Play) settle() {
	p.Helper()
	for m := range p.n {
		p.c.Heal(m)
		if p.down[m] {
			p.restart(m)
		}
	}
	p.commit(1)
	p.until(60*time.Second, "all have ended and applied the same", func() bool {
		for m := range p.n {
			if p.j.Open(m) > 0 || p.j.Lag(m) > 0 {
				return false
			}
		}
		return true
	})
}
