package objecter

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/placement"
	"zeph/pkg/wire"
)

// op is an operation that has not ended.
type op struct {
	token core.Token
	kind  kind
	what  string // for people

	pool  Pool // that it is about; the id is set once it is known
	obj   placement.Object
	pg    osdmap.PGID // once it is known
	osd   osdmap.OSDID
	steps []wire.Step
	body  any // of its sends, but for a write and a read, which get a new one each time
	bulk  []byte
	reply int // bytes of bulk that its answer may bring

	begun     time.Duration
	deadline  time.Duration
	notBefore time.Duration // the next send
	tries     int           // in a row that came to nothing: they make the pause longer
	need      osdmap.Epoch  // of our map, before the next send
	atLeast   osdmap.Epoch  // of GetMap
	fresh     bool

	id    uint64
	floor wire.PGVersion
	iv    interval // when it was last sent
	last  uint64   // its last call
	to    core.Dest
	mon   int         // that a command goes to next
	under []core.Peer // runs that a call to is under way
	open  int         // sends that may have been carried out, and have no answer
	only  core.Peer   // the run that all these went to; zero: several
	sends int

	why        string
	whyIs      wire.Code   // the reason's code, if it has one
	said       *wire.Error // the last answer that did not settle it
	saidBy     wire.Entity // whose it was: the next attempt may go elsewhere
	charged    bool        // it counts in the budget
	queued     bool
	ended      bool
	wake       int // place in wakes
	prev, next *op
}

// kind is what sort of operation it is.
type kind uint8

const (
	write kind = iota
	read
	list
	monCommand
	osdCommand
	lookUp
	getMap
)

// changes reports whether it matters how often the operation is carried out.
func (k kind) changes() bool { return k == write || k == monCommand || k == osdCommand }

// begin takes an operation on.
func (o *Objecter) begin(ev core.Event) {
	op, timeout := newOp(ev)
	if o.byTok[op.token] != nil {
		panic(fmt.Sprintf("objecter: token %v is in use", op.token))
	}
	if err := op.check(); err != nil {
		o.emit(Done{Token: op.token, Err: err, Epoch: o.epoch()})
		return
	}
	if o.ops.len >= o.cfg.MaxQueue+o.cfg.MaxOps {
		o.emit(Done{Token: op.token, Err: core.ErrQueueFull, Epoch: o.epoch()})
		return
	}
	o.lastID++
	op.id = o.lastID
	op.begun = o.now.Mono
	op.deadline = o.now.Mono + or(timeout, o.cfg.Timeout)
	op.mon, op.need = -1, o.made
	o.byTok[op.token] = op
	o.ops.add(op)
	o.wakes.add(op)
	o.attempt(op)
}

func newOp(ev core.Event) (*op, time.Duration) {
	switch ev := ev.(type) {
	case Write:
		return &op{token: ev.Token, kind: write, what: "write", pool: ev.Object.Pool, obj: ev.Object.placed(),
			steps: ev.Steps, bulk: ev.Bulk}, ev.Timeout
	case Read:
		return &op{token: ev.Token, kind: read, what: "read", pool: ev.Object.Pool, obj: ev.Object.placed(),
			steps: ev.Steps, bulk: ev.Bulk, reply: or(ev.Expect, expect(ev.Steps))}, ev.Timeout
	case List:
		return &op{token: ev.Token, kind: list, what: "list", pool: Pool{ID: ev.PG.Pool}, pg: ev.PG, reply: 256 << 10,
			body: &wire.List{PG: wire.PG(ev.PG), Namespace: ev.Namespace, All: ev.All, From: ev.From, Max: ev.Max}}, ev.Timeout
	case MonCommand:
		return &op{token: ev.Token, kind: monCommand, what: ev.Name,
			body: &wire.Command{Name: ev.Name, Args: ev.Args}, reply: maxPart}, ev.Timeout
	case OSDCommand:
		return &op{token: ev.Token, kind: osdCommand, what: ev.Name, pool: Pool{ID: ev.PG.Pool}, pg: ev.PG, osd: ev.OSD,
			body: &wire.Command{Name: ev.Name, Args: ev.Args}, reply: maxPart}, ev.Timeout
	case LookUp:
		return &op{token: ev.Token, kind: lookUp, what: "look up", pool: ev.Pool}, ev.Timeout
	case GetMap:
		return &op{token: ev.Token, kind: getMap, what: "get map", atLeast: ev.AtLeast, fresh: ev.Fresh}, ev.Timeout
	}
	panic(fmt.Sprintf("objecter: no operation: %T", ev))
}

func (o Object) placed() placement.Object {
	return placement.Object{Name: o.Name, Namespace: o.Namespace, Key: o.Key}
}

// check refuses what no OSD would take.
func (op *op) check() error {
	switch op.kind {
	case write:
		if err := wire.CheckSteps(op.steps, wire.InWrite, len(op.bulk)); err != nil {
			return err
		}
	case read:
		if err := wire.CheckSteps(op.steps, wire.InRead, len(op.bulk)); err != nil {
			return err
		}
	default:
		return nil
	}
	if op.obj.Name == "" {
		return wire.Malformed.Errorf("an object's name is empty")
	}
	return nil
}

// expect is how many bytes the answer to a read may bring.
func expect(steps []wire.Step) int {
	const value, page = 64 << 10, 1 << 20 // of an attribute or row, or all attributes; of rows
	n := 0
	for _, s := range steps {
		switch {
		case s.Op == wire.StepRead && s.Length > 0:
			n += int(min(s.Length, wire.MaxDataFrame))
		case s.Op == wire.StepRead:
			n += wire.MaxDataFrame
		case s.Op == wire.StepGetXattr || s.Op == wire.StepGetOmap:
			n += value
		case s.Op == wire.StepListXattrs:
			n += value + value/4 // and what says where each ends
		case s.Op.Uses()&wire.GetsBulk != 0:
			n += page + value
		}
	}
	return min(n, wire.MaxDataFrame-wire.HeaderSize-wire.ReplyAllowance)
}

// grows reports whether a write may need more room than there is: those that do not are let through
// where everything is full, for they are the way out.
func (op *op) grows() bool {
	return slices.ContainsFunc(op.steps, func(s wire.Step) bool {
		switch s.Op {
		case wire.StepCreate, wire.StepWrite, wire.StepWriteFull, wire.StepAppend, wire.StepSetXattr, wire.StepSetOmap:
			return true
		}
		return false
	})
}

// cost is what the operation takes of the budget.
func (op *op) cost() int { return len(op.bulk) + op.reply }

// finish ends an operation.
func (o *Objecter) finish(op *op, d Done) {
	op.ended = true
	o.ops.remove(op)
	o.wakes.remove(op)
	delete(o.byTok, op.token)
	o.release(op)
	if op.queued {
		op.queued = false
		o.budget.queued--
	}
	d.Token, d.PG, d.Sends, d.Epoch = op.token, op.pg, op.sends, o.epoch()
	o.emit(d)
}

// giveUp ends an operation that got no answer, for a reason.
func (o *Objecter) giveUp(op *op, reason error) {
	var detail error = op.whyIs.Errorf("%s", o.describe(op))
	if op.whyIs == 0 {
		detail = errors.New(o.describe(op))
	}
	if op.open > 0 && op.kind.changes() {
		o.finish(op, Done{Err: fmt.Errorf("%w: %w; %w", ErrUnknown, reason, detail)})
		return
	}
	o.finish(op, Done{Err: fmt.Errorf("%w: %w", reason, detail)})
}

// describe says what an operation waits for.
func (o *Objecter) describe(op *op) string {
	switch {
	case op.why != "":
		return "waits: " + op.why
	case op.queued:
		return "waits for room: too many operations are under way"
	case op.sends > 0 && len(op.under) == 0 && op.said != nil:
		return fmt.Sprintf("%v said: %v", op.saidBy, op.said)
	case op.sends > 0 && op.kind == monCommand:
		return fmt.Sprintf("no answer from %v", op.to.Entity)
	case op.sends > 0:
		return fmt.Sprintf("no answer from %v, primary of pg %v, acting %v", op.to.Entity, op.pg, op.iv.acting)
	}
	return "it was not sent"
}

// opList holds the operations that have not ended, oldest first.
type opList struct {
	first, last *op
	len         int
}

func (l *opList) add(op *op) {
	op.prev = l.last
	if l.last != nil {
		l.last.next = op
	} else {
		l.first = op
	}
	l.last = op
	l.len++
}

// remove takes an operation out; its next still leads on, for whoever walks the list.
func (l *opList) remove(op *op) {
	if op.prev != nil {
		op.prev.next = op.next
	} else {
		l.first = op.next
	}
	if op.next != nil {
		op.next.prev = op.prev
	} else {
		l.last = op.prev
	}
	l.len--
}
