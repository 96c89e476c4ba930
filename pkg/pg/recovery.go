package pg

import (
	"slices"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/store"
	"zeph/pkg/wire"
)

// recovery brings objects that copies lack to them: whole objects, one by one (10.1). What a client waits for comes
// first; then what the primary lacks itself, for it can push only what it has; then what the others lack.
type recovery struct {
	wanted  []store.Key // by clients, in the order they came
	active  []*recovering
	unfound map[store.Key]lostObject
	mending map[store.Key]bool          // ours are damaged, and it is not known yet at which version
	broken  map[store.Key]bool          // scrub found that no copies make a whole one
	stuck   map[store.Key]time.Duration // not pushed again before: our own copy is not what it should be
	suspect bool                        // a copy that was pulled from is damaged, too
	slots   reservation
	budget  budget
	batches uint64        // of backfill, counted over all targets
	turns   uint64        // at pushing objects
	full    time.Duration // until then nothing is brought to us: our store is too full
}

type lostObject struct {
	damaged bool // there are copies, and none is whole
}

// recovering is an object on its way to the primary, or from it to one copy.
type recovering struct {
	key    store.Key
	need   wire.PGVersion
	to     *peer          // nil: to us
	from   osdmap.OSDID   // to us: who pushes
	tried  []osdmap.OSDID // to us: who does not have it
	hurt   []osdmap.OSDID // who has the part under way damaged
	own    bool           // to us: what we have is damaged, and at the right version
	turn   uint64         // to others: which go this is
	at     part           // the one under way
	next   part           // the one after it
	bytes  uint64         // sent so far
	asked  time.Duration
	busy   bool // our store is being read
	waits  bool // for an answer
	batch  uint64
	delete bool
	client bool // somebody waits for it
}

// part is where in an object a part begins.
type part struct {
	number uint64
	offset uint64
	row    string
}

// demand puts an object at the head of recovery.
func (pg *PG) demand(k store.Key) {
	r := &pg.pri.recovery
	if _, lost := r.unfound[k]; !lost && !slices.Contains(r.wanted, k) {
		r.wanted = append(r.wanted, k)
	}
}

// recover starts as much as may be under way.
func (pg *PG) recover() {
	p := pg.pri
	if p.phase != active {
		return
	}
	r := &p.recovery
	if !pg.someMissing() && len(r.wanted) == 0 && !pg.backfilling() {
		pg.releaseSlots()
		return
	}
	for len(r.wanted) > 0 && len(r.active) < 2*pg.set.RecoveryOps {
		k := r.wanted[0]
		r.wanted = r.wanted[1:]
		pg.recoverObject(k, true)
	}
	if !pg.m.Has(osdmap.FlagNoRecover) && pg.reserved(false) {
		pg.recoverOwn()
		pg.recoverOthers()
	}
	pg.continueBackfill()
}

func (pg *PG) someMissing() bool {
	return pg.missing.len() > 0 || slices.ContainsFunc(pg.members(), func(q *peer) bool { return q.missing.len() > 0 })
}

func (pg *PG) recoverOwn() {
	r := &pg.pri.recovery
	for _, k := range pg.missing.keys {
		if len(r.active) >= pg.set.RecoveryOps || !pg.mayMove() {
			return
		}
		if _, lost := r.unfound[k]; !lost {
			pg.recoverObject(k, false)
		}
	}
}

func (pg *PG) recoverOthers() {
	r := &pg.pri.recovery
	for _, q := range pg.members() {
		for _, k := range q.missing.keys {
			if len(r.active) >= pg.set.RecoveryOps || !q.slot.granted || !pg.mayMove() {
				break
			}
			if !pg.missing.has(k) {
				pg.recoverObject(k, false)
			}
		}
	}
}

// recoverObject gets an object here if we lack it, else to the first copy that lacks it and is not being sent it.
func (pg *PG) recoverObject(k store.Key, client bool) {
	if m, ok := pg.missing.need[k]; ok {
		if pg.moving(k, nil) == nil && pg.now.Mono >= pg.pri.recovery.full {
			delete(pg.pri.recovery.unfound, k)
			rec := &recovering{key: k, need: m.Need, from: osdmap.NoOSD, client: client}
			pg.pri.recovery.active = append(pg.pri.recovery.active, rec)
			if m.Have == m.Need {
				pg.lookAtOwn(rec)
			} else {
				pg.pull(rec)
			}
		}
		return
	}
	if pg.now.Mono < pg.pri.recovery.stuck[k] {
		return
	}
	if pg.pri.writes.under(k) {
		return // a copy that has not heard of it would refuse a push, and our store may not show it yet
	}
	for _, q := range pg.members() {
		if m, ok := q.missing.need[k]; ok && pg.moving(k, q) == nil {
			rec := &recovering{key: k, need: m.Need, to: q, client: client}
			pg.pri.recovery.active = append(pg.pri.recovery.active, rec)
			pg.push(rec)
		}
	}
}

func (pg *PG) moving(k store.Key, to *peer) *recovering {
	for _, rec := range pg.pri.recovery.active {
		if rec.key == k && rec.to == to {
			return rec
		}
	}
	return nil
}

func (pg *PG) endRecovering(rec *recovering) {
	r := &pg.pri.recovery
	r.active = slices.DeleteFunc(r.active, func(other *recovering) bool { return other == rec })
}

// ---- to us

// sources are who may have an object at a version: members that do not miss it first, then strays (5.10).
func (pg *PG) sources(k store.Key) []osdmap.OSDID {
	var ids []osdmap.OSDID
	for _, q := range pg.pri.peers {
		if q.acts() && q.activated && !q.missing.has(k) && !beyond(q.info, k) {
			ids = append(ids, q.id)
		}
	}
	for _, q := range pg.pri.peers {
		if !slices.Contains(ids, q.id) && q.info != nil && !q.none {
			ids = append(ids, q.id)
		}
	}
	return ids
}

// lookAtOwn finds out whether what we have of an object is what it should be, but for damage. Then it is kept, and what
// others have is written over it: in some places it may be the only one that is right.
func (pg *PG) lookAtOwn(rec *recovering) {
	k := rec.key
	pg.read(func(r store.Reader) any {
		info, err := r.Stat(k)
		return err == nil && wire.PGVersion(info.Version) == rec.need
	}, func(res any) {
		rec.own = res.(bool)
		pg.pull(rec)
	})
}

// pull asks the next one that may have the object for its next part.
func (pg *PG) pull(rec *recovering) {
	if rec.from == osdmap.NoOSD {
		rec.from = pg.nextSource(rec)
	}
	switch rec.from {
	case osdmap.NoOSD:
		pg.isUnfound(rec)
		return
	case pg.cfg.OSD:
		pg.readOwn(rec)
		return
	}
	rec.asked, rec.waits = pg.now.Mono, true
	pg.say(rec.from, wire.Control, wire.TypePGPull, pg.pri.round, &wire.PGPull{
		Object: objectOf(rec.key), Need: rec.need, Part: rec.at.number, Offset: rec.at.offset, Row: rec.at.row,
	}, nil)
}

// nextSource is one that was not found to lack the part: of others first.
func (pg *PG) nextSource(rec *recovering) osdmap.OSDID {
	for _, id := range pg.sources(rec.key) {
		if !slices.Contains(rec.tried, id) && !slices.Contains(rec.hurt, id) {
			return id
		}
	}
	if rec.own && !slices.Contains(rec.hurt, pg.cfg.OSD) {
		return pg.cfg.OSD
	}
	return osdmap.NoOSD
}

// readOwn takes a part that no other copy has from our own.
func (pg *PG) readOwn(rec *recovering) {
	k, need, at, max := rec.key, rec.need, rec.at, pg.set.PushBytes
	pg.read(func(r store.Reader) any { return readPart(r, k, need, at, max) }, func(res any) {
		if rec.at != at || rec.from != pg.cfg.OSD {
			return
		}
		got := res.(*partRead)
		push := &wire.PGPush{Object: objectOf(k), Version: need, Part: at.number, Absent: got.absent, Damaged: got.damaged}
		got.fill(push)
		pg.tookPart(rec, push, got.data)
	})
}

// isUnfound notes an object that nobody we can ask has. Operations on it wait (5.10).
func (pg *PG) isUnfound(rec *recovering) {
	pg.endRecovering(rec)
	r := &pg.pri.recovery
	if r.unfound == nil {
		r.unfound = map[store.Key]lostObject{}
	}
	r.unfound[rec.key] = lostObject{damaged: len(rec.hurt) > 0}
	pg.sometimes("pg finds no copy of an object")
	pg.warn("pg object unfound", "object", rec.key.String(), "version", rec.need.String())
	pg.runKey(rec.key)
}

// retryUnfound is for when somebody has appeared who may have them.
func (pg *PG) retryUnfound() {
	pg.pri.recovery.unfound = nil
}

func (pg *PG) isDamaged(k store.Key) bool {
	return pg.pri.recovery.unfound[k].damaged || pg.pri.recovery.broken[k]
}

// repairFrom makes a damaged object of ours one that is missing, if another copy can be asked for it (8.3). Whoever
// wants it waits.
func (pg *PG) repairFrom(k store.Key) bool {
	if pg.pri == nil || len(pg.sources(k)) == 0 || pg.pri.recovery.broken[k] {
		return false
	}
	if o := pg.objects[k]; o != nil {
		o.known = false
	}
	r := &pg.pri.recovery
	if r.mending[k] || pg.missing.has(k) {
		return true
	}
	if need := pg.newest(k); !need.IsZero() {
		pg.takeForMissing(k, need)
		return true
	}
	if r.mending == nil {
		r.mending = map[store.Key]bool{}
	}
	r.mending[k] = true
	pg.read(func(r store.Reader) any {
		info, err := r.Stat(k)
		if err != nil {
			return wire.PGVersion{}
		}
		return wire.PGVersion(info.Version)
	}, func(res any) {
		if need := res.(wire.PGVersion); !need.IsZero() {
			delete(pg.pri.recovery.mending, k)
			pg.takeForMissing(k, need)
			return
		}
		// its own record is gone, and its entry, too: the other copies have to be asked what it is
		if s := &pg.pri.scrub; s.step == scrubIdle && (!s.asked || s.itself) {
			pg.askScrub(false, true)
			s.urgent = true
		}
	})
	return true
}

// takeForMissing notes that a copy of ours is of no use.
func (pg *PG) takeForMissing(k store.Key, need wire.PGVersion) {
	var t store.Txn
	pg.changeMissing(&t, map[store.Key]*wire.PGMissing{k: damagedHere(k, need)})
	pg.submit(&t, nil)
	pg.demand(k)
}

// damagedHere is an object that is missing for being damaged: it may be here at the version that it should have.
func damagedHere(k store.Key, need wire.PGVersion) *wire.PGMissing {
	return &wire.PGMissing{Object: objectOf(k), Need: need, Have: need}
}

// newest is the version of an object, as far as the log has it.
func (pg *PG) newest(k store.Key) wire.PGVersion {
	obj := objectOf(k)
	for i := len(pg.log.entries) - 1; i >= 0; i-- {
		if e := &pg.log.entries[i]; e.Object == obj {
			return e.Version
		}
	}
	return wire.PGVersion{}
}

// pulled answers a primary that lacks an object.
func (pg *PG) pulled(r core.Received, p *wire.PGPull) {
	id, _ := pg.osdOf(r.From)
	if id != pg.info.Interval.Primary || pg.rep == nil {
		return
	}
	k := pg.keyOf(p.Object)
	push := &wire.PGPush{Object: p.Object, Version: p.Need, Pulled: true, Part: p.Part}
	if m, lacks := pg.missing.need[k]; lacks && m.Need != p.Need { // at that version it may be here, and damaged
		push.Absent = true
		pg.say(id, wire.Bulk, wire.TypePGPush, p.Round, push, nil)
		return
	}
	at, max := part{p.Part, p.Offset, p.Row}, pg.set.PushBytes
	pg.quiet(func() {
		pg.read(func(r store.Reader) any { return readPart(r, k, p.Need, at, max) }, func(res any) {
			got := res.(*partRead)
			got.fill(push)
			push.Absent, push.Damaged = got.absent, got.damaged
			pg.say(id, wire.Bulk, wire.TypePGPush, p.Round, push, got.data)
		})
	})
}

// pulledPart is an answer to a pull.
func (pg *PG) pulledPart(id osdmap.OSDID, p *wire.PGPush, bulk []byte) {
	k := pg.keyOf(p.Object)
	rec := pg.moving(k, nil)
	if rec == nil || rec.from != id || rec.need != p.Version || !rec.waits || p.Part != rec.at.number {
		return
	}
	if m, ok := pg.missing.need[k]; !ok || m.Need != p.Version {
		pg.endRecovering(rec)
		return
	}
	rec.waits = false
	pg.tookPart(rec, p, bulk)
}

// tookPart is what came of the part under way. Where a copy is damaged, another one is asked for that part; all copies
// are the same write.
func (pg *PG) tookPart(rec *recovering, p *wire.PGPush, bulk []byte) {
	k, id := rec.key, rec.from
	if p.Absent || p.Damaged {
		rec.from = osdmap.NoOSD
		if p.Absent {
			rec.tried = append(rec.tried, id)
		} else {
			rec.hurt = append(rec.hurt, id)
			pg.suspect(id, k)
		}
		pg.pull(rec)
		return
	}
	if id != pg.cfg.OSD && pg.tooFull(len(bulk)) { // what is here of it is replaced when it comes again
		pg.endRecovering(rec)
		pg.pri.recovery.full = pg.now.Mono + pg.set.RetryFull
		return
	}
	var t store.Txn
	if id != pg.cfg.OSD {
		pg.spend(len(bulk))
		addPart(&t, k, p, bulk, rec.own)
	}
	if !p.Last {
		rec.at = part{p.Part + 1, p.Offset + uint64(len(bulk)), p.NextRow}
		rec.hurt, rec.from = nil, osdmap.NoOSD
		pg.submit(&t, nil)
		pg.pull(rec)
		return
	}
	pg.endMissing(&t, k, p.Version)
	pg.submitEver(&t, func() {
		pg.endRecovering(rec)
		pg.runKey(k)
	}, func() { pg.notMissing(k, p.Version) })
}

// suspect notes that a copy was found damaged that nobody is about to repair. Two copies of one object are then: that
// is reason enough to look at all others.
func (pg *PG) suspect(id osdmap.OSDID, k store.Key) {
	if q := pg.peerOf(id); q != nil && q.acts() && !q.target && !q.missing.has(k) {
		pg.pri.recovery.suspect = true
	}
}

// endMissing adds to a transaction that the object is not missing any more; notMissing follows once that is durable.
func (pg *PG) endMissing(t *store.Txn, k store.Key, v wire.PGVersion) {
	key := missingPrefix + versionKey(v)
	t.DeleteRows(pg.cfg.PG, key, store.AfterRow(key))
}

func (pg *PG) notMissing(k store.Key, v wire.PGVersion) {
	if m, ok := pg.missing.need[k]; ok && m.Need == v {
		pg.missing.remove(k)
	}
}

// ---- to others

// push reads the next part of an object and sends it.
func (pg *PG) push(rec *recovering) {
	if rec.busy {
		return
	}
	rec.busy, rec.waits = true, false
	if rec.turn == 0 {
		pg.pri.recovery.turns++
		rec.turn = pg.pri.recovery.turns
	}
	if rec.delete {
		rec.busy = false
		pg.sendPush(rec, &wire.PGPush{Delete: true, Last: true}, nil)
		return
	}
	k, need, at, max := rec.key, rec.need, rec.at, pg.set.PushBytes
	pg.read(func(r store.Reader) any { return readPart(r, k, need, at, max) }, func(res any) {
		rec.busy = false
		got := res.(*partRead)
		if got.absent || got.damaged || got.short {
			pg.cannotPush(rec, got)
			return
		}
		push := &wire.PGPush{Part: at.number}
		got.fill(push)
		rec.next = got.next
		pg.sendPush(rec, push, got.data)
	})
}

func (pg *PG) sendPush(rec *recovering, push *wire.PGPush, data []byte) {
	push.Object, push.Version, push.Batch, push.Go = objectOf(rec.key), rec.need, rec.batch, rec.turn
	rec.asked, rec.waits = pg.now.Mono, true
	pg.spend(len(data))
	pg.say(rec.to.id, wire.Bulk, wire.TypePGPush, pg.pri.round, push, data)
	rec.bytes = push.Offset + uint64(len(data))
}

// cannotPush is when our own copy is not what it should be: it is repaired first, from one that is.
func (pg *PG) cannotPush(rec *recovering, got *partRead) {
	pg.endRecovering(rec)
	if rec.batch != 0 {
		rec.to.backfill.failed(rec)
	} else {
		if pg.pri.recovery.stuck == nil {
			pg.pri.recovery.stuck = map[store.Key]time.Duration{}
		}
		pg.pri.recovery.stuck[rec.key] = pg.now.Mono + pg.set.Repeat
	}
	if !got.absent {
		pg.counts.damaged++
		pg.repairFrom(rec.key)
		return
	}
	pg.warn("pg cannot push an object: it has another version", "object", rec.key.String(), "need", rec.need.String())
	if rec.batch == 0 && pg.newest(rec.key) == rec.need { // a write that our store has lost
		pg.repairFrom(rec.key)
	}
}

// pushed is part of an object for this copy. It is applied only while the object is missing at exactly that version
// (10.1), or while the batch of backfill that it belongs to is under way and the object lies beyond the cursor
// (10.2): a push that comes late must not bring back what a newer write has replaced (H25).
func (pg *PG) pushed(r core.Received, p *wire.PGPush) {
	id, _ := pg.osdOf(r.From)
	if pg.pri != nil {
		if p.Pulled && p.Round == pg.pri.round {
			pg.pulledPart(id, p, r.Bulk)
		}
		return
	}
	if pg.rep == nil || !pg.rep.activated || id != pg.info.Interval.Primary || p.Round != pg.rep.round {
		return
	}
	k := pg.keyOf(p.Object)
	ack := &wire.PGPushed{Object: p.Object, Version: p.Version, Batch: p.Batch, Part: p.Part, Last: p.Last, Go: p.Go}
	say := func() { pg.say(id, wire.Bulk, wire.TypePGPushed, p.Round, ack, nil) }
	if !pg.wants(k, p) {
		ack.Refused = true
		pg.quiet(say)
		return
	}
	if !p.Delete && pg.tooFull(len(r.Bulk)) {
		ack.NoRoom = true
		say()
		return
	}
	in := pg.rep.incoming[k]
	if in != nil && p.Go < in.turn {
		return // given up since
	}
	if whole := in != nil && in.done && in.version == p.Version && in.batch == p.Batch; in == nil || in.turn != p.Go && !whole {
		in = &incoming{version: p.Version, batch: p.Batch, turn: p.Go}
		if pg.rep.incoming == nil {
			pg.rep.incoming = map[store.Key]*incoming{}
		}
		pg.rep.incoming[k] = in
	}
	switch {
	case p.Part < in.next || in.done: // we have it: say so once it is on disk
		pg.quiet(say)
		return
	case p.Part > in.next:
		return // parts before it were lost
	}
	in.next++
	var t store.Txn
	if p.Delete {
		t.Remove(k)
	} else {
		addPart(&t, k, p, r.Bulk, false)
	}
	if !p.Last {
		pg.submit(&t, say)
		return
	}
	in.done = true
	if p.Batch != 0 {
		pg.submit(&t, say)
		return
	}
	pg.endMissing(&t, k, p.Version)
	rep := pg.rep
	pg.submitEver(&t, say, func() {
		pg.notMissing(k, p.Version)
		if rep.incoming[k] == in { // should it be found wrong later, it comes at the same version again
			delete(rep.incoming, k)
		}
	})
}

// incoming is an object on its way to this copy.
type incoming struct {
	version wire.PGVersion
	batch   uint64
	turn    uint64
	next    uint64 // part
	done    bool
}

// wants reports whether a push may be applied here.
func (pg *PG) wants(k store.Key, p *wire.PGPush) bool {
	if p.Batch != 0 {
		return pg.info.Incomplete && p.Batch == pg.rep.batch && beyond(&pg.info, k)
	}
	m, ok := pg.missing.need[k]
	return ok && m.Need == p.Version
}

// pushAcked is what became of a part that we sent.
func (pg *PG) pushAcked(r core.Received, a *wire.PGPushed) {
	id, _ := pg.osdOf(r.From)
	if pg.pri == nil || a.Round != pg.pri.round {
		return
	}
	q, k := pg.peerOf(id), pg.keyOf(a.Object)
	if q == nil {
		return
	}
	rec := pg.moving(k, q)
	if rec == nil || rec.need != a.Version || rec.batch != a.Batch || rec.turn != a.Go || !rec.waits || !a.Refused && a.Part != rec.at.number {
		return
	}
	switch {
	case a.NoRoom:
		pg.endRecovering(rec)
		pg.noRoom(q)
		if rec.batch != 0 {
			q.backfill.failed(rec)
		}
	case a.Last || a.Refused && rec.batch == 0: // it is not missing there (any more)
		pg.endRecovering(rec)
		pg.counts.recovered += rec.bytes
		if rec.batch != 0 {
			q.backfill.moved(rec)
			return
		}
		q.missing.remove(k)
		q.complete = completeUpto(q.acked, &q.missing)
		pg.runKey(k)
	case a.Refused:
		pg.endRecovering(rec)
		q.backfill.failed(rec)
	default:
		rec.at = rec.next
		pg.push(rec)
	}
}

// tickRecovery repeats what has no answer, and goes on where the budget had run out.
func (pg *PG) tickRecovery() {
	pg.refill()
	pg.tickReservation()
	for _, rec := range slices.Clone(pg.pri.recovery.active) {
		if !rec.waits || pg.now.Mono < rec.asked+4*pg.set.Repeat {
			continue
		}
		if rec.to != nil {
			pg.push(rec)
			continue
		}
		if !pg.m.IsUp(rec.from) || pg.peerOf(rec.from) == nil {
			rec.tried, rec.from = append(rec.tried, rec.from), osdmap.NoOSD
		}
		pg.pull(rec)
	}
	pg.tickBackfill()
}
