package pg

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/store"
	"zeph/pkg/wire"
)

// writes are what a primary has under way.
type writes struct {
	ops     []*op // all that clients wait for, in the order they came
	byAsker map[wire.Asker]*op
	lists   []*listing
	flight  []*write // ordered, not on all members' disks, oldest first
	growing uint64   // growth that is not on our own disk
	crowded bool     // one waits for room in a store
	room    uint64   // what was known of stores when that was found
	served  bool     // as of the last step: to see when that begins
	leased  bool
}

// write is one that has been ordered.
type write struct {
	sub    *wire.SubWrite // To and EntryOnly are filled in for each copy
	bulk   []byte
	key    store.Key
	only   []osdmap.OSDID // targets that log it, and leave the object
	obj    *object
	op     *op  // nil: nobody waits
	local  bool // on our disk
	done   bool // on all acting's
	bytes  int
	growth uint64 // see store.Txn
}

// under reports whether a write to an object is not on all members' disks.
func (ws *writes) under(k store.Key) bool {
	return slices.ContainsFunc(ws.flight, func(w *write) bool { return w.key == k })
}

// startWrite orders a write, or lets it wait.
func (pg *PG) startWrite(o *object, op *op) bool {
	if o.readers > 0 {
		return false
	}
	if res, known := pg.dups.by[op.asker]; known {
		if pg.lackedBySome(o.key) {
			return false // all acting have the entry; the answer promises that they have the object, too
		}
		return pg.answerResend(o, op, res)
	}
	if op.write.Resend && pg.info.DupTail.Compare(op.write.Floor) > 0 { // 9.3
		o.queue = o.queue[1:]
		pg.endOp(op, nil, nil, wire.Forgotten.Errorf("results up to %v are gone", pg.info.DupTail))
		return true
	}
	if pg.heldBack(o.key) {
		return false
	}
	if !o.known {
		if o.writers == 0 { // what nobody asked for is under way: the store does not show it yet
			pg.load(o)
		}
		return false
	}
	next, changes, data, results := o.proj.plan(op.write.Steps, op.bulk)
	if results != nil || len(changes) == 0 {
		op.asRead = true
		return true
	}
	growth := growthOf(o.key, changes, data)
	if grows(changes) {
		switch pg.spaceFor(growth) {
		case later:
			pg.pri.writes.crowded = true
			return false
		case tooMuch:
			o.queue = o.queue[1:]
			pg.endOp(op, nil, nil, wire.Full.Errorf("pg %v: a copy's store, or the pool, is full", pg.cfg.PG))
			return true
		}
	}
	o.queue = o.queue[1:]
	op.started = true
	sub := &wire.SubWrite{Target: op.write.Target, Asker: op.asker, Steps: changes}
	if o.proj.exists {
		sub.Prior = o.proj.version
	}
	o.writers++
	pg.counts.writeOps++
	pg.counts.writeBytes += uint64(len(data))
	w := &write{sub: sub, bulk: data, key: o.key, obj: o, op: op, growth: growth}
	next.version, next.modified = wire.PGVersion{}, pg.now.Wall
	if next.exists {
		next.version = pg.nextVersion()
	}
	o.proj = next
	pg.orderWrite(w)
	return true
}

// answerResend answers a request that the log knows, once all acting have it on disk (9.2): what an older interval
// logged, all acting have since activation.
func (pg *PG) answerResend(o *object, op *op, res result) bool {
	o.queue = o.queue[1:]
	for _, w := range pg.pri.writes.flight {
		if w.sub.Version == res.version && !w.done {
			if w.op == nil {
				w.op = op
				op.started = true
				return true
			}
			w.op.requests = append(w.op.requests, op.requests...)
			op.done = true
			return true
		}
	}
	if res.code != 0 {
		pg.endOp(op, nil, nil, res.code.Errorf("as answered before"))
		return true
	}
	pg.endOp(op, &wire.WriteReply{Version: res.version}, nil, nil)
	return true
}

// heldBack reports whether writes to an object have to wait: a copy lacks it, so it is recovered there first
// (7.6, H26); or backfill or scrub is at work on it.
func (pg *PG) heldBack(k store.Key) bool {
	wait := pg.lackedBySome(k)
	for _, q := range pg.members() {
		switch {
		case q.target && !q.activated && !beyond(q.info, k):
			wait = true // it may turn out to lack the object
		case q.backfill.locks(k):
			wait = true
		}
	}
	return wait || pg.scrubLocks(k)
}

// lackedBySome reports whether a member has to be brought an object, and sees to it.
func (pg *PG) lackedBySome(k store.Key) bool {
	some := slices.ContainsFunc(pg.members(), func(q *peer) bool { return q.missing.has(k) })
	if some {
		pg.demand(k)
	}
	return some
}

func (pg *PG) nextVersion() wire.PGVersion {
	return wire.PGVersion{Epoch: pg.Epoch(), Seq: pg.info.LastUpdate.Seq + 1}
}

// orderWrite gives a write its place in history, and sends it on its way: to our own store, and to all members (7.2).
func (pg *PG) orderWrite(w *write) {
	sub := w.sub
	sub.PG = wire.PG(pg.cfg.PG)
	sub.Interval, sub.Round = pg.info.Interval.First, pg.pri.round
	sub.Version, sub.Previous = pg.nextVersion(), pg.info.LastUpdate
	sub.Modified = pg.now.Wall
	sub.Trim = pg.trimTo()
	sub.Complete = pg.completeOnAll()
	for _, q := range pg.members() {
		if q.target && beyond(q.info, w.key) {
			w.only = append(w.only, q.id)
		}
	}
	w.bytes = len(w.bulk) + 512
	pg.pri.writes.flight = append(pg.pri.writes.flight, w)
	pg.owe(onDisk(w.growth))
	pg.apply(sub, w.key, w.bulk, false, func() {
		w.local = true
		pg.onOwnDisk(w)
		pg.settleWrites()
	})
	for _, q := range pg.members() {
		pg.sendWrites(q)
	}
}

// apply carries out a write on this copy: object, log entry and info in one transaction.
func (pg *PG) apply(sub *wire.SubWrite, k store.Key, bulk []byte, entryOnly bool, then func()) {
	e := wire.PGEntry{
		Version: sub.Version, Object: objectOf(k), Prior: sub.Prior, Delete: deletes(sub.Steps),
		Asker: sub.Asker, Code: sub.Code, Modified: sub.Modified,
	}
	t := store.Txn{Ops: make([]store.Op, 0, len(sub.Steps)+3)} // with a version, a log entry, and what is cut off the log
	if !entryOnly {
		addSteps(&t, k, sub.Steps, bulk)
		if !e.Delete && len(sub.Steps) > 0 {
			t.SetVersion(k, store.Version(sub.Version), sub.Modified)
		}
		switch { // an object that was given up
		case len(sub.Steps) == 0:
			pg.applyRevert(&t, sub, k)
		case e.Delete && pg.missing.has(k):
			pg.changeMissing(&t, map[store.Key]*wire.PGMissing{k: nil})
		}
	}
	t.AppendLog(pg.cfg.PG, logEntry(e))
	pg.log.entries = append(pg.log.entries, e)
	pg.info.LastUpdate = e.Version
	pg.noteResults([]wire.PGEntry{e})
	if pg.trim(&t, sub.Trim) { // last_update alone the log tells, too: see open
		pg.putInfo(&t)
	}
	pg.submit(&t, then)
}

// trimTo is how far the log may be cut: what all have everything of, and never so that too few entries are
// left for a copy that was away (9.4).
func (pg *PG) trimTo() wire.PGVersion {
	keep := pg.set.MinLog
	if !pg.clean() {
		keep = max(keep, pg.set.DegradedLog)
	}
	n := len(pg.log.entries) - keep
	if n < max(1, keep/16) {
		return wire.PGVersion{}
	}
	to := pg.log.entries[n-1].Version
	if all := pg.completeOnAll(); all.Compare(to) < 0 {
		to = all
	}
	return to
}

// completeOnAll is the version up to which all acting have everything on disk.
func (pg *PG) completeOnAll() wire.PGVersion {
	low := completeUpto(pg.durableHead(), &pg.missing)
	for _, q := range pg.members() {
		if !q.target && q.complete.Compare(low) < 0 {
			low = q.complete
		}
	}
	return low
}

// durableHead is the newest write on our own disk.
func (pg *PG) durableHead() wire.PGVersion {
	head := pg.info.LastUpdate
	for i := len(pg.pri.writes.flight) - 1; i >= 0; i-- {
		if w := pg.pri.writes.flight[i]; !w.local {
			head = w.sub.Previous
		}
	}
	return head
}

// sendWrites sends a member what it does not have, in order.
func (pg *PG) sendWrites(q *peer) {
	if !q.activated || q.stalled {
		return
	}
	to, ok := pg.dest(q.id)
	if !ok {
		return
	}
	for _, w := range pg.pri.writes.flight {
		if w.sub.Version.Compare(q.acked) <= 0 || w.sub.Version.Compare(q.next) <= 0 {
			continue
		}
		q.next = w.sub.Version
		sub := *w.sub
		sub.To, sub.EntryOnly = to.GID, slices.Contains(w.only, q.id)
		tok, gen, era := pg.token(), q.gen, pg.era
		pg.calls[tok.N] = func(a core.Answered) {
			if pg.era == era {
				pg.subWriteAnswered(q, gen, a)
			}
		}
		pg.emit(core.Call{
			Send:    core.Send{To: to, Class: wire.Data, Type: wire.TypeSubWrite, Epoch: pg.Epoch(), Body: &sub, Bulk: w.bulk, Reserved: true},
			Token:   tok,
			Timeout: subWriteTimeout,
		})
	}
}

// subWriteTimeout is only for answers that a peer dropped: lost ones show as resets.
const subWriteTimeout = 5 * time.Second

func (pg *PG) subWriteAnswered(q *peer, gen uint64, a core.Answered) {
	reply, ok := a.Body.(*wire.SubWriteReply)
	switch {
	case a.Err != nil || !ok:
		if gen == q.gen { // the first of a go that fails ends it: all after it are sent again, too (7.3)
			q.gen++
			q.stalled = true
			if errors.Is(a.Err, core.ErrReset) {
				pg.wake(pg.now.Mono + 20*time.Millisecond)
			}
		}
	case reply.Interval != pg.info.Interval.First || reply.Round != pg.pri.round || reply.To != pg.cfg.GID:
		return
	case reply.Ack == wire.AckResend:
		if gen == q.gen {
			q.gen++
			q.next = reply.Version
			q.stalled = false
			pg.sendWrites(q)
		}
	case reply.Ack == wire.AckApplied:
		if reply.Version.Compare(q.acked) > 0 {
			q.acked = reply.Version
		}
		if reply.Complete.Compare(q.complete) > 0 {
			q.complete = reply.Complete
		}
		pg.room.Heard(q.id, q.gid, Space{Used: reply.Used, Size: reply.Size, Coming: reply.Coming, At: reply.At})
		pg.countUnder(q)
		pg.settleWrites()
	}
}

// resendWrites goes on after a reset, from the oldest that is not acknowledged.
func (pg *PG) resendWrites() {
	for _, q := range pg.members() {
		if q.stalled {
			q.stalled = false
			q.next = q.acked
			pg.sendWrites(q)
		}
	}
}

// settleWrites acknowledges, in order, what all acting have on disk (7.5); and forgets what all members have.
func (pg *PG) settleWrites() {
	ws := &pg.pri.writes
	for _, w := range ws.flight {
		if w.done {
			continue
		}
		if !pg.onAll(w, false) {
			break
		}
		w.done = true
		pg.finishWrite(w)
	}
	n := 0
	for n < len(ws.flight) && ws.flight[n].done && pg.onAll(ws.flight[n], true) {
		n++
	}
	if n > 0 {
		clear(ws.flight[:n])
		ws.flight = ws.flight[n:]
	}
	if len(ws.lists) > 0 {
		pg.answerLists()
	}
}

// onAll reports whether a write is on the disks of all acting, or of all members.
func (pg *PG) onAll(w *write, targets bool) bool {
	if !w.local {
		return false
	}
	have, all := 1, 1
	for _, q := range pg.members() {
		if q.target && !targets {
			continue
		}
		all++
		if q.acked.Compare(w.sub.Version) >= 0 {
			have++
		}
	}
	return have == all
}

func (pg *PG) finishWrite(w *write) {
	if w.op != nil {
		pg.endOp(w.op, &wire.WriteReply{Version: w.sub.Version}, nil, nil)
	}
	if w.obj != nil {
		w.obj.writers--
		pg.run(w.obj)
	}
}

// ---- the copy's side

// subWrite applies a write of the primary, if it is the next one (7.3).
func (pg *PG) subWrite(r core.Received, w *wire.SubWrite) {
	drop := func() { pg.emit(core.Drop{To: r.Request}) }
	if pg.leaves() || pg.m == nil || pg.rep == nil {
		drop()
		return
	}
	id, ok := pg.osdOf(r.From)
	stale := !ok || w.To != pg.cfg.GID || w.Interval != pg.info.Interval.First || id != pg.info.Interval.Primary
	if stale || pg.isStray() {
		drop()
		return
	}
	if !pg.rep.activated {
		size := len(r.Bulk) + 512
		if pg.rep.earlyBytes+size > maxEarly {
			pg.fail(r.Request, wire.Busy.Errorf("pg %v: not activated", pg.cfg.PG))
			return
		}
		pg.sometimes("pg gets a write before its activation")
		pg.rep.early, pg.rep.earlyBytes = append(pg.rep.early, earlyWrite{r, w}), pg.rep.earlyBytes+size
		return
	}
	if w.Round != pg.rep.round {
		drop()
		return
	}
	reply := &wire.SubWriteReply{PG: w.PG, Interval: w.Interval, Round: w.Round, To: r.From.GID}
	pg.rep.owed = append(pg.rep.owed, r.Request)
	switch {
	case w.Version.Compare(pg.info.LastUpdate) <= 0: // we have it: say so again, once it is on disk
		pg.quiet(func() { pg.ackSubWrite(r, reply, w.Version) })
	case w.Previous != pg.info.LastUpdate || pg.buggify(1):
		pg.sometimes("pg asks for writes again")
		reply.Ack, reply.Version = wire.AckResend, pg.info.LastUpdate
		pg.answerSubWrite(r.Request, reply)
	default:
		k, _ := pg.keyFor(&w.Target)
		if pg.missing.has(k) && !w.EntryOnly && !deletes(w.Steps) && len(w.Steps) > 0 {
			pg.emit(core.Exit{Err: fmt.Errorf("pg %v: a write to object %v, which is missing here", pg.cfg.PG, k)})
			return
		}
		pg.rep.wroteTo(k)
		pg.apply(w, k, r.Bulk, w.EntryOnly, func() { pg.ackSubWrite(r, reply, w.Version) })
	}
}

func (pg *PG) ackSubWrite(r core.Received, reply *wire.SubWriteReply, v wire.PGVersion) {
	ack := *reply
	ack.Ack, ack.Version = wire.AckApplied, v
	ack.Complete = completeUpto(v, &pg.missing)
	s := pg.space()
	ack.Used, ack.Size, ack.Coming, ack.At = s.Used, s.Size, s.Coming, s.At
	pg.answerSubWrite(r.Request, &ack)
}

// answerSubWrite ends a request that is owed. Those of an interval that ended are dropped by stop.
func (pg *PG) answerSubWrite(to core.Request, reply *wire.SubWriteReply) {
	pg.rep.owed = slices.DeleteFunc(pg.rep.owed, func(r core.Request) bool { return r == to })
	pg.emit(core.Reply{To: to, Epoch: pg.Epoch(), Body: reply})
}
