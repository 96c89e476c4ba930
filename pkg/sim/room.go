package sim

import (
	"zeph/pkg/core"
	"zeph/pkg/wire"
)

// A queue is full when a peer does not read, or the network is slow: what is sent then was never sent, and who
// asked is told so (core.ErrQueueFull). What is marked as reserved, and answers, have room of their own; a peer
// that lets that fill up, too, loses the session. Now and then it happens to one message (Config.QueueFull), or to
// all from one node to another for a while (Choke).

// reservedShare is how much rarer it is that the room which is kept is full, too.
const reservedShare = 10

// full reports whether a message from one node to another finds no room.
func (w *World) full(from, to *Node, c wire.Class, reserved bool) bool {
	if c == wire.Heartbeat { // short, and on sessions of their own
		return false
	}
	share := w.cfg.QueueFull
	if to != nil && w.rules[from.index][to.index].full {
		share = 900_000 // what is taken out makes room for one
	}
	if reserved {
		share /= reservedShare
	}
	return share > 0 && w.rand.Chance(share)
}

// noRoom reports whether a message finds no room.
func (r *run) noRoom(e *core.Send) bool {
	w := r.n.w
	return w.full(r.n, w.find(e.To.Entity), e.Class, e.Reserved)
}

// choke ends the session by which an answer was to go, when answers fill the room that is kept for them: whoever
// asked does not read. It reports whether it did.
func (s *session) choke() bool {
	from, to := s.run[listener].n, s.run[dialler].n
	if !s.up[listener] || !s.w.rules[from.index][to.index].full || !s.w.full(from, to, s.class, true) {
		return false
	}
	s.close(listener, false)
	return true
}

// Choke makes the queues from one node to another full, most of the time, until it is healed.
func (w *World) Choke(from, to *Node) {
	w.rules[from.index][to.index].full = true
	w.Note(from.name, "choke", to.name)
}
