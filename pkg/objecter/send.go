package objecter

import (
	"slices"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// call is a send that has not ended: of an operation, or, without one, for the map.
type call struct {
	op *op
	n  uint64
	to core.Dest
}

// attempt brings an operation on, as far as the present map lets it.
func (o *Objecter) attempt(op *op) {
	if op.ended || op.queued || op.notBefore > o.now.Mono {
		return
	}
	if o.now.After(op.deadline) {
		o.giveUp(op, ErrTimeout)
		return
	}
	switch op.kind {
	case monCommand:
		o.attemptMon(op)
		return
	case lookUp, getMap:
		o.look(op)
		return
	}
	w := o.where(op)
	switch {
	case w.err != nil:
		o.finish(op, Done{Err: w.err})
	case w.why != "":
		o.waitFor(op, w)
	case slices.Contains(op.under, w.to.Peer):
		// A session takes no second request of one id. In a new interval the primary ends the first
		// one, if it has not answered it before.
	case o.admit(op):
		o.send(op, w)
	}
}

// attemptMon sends a command to a monitor, if none has it now: to the leader if we know it.
func (o *Objecter) attemptMon(op *op) {
	if len(op.under) > 0 {
		return
	}
	if op.mon < 0 {
		op.mon = o.maps.preferred(o)
	}
	if o.admit(op) {
		o.send(op, where{to: o.cfg.Mons[op.mon]})
	}
}

// look ends an operation that only the map answers.
func (o *Objecter) look(op *op) {
	if op.kind == lookUp && o.maps.m != nil {
		pool, w := o.wherePool(op)
		switch {
		case w == nil:
			o.finish(op, Done{Body: pool})
		case w.err != nil:
			o.finish(op, Done{Err: w.err})
		default:
			o.waitFor(op, *w)
		}
		return
	}
	if op.kind == getMap && o.epoch() >= max(1, op.atLeast, op.need) && (!op.fresh || o.maps.freshSince(op.begun)) {
		o.finish(op, Done{Body: o.maps.m})
		return
	}
	o.waitFor(op, waits("an osdmap: %s", o.maps.trouble(o)))
}

// waitFor notes why an operation is not sent, and tells it.
func (o *Objecter) waitFor(op *op, w where) {
	o.needMap(op)
	if op.why != w.why {
		op.why, op.whyIs = w.why, w.is
		o.emit(Waiting{Token: op.token, Why: w.why})
	}
}

// send sends an operation. It is a first send if nothing of an earlier one can be under way any more:
// then floor is fixed, anew.
func (o *Objecter) send(op *op, w where) {
	if op.why != "" {
		op.why, op.whyIs = "", 0
		o.emit(Waiting{Token: op.token})
	}
	resend := op.open > 0
	if op.kind == write && !resend {
		op.floor = o.newFloor(op.pg)
	}
	switch {
	case !resend:
		op.only = w.to.Peer
	case op.only != w.to.Peer:
		op.only = core.Peer{}
	}
	op.open++
	op.sends++
	op.iv, op.to = w.iv, w.to
	op.under = append(op.under, w.to.Peer)
	class, typ, body := op.message(o, resend)
	op.last = o.call(core.Send{To: w.to, Class: class, Type: typ, Body: body, Bulk: op.bulk}, op,
		op.id, op.reply, min(o.silence(op), op.deadline-o.now.Mono))
}

// silence is how long to wait for the answer to one send.
func (o *Objecter) silence(op *op) time.Duration {
	if op.kind == monCommand {
		return o.cfg.Silence / 2 // there are other monitors, and any will do
	}
	return o.cfg.Silence
}

// newFloor is the version below which results of this PG cannot be of a write not yet sent.
func (o *Objecter) newFloor(pg osdmap.PGID) wire.PGVersion {
	floor := wire.PGVersion{Epoch: o.epoch()}
	if seen := o.seen[pg]; seen.Compare(floor) > 0 {
		return seen
	}
	return floor
}

// message is what an operation sends.
func (op *op) message(o *Objecter, resend bool) (wire.Class, wire.Type, any) {
	target := wire.Target{PG: wire.PG(op.pg), Namespace: op.obj.Namespace, Key: op.obj.Key, Object: op.obj.Name}
	left := op.deadline - o.now.Mono
	left -= min(left/8, margin)
	switch op.kind {
	case write:
		return wire.Data, wire.TypeWrite, &wire.Write{Target: target, Timeout: millis(left), Steps: op.steps, Floor: op.floor, Resend: resend}
	case read:
		return wire.Data, wire.TypeRead, &wire.Read{Target: target, Timeout: millis(left), Steps: op.steps}
	case list:
		return wire.Data, wire.TypeList, op.body
	}
	return wire.Control, wire.TypeCommand, op.body
}

// margin is how much sooner than we an OSD gives an operation up, so that it can still say why.
const margin = 250 * time.Millisecond

func millis(d time.Duration) wire.Millis { return wire.Millis(max(1, d/time.Millisecond)) }

// call sends a request and keeps it until it ends.
func (o *Objecter) call(s core.Send, op *op, id uint64, reply int, timeout time.Duration) uint64 {
	o.lastCall++
	n := o.lastCall
	o.calls[n] = &call{op: op, n: n, to: s.To}
	s.Epoch = o.epoch()
	o.emit(core.Call{Send: s, Token: core.Token{N: n}, ID: id, Expect: reply, Timeout: timeout})
	return n
}

// pause has an operation wait a little before its next send, longer each time.
func (o *Objecter) pause(op *op) {
	const least, most = 20 * time.Millisecond, 500 * time.Millisecond
	op.notBefore = o.now.Mono + min(least<<min(op.tries, 10), most)
	op.tries++
	o.wakes.set(op)
}

// again lets an operation be sent at once.
func (o *Objecter) again(op *op) {
	op.notBefore = 0
	o.wakes.set(op)
	o.attempt(op)
}
