package core

import (
	"errors"
	"time"

	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// How a Call can end beside an answer and a *wire.Error. The first three say that nothing was sent.
var (
	ErrDown      = errors.New("peer not connected")
	ErrQueueFull = errors.New("queue full")
	ErrTooLarge  = errors.New("message too large")
	ErrReset     = errors.New("session reset")
	ErrTimeout   = errors.New("no answer in time")
)

// NotSent reports whether a call that ended with err was never sent.
func NotSent(err error) bool {
	return errors.Is(err, ErrDown) || errors.Is(err, ErrQueueFull) || errors.Is(err, ErrTooLarge)
}

// Peer is one run of a daemon or client.
type Peer struct {
	Entity wire.Entity
	GID    wire.GID // 0, in a Dest: whichever run answers
}

// Dest is whom a message is for, and where that run listens: the addresses of the osdmap, or of a
// monitor. It is compared by entity and gid alone.
type Dest struct {
	Peer
	Addrs []osdmap.Addr // shared, not to be written
}

// Request stands for a request that a core has received, until it is ended by Reply, Fail or Drop.
// 0 is none: the message was one way.
type Request uint64

// Received is a message that has arrived and been checked.
type Received struct {
	From    Peer
	Session uint64 // tells this process's sessions apart, never used again
	Class   wire.Class
	Type    wire.Type
	Epoch   osdmap.Epoch // of the sender's map; 0: it has none
	Request Request      // 0: nobody waits for an answer
	ID      uint64       // of a request, chosen by the asker: with its gid it names the request for ever
	Trace   uint64
	Body    any    // pointer to the wire struct of the type; the core's to keep
	Bulk    []byte // the core's to keep, and to pass on; never written
}

// SessionReset says that a session ended after all of its messages that were received.
type SessionReset struct {
	From    Peer
	Session uint64
	Class   wire.Class
}

// Unreachable says that dialling a peer failed. It is repeated while that goes on.
type Unreachable struct {
	To      Peer
	Class   wire.Class
	Refused bool // by the machine itself: nothing listens there, or a firewall says so
}

// Send sends a message that nobody answers. It may be lost.
type Send struct {
	To       Dest
	Class    wire.Class
	Type     wire.Type
	Epoch    osdmap.Epoch // of our map
	Body     any          // pointer to a wire struct; not written any more
	Bulk     []byte       // not written any more
	Reserved bool         // may use the room that is kept for what others wait for
	Trace    uint64
}

// Call sends a request. It ends with Answered.
type Call struct {
	Send
	Token   Token
	ID      uint64        // of the request: see Received.ID; 0: any
	Expect  int           // bytes of bulk that the answer may bring
	Timeout time.Duration // 0: none
}

// Answered ends a Call.
type Answered struct {
	Token Token
	From  Peer
	Epoch osdmap.Epoch // of the answerer's map
	Body  any          // pointer to the answer's wire struct; nil if Err
	Bulk  []byte
	Err   error // a *wire.Error from the other side, or one of this package
}

// Reply answers a request.
type Reply struct {
	To    Request
	Epoch osdmap.Epoch
	Body  any
	Bulk  []byte
}

// Fail answers a request with an error.
type Fail struct {
	To    Request
	Epoch osdmap.Epoch
	Err   *wire.Error
}

// Drop ends a request without an answer: whoever asked will ask again.
type Drop struct {
	To Request
}

// Publish tells everyone who listens. It may be lost.
type Publish struct {
	Type  wire.Type
	Epoch osdmap.Epoch
	Body  any
}
