package logtest

import (
	"fmt"

	"zeph/pkg/core"
)

// Judge hears what members are asked and what they tell, in the order in which an observer of all of them
// would, and says where a log does not do what it must. Tokens are used once in the whole test.
type Judge struct {
	fail    func(string)
	members []member
	order   []entry        // by position: the one order, as far as anybody has shown it
	where   map[uint64]int // command → its position in order
	asked   map[core.Token]*ask
	refused map[uint64]bool   // commands
	acked   uint64            // highest index that anybody was told Committed
	ackedID map[uint64]uint64 // index → command told Committed
	leaders map[uint64]int    // term → who led
}

type entry struct{ index, id, hash uint64 }

type member struct {
	heard bool // an Applied since it started
	to    uint64
	count uint64
	term  uint64
}

type ask struct {
	member  int
	barrier bool
	change  bool
	id      uint64
	acked   uint64 // when it was asked
}

// NewJudge judges so many members. fail is told each thing that is wrong.
func NewJudge(members int, fail func(string)) *Judge {
	return &Judge{fail: fail, members: make([]member, members), where: make(map[uint64]int), asked: make(map[core.Token]*ask),
		refused: make(map[uint64]bool), ackedID: make(map[uint64]uint64), leaders: make(map[uint64]int)}
}

func (j *Judge) failf(format string, args ...any) { j.fail(fmt.Sprintf(format, args...)) }

// Asked hears that a member is asked for something.
func (j *Judge) Asked(m int, ef core.Effect) {
	a := &ask{member: m, acked: j.acked}
	var token core.Token
	switch ef := ef.(type) {
	case core.Propose:
		var s State
		n, _ := Machine{}.Apply(&s, 1, ef.Command)
		token, a.id = ef.Token, n.(*State).ID
	case core.Barrier:
		token, a.barrier = ef.Token, true
	case core.ChangeMembers:
		token, a.change = ef.Token, true
	}
	if j.asked[token] != nil {
		j.failf("token %v is used twice", token)
	}
	j.asked[token] = a
}

// Open is how many of a member's questions have not ended.
func (j *Judge) Open(m int) int {
	open := 0
	for _, a := range j.asked { // only counted
		if a.member == m {
			open++
		}
	}
	return open
}

// Stopped hears that a member's process has ended. What it was asked never ends.
func (j *Judge) Stopped(m int) {
	for token, a := range j.asked { // in any order: they only go
		if a.member == m {
			delete(j.asked, token)
		}
	}
	j.members[m] = member{}
}

// Heard hears an event of a member.
func (j *Judge) Heard(m int, ev core.Event) {
	switch ev := ev.(type) {
	case core.Applied:
		j.applied(m, ev)
	case core.Proposed:
		j.proposed(m, ev)
	case core.Leading:
		j.leading(m, ev)
	}
}

func (j *Judge) leading(m int, l core.Leading) {
	mem := &j.members[m]
	if l.Term < mem.term {
		j.failf("member %d: term %d after %d", m, l.Term, mem.term)
	}
	mem.term = l.Term
	if !l.Me {
		return
	}
	if other, ok := j.leaders[l.Term]; ok && other != m {
		j.failf("members %d and %d both lead in term %d", other, m, l.Term)
	}
	j.leaders[l.Term] = m
}

func (j *Judge) applied(m int, a core.Applied) {
	s, ok := a.State.(*State)
	mem := &j.members[m]
	switch {
	case !ok:
		j.failf("member %d: a state of type %T", m, a.State)
		return
	case a.From > a.To+1:
		j.failf("member %d: applied %d to %d", m, a.From, a.To)
	case !mem.heard && a.From != a.To+1:
		j.failf("member %d: begins with %d to %d, not with a state", m, a.From, a.To)
	case mem.heard && a.From != mem.to+1 && a.From != a.To+1:
		j.failf("member %d: applied %d to %d after %d", m, a.From, a.To, mem.to)
	case mem.heard && a.To < mem.to:
		j.failf("member %d: went back from %d to %d", m, mem.to, a.To)
	}
	if s.Index > a.To {
		j.failf("member %d: the state of %d holds command %d", m, a.To, s.Index)
	}
	j.learn(m, s)
	if next := int(s.Count); next < len(j.order) && j.order[next].index <= a.To {
		j.failf("member %d: the state of %d lacks command %d", m, a.To, j.order[next].index)
	}
	*mem = member{heard: true, to: a.To, count: s.Count, term: mem.term}
}

// learn takes in what a state shows of the order, and holds it to what others have shown.
func (j *Judge) learn(m int, s *State) {
	var fresh []*State
	for ; s.Count > uint64(len(j.order)); s = s.Before {
		fresh = append(fresh, s)
	}
	if s.Count > 0 && j.order[s.Count-1] != (entry{s.Index, s.ID, s.Hash}) {
		j.failf("member %d: command %d at index %d is number %d, where others have %d at index %d", m, s.ID, s.Index, s.Count,
			j.order[s.Count-1].id, j.order[s.Count-1].index)
		return
	}
	for i := len(fresh) - 1; i >= 0; i-- {
		j.extend(m, fresh[i])
	}
}

func (j *Judge) extend(m int, s *State) {
	if at, ok := j.where[s.ID]; ok {
		j.failf("member %d: command %d at index %d is also at index %d", m, s.ID, s.Index, j.order[at].index)
	}
	if j.refused[s.ID] {
		j.failf("member %d: command %d was refused, and is at index %d", m, s.ID, s.Index)
	}
	if n := len(j.order); n > 0 && s.Index <= j.order[n-1].index {
		j.failf("member %d: index %d after %d", m, s.Index, j.order[n-1].index)
	}
	if id, ok := j.ackedID[s.Index]; ok && id != s.ID {
		j.failf("member %d: command %d at index %d, where %d was acknowledged", m, s.ID, s.Index, id)
	}
	for other, o := range j.members {
		if o.heard && o.to >= s.Index && o.count < s.Count {
			j.failf("member %d: command %d at index %d, which member %d has passed without it", m, s.ID, s.Index, other)
		}
	}
	j.where[s.ID] = len(j.order)
	j.order = append(j.order, entry{s.Index, s.ID, s.Hash})
}

func (j *Judge) proposed(m int, p core.Proposed) {
	a := j.asked[p.Token]
	if a == nil || a.member != m {
		j.failf("member %d: %v ended, which is not under way there", m, p.Token)
		return
	}
	delete(j.asked, p.Token)
	if (p.Outcome == core.Committed) != (p.Err == nil) {
		j.failf("member %d: %v ended %v with error %v", m, p.Token, p.Outcome, p.Err)
	}
	switch {
	case a.change:
	case a.barrier && p.Outcome == core.Committed:
		if j.members[m].to < a.acked {
			j.failf("member %d: a barrier ended at %d, and %d had been acknowledged before", m, j.members[m].to, a.acked)
		}
	case a.barrier:
	case p.Outcome == core.Committed:
		j.committed(m, a, p)
	case p.Outcome == core.Refused:
		if at, ok := j.where[a.id]; ok {
			j.failf("member %d: command %d refused, which is at index %d", m, a.id, j.order[at].index)
		}
		j.refused[a.id] = true
	}
}

func (j *Judge) committed(m int, a *ask, p core.Proposed) {
	j.acked = max(j.acked, p.Index)
	j.ackedID[p.Index] = a.id
	at, ok := j.where[a.id]
	switch {
	case j.members[m].to < p.Index:
		j.failf("member %d: command %d committed at %d, applied up to %d", m, a.id, p.Index, j.members[m].to)
	case !ok:
		j.failf("member %d: command %d committed, and nobody has it", m, a.id)
	case j.order[at].index != p.Index:
		j.failf("member %d: command %d committed at %d, and is at %d", m, a.id, p.Index, j.order[at].index)
	case p.Result != uint64(at+1):
		j.failf("member %d: command %d came to %v, expected %d", m, a.id, p.Result, at+1)
	}
}

// Lag is how many commands a member has yet to apply of those that are known.
func (j *Judge) Lag(m int) int { return len(j.order) - int(j.members[m].count) }

// Acked is the highest index that anybody was told Committed.
func (j *Judge) Acked() uint64 { return j.acked }

// Commands is how many are known to be in the order.
func (j *Judge) Commands() int { return len(j.order) }
