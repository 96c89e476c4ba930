package sim

import (
	"time"

	"zeph/pkg/wire"
)

// rule says what happens to messages from one node to another.
type rule struct {
	cut    wire.Classes  // these classes are silent: nothing arrives until it is healed
	hints  bool          // hints are lost
	refuse bool          // attempts to connect are refused, and connections end
	full   bool          // queues are, nearly always
	delay  time.Duration // on top of the latency
}

// Cut makes messages of some classes from one node to another stand still; hints too if all are.
func (w *World) Cut(from, to *Node, classes wire.Classes) {
	r := &w.rules[from.index][to.index]
	r.cut |= classes
	r.hints = r.hints || classes == wire.AllClasses
	w.Note(from.name, "cut", to.name)
}

// Refuse makes a firewall between two nodes that answers for the second: connections end, and new
// ones are refused.
func (w *World) Refuse(from, to *Node) {
	w.rules[from.index][to.index].refuse = true
	w.rules[from.index][to.index].hints = true
	w.Note(from.name, "refuse", to.name)
	w.resetBetween(from, to)
}

// Delay makes everything from one node to another take longer.
func (w *World) Delay(from, to *Node, d time.Duration) {
	w.rules[from.index][to.index].delay = d
	w.Note(from.name, "delay", to.name+" "+d.String())
}

// Heal takes back what was done between two nodes, one way.
func (w *World) Heal(from, to *Node) {
	if w.rules[from.index][to.index] == (rule{}) {
		return
	}
	w.rules[from.index][to.index] = rule{}
	w.Note(from.name, "heal", to.name)
	w.kick()
}

// HealAll takes back everything.
func (w *World) HealAll() {
	for _, from := range w.nodes {
		for _, to := range w.nodes {
			w.Heal(from, to)
		}
	}
}

// Reaches reports whether messages of a class get from one node to another.
func (w *World) Reaches(from, to *Node, c wire.Class) bool {
	r := &w.rules[from.index][to.index]
	return !r.cut.Has(c) && !r.refuse && !w.rules[to.index][from.index].refuse
}

// kick lets pipes go on that stood still and need not any more.
func (w *World) kick() {
	still := w.pipes
	w.pipes = nil
	for _, p := range still {
		p.stopped = false
		p.schedule()
	}
}
