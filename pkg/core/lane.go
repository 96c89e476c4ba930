package core

import "zeph/pkg/wire"

// Lane is one of the queues that wait for a core. What is urgent comes first, and none is starved. All
// messages of one session go by one lane, and so does its reset.
type Lane uint8

// The lanes, most urgent first.
const (
	Urgent      Lane = iota // maps, peering, leases, acks, commits, timers
	Replication             // writes on their way to copies
	Clients
	Background // recovery, scrub, what a core sends itself
	lanes
)

// LaneOf is the lane that an event waits in.
func LaneOf(ev Event) Lane {
	switch ev := ev.(type) {
	case Received:
		return laneOf(ev.Class, ev.From)
	case SessionReset:
		return laneOf(ev.Class, ev.From)
	case Continue:
		return Background
	}
	return Urgent
}

func laneOf(c wire.Class, from Peer) Lane {
	switch {
	case c == wire.Bulk:
		return Background
	case c != wire.Data:
		return Urgent
	case from.Entity.Kind() == wire.OSD:
		return Replication
	}
	return Clients
}

// share is how many events of a lane a turn takes at most.
var share = [lanes]int{Urgent: 64, Replication: 32, Clients: 32, Background: 8}

// MaxTurn is how many events a turn takes at most.
const MaxTurn = 64

// Inbox holds the events that wait for a core. It is for one goroutine at a time.
type Inbox struct {
	waiting [lanes][]Event
	n       int
}

// Put adds an event.
func (in *Inbox) Put(ev Event) {
	l := LaneOf(ev)
	in.waiting[l] = append(in.waiting[l], ev)
	in.n++
}

// Len is how many events wait.
func (in *Inbox) Len() int { return in.n }

// Take appends the events of the next turn to dst. The last few places of a turn are for the lanes
// below, so that a flood of what is urgent does not starve them.
func (in *Inbox) Take(dst []Event) []Event {
	left := MaxTurn
	for l := Urgent; l < lanes; l++ {
		behind := 0 // places kept for later lanes
		for m := l + 1; m < lanes; m++ {
			behind += min(4, len(in.waiting[m]))
		}
		n := min(len(in.waiting[l]), share[l], left-behind)
		dst = append(dst, in.waiting[l][:n]...)
		clear(in.waiting[l][:n])
		in.waiting[l] = in.waiting[l][n:]
		if len(in.waiting[l]) == 0 {
			in.waiting[l] = nil
		}
		in.n -= n
		left -= n
	}
	return dst
}
