package pg

import (
	"errors"
	"slices"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/store"
	"zeph/pkg/wire"
)

// startRead reads under the object's lock and a lease that is held now: the clock was read after the batch was taken
// (8.1, 16.2). A lease that ran out makes it wait, not fail.
func (pg *PG) startRead(o *object, op *op) bool {
	if o.writers > 0 || !pg.leaseHeld() {
		return false
	}
	o.queue = o.queue[1:]
	o.readers++
	op.started = true
	k, steps, bulk := o.key, op.read.Steps, op.bulk
	pg.read(func(r store.Reader) any { return readSteps(r, k, steps, bulk) }, func(res any) {
		a := res.(*readAnswer)
		o.readers--
		switch {
		case a.err == nil:
			pg.counts.readOps++
			pg.counts.readBytes += uint64(len(a.bulk))
			pg.endOp(op, a.reply, a.bulk, nil)
		case pg.readFailed(k, a.err):
			op.started = false
			o.queue = append([]*waiting{op}, o.queue...) // again, once it is repaired
		default:
			pg.endOp(op, nil, nil, wire.Damaged.Errorf("object %v: %v", k, a.err))
		}
		pg.run(o)
	})
	return true
}

// waiting is op where a variable has that name.
type waiting = op

// startCompare answers a write that fails or changes nothing: that shows state without a log entry, so it is a
// read (8.2, H8). The object may have changed while it waited for the lock.
func (pg *PG) startCompare(o *object, op *op) bool {
	if o.writers > 0 || !pg.leaseHeld() {
		return false
	}
	if !o.known {
		pg.load(o)
		return false
	}
	_, changes, _, results := o.proj.plan(op.write.Steps, op.bulk)
	if results == nil && len(changes) > 0 {
		op.asRead = false
		return true
	}
	o.queue = o.queue[1:]
	pg.endOp(op, &wire.WriteReply{Version: o.proj.version, Results: results}, nil, nil)
	return true
}

// readFailed deals with a store that could not tell. Damage is healed as if the object were missing: another copy
// has it (8.3). It reports whether the reader should wait for that.
func (pg *PG) readFailed(k store.Key, err error) bool {
	var damage *store.CorruptError
	if !errors.As(err, &damage) {
		pg.warn("pg cannot read an object", "object", k.String(), "err", err)
		return false
	}
	pg.counts.damaged++
	pg.warn("pg found a damaged object", "object", k.String(), "err", err)
	return pg.repairFrom(k)
}

// ---- listings

type listing struct {
	request core.Request
	list    *wire.List
	busy    bool
	page    *wire.ListReply // what it found, while writes that it may show are under way
	upto    wire.PGVersion  // the newest of these
	until   time.Duration   // then its asker, who asks again every few seconds, has gone elsewhere
}

// listPatience is how long a listing waits.
const listPatience = 30 * time.Second

func (pg *PG) clientList(r core.Received, l *wire.List) {
	t := wire.Target{PG: l.PG, Object: "-"}
	switch {
	case r.Request == 0:
		return
	case pg.gone || pg.m == nil || !pg.m.HasPG(pg.cfg.PG):
		pg.fail(r.Request, wire.NoPool.Errorf("pool %d", t.PG.Pool))
		return
	case pg.pri == nil || r.Epoch < pg.info.Interval.First:
		pg.fail(r.Request, wire.WrongPrimary.Errorf("pg %v: epoch %d has %v", pg.cfg.PG, pg.Epoch(), pg.info.Interval.Primary))
		return
	}
	pg.pri.leases.client = pg.now.Mono
	pg.pri.writes.lists = append(pg.pri.writes.lists, &listing{request: r.Request, list: l, until: pg.now.Mono + listPatience})
	pg.runLists()
}

// runLists serves listings. Like reads they need the lease; and nothing may be missing here, for a missing
// object is listed wrongly.
func (pg *PG) runLists() {
	p := pg.pri
	if len(p.writes.lists) == 0 || !pg.serving() || !pg.leaseHeld() || pg.missing.len() > 0 {
		return
	}
	for _, l := range p.writes.lists {
		if l.busy {
			continue
		}
		l.busy = true
		span, list := pg.span(), *l.list
		pg.read(func(r store.Reader) any { return listPage(r, span, &list) }, func(res any) {
			pg.endListing(l, res)
		})
	}
}

func (pg *PG) endListing(l *listing, res any) {
	if !slices.Contains(pg.pri.writes.lists, l) {
		return // its asker has gone
	}
	if err, failed := res.(error); failed {
		pg.dropListing(l)
		pg.fail(l.request, wire.Internal.Errorf("pg %v: list: %v", pg.cfg.PG, err))
		return
	}
	l.page, l.upto = res.(*wire.ListReply), pg.info.LastUpdate
	pg.answerLists()
}

func (pg *PG) dropListing(l *listing) {
	ws := &pg.pri.writes
	ws.lists = slices.DeleteFunc(ws.lists, func(other *listing) bool { return other == l })
}

// answerLists answers those whose page shows nothing that could be undone. It is read without the objects' locks, so our
// store may show writes, and removals, that other acting do not have yet: these are waited for (8.4).
func (pg *PG) answerLists() {
	for _, l := range slices.Clone(pg.pri.writes.lists) {
		if l.page != nil && !pg.unsettled(l.upto) {
			pg.dropListing(l)
			pg.emit(core.Reply{To: l.request, Epoch: pg.Epoch(), Body: l.page})
		}
	}
}

// unsettled reports whether a write up to a version is not on all acting's disks.
func (pg *PG) unsettled(upto wire.PGVersion) bool {
	return slices.ContainsFunc(pg.pri.writes.flight, func(w *write) bool { return !w.done && w.sub.Version.Compare(upto) <= 0 })
}

func listPage(r store.Reader, span store.Span, l *wire.List) any {
	from, to := span.Bounds()
	if l.From != (wire.Cursor{}) {
		from = keyAt(span.PG.Pool, l.From)
	}
	limit := int(l.Max)
	if limit == 0 || limit > store.MaxPage {
		limit = store.MaxPage
	}
	reply := &wire.ListReply{}
	for {
		items, more, err := r.List(from, to, store.MaxPage)
		if err != nil {
			return err
		}
		for _, it := range items {
			if len(reply.Objects) == limit {
				reply.More, reply.Next = true, cursorAt(it.Key)
				return reply
			}
			from = it.Key.Next()
			if l.All || it.Key.Namespace == l.Namespace {
				reply.Objects = append(reply.Objects, wire.Listed{
					Namespace: it.Key.Namespace, Name: it.Key.Name, Size: it.Info.Size,
					Version: wire.PGVersion(it.Info.Version), Modified: it.Info.Modified,
				})
			}
		}
		if !more {
			return reply
		}
	}
}
