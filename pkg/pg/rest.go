package pg

import (
	"math"
	"time"
)

// Due is when the next tick is of any use to the PG. Most PGs are at rest at most times: nothing is under way in them,
// and at a tick they would only look at the clock. It is read off the state anew at each tick, and no event has to
// remember it (6.6): where something waits for an answer, or to be sent again, every tick is due.
func (pg *PG) Due() time.Duration {
	switch {
	case pg.gone || pg.m == nil:
		return noTime
	case pg.pri != nil && pg.settled():
		return min(pg.leaseDue(), pg.statsDue(), pg.pri.schedule.look)
	case pg.pri != nil:
		return 0
	case pg.rep == nil:
		return noTime
	}
	return pg.copyDue()
}

const noTime = time.Duration(math.MaxInt64)

// copyDue is Due of a copy that another OSD leads.
func (pg *PG) copyDue() time.Duration {
	r, due := pg.rep, noTime
	if pg.isStray() {
		due = r.announced + announceEvery*pg.set.Repeat
	}
	if r.holds {
		due = min(due, r.renewed+slotLapse)
	}
	if r.scrub.holds {
		due = min(due, r.scrub.renewed+slotLapse)
	}
	return due
}

// settled reports whether a primary has nothing to do but to keep its lease: no operation waits, nothing is to be sent
// again, nothing is missing, all members know what was reached, and nobody else's lease runs.
func (pg *PG) settled() bool {
	p := pg.pri
	if p.phase != active || len(pg.bounds) > 0 || len(p.writes.ops) > 0 || len(p.writes.lists) > 0 || p.want != nil {
		return false
	}
	if r := &p.recovery; len(r.active) > 0 || len(r.wanted) > 0 || r.suspect || r.slots.asked || !r.budget.full(&pg.set) || pg.missing.len() > 0 {
		return false
	}
	if s := &p.scrub; s.step != scrubIdle || s.asked || s.place.asked {
		return false
	}
	for _, q := range p.peers {
		if q.acts() && !pg.content(q) || !q.acts() && q.info != nil && !q.none {
			return false
		}
	}
	return pg.rests()
}

// content reports whether a member is waiting for nothing.
func (pg *PG) content(q *peer) bool {
	return q.activated && !q.target && !q.stalled && !q.slot.asked && q.missing.len() == 0 && pg.knowsHistory(q)
}

// full reports whether time adds nothing to it.
func (b *budget) full(set *Settings) bool {
	return b.began && b.bytes >= int64(set.RecoveryBytes) && b.pushes >= int64(set.RecoveryRate)*1000
}
