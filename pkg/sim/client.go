package sim

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/history"
	"zeph/pkg/objecter"
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// client is a program that uses the cluster: it does one thing after the other, on a few lanes at
// once, and everything it is told goes into the history.
type client struct {
	c     *Cluster
	n     *Node
	next  uint64
	open  map[uint64]*request // looked up by token only
	lanes int                 // what it does at a time
	reads int                 // of a million operations
	think time.Duration       // most that passes between two
	stale bool                // it hears of new maps from OSDs alone
	quiet bool                // it begins nothing new
	ops   int                 // that it began, or rests before: their numbers
	names int                 // the number of the present one, which names its values
	epoch osdmap.Epoch        // of its map, in this life
	seen  map[string]string   // the newest value of an object that it knows of, for swaps
	life  int                 // counts its processes
}

// request is an operation of a client that has not ended, or a command.
type request struct {
	op      history.Operation
	recheck func(objecter.Done)
	lane    bool
}

// addClient adds a client that uses an objecter as shipped.
func (c *Cluster) addClient(name string, hears bool) *client {
	cl := &client{c: c, open: make(map[uint64]*request), seen: make(map[string]string), stale: !hears}
	cl.n = c.w.Add(Spec{
		Entity: "client." + name,
		Hears:  hears,
		Make: func(s Start) (core.Core, []core.Event) {
			return objecter.New(objecter.Config{Mons: c.dests, FSID: c.fsid, Seed: s.Seed, Timeout: 10 * time.Second}), nil
		},
		Own: cl.own,
	})
	return cl
}

// own takes the effects that are an objecter's alone.
func (cl *client) own(_ *Node, e core.Effect) {
	switch e := e.(type) {
	case objecter.Done:
		r := cl.open[e.Token.N]
		if r == nil {
			panic(fmt.Sprintf("sim: %s: operation %v ended twice", cl.n.name, e.Token))
		}
		delete(cl.open, e.Token.N)
		if newest := cl.c.state().Epoch(); e.Epoch < cl.epoch || e.Epoch > newest {
			cl.c.violation("a map went back (I6)", fmt.Sprintf("%s: e%d after e%d, the newest is e%d", cl.n.name, e.Epoch, cl.epoch, newest))
		}
		cl.epoch = e.Epoch
		if r.recheck != nil {
			r.recheck(e)
		} else {
			cl.ended(r, e)
		}
		if r.lane {
			cl.rest()
		}
	case objecter.Waiting, objecter.NewMap:
	default:
		panic(fmt.Sprintf("sim: %s: unknown effect %T", cl.n.name, e))
	}
}

// begin lets the client work. What it is to do at given times it does, whatever became of its process.
func (cl *client) begin() {
	if cl.c.opt.Ops != nil {
		if cl.ops == 0 {
			cl.script()
		}
		return
	}
	for range cl.lanes {
		cl.rest()
	}
}

// rest is the pause between two operations of a lane.
func (cl *client) rest() {
	cl.ops++
	number, life := cl.ops, cl.life
	r := cl.chanceOf(number)
	cl.c.w.After(between(r, 0, cl.think), func() {
		if cl.life == life {
			cl.work(number, r, true)
		}
	})
}

// die ends the client's process. What it had under way may have happened, or may yet happen.
func (cl *client) die() {
	cl.n.Crash(false)
	cl.life++
	cl.epoch = 0
	for token := uint64(1); token <= cl.next; token++ {
		if r := cl.open[token]; r != nil && r.recheck == nil {
			r.op.Outcome = history.Unknown
			cl.c.count(&r.op)
			cl.c.history = append(cl.c.history, r.op)
		}
		delete(cl.open, token)
	}
}

// work does something to some object.
func (cl *client) work(number int, r *core.Rand, lane bool) {
	if cl.quiet || !cl.n.Up() {
		return
	}
	cl.names = number
	objects := cl.c.cfg.Workload.Objects
	object := fmt.Sprint("reg.", r.IntN(objects))
	mix := &cl.c.cfg.Workload
	appends := r.IntN(4) == 0
	if mix.Append > 0 {
		appends = r.IntN(100_00) < int(mix.Append)
	}
	if appends {
		object = fmt.Sprint("log.", r.IntN(max(1, objects/4)))
	}
	kind := history.Read
	if !r.Chance(cl.reads) {
		swap, remove := 30_00, 10_00
		if mix.Swap+mix.Remove > 0 {
			swap, remove = int(mix.Swap), int(mix.Remove)
		}
		switch n := r.IntN(20) * 5_00; { // twentieths are as fine as it gets
		case appends:
			kind = history.Append
		case n < 100_00-swap-remove:
			kind = history.Write
		case n < 100_00-remove:
			kind = history.Swap
		default:
			kind = history.Remove
		}
	}
	cl.c.begun = append(cl.c.begun, Op{cl.n.name[len("client."):], number, cl.c.w.now - cl.c.began, kind.String(), object})
	cl.do(kind, object, lane, 0)
}

// value is a new one, never used before. Some are long.
func (cl *client) value() string {
	return fmt.Sprint(strings.TrimPrefix(cl.n.name, "client."), ".", cl.names, ";")
}

// repeats makes some values longer than a block: how many times they follow themselves follows from the value.
func repeats(value string) int {
	h := uint32(2166136261)
	for i := range len(value) {
		h = (h ^ uint32(value[i])) * 16777619
	}
	if h%8 != 0 {
		return 0
	}
	return int(h >> 8 % 2000)
}

// isLong reports whether data are a value and its repeats.
func isLong(data []byte, value string) bool {
	if len(data) != len(value)*(1+repeats(value)) {
		return false
	}
	for len(data) > 0 {
		if string(data[:len(value)]) != value {
			return false
		}
		data = data[len(value):]
	}
	return true
}

const valueAttr = "v"

// do begins an operation.
func (cl *client) do(kind history.Kind, object string, lane bool, timeout time.Duration) {
	op := history.Operation{Client: cl.n.name, Object: object, Kind: kind, Begin: cl.c.w.Now()}
	cl.next++
	token := core.Token{N: cl.next}
	at := objecter.Object{Pool: objecter.Pool{Name: cl.c.poolOf(object).Name}, Name: object}
	var ev core.Event
	switch kind {
	case history.Read:
		steps := []wire.Step{{Op: wire.StepRead}}
		if strings.HasPrefix(object, "reg.") {
			steps = append(steps, wire.Step{Op: wire.StepGetXattr, Name: valueAttr})
		}
		ev = objecter.Read{Token: token, Object: at, Steps: steps, Expect: 64 << 10, Timeout: timeout}
	case history.Append:
		op.Value = cl.value()
		ev = objecter.Write{Token: token, Object: at, Timeout: timeout,
			Steps: []wire.Step{{Op: wire.StepAppend, Length: uint64(len(op.Value))}}, Bulk: []byte(op.Value)}
	case history.Remove:
		ev = objecter.Write{Token: token, Object: at, Timeout: timeout,
			Steps: []wire.Step{{Op: wire.StepExists}, {Op: wire.StepRemove}}}
	case history.Write, history.Swap:
		op.Value = cl.value()
		var steps []wire.Step
		var bulk []byte
		if kind == history.Swap {
			if op.Expected = cl.seen[object]; op.Expected == "" {
				op.Expected = "nothing;"
			}
			steps = append(steps, wire.Step{Op: wire.StepExists}, wire.Step{Op: wire.StepIsXattr, Name: valueAttr, Length: uint64(len(op.Expected))})
			bulk = append(bulk, op.Expected...)
		}
		times := 1 + repeats(op.Value)
		steps = append(steps, wire.Step{Op: wire.StepWriteFull, Length: uint64(times * len(op.Value))},
			wire.Step{Op: wire.StepSetXattr, Name: valueAttr, Length: uint64(len(op.Value))})
		bulk = slices.Grow(bulk, (times+1)*len(op.Value))
		for range times + 1 { // the last one is the attribute
			bulk = append(bulk, op.Value...)
		}
		ev = objecter.Write{Token: token, Object: at, Timeout: timeout, Steps: steps, Bulk: bulk}
	}
	if kind == history.Remove {
		cl.c.removes[object] = cl.c.w.now
	}
	cl.open[token.N] = &request{op: op, lane: lane}
	cl.c.w.trace.begin(cl.c.w.now, cl.n.name, kind.String()).s("object", object).s("value", op.Value).end(nil)
	cl.n.Put(ev)
}

// ended notes what an operation came to.
func (cl *client) ended(r *request, d objecter.Done) {
	op := r.op
	op.End = cl.c.w.Now()
	switch {
	case d.Err == nil && op.Kind == history.Read:
		op.Outcome = history.Done
		op.Value = cl.parse(&op, d)
	case d.Err == nil:
		op.Outcome = history.Done
	case errors.Is(d.Err, wire.NotFound):
		op.Outcome = history.Missing
	case errors.Is(d.Err, wire.Mismatch):
		op.Outcome = history.Differs
	case errors.Is(d.Err, objecter.ErrUnknown):
		op.Outcome = history.Unknown
	}
	cl.c.w.trace.begin(cl.c.w.now, cl.n.name, "ended").s("type", op.Kind.String()).s("object", op.Object).s("value", op.Value).s("error", errorText(d.Err)).end(nil)
	cl.c.count(&op)
	if op.Outcome == 0 {
		return // nothing happened, and the client knows
	}
	if op.Outcome == history.Done && op.Kind != history.Remove {
		cl.seen[op.Object] = op.Value
	}
	if reply, ok := d.Body.(*wire.WriteReply); ok && op.Outcome == history.Done && reply.Version.Compare(cl.c.acked[op.Object].version) > 0 {
		cl.c.acked[op.Object] = ackedWrite{reply.Version, op.Kind == history.Remove}
		cl.c.checkDurable(&op, reply.Version)
	}
	cl.c.history = append(cl.c.history, op)
}

// parse takes a value out of what was read, and checks that all of it belongs together.
func (cl *client) parse(op *history.Operation, d objecter.Done) string {
	reply := d.Body.(*wire.ReadReply)
	if len(reply.Results) < 2 {
		return string(d.Bulk)
	}
	n := min(uint64(len(d.Bulk)), reply.Results[0].Length)
	data, attr := d.Bulk[:n], string(d.Bulk[n:])
	if !isLong(data, attr) {
		cl.c.violation("torn object", fmt.Sprintf("%s read %s: %d bytes that begin with %.40q do not belong to the attribute %q, version %v",
			cl.n.name, op.Object, len(data), data, attr, reply.Version), cl.c.aboutObject(op.Object))
	}
	return attr
}

// askPG asks the primary of a placement group to do something.
func (cl *client) askPG(pg osdmap.PGID, name string) {
	cl.next++
	token := core.Token{N: cl.next}
	cl.open[token.N] = &request{recheck: func(objecter.Done) {}}
	cl.c.w.trace.begin(cl.c.w.now, cl.n.name, "command").s("text", name).pg(pg).end(nil)
	cl.n.Put(objecter.OSDCommand{Token: token, PG: pg, Name: name, Timeout: 5 * time.Second,
		Args: []wire.Setting{{Name: "pg", Value: pg.String()}}})
}

// command asks the monitors for something, as an operator would.
func (cl *client) command(then func(objecter.Done), name string, args ...string) {
	cl.next++
	token := core.Token{N: cl.next}
	ev := objecter.MonCommand{Token: token, Name: name, Timeout: 5 * time.Second}
	for i := 0; i+1 < len(args); i += 2 {
		ev.Args = append(ev.Args, wire.Setting{Name: args[i], Value: args[i+1]})
	}
	cl.open[token.N] = &request{recheck: func(d objecter.Done) {
		text := fmt.Sprint(d.Err)
		if reply, ok := d.Body.(*wire.CommandReply); ok && d.Err == nil {
			text = reply.Text
		}
		cl.c.w.trace.begin(cl.c.w.now, cl.n.name, "command ended").s("text", name+": "+text).end(nil)
		if then != nil {
			then(d)
		}
	}}
	cl.c.w.Note(cl.n.name, "command", name+" "+strings.Join(args, " "))
	cl.n.Put(ev)
}
