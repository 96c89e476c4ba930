package pg

import (
	"errors"
	"slices"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/placement"
	"zeph/pkg/store"
	"zeph/pkg/wire"
)

// object is an object that clients want something of. Its queue is first in, first out: readers go together,
// or writers do (7.1).
type object struct {
	key     store.Key
	queue   []*op
	readers int
	writers int
	known   bool // proj is
	loading bool
	proj    projected
}

// op is what a client wants of an object.
type op struct {
	key      store.Key
	write    *wire.Write // or
	read     *wire.Read
	bulk     []byte
	asker    wire.Asker
	requests []core.Request // of the client: a resend joins
	deadline time.Duration  // 0: none
	asRead   bool           // a write that fails, or changes nothing: its answer shows state (8.2)
	started  bool
	done     bool
}

// admit refuses what cannot be served here, and says whether the rest may wait.
func (pg *PG) admit(r core.Received, t *wire.Target) (store.Key, bool) {
	fail := func(e *wire.Error) (store.Key, bool) {
		pg.fail(r.Request, e)
		return store.Key{}, false
	}
	if r.Request == 0 {
		return store.Key{}, false
	}
	if pg.gone || pg.m == nil || !pg.m.HasPG(pg.cfg.PG) {
		return fail(wire.NoPool.Errorf("pool %d", t.PG.Pool))
	}
	if pg.pri == nil {
		return fail(wire.WrongPrimary.Errorf("pg %v: epoch %d has %v", pg.cfg.PG, pg.Epoch(), pg.info.Interval.Primary))
	}
	if r.Epoch < pg.info.Interval.First { // 9.3
		return fail(wire.WrongPrimary.Errorf("pg %v: an interval began with epoch %d, yours is %d", pg.cfg.PG, pg.info.Interval.First, r.Epoch))
	}
	if t.Object == "" || len(t.Object) > store.MaxName || len(t.Namespace) > store.MaxNamespace {
		return fail(wire.Denied.Errorf("a name of %d bytes in a namespace of %d", len(t.Object), len(t.Namespace)))
	}
	k, ok := pg.keyFor(t)
	if !ok {
		return fail(wire.Denied.Errorf("object %q does not belong to pg %v", t.Object, pg.cfg.PG))
	}
	return k, true
}

// keyFor is where the store has a client's object; false if it belongs to another PG.
func (pg *PG) keyFor(t *wire.Target) (store.Key, bool) {
	o := placement.Object{Name: t.Object, Namespace: t.Namespace, Key: t.Key}
	k := store.Key{Pool: pg.cfg.PG.Pool, Hash: o.Hash(&pg.pool), Namespace: t.Namespace, Name: t.Object}
	return k, pg.span().Has(k)
}

func (pg *PG) fail(r core.Request, e *wire.Error) {
	pg.emit(core.Fail{To: r, Epoch: pg.Epoch(), Err: e})
}

func (pg *PG) clientWrite(r core.Received, w *wire.Write) {
	k, ok := pg.admit(r, &w.Target)
	if !ok {
		return
	}
	if err := checkSteps(w.Steps, wire.InWrite, len(r.Bulk)); err != nil {
		pg.fail(r.Request, err)
		return
	}
	asker := wire.Asker{GID: r.From.GID, Request: r.ID}
	if same := pg.pri.writes.byAsker[asker]; same != nil { // a resend of one that waits or is under way joins it (9.2)
		same.requests = append(same.requests, r.Request)
		return
	}
	o := &op{key: k, write: w, bulk: r.Bulk, asker: asker}
	pg.pri.writes.byAsker[asker] = o
	pg.enqueue(r, o, w.Timeout)
}

func (pg *PG) clientRead(r core.Received, rd *wire.Read) {
	k, ok := pg.admit(r, &rd.Target)
	if !ok {
		return
	}
	if err := checkSteps(rd.Steps, wire.InRead, len(r.Bulk)); err != nil {
		pg.fail(r.Request, err)
		return
	}
	pg.enqueue(r, &op{key: k, read: rd, bulk: r.Bulk}, rd.Timeout)
}

func checkSteps(steps []wire.Step, in wire.Uses, bulk int) *wire.Error {
	var e *wire.Error
	if len(steps) > maxSteps {
		return wire.TooLarge.Errorf("%d steps, the limit is %d", len(steps), maxSteps)
	}
	if err := wire.CheckSteps(steps, in, bulk); errors.As(err, &e) {
		return e
	}
	return nil
}

func (pg *PG) enqueue(r core.Received, o *op, timeout wire.Millis) {
	o.requests = []core.Request{r.Request}
	if timeout > 0 {
		o.deadline = pg.now.Mono + timeout.Duration()
	}
	pg.pri.writes.ops = append(pg.pri.writes.ops, o)
	pg.pri.leases.client = pg.now.Mono
	obj := pg.objects[o.key]
	if obj == nil {
		obj = &object{key: o.key}
		pg.objects[o.key] = obj
	}
	obj.queue = append(obj.queue, o)
	pg.run(obj)
}

// run starts what may start of an object's queue.
func (pg *PG) run(o *object) {
	for len(o.queue) > 0 {
		op := o.queue[0]
		if op.done {
			o.queue = o.queue[1:]
			continue
		}
		if !pg.serving() || !pg.start(o, op) {
			return
		}
	}
	if o.readers == 0 && o.writers == 0 && !o.loading {
		delete(pg.objects, o.key)
	}
}

// start begins the first operation of a queue; false: it has to wait.
func (pg *PG) start(o *object, op *op) bool {
	switch {
	case pg.isDamaged(o.key):
		pg.endOp(op, nil, nil, wire.Damaged.Errorf("object %v: no copy has it whole", o.key))
		return true
	case pg.missing.has(o.key):
		pg.demand(o.key)
		return false
	case pg.pri.recovery.mending[o.key]:
		return false
	}
	if op.read != nil {
		return pg.startRead(o, op)
	}
	if op.asRead {
		return pg.startCompare(o, op)
	}
	return pg.startWrite(o, op)
}

// load reads what writes have to know of an object.
func (pg *PG) load(o *object) {
	if o.loading {
		return
	}
	o.loading = true
	type loaded struct {
		p   projected
		err error
	}
	k := o.key
	pg.read(func(r store.Reader) any {
		p, err := project(r, k)
		return loaded{p, err}
	}, func(res any) {
		got := res.(loaded)
		o.loading = false
		if got.err == nil {
			o.proj, o.known = got.p, true
		} else if !pg.readFailed(k, got.err) && len(o.queue) > 0 && !o.queue[0].done {
			pg.endOp(o.queue[0], nil, nil, wire.Damaged.Errorf("object %v: %v", k, got.err))
		}
		pg.run(o)
	})
}

// endOp answers all who asked for an operation.
func (pg *PG) endOp(op *op, body any, bulk []byte, err *wire.Error) {
	op.done = true
	if pg.pri != nil && pg.pri.writes.byAsker[op.asker] == op {
		delete(pg.pri.writes.byAsker, op.asker)
	}
	for _, r := range op.requests {
		if err != nil {
			pg.fail(r, err)
		} else {
			pg.emit(core.Reply{To: r, Epoch: pg.Epoch(), Body: body, Bulk: bulk})
		}
	}
}

// dropClients ends all that clients asked for, in the order in which they did. They ask again, and the results beside
// the log tell what was done.
func (pg *PG) dropClients(err *wire.Error) {
	if pg.pri == nil {
		return
	}
	for _, o := range pg.pri.writes.ops {
		if !o.done {
			pg.endOp(o, nil, nil, err)
		}
	}
	for _, l := range pg.pri.writes.lists {
		pg.fail(l.request, err)
	}
	for _, r := range pg.pri.commands {
		pg.fail(r, err)
	}
	pg.pri.writes.ops, pg.pri.writes.lists, pg.pri.commands = nil, nil, nil
}

// expire ends what has waited longer than its asker does. What may have been done before is not called undone: nothing
// was, if the first arrival here was no resend. Others that joined it have waited here with it.
func (pg *PG) expire() {
	p := pg.pri
	for _, o := range p.writes.ops {
		if o.done || o.started || o.deadline == 0 || !pg.now.After(o.deadline) {
			continue
		}
		err := wire.Expired.Errorf("object %v: %s", o.key, pg.whyWaiting(o.key))
		if o.write != nil && o.write.Resend {
			err = wire.Interrupted.Errorf("object %v: %s", o.key, pg.whyWaiting(o.key))
		}
		pg.endOp(o, nil, nil, err)
	}
	p.writes.ops = slices.DeleteFunc(p.writes.ops, func(o *op) bool { return o.done })
	p.writes.lists = slices.DeleteFunc(p.writes.lists, func(l *listing) bool {
		late := (!l.busy || l.page != nil) && pg.now.After(l.until)
		if late {
			pg.fail(l.request, wire.Expired.Errorf("pg %v is %v: %s", pg.cfg.PG, pg.State(), p.why))
		}
		return late
	})
}

// runAll goes through everything that waits, in the order in which it came.
func (pg *PG) runAll() {
	if len(pg.pri.writes.ops) == 0 {
		pg.runLists()
		return
	}
	seen := map[store.Key]bool{}
	for _, o := range slices.Clone(pg.pri.writes.ops) {
		if obj := pg.objects[o.key]; obj != nil && !o.started && !seen[o.key] {
			seen[o.key] = true
			pg.run(obj)
		}
	}
	pg.runLists()
}

func (pg *PG) runKey(k store.Key) {
	if o := pg.objects[k]; o != nil {
		pg.run(o)
	}
}
