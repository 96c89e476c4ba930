package pg

import (
	"slices"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/store"
	"zeph/pkg/wire"
)

// backfill fills a copy whose log does not reach, batch by batch in the store's order (10.2):
//
//	idle ─▶ choosing ─▶ draining ─▶ scanning ─▶ pushing ─▶ moving ─▶ idle …
//	        what is     writes to   both sides   what       the cursor, once all
//	        next here   it end      are listed   differs    of it is on its disk
//
// From draining on, writes to the batch wait.
type backfill struct {
	step     backfillStep
	batch    uint64
	from     store.Key // the cursor: the batch is what lies after it
	to       store.Key // up to here
	end      bool      // to the PG's end
	ours     []store.Item
	theirs   []wire.PGScanObj
	scanFrom wire.Cursor // where the target's listing goes on
	haveOurs bool
	haveAll  bool // theirs
	queue    []*recovering
	moves    int  // pushes under way
	broken   bool // one failed: the batch begins anew
	asked    time.Duration
	retry    time.Duration
	passed   uint64 // objects that the cursor has passed
}

type backfillStep uint8

const (
	idle backfillStep = iota
	choosing
	draining
	scanning
	pushing
	moving
)

// locks reports whether writes to an object have to wait for a batch.
func (b *backfill) locks(k store.Key) bool { return b != nil && b.step >= draining && b.holds(k) }

func (b *backfill) holds(k store.Key) bool {
	return k.Compare(b.from) > 0 && (b.end || k.Compare(b.to) <= 0)
}

// moved counts a push that is on the target's disk, failed one that will not be. Those of a batch that was given up do not
// count for the next one: else its cursor would move before all of it is there (H23).
func (b *backfill) moved(rec *recovering) {
	if b.step == pushing && rec.batch == b.batch {
		b.moves--
	}
}

func (b *backfill) failed(rec *recovering) {
	if b.step == pushing && rec.batch == b.batch {
		b.moves--
		b.broken = true
	}
}

// backfilling reports whether a copy has to be filled.
func (pg *PG) backfilling() bool {
	return slices.ContainsFunc(pg.members(), func(q *peer) bool { return q.target && q.activated && q.info.Incomplete })
}

// continueBackfill takes every target as far as it goes now. A batch that may not go on lets its objects go: nobody
// knows how long that lasts, and clients want to write to them.
func (pg *PG) continueBackfill() {
	may := pg.mayBackfill()
	for _, q := range pg.members() {
		if !q.target || !q.activated || !q.info.Incomplete {
			continue
		}
		if q.backfill == nil {
			q.backfill = &backfill{}
		}
		switch b := q.backfill; {
		case may && q.slot.granted:
			pg.stepBackfill(q, b)
		case b.step > choosing && b.step < moving:
			pg.breakBatch(q, b)
		}
	}
}

// mayBackfill reports whether operators let it, and this OSD has a place for it.
func (pg *PG) mayBackfill() bool {
	return pg.pri.recovery.slots.granted && !pg.m.Has(osdmap.FlagNoRecover) && !pg.m.Has(osdmap.FlagNoBackfill) &&
		!(pg.m.Has(osdmap.FlagNoRebalance) && len(pg.acting()) >= int(pg.info.Interval.Size))
}

func (pg *PG) stepBackfill(q *peer, b *backfill) {
	switch b.step {
	case idle:
		if pg.missing.len() == 0 && q.missing.len() == 0 && pg.now.Mono >= b.retry && pg.mayMove() {
			pg.chooseBatch(q, b)
		}
	case draining:
		if pg.drained(b) {
			pg.startScan(q, b)
		}
	case pushing:
		pg.pushBatch(q, b)
	}
}

// chooseBatch finds what is next here.
func (pg *PG) chooseBatch(q *peer, b *backfill) {
	from, to := pg.span().Bounds()
	b.from = from
	if q.info.Cursor != (wire.Cursor{}) {
		b.from = keyAt(pg.cfg.PG.Pool, q.info.Cursor)
		from = b.from.Next()
	}
	b.step = choosing
	n := pg.set.Batch
	type page struct {
		items []store.Item
		more  bool
		err   error
	}
	pg.read(func(r store.Reader) any {
		items, more, err := r.List(from, to, n)
		return page{items, more, err}
	}, func(res any) {
		got := res.(page)
		if got.err != nil || len(got.items) == 0 && got.more {
			pg.breakBatch(q, b)
			return
		}
		b.end = !got.more
		b.to = b.from
		if len(got.items) > 0 {
			b.to = got.items[len(got.items)-1].Key
		}
		b.step = draining
	})
}

// drained reports whether no write to the batch is under way any more, on any member.
func (pg *PG) drained(b *backfill) bool {
	return !slices.ContainsFunc(pg.pri.writes.flight, func(w *write) bool { return b.holds(w.key) })
}

// startScan lists both sides of a batch that nobody writes to.
func (pg *PG) startScan(q *peer, b *backfill) {
	b.step = scanning
	pg.pri.recovery.batches++
	b.batch = pg.pri.recovery.batches
	b.ours, b.theirs, b.haveOurs, b.haveAll, b.broken, b.queue, b.moves = nil, nil, false, false, false, nil, 0
	b.scanFrom = q.info.Cursor
	pg.askScan(q, b)
	from, to := b.bounds(pg.span())
	batch := b.batch
	pg.read(func(r store.Reader) any { return listAll(r, from, to) }, func(res any) {
		if b.batch != batch || b.step != scanning {
			return
		}
		items, ok := res.([]store.Item)
		if !ok {
			pg.breakBatch(q, b)
			return
		}
		b.ours, b.haveOurs = items, true
		pg.compareBatch(q, b)
	})
}

// bounds are the first key of the batch, and the first beyond it.
func (b *backfill) bounds(span store.Span) (from, to store.Key) {
	from, to = span.Bounds()
	if b.from.Compare(from) > 0 {
		from = b.from.Next()
	}
	if !b.end {
		to = b.to.Next()
	}
	return from, to
}

// listAll lists a range, or returns the error.
func listAll(r store.Reader, from, to store.Key) any {
	var all []store.Item
	for more := true; more; {
		var items []store.Item
		var err error
		if items, more, err = r.List(from, to, 0); err != nil {
			return err
		}
		all = append(all, items...)
		if len(items) > 0 {
			from = items[len(items)-1].Key.Next()
		}
	}
	return all
}

func (pg *PG) askScan(q *peer, b *backfill) {
	b.asked = pg.now.Mono
	pg.say(q.id, wire.Control, wire.TypePGScan, pg.pri.round, &wire.PGScan{
		Batch: b.batch, From: b.scanFrom, To: cursorAt(b.to), End: b.end,
	}, nil)
}

// scanned is what the target has of a batch.
func (pg *PG) scanned(r core.Received, s *wire.PGScanned) {
	id, _ := pg.osdOf(r.From)
	if pg.pri == nil || s.Round != pg.pri.round {
		return
	}
	q := pg.peerOf(id)
	if q == nil || q.backfill == nil || q.backfill.step != scanning || q.backfill.batch != s.Batch || s.From != q.backfill.scanFrom || q.backfill.haveAll {
		return
	}
	b := q.backfill
	if s.NoRoom {
		pg.breakBatch(q, b)
		pg.noRoom(q)
		return
	}
	b.theirs = append(b.theirs, s.Objects...)
	if s.More {
		b.scanFrom = s.Upto
		pg.askScan(q, b)
		return
	}
	b.haveAll = true
	pg.compareBatch(q, b)
}

// compareBatch finds what the target lacks, has otherwise, or has too much.
func (pg *PG) compareBatch(q *peer, b *backfill) {
	if !b.haveOurs || !b.haveAll {
		return
	}
	theirs := map[store.Key]wire.PGVersion{}
	for _, o := range b.theirs {
		theirs[pg.keyOf(o.Object)] = o.Version
	}
	for _, it := range b.ours {
		v := wire.PGVersion(it.Info.Version)
		have, there := theirs[it.Key]
		delete(theirs, it.Key)
		if it.Damaged || v.IsZero() {
			pg.counts.damaged++
			pg.warn("pg cannot backfill a damaged object", "object", it.Key.String())
			pg.repairFrom(it.Key)
			pg.breakBatch(q, b)
			return
		}
		if !there || have != v {
			b.queue = append(b.queue, &recovering{key: it.Key, need: v, to: q, batch: b.batch})
		}
	}
	for _, k := range sortedKeys(theirs) {
		b.queue = append(b.queue, &recovering{key: k, need: theirs[k], to: q, batch: b.batch, delete: true})
	}
	b.step = pushing
	pg.pushBatch(q, b)
}

// pushBatch pushes what it may; and moves the cursor once all is on the target's disk.
func (pg *PG) pushBatch(q *peer, b *backfill) {
	r := &pg.pri.recovery
	for len(b.queue) > 0 && !b.broken && len(r.active) < 2*pg.set.RecoveryOps && pg.mayMove() {
		rec := b.queue[0]
		b.queue = b.queue[1:]
		b.moves++
		r.active = append(r.active, rec)
		pg.push(rec)
	}
	switch {
	case b.moves > 0:
	case b.broken:
		pg.breakBatch(q, b)
	case len(b.queue) == 0:
		b.step = moving
		pg.askMove(q, b)
	}
}

func (pg *PG) askMove(q *peer, b *backfill) {
	b.asked = pg.now.Mono
	pg.say(q.id, wire.Control, wire.TypePGCursor, pg.pri.round, &wire.PGCursor{Batch: b.batch, To: cursorAt(b.to), Done: b.end}, nil)
}

// breakBatch gives a batch up; it begins anew a moment later.
func (pg *PG) breakBatch(q *peer, b *backfill) {
	pg.pri.recovery.active = slices.DeleteFunc(pg.pri.recovery.active, func(rec *recovering) bool { return rec.to == q && rec.batch != 0 })
	b.step, b.queue, b.moves = idle, nil, 0
	b.retry = pg.now.Mono + pg.set.Repeat
	pg.runAll()
}

// cursorMoved ends a batch: from now on the target gets all writes to it.
func (pg *PG) cursorMoved(r core.Received, a *wire.PGCursorAck) {
	id, _ := pg.osdOf(r.From)
	if pg.pri == nil || a.Round != pg.pri.round {
		return
	}
	q := pg.peerOf(id)
	if q == nil || q.backfill == nil || q.backfill.step != moving || q.backfill.batch != a.Batch {
		return
	}
	info := *q.info
	info.Cursor, info.Incomplete, info.Damaged = a.To, !a.Done, info.Damaged && !a.Done
	q.info = &info
	q.backfill.step = idle
	q.backfill.passed += uint64(len(q.backfill.ours))
	if a.Done {
		pg.tell("pg backfilled", "osd", q.id)
		pg.releaseRemote(q)
	}
	pg.runAll()
	pg.advance()
}

// tickBackfill repeats what has no answer.
func (pg *PG) tickBackfill() {
	for _, q := range pg.members() {
		b := q.backfill
		if b == nil || pg.now.Mono < b.asked+2*pg.set.Repeat {
			continue
		}
		switch {
		case b.step == scanning && !b.haveAll:
			pg.askScan(q, b)
		case b.step == moving:
			pg.askMove(q, b)
		}
	}
}

// ---- the target's side

// scanAsked begins a batch here, and lists what it holds so far.
func (pg *PG) scanAsked(r core.Received, s *wire.PGScan) {
	id, _ := pg.osdOf(r.From)
	if pg.rep == nil || !pg.rep.activated || id != pg.info.Interval.Primary || s.Round != pg.rep.round || !pg.info.Incomplete || s.Batch < pg.rep.batch {
		return
	}
	reply := &wire.PGScanned{Batch: s.Batch, From: s.From}
	say := func() { pg.say(id, wire.Data, wire.TypePGScanned, s.Round, reply, nil) }
	if pg.tooFull(0) {
		reply.NoRoom = true
		say()
		return
	}
	pg.rep.beginBatch(s.Batch)
	from, to := pg.span().Bounds()
	if s.From != (wire.Cursor{}) {
		from = keyAt(pg.cfg.PG.Pool, s.From).Next()
	}
	if !s.End {
		to = keyAt(pg.cfg.PG.Pool, s.To).Next()
	}
	type page struct {
		items []store.Item
		more  bool
		err   error
	}
	pg.quiet(func() {
		pg.read(func(r store.Reader) any {
			items, more, err := r.List(from, to, 0)
			return page{items, more, err}
		}, func(res any) {
			got := res.(page)
			if got.err != nil {
				return // the store is dead
			}
			for _, it := range got.items {
				reply.Objects = append(reply.Objects, wire.PGScanObj{Object: objectOf(it.Key), Version: wire.PGVersion(it.Info.Version), Size: it.Info.Size})
				reply.Upto = cursorAt(it.Key)
			}
			reply.More = got.more
			say()
		})
	})
}

// beginBatch forgets what came for another batch. An object of none goes on: its push is under way.
func (r *replica) beginBatch(batch uint64) {
	if r.batch == batch {
		return
	}
	r.batch = batch
	for k, in := range r.incoming {
		if in.batch != 0 {
			delete(r.incoming, k)
		}
	}
}

// moveCursor notes that everything up to a place is as the log says. The primary sends it after all of the batch is
// on our disk (H23).
func (pg *PG) moveCursor(r core.Received, c *wire.PGCursor) {
	id, _ := pg.osdOf(r.From)
	if pg.rep == nil || !pg.rep.activated || id != pg.info.Interval.Primary || c.Round != pg.rep.round || c.Batch != pg.rep.batch {
		return
	}
	if pg.info.Incomplete {
		pg.info.Cursor, pg.info.Incomplete = c.To, !c.Done
		if c.Done {
			pg.info.Cursor, pg.info.Damaged = wire.Cursor{}, false
		}
		var t store.Txn
		pg.putInfo(&t)
		pg.submit(&t, nil)
	}
	pg.quiet(func() {
		pg.say(id, wire.Control, wire.TypePGCursorAck, c.Round, &wire.PGCursorAck{Batch: c.Batch, To: c.To, Done: c.Done}, nil)
	})
}
