package sim

import (
	"time"

	"zeph/pkg/core"
	"zeph/pkg/wire"
)

// LogConfig says how the modelled log misbehaves. Zero values behave well.
type LogConfig struct {
	Commit  time.Duration // how long agreeing takes, at the least; default 1 ms
	Slow    time.Duration // most that it takes beyond that; default 2 ms
	Lag     time.Duration // most that a member applies behind the others; default 5 ms
	Refuse  int           // proposals refused for no reason, per million
	Depose  int           // chance in a million, each 50 ms, that the leader changes for no reason
	Skip    int           // announcements of a leader that get lost, per million
	Install int           // chance in a million that a member behind jumps by a snapshot
}

// Log is a log that members agree on, and promises no more than hashicorp/raft keeps: a
// proposal ends committed, refused or unknown, and an unknown one is committed before any of the
// next term or never; two members may believe that they lead, the older one in vain;
// announcements come late, merged or never; members apply at different times, fall back when they
// restart, jump by snapshots; without a majority everything stands still. It promises one
// order, and that a barrier covers everything acknowledged before it was asked for.
type Log struct {
	w        *World
	cfg      LogConfig
	machine  core.Machine
	members  []*member
	rand     *core.Rand
	states   []core.State // by index: states[i] is what the first i commands make
	term     uint64
	leader   *member // of term; nil: nobody
	contact  time.Duration
	patience time.Duration // how long the leader may be out of touch before another is chosen
	under    []*proposal   // way, of the present leader, in order
	busy     time.Duration // when the last of them will have been agreed on
	waits    bool
}

// member is a node's part of it.
type member struct {
	l        *Log
	n        *Node
	believes uint64 // the term that it believes to lead; 0: none
	heard    uint64 // the newest term whose leader it knows of
	applied  uint64
	saved    uint64      // what it does not fall behind when it restarts
	own      []*proposal // committed, not applied here yet, in order
	stale    []*proposal // proposed in vain, to a term that is over
	applying bool
	stuck    bool // its disk hangs
}

// proposal is a command under way, or a barrier (nil command).
type proposal struct {
	m       *member
	run     *run
	token   core.Token
	command []byte
	at      time.Duration // when enough members have it
	index   uint64
	result  any
}

// NewLog makes a log without members.
func (w *World) NewLog(machine core.Machine, cfg LogConfig) *Log {
	if cfg.Commit == 0 {
		cfg.Commit = time.Millisecond
	}
	if cfg.Slow == 0 {
		cfg.Slow = 2 * time.Millisecond
	}
	if cfg.Lag == 0 {
		cfg.Lag = 5 * time.Millisecond
	}
	l := &Log{w: w, cfg: cfg, machine: machine, states: []core.State{machine.New()}, rand: core.RandFor(w.cfg.Seed, "log")}
	l.patience = between(l.rand, 500*time.Millisecond, 2*time.Second)
	w.After(0, l.tick)
	return l
}

// Tune changes how the log misbehaves.
func (l *Log) Tune(change func(*LogConfig)) { change(&l.cfg) }

// State is the newest state that is agreed on: for judges.
func (l *Log) State() core.State { return l.states[len(l.states)-1] }

// Leader is the node that leads, nil: none.
func (l *Log) Leader() *Node {
	if l.leader == nil {
		return nil
	}
	return l.leader.n
}

func (l *Log) last() uint64 { return uint64(len(l.states) - 1) }

func (l *Log) join(n *Node) *member {
	m := &member{l: l, n: n}
	l.members = append(l.members, m)
	return m
}

// moves reports whether a member takes part at all.
func (m *member) moves() bool { return m.n.Up() && !m.n.paused && !m.n.hung && !m.stuck }

// sees reports whether two members hear each other.
func (m *member) sees(o *member) bool {
	return m == o || m.moves() && o.moves() &&
		m.l.w.Reaches(m.n, o.n, wire.Control) && m.l.w.Reaches(o.n, m.n, wire.Control)
}

// majority reports whether the member moves, and hears enough of the others.
func (m *member) majority() bool {
	count := 0
	for _, o := range m.l.members {
		if m.moves() && m.sees(o) {
			count++
		}
	}
	return 2*count > len(m.l.members)
}

// tick looks after leadership.
func (l *Log) tick() {
	w := l.w
	w.After(50*time.Millisecond, l.tick)
	if l.leader != nil && l.leader.majority() {
		l.contact = w.now
		if l.cfg.Depose > 0 && l.rand.Chance(l.cfg.Depose) {
			l.elect(nil)
		}
	} else if w.now-l.contact >= l.patience {
		l.elect(nil)
	}
	for _, m := range l.members {
		m.catchUp()
		if m.believes != 0 && m.believes != l.term && m.moves() && l.rand.IntN(8) == 0 {
			m.stepDown()
		}
		if m.moves() && m.heard != l.term && l.leader != nil && m != l.leader && m.sees(l.leader) && l.rand.IntN(3) == 0 {
			m.hear()
		}
	}
	l.settle()
}

// elect makes another member the leader, whichever can be, or the one that is wanted.
func (l *Log) elect(want *member) {
	var can []*member
	for _, m := range l.members {
		if m.majority() && m != l.leader && (want == nil || m == want) {
			can = append(can, m)
		}
	}
	if len(can) == 0 {
		if l.leader == nil || !l.leader.majority() || want != nil {
			return
		}
		can = append(can, l.leader) // again, in a new term
	}
	l.retire()
	next := can[l.rand.IntN(len(can))]
	l.term += 1 + uint64(l.rand.IntN(3)/2)
	l.leader, l.contact = next, l.w.now
	if next.believes != 0 {
		next.stepDown() // so that what it had proposed before ends
	}
	l.patience = between(l.rand, 500*time.Millisecond, 2*time.Second)
	next.believes, next.heard = l.term, l.term
	l.w.trace.begin(l.w.now, next.n.name, "leads").u("term", l.term).end(nil)
	next.n.run.put(core.Leading{Term: l.term, Me: true, Leader: next.n.entity})
}

// retire ends the term: of what is under way the first part is still committed, the rest never.
func (l *Log) retire() {
	keep := l.rand.IntN(len(l.under) + 1)
	for i, p := range l.under {
		if i < keep && p.command != nil {
			l.agree(p)
		}
		p.m.stale = append(p.m.stale, p)
	}
	l.under = nil
	l.leader = nil
}

// agree appends a command.
func (l *Log) agree(p *proposal) {
	state, result := l.machine.Apply(l.State(), l.last()+1, p.command)
	l.states = append(l.states, state)
	p.index, p.result = l.last(), result
}

// settle agrees on what has been under way for long enough.
func (l *Log) settle() {
	w := l.w
	for len(l.under) > 0 && l.under[0].at <= w.now && l.leader.majority() {
		p := l.under[0]
		l.under = l.under[1:]
		p.index = l.last()
		if p.command != nil {
			l.agree(p)
		}
		p.m.own = append(p.m.own, p)
		for _, m := range l.members {
			m.catchUp()
		}
	}
	if len(l.under) > 0 && !l.waits && l.under[0].at > w.now {
		l.waits = true
		w.queue.add(l.under[0].at, func() {
			l.waits = false
			l.settle()
		})
	}
}

// catchUp lets the member apply what is agreed on, in a moment.
func (m *member) catchUp() {
	l := m.l
	if m.applying || !m.moves() || m.applied >= l.last() && len(m.own) == 0 || l.leader == nil || !m.sees(l.leader) {
		return
	}
	m.applying = true
	r := m.n.run
	l.w.After(between(l.rand, 0, l.cfg.Lag), func() {
		if !r.alive() {
			return
		}
		m.applying = false
		if m.moves() {
			m.apply()
		}
	})
}

// apply moves the member's state on: all the way, a part of it, or by a snapshot.
func (m *member) apply() {
	l := m.l
	to := l.last()
	if behind := to - m.applied; behind > 1 && l.rand.IntN(4) == 0 {
		to = m.applied + 1 + uint64(l.rand.IntN(int(behind)))
	}
	if to > m.applied {
		from := m.applied + 1
		if l.rand.Chance(l.cfg.Install) {
			from = to + 1
		}
		m.applied = to
		if l.rand.IntN(4) == 0 {
			m.saved = m.applied
		}
		m.n.run.put(core.Applied{From: from, To: to, State: l.states[to]})
	}
	for len(m.own) > 0 && m.own[0].index <= m.applied {
		p := m.own[0]
		m.own = m.own[1:]
		if p.run.alive() {
			p.run.put(core.Proposed{Token: p.token, Outcome: core.Committed, Index: p.index, Result: p.result})
		}
	}
	m.catchUp()
}

// propose takes a command; nil is a barrier.
func (m *member) propose(t core.Token, command []byte) {
	l := m.l
	p := &proposal{m: m, run: m.n.run, token: t, command: command}
	switch {
	case m.believes == 0, l.cfg.Refuse > 0 && l.rand.Chance(l.cfg.Refuse):
		p.finish(core.Refused)
	case m != l.leader || m.believes != l.term:
		m.stale = append(m.stale, p)
	default:
		l.busy = max(l.busy, l.w.now+l.cfg.Commit+between(l.rand, 0, l.cfg.Slow))
		p.at = l.busy
		l.under = append(l.under, p)
		l.settle()
	}
}

// finish ends a proposal in another way than well.
func (p *proposal) finish(o core.Outcome) {
	if p.run.alive() {
		p.run.put(core.Proposed{Token: p.token, Outcome: o, Err: core.ErrReset})
	}
}

// stepDown is when a member notices that it leads no more.
func (m *member) stepDown() {
	m.believes = 0
	stale := append(m.own, m.stale...)
	m.own, m.stale = nil, nil
	for _, p := range stale {
		p.finish(core.Unknown)
	}
	m.n.run.put(core.Leading{Term: m.heard})
}

// hear is when a member learns who leads; the word may get lost, until the next term.
func (m *member) hear() {
	l := m.l
	if m.believes != 0 {
		m.stepDown()
	}
	m.heard = l.term
	if !l.rand.Chance(l.cfg.Skip) {
		m.n.run.put(core.Leading{Term: l.term, Leader: l.leader.n.entity})
	}
}

// start is a member's restart: it has what it had saved, or a little more.
func (m *member) start() {
	l := m.l
	m.believes, m.heard, m.own, m.stale, m.applying = 0, 0, nil, nil, false
	if m.applied > m.saved {
		m.applied = m.saved + uint64(l.rand.IntN(int(m.applied-m.saved)+1))
	}
	m.saved = m.applied
	m.n.run.put(core.Members{Members: l.who()})
	m.n.run.put(core.Applied{From: m.applied + 1, To: m.applied, State: l.states[m.applied]})
}

func (l *Log) who() []core.Member {
	var all []core.Member
	for _, m := range l.members {
		name := m.n.name[len("mon."):]
		all = append(all, core.Member{Name: name, ID: m.n.spec.Member, Addr: "sim://" + m.n.name, Voter: true})
	}
	return all
}

// crash is the member's process ending. What it had proposed may be agreed on all the same.
func (m *member) crash() {
	if m.l.leader == m {
		m.l.retire()
	}
	m.believes, m.own, m.stale = 0, nil, nil
}

// change changes who leads. Members stay who they are.
func (m *member) change(e core.ChangeMembers) {
	l := m.l
	p := &proposal{m: m, run: m.n.run, token: e.Token}
	if e.Action != core.TransferTo || m != l.leader {
		p.finish(core.Refused)
		return
	}
	for _, o := range l.members {
		if o.n.name == "mon."+e.Member.Name && o != m && o.majority() {
			l.elect(o)
			p.run.put(core.Proposed{Token: p.token, Outcome: core.Committed, Index: l.last()})
			return
		}
	}
	p.finish(core.Refused)
}

// StickLog makes a member's own disk hang, or move again.
func (n *Node) StickLog(stuck bool) {
	n.member.stuck = stuck
	n.w.Note(n.name, "log disk", map[bool]string{true: "stuck", false: "moves"}[stuck])
}
