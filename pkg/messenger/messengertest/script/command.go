package script

import (
	"time"

	"zeph/pkg/wire"
)

// Command is one thing that happens to a node or that it does.
type Command struct {
	Verb   Verb
	Node   string // who
	Peer   string // with whom: a run, as b@2; for Start the run whose identity is taken, if any
	Place  string // a class, hints or reports; empty: all of them, for Stall, Resume and Cut
	IDs    []int  // of messages
	Client bool   // Start: it does not listen
	Deaf   bool   // Start: it has no handler
	Hold   bool   // Call: the answer comes by Answer or Fail, not at once

	Size    int           // of each message in bytes with its header; 0: as its parts come
	Bulk    int           // bytes of bulk
	Expect  int           // Call: bytes of bulk that the answer may bring
	Timeout time.Duration // Call: of the call; 0: none
	Context time.Duration // Call: of the context it is given; 0: none
	Odd     string        // Call: what the peer does not understand: type, class or field
	Code    wire.Code     // Fail
	Types   []wire.Type   // Subscribe, Publish
	Limits  *Limits       // Start
}

// Verb is what a command does; the package comment says it in full.
type Verb uint8

// The verbs.
const (
	Start Verb = iota + 1
	Kill
	Close
	Stall
	Resume
	Block
	Unblock
	Cut
	Link
	Wake
	Drop
	Unlink
	Send
	Push
	Call
	Answer
	Fail
	Hold
	Release
	Subscribe
	Publish
	Report
)

// Limits bound the messenger of a node. Zero means the default of the world.
type Limits struct {
	Redial time.Duration // redial: after a session ended, and ever after
	Stall  time.Duration // stall: how long a peer may move nothing
	Linger time.Duration // linger: how long a node that closes waits for its queues
	Hints  int           // hints: bytes queued for each subscriber
	Class  [wire.NumClasses]ClassLimits
}

// ClassLimits bound one class, in bytes.
type ClassLimits struct {
	Message int // message: the longest
	Outbox  int // outbox: queued for one session
	Reserve int // reserve: on top of it, for answers
	Window  int // window: what one session may send before it is released
	Receive int // receive: what is held for all sessions of clients, and for those of daemons
	Send    int // queue: what is queued for all sessions
}
