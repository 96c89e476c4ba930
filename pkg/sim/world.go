package sim

import (
	"io"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/wire"
)

// Config says what a world is like. Latencies and the like are drawn by seed around these.
type Config struct {
	Seed   uint64
	Trace  io.Writer // gets every event as a line; nil: nobody looks
	Detail bool      // lines of Trace go on with what messages say; the hash does not count that
	Codec  bool      // encode and decode every message on its way

	Latency   time.Duration // of a message, at the least; default 50 µs
	Jitter    time.Duration // on top of it, most of the time less than this; default 200 µs
	Slow      int           // per million of messages that take up to a hundred times as long
	QueueFull int           // per million of sends that find no room
	HintLoss  int           // per million of hints that get lost
	Commit    time.Duration // how long a disk takes, at the least; default 300 µs
	DriftPPM  int           // clocks run faster or slower by up to this
	Together  bool          // people's clocks agree at first
}

func (c *Config) defaults() {
	if c.Latency == 0 {
		c.Latency = 50 * time.Microsecond
	}
	if c.Jitter == 0 {
		c.Jitter = 200 * time.Microsecond
	}
	if c.Commit == 0 {
		c.Commit = 300 * time.Microsecond
	}
}

// World is virtual time with nodes in it. It is for one goroutine.
type World struct {
	cfg     Config
	now     time.Duration
	queue   queue
	trace   *trace
	nodes   []*Node
	named   map[wire.Entity]*Node // the same, looked up only
	rules   [][]rule              // from node, to node
	pipes   []*pipe               // that stand still, in the order in which they stopped
	ids     uint64                // sessions, requests: never used again
	rand    *core.Rand
	stopped bool
	steps   uint64
	fault   func(n *Node, err error)     // told when a core exits
	noted   func(who, what, text string) // told of every Note; nil: nobody listens
}

// New is a world without nodes.
func New(cfg Config) *World {
	cfg.defaults()
	return &World{cfg: cfg, trace: newTrace(cfg.Trace), named: make(map[wire.Entity]*Node), rand: core.RandFor(cfg.Seed, "network")}
}

// Now is the virtual time.
func (w *World) Now() time.Duration { return w.now }

// Steps is how many events have happened.
func (w *World) Steps() uint64 { return w.steps }

// Hash is the hash of the trace so far.
func (w *World) Hash() string { return w.trace.sum() }

// Last are the newest lines of the trace.
func (w *World) Last(n int) []string { return w.trace.newest(uint64(n)) }

// Nodes are all nodes, in the order in which they were added.
func (w *World) Nodes() []*Node { return w.nodes }

// After lets something happen after a while.
func (w *World) After(d time.Duration, do func()) { w.queue.add(w.now+max(0, d), do) }

// Run lets time pass up to an instant, or until Stop.
func (w *World) Run(until time.Duration) {
	w.stopped = false
	for !w.stopped && len(w.queue.heap) > 0 && w.queue.heap[0].at <= until {
		ev := w.queue.take()
		w.now = ev.at
		w.steps++
		ev.do()
	}
	if !w.stopped {
		w.now = max(w.now, until)
	}
}

// Stop ends Run after the present event.
func (w *World) Stop() { w.stopped = true }

// Note adds a line to the trace: a fault, an operation. Whoever listens is told.
func (w *World) Note(who, what, text string) {
	t := w.trace.begin(w.now, who, what)
	if text != "" {
		t.s("text", text)
	}
	t.end(nil)
	w.tell(who, what, text)
}

func (w *World) tell(who, what, text string) {
	if w.noted != nil {
		w.noted(who, what, text)
	}
}

// between draws a duration from lo up to hi.
func between(r *core.Rand, lo, hi time.Duration) time.Duration {
	if hi <= lo {
		return lo
	}
	return lo + time.Duration(r.Uint64()%uint64(hi-lo))
}

// latency draws how long a message takes.
func (w *World) latency(from, to *Node, c wire.Class, bytes int) time.Duration {
	d := w.cfg.Latency + between(w.rand, 0, w.cfg.Jitter) + time.Duration(bytes) // a byte a nanosecond
	if w.cfg.Slow > 0 && w.rand.Chance(w.cfg.Slow) {
		d += between(w.rand, 0, 100*(w.cfg.Latency+w.cfg.Jitter))
	}
	return d + w.rules[from.index][to.index].delay
}

func (w *World) nextID() uint64 {
	w.ids++
	return w.ids
}
