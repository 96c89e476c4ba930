package sim

import (
	"fmt"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/store/mem"
	"zeph/pkg/wire"
)

// Spec says what a node is.
type Spec struct {
	Entity string // osd.3, mon.a, client.w1
	Disk   bool   // it has one
	Log    *Log   // that it is a member of, or nil
	Member string // its id there
	Hears  bool   // it subscribes to hints

	// Make makes the core at each start, and what it is told first.
	Make func(Start) (core.Core, []core.Event)

	// Own carries out effects that only this kind of core has. It may be nil.
	Own func(n *Node, effect core.Effect)
}

// Start is what a core is made from.
type Start struct {
	Seed  uint64
	GID   wire.GID
	Store *mem.Store // nil: it has no disk
	Time  core.Time
}

// Node is a machine with one process on it, which may be down.
type Node struct {
	w      *World
	index  int
	name   string
	entity wire.Entity
	spec   Spec
	disk   *disk
	clock  clock
	member *member
	run    *run // nil: down
	silent bool // while it is down, attempts to connect find no answer instead of a refusal
	starts int
	rand   *core.Rand
	paused bool
	hung   bool // the loop stands still, the messenger answers
	hungAt time.Duration
	late   time.Duration // timers are, by up to so much
	exited error
}

// run is one life of a process.
type run struct {
	n        *Node
	gid      wire.GID
	core     core.Core
	inbox    core.Inbox
	turn     []core.Event
	turning  bool          // a turn is on its way
	busy     time.Duration // until when the last turn keeps the loop
	links    []*link
	sessions []*session
	index    index
	requests map[core.Request]*call // looked up by id only
	lastReq  core.Request
	ready    bool   // it says that it serves
	event    func() // takeTurn, made once
}

// Add adds a node, down.
func (w *World) Add(spec Spec) *Node {
	entity, err := wire.ParseEntity(spec.Entity)
	if err != nil {
		panic("sim: Add: " + err.Error())
	}
	n := &Node{w: w, index: len(w.nodes), name: spec.Entity, entity: entity, spec: spec,
		rand: core.RandFor(w.cfg.Seed, spec.Entity)}
	n.clock = n.drawClock()
	if spec.Disk {
		n.disk = newDisk(n)
	}
	w.nodes = append(w.nodes, n)
	w.named[entity] = n
	for i := range w.rules {
		w.rules[i] = append(w.rules[i], rule{})
	}
	w.rules = append(w.rules, make([]rule, len(w.nodes)))
	if spec.Log != nil {
		n.member = spec.Log.join(n)
	}
	return n
}

func (n *Node) drawClock() clock {
	c := clock{start: n.w.now, base: between(n.rand, time.Second, time.Hour),
		wall: 1_700_000_000*time.Second + between(n.rand, 0, 2*time.Hour)} // nothing may rest on what people's clocks say
	if n.w.cfg.Together {
		c.wall = 1_700_000_000 * time.Second
	}
	if d := n.w.cfg.DriftPPM; d > 0 {
		c.ppm = int64(n.rand.IntN(2*d+1) - d)
	}
	return c
}

// Name is the entity's name.
func (n *Node) Name() string { return n.name }

// Core is the core of the present run; nil: it is down.
func (n *Node) Core() core.Core {
	if n.run == nil {
		return nil
	}
	return n.run.core
}

// GID is that of the present run; 0: it is down.
func (n *Node) GID() wire.GID {
	if n.run == nil {
		return 0
	}
	return n.run.gid
}

// Up reports whether there is a process.
func (n *Node) Up() bool { return n.run != nil }

// Paused reports whether the process stands still.
func (n *Node) Paused() bool { return n.paused }

// Store is the node's disk, past all queues: for judges.
func (n *Node) Store() *mem.Store { return n.disk.store }

// Time is what the node's clocks show.
func (n *Node) Time() core.Time {
	return core.Time{
		Mono: n.clock.mono(n.w.now),
		Wall: osdmap.UnixMilli((n.clock.wall + n.w.now) / time.Millisecond),
	}
}

// Start starts the process.
func (n *Node) Start() {
	if n.run != nil {
		return
	}
	n.starts++
	n.paused, n.hung, n.silent, n.exited = false, false, false, nil
	seed := n.rand.Uint64()
	r := &run{n: n, gid: wire.GID(core.RandFor(seed, "gid").Uint64() | 1), requests: make(map[core.Request]*call), index: newIndex()}
	r.event = r.takeTurn
	n.run = r
	n.w.trace.begin(n.w.now, n.name, "start").x("gid", uint64(r.gid)).end(nil)
	n.w.tell(n.name, "start", "")
	s := Start{Seed: seed, GID: r.gid, Time: n.Time()}
	if n.disk != nil {
		s.Store = n.disk.store
	}
	var first []core.Event
	r.core, first = n.spec.Make(s)
	for _, ev := range first {
		r.put(ev)
	}
	if n.disk != nil {
		n.disk.tellStats(r)
	}
	if n.member != nil {
		n.member.start()
	}
	r.wake()
}

// Crash ends the process without a word. With power the machine goes with it: nobody refuses
// connections, nobody is told that old ones ended.
func (n *Node) Crash(power bool) {
	r := n.run
	if r == nil {
		return
	}
	what := "crash"
	if power {
		what = "power cut"
	}
	n.w.Note(n.name, what, "")
	n.run, n.silent, n.paused, n.hung = nil, power, false, false
	for _, s := range r.sessions {
		s.abandon(r, !power)
	}
	if n.disk != nil {
		n.disk.crash()
	}
	if n.member != nil {
		n.member.crash()
	}
}

// Wipe gives the node, which is down, an empty disk.
func (n *Node) Wipe() {
	n.w.Note(n.name, "wipe", "")
	n.disk = newDisk(n)
}

// Pause stops the process as SIGSTOP does.
func (n *Node) Pause() {
	n.paused = true
	n.w.Note(n.name, "pause", "")
}

// Hang makes the loop stand still, while the messenger goes on to answer pings.
func (n *Node) Hang() {
	n.hung, n.hungAt = true, n.w.now
	n.w.Note(n.name, "hang", "")
}

// Resume lets a paused or hung process go on.
func (n *Node) Resume() {
	n.paused, n.hung = false, false
	n.w.Note(n.name, "resume", "")
	if n.disk != nil {
		n.disk.retry()
	}
	if n.run != nil {
		n.run.wake()
	}
	n.w.kick()
}

// Put hands the core an event of its own kind: a client's request.
func (n *Node) Put(ev core.Event) {
	if n.run != nil {
		n.run.put(ev)
	}
}

// alive reports whether the run is the node's present one.
func (r *run) alive() bool { return r.n.run == r }

func (r *run) put(ev core.Event) {
	r.inbox.Put(ev)
	r.wake()
}

// wake sees to it that a turn comes when events wait.
func (r *run) wake() {
	n := r.n
	if r.turning || n.paused || n.hung || r.inbox.Len() == 0 {
		return
	}
	r.turning = true
	n.w.queue.add(max(n.w.now, r.busy)+between(n.rand, time.Microsecond, 20*time.Microsecond), r.event)
}

// takeTurn takes what waits, reads the clock once, and steps the core.
func (r *run) takeTurn() {
	n := r.n
	r.turning = false
	if !r.alive() || n.paused || n.hung {
		return
	}
	r.turn = r.inbox.Take(r.turn[:0])
	now := n.Time()
	r.busy = n.w.now + time.Duration(len(r.turn))*2*time.Microsecond
	for _, ev := range r.turn {
		n.traceEvent(ev)
		for _, e := range r.core.Step(now, ev) {
			r.carryOut(e)
			if !r.alive() {
				return
			}
		}
	}
	r.wake()
}

// carryOut does what a core wants done.
func (r *run) carryOut(e core.Effect) {
	n, w := r.n, r.n.w
	switch e := e.(type) {
	case core.Send:
		r.send(&e)
	case core.Call:
		r.call(&e)
	case core.Reply:
		r.answer(e.To, &message{kind: replied, epoch: e.Epoch, body: e.Body, bulk: e.Bulk})
	case core.Fail:
		r.answer(e.To, &message{kind: failed, epoch: e.Epoch, body: e.Err})
	case core.Drop:
		delete(r.requests, e.To)
	case core.Publish:
		r.publish(&e)
	case core.SetTimer:
		r.setTimer(e)
	case core.Continue:
		r.put(e)
	case core.Submit:
		n.disk.submit(e)
	case core.Read:
		n.disk.read(r, e)
	case core.Propose:
		n.member.propose(e.Token, e.Command)
	case core.Barrier:
		n.member.propose(e.Token, nil)
	case core.ChangeMembers:
		n.member.change(e)
	case core.Log:
		w.trace.begin(w.now, n.name, "log").s("message", e.Message).s("args", fmt.Sprint(e.Args...)).end(nil)
	case core.NewMonmap: // all of a simulation's monitors are there from the beginning
	case core.Ready:
		r.ready = true
	case core.Rename:
		r.rename(e.GID)
	case core.Exit:
		r.exit(e.Err)
	default:
		if n.spec.Own == nil {
			panic(fmt.Sprintf("sim: %s: unknown effect %T", n.name, e))
		}
		n.spec.Own(n, e)
	}
}

// exit ends the process by its own will: its connections end in order.
func (r *run) exit(err error) {
	n := r.n
	text := "well"
	if err != nil {
		text = err.Error()
	}
	n.w.trace.begin(n.w.now, n.name, "exit").s("text", text).end(nil)
	n.Crash(false)
	n.exited = err
	if n.w.fault != nil {
		n.w.fault(n, err)
	}
}
