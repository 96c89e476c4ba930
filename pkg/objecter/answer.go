package objecter

import (
	"errors"
	"fmt"
	"slices"

	"zeph/pkg/core"
	"zeph/pkg/wire"
)

// answered takes the end of a call.
func (o *Objecter) answered(ev core.Answered) {
	c := o.calls[ev.Token.N]
	if c == nil {
		panic(fmt.Sprintf("objecter: an answer to call %v, which is not under way", ev.Token))
	}
	delete(o.calls, ev.Token.N)
	if c.op == nil {
		o.mapsAnswered(c, ev)
		return
	}
	if c.op.kind != monCommand {
		o.toldBy(c.to, ev.Epoch)
	}
	op := c.op
	o.learn(op, ev.Body)
	if op.ended {
		return // late; what it taught us was all it was good for
	}
	op.under = slices.DeleteFunc(op.under, func(p core.Peer) bool { return p == c.to.Peer })
	o.settle(op, c, ev)
	if !op.ended && len(op.under) == 0 {
		o.release(op)
	}
}

// learn notes the newest version that an answer shows of its PG.
func (o *Objecter) learn(op *op, body any) {
	var v wire.PGVersion
	switch body := body.(type) {
	case *wire.WriteReply:
		v = body.Version
	case *wire.ReadReply:
		v = body.Version
	default:
		return
	}
	if v.Compare(o.seen[op.pg]) > 0 {
		o.seen[op.pg] = v
	}
}

// settle does what an answer, or its lack, asks for.
func (o *Objecter) settle(op *op, c *call, ev core.Answered) {
	var failed *wire.Error
	switch {
	case ev.Err == nil:
		if failed = op.refusal(ev.Body); failed == nil {
			if reply, ok := ev.Body.(*wire.CommandReply); ok && op.kind == monCommand {
				o.made = max(o.made, reply.Epoch)
			}
			o.finish(op, Done{Body: ev.Body, Bulk: ev.Bulk})
			return
		}
	case errors.As(ev.Err, &failed):
	default:
		o.unanswered(op, ev.Err)
		return
	}
	op.said, op.saidBy = failed, op.to.Entity
	outcome := failed.Code.Outcome()
	if failed.Code == wire.Expired {
		outcome = wire.Retry // of this send: of an older one it says nothing
	}
	if outcome != wire.Ambiguous {
		op.open--
	}
	if failed.Code == wire.Expired && op.kind == write && c.n == op.last && op.only == c.to.Peer {
		op.open = 0 // an OSD says so only of a write whose first send, and all after it that came, waited there
	}
	switch {
	case outcome == wire.Definite && (c.n == op.last || op.kind == read || op.kind == list):
		o.refused(op, ev.Body, failed)
	case failed.Code == wire.Forgotten && op.kind == write:
		o.finish(op, Done{Err: fmt.Errorf("%w: %w", ErrUnknown, failed)})
	case failed.Code == wire.Expired && op.open == 0:
		o.giveUp(op, ErrTimeout)
	case failed.Code == wire.Internal:
		o.refusedUnknown(op, failed)
	default:
		o.retry(op, failed, ev)
	}
}

// refusal is the step of an answer that failed, as an error; nil if none did.
func (op *op) refusal(body any) *wire.Error {
	var results []wire.Result
	switch body := body.(type) {
	case *wire.WriteReply:
		results = body.Results
	case *wire.ReadReply:
		results = body.Results
	}
	for i, r := range results {
		if r.Code != 0 {
			return r.Code.Errorf("%s", op.step(i)+op.most(i, r.Code))
		}
	}
	return nil
}

// most is what a step that is too large may have at most, for people.
func (op *op) most(i int, code wire.Code) string {
	if code != wire.TooLarge || i >= len(op.steps) {
		return ""
	}
	if limit := limitOf(op.steps[i].Op); limit != "" {
		return ": " + limit
	}
	return ""
}

// step names a step, for people.
func (op *op) step(i int) string {
	if i >= len(op.steps) {
		return fmt.Sprintf("step %d", i)
	}
	s := op.steps[i]
	if s.Op.Uses()&wire.UsesName != 0 {
		return fmt.Sprintf("step %d, %v '%s'", i, s.Op, s.Name)
	}
	return fmt.Sprintf("step %d, %v", i, s.Op)
}

// refused ends an operation that was not carried out. While an earlier send has no answer, that
// is known only if whoever refused had looked for a result of it first, or if the pool is gone.
func (o *Objecter) refused(op *op, body any, failed *wire.Error) {
	if op.open > 0 && op.kind.changes() {
		switch failed.Code {
		case wire.NotFound, wire.Exists, wire.Mismatch, wire.NoPool:
		default:
			o.refusedUnknown(op, failed)
			return
		}
	}
	o.finish(op, Done{Body: body, Err: failed})
}

func (o *Objecter) refusedUnknown(op *op, failed *wire.Error) {
	if op.kind.changes() {
		o.finish(op, Done{Err: fmt.Errorf("%w: %w", ErrUnknown, failed)})
		return
	}
	o.finish(op, Done{Err: failed})
}

// retry is for answers that say "try again".
func (o *Objecter) retry(op *op, failed *wire.Error, ev core.Answered) {
	switch {
	case op.kind == monCommand:
		if op.open == 0 {
			o.lastID++
			op.id = o.lastID // a monitor repeats its answer to an id, this one too
		}
		o.nextMon(op)
		o.pause(op)
	case ev.Epoch > o.epoch():
		op.need = max(op.need, ev.Epoch)
		o.again(op)
	default:
		o.pause(op)
	}
}

// unanswered is for calls that ended without an answer.
func (o *Objecter) unanswered(op *op, err error) {
	if core.NotSent(err) {
		op.open--
	}
	if errors.Is(err, core.ErrTooLarge) {
		o.finish(op, Done{Err: err})
		return
	}
	if op.kind == monCommand {
		o.nextMon(op)
	}
	if errors.Is(err, core.ErrTimeout) {
		o.again(op) // it has waited long enough
		return
	}
	o.pause(op)
}

// nextMon lets a command go to another monitor.
func (o *Objecter) nextMon(op *op) { op.mon = (op.mon + 1) % len(o.cfg.Mons) }
