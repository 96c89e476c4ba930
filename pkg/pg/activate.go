package pg

import (
	"slices"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/store"
	"zeph/pkg/wire"
)

// activate makes this copy and its peers part of the interval: each merges the authoritative log and notes
// the interval as its les, in one transaction (5.4, 5.6).
func (pg *PG) activate() {
	p := pg.pri
	var t store.Txn
	if !pg.merge(&t, &p.auth.log) {
		panic("pg: activate: the logs were found to meet, and do not")
	}
	pg.learnFrom(&p.auth.info)
	pg.info.LES = pg.info.Interval.First
	pg.putInfo(&t)
	pg.toPhase(activating)
	pg.submit(&t, func() {
		pg.pri.selfDone = true
		pg.advance()
	})
	grant := pg.firstLease()
	for _, q := range p.peers {
		if act, up := pg.isActing(q.id), pg.isUp(q.id); act || up {
			q.target = !act
			q.activate = pg.activationFor(q)
			q.activate.Lease = grant
			if q.target {
				q.activate.Lease = wire.PGLease{}
			}
			q.sent = never
		}
	}
	pg.sendActivations()
}

// firstLease rides on the activation.
func (pg *PG) firstLease() wire.PGLease {
	if len(pg.acting()) < int(pg.info.Interval.MinSize) {
		return wire.PGLease{}
	}
	return pg.nextLease()
}

// activationFor is what a member has to take over: the entries after its last one if our log has that; all if it
// has others, so that it can find where they part; and everything anew where the logs do not meet.
func (pg *PG) activationFor(q *peer) *wire.PGActivate {
	a := &wire.PGActivate{Info: pg.myInfo(), Target: q.target}
	last := q.info.LastUpdate
	if q.none {
		last = wire.PGVersion{}
	}
	switch {
	case slices.Contains(pg.pri.apart, q.id) || last.Compare(pg.log.tail) < 0 || q.none && !pg.log.tail.IsZero():
		pg.sometimes("pg makes a member begin anew")
		a.Restart, a.Full, a.Since = true, true, pg.log.tail
		a.Dups = slices.Clone(pg.dups.kept)
		anew := *q.info
		anew.Incomplete, anew.Cursor = true, wire.Cursor{}
		q.info = &anew // as it will be: it decides what writes send it
	case pg.log.has(last):
		a.Since = last
	default:
		a.Full, a.Since = true, pg.log.tail
	}
	a.Entries = slices.Clone(pg.log.entries[pg.log.after(a.Since):])
	return a
}

// sendActivations repeats what has no answer (2.3).
func (pg *PG) sendActivations() {
	for _, q := range pg.members() {
		if q.activated || !pg.due(q.sent) {
			continue
		}
		q.sent = pg.now.Mono
		a := *q.activate
		a.Bounds = pg.boundsLeft()
		pg.say(q.id, wire.Data, wire.TypePGActivate, pg.pri.round, &a, nil)
	}
}

// activated is a member's acknowledgement: it is on its disk.
func (pg *PG) activated(r core.Received, a *wire.PGActivated) {
	id, _ := pg.osdOf(r.From)
	if pg.pri == nil || a.Round != pg.pri.round {
		return
	}
	q := pg.peerOf(id)
	if q == nil || !q.acts() || q.activated {
		return
	}
	pg.learnBounds(a.Bounds)
	if a.Apart {
		pg.isApart(id)
		if q.target {
			q.activate, q.sent = nil, never
			q.activate = pg.activationFor(q)
			pg.sendActivations()
		}
		return
	}
	q.activated = true
	q.info, q.none = &a.Info, false
	for _, m := range a.Missing {
		q.missing.set(pg.keyOf(m.Object), m)
	}
	q.acked = a.Info.LastUpdate
	q.complete = completeUpto(q.acked, &q.missing)
	pg.room.Heard(id, r.From.GID, Space{Used: a.Used, Size: a.Size, Coming: a.Coming, At: a.At})
	pg.countUnder(q)
	if a.Lease.Ack {
		pg.leaseAcked(id, a.Lease)
	}
	pg.sendWrites(q)
	pg.advance()
}

// awaitActivation waits for all acting. With enough of them the PG as a whole is active then (5.4).
func (pg *PG) awaitActivation() {
	if !pg.selfDone() {
		return
	}
	pg.pri.blocked = nil
	for _, q := range pg.members() {
		if !q.target && !q.activated {
			pg.pri.blocked = append(pg.pri.blocked, q.id)
		}
	}
	if len(pg.pri.apart) > 0 {
		pg.reconsider()
	}
	if len(pg.pri.blocked) > 0 {
		pg.pri.why = "they have not activated yet"
		return
	}
	pg.pri.why = ""
	pg.toPhase(active)
	if len(pg.acting()) >= int(pg.info.Interval.MinSize) && pg.info.HistoryLES < pg.info.Interval.First {
		pg.info.HistoryLES = pg.info.Interval.First
		var t store.Txn
		pg.putInfo(&t)
		pg.submit(&t, nil)
	}
	pg.tell("pg active", "acting", osdsOf(pg.acting()), "version", pg.info.LastUpdate.String())
}

func (pg *PG) selfDone() bool { return pg.pri.selfDone }

// peered reports whether acting is too small to serve (5.7). Only those who live are acting (7.7).
func (pg *PG) peered() bool {
	return len(pg.acting()) < int(pg.info.Interval.MinSize)
}

// serving reports whether clients may be served: the PG is active, large enough, and no older lease runs (5.7, 6.5).
func (pg *PG) serving() bool {
	if pg.pri == nil || pg.pri.phase != active || pg.peered() {
		return false
	}
	if until := pg.olderLeases(); until > 0 {
		if !pg.pri.waited {
			pg.sometimes("pg waits for an older lease to run out")
			pg.pri.waited = true
			pg.wake(until)
		}
		return false
	}
	return true
}

// clean reports whether nothing is left to do (11.2).
func (pg *PG) clean() bool {
	if pg.pri == nil || pg.pri.phase != active || pg.missing.len() > 0 || pg.olderLeases() > 0 {
		return false
	}
	iv := &pg.info.Interval
	if len(iv.Acting) != int(iv.Size) || pg.isRemapped() {
		return false
	}
	for _, q := range pg.members() {
		if !q.activated || q.target || q.missing.len() > 0 {
			return false
		}
	}
	return true
}

// isRemapped reports whether others serve the PG than those that should hold it.
func (pg *PG) isRemapped() bool {
	iv := &pg.info.Interval
	if len(iv.Up) != len(iv.Acting) {
		return true
	}
	for _, id := range iv.Up {
		if !pg.isActing(id) {
			return true
		}
	}
	return false
}

// ---- what was reached

// historyState is what the primary tells its members until they have it on disk.
type historyState struct {
	selfLEC     osdmap.Epoch // durable here
	selfCleared osdmap.Epoch
	waiting     bool
}

// spreadHistory tells members what was reached: history.les once active, last_epoch_clean once clean; and once all acting
// have that on disk, that what came before may be forgotten, and strays that they may go (11.2).
func (pg *PG) spreadHistory() {
	p := pg.pri
	if p.phase != active {
		return
	}
	first := pg.info.Interval.First
	if pg.clean() && !p.history.waiting {
		switch {
		case pg.info.LEC < first:
			pg.info.LEC = pg.Epoch()
			pg.saveHistory()
		case pg.info.Cleared < first && p.history.selfLEC >= first && pg.allHave(func(a wire.PGHistoryAck) bool { return a.LEC >= first }):
			pg.info.Cleared = first
			pg.info.Past = nil
			pg.saveHistory()
		}
	}
	for _, q := range pg.members() {
		if pg.knowsHistory(q) || !q.activated || !pg.due(q.historySent) {
			continue
		}
		q.historySent = pg.now.Mono
		pg.say(q.id, wire.Control, wire.TypePGHistory, p.round, &wire.PGHistory{
			HistoryLES: pg.info.HistoryLES, LEC: pg.info.LEC, Cleared: pg.info.Cleared,
			Scrubbed: pg.info.Scrubbed, DeepScrubbed: pg.info.DeepScrubbed, Inconsistent: pg.info.Inconsistent,
		}, nil)
	}
	if pg.clean() && p.history.selfCleared >= first {
		pg.sendStraysAway()
	}
}

// knowsHistory reports whether a member has all of that on its disk.
func (pg *PG) knowsHistory(q *peer) bool {
	h := &q.historyAcked
	return h.HistoryLES >= pg.info.HistoryLES && h.LEC >= pg.info.LEC && h.Cleared >= pg.info.Cleared &&
		h.Scrubbed >= pg.info.Scrubbed && h.DeepScrubbed >= pg.info.DeepScrubbed
}

func (pg *PG) allHave(has func(wire.PGHistoryAck) bool) bool {
	return !slices.ContainsFunc(pg.members(), func(q *peer) bool { return !q.target && !has(q.historyAcked) })
}

func (pg *PG) saveHistory() {
	var t store.Txn
	pg.putInfo(&t)
	pg.pri.history.waiting = true
	lec, cleared := pg.info.LEC, pg.info.Cleared
	pg.submit(&t, func() {
		pg.pri.history = historyState{selfLEC: lec, selfCleared: cleared}
		for _, q := range pg.members() {
			q.historySent = never
		}
	})
}

func (pg *PG) historyAcked(r core.Received, a *wire.PGHistoryAck) {
	id, _ := pg.osdOf(r.From)
	if pg.pri == nil || a.Round != pg.pri.round {
		return
	}
	if q := pg.peerOf(id); q != nil {
		if q.historyAcked != *a { // what has come up since follows at once
			q.historySent = never
		}
		q.historyAcked = *a
	}
}

// sendStraysAway tells strays that they may go. Those that do not hear it announce themselves again.
func (pg *PG) sendStraysAway() {
	for _, q := range pg.pri.peers {
		if q.acts() || q.info == nil || q.none || !pg.due(q.historySent) || pg.isUp(q.id) || pg.isActing(q.id) {
			continue
		}
		q.historySent = pg.now.Mono
		pg.say(q.id, wire.Control, wire.TypePGRemove, pg.pri.round, &wire.PGRemove{}, nil)
	}
}
