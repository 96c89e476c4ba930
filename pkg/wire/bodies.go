package wire

import "zeph/pkg/osdmap"

// Hello opens a session. It is the first message of a connection; who sends it is in its header.
type Hello struct {
	Class    Class       `cbor:"1,keyasint"`          // of everything on this connection
	FSID     osdmap.UUID `cbor:"2,keyasint,omitzero"` // of the sender's cluster; zero: not known yet
	Features uint64      `cbor:"3,keyasint,omitzero"` // bits of what the sender can do; none is defined yet
	Max      uint32      `cbor:"4,keyasint"`          // the longest message the sender accepts, in bytes with its header
	Window   uint64      `cbor:"5,keyasint"`          // how many bytes the sender is ready to hold
	To       string      `cbor:"6,keyasint,omitzero"` // whom the hello is meant for; empty: anyone
	ToGID    GID         `cbor:"7,keyasint,omitzero"` // which run of it; 0: any
	Software string      `cbor:"8,keyasint,omitzero"` // name and version, for people
}

// Welcome answers a Hello. The session begins with it.
type Welcome struct {
	Session  SessionID   `cbor:"1,keyasint"`
	FSID     osdmap.UUID `cbor:"2,keyasint,omitzero"` // of the cluster; zero: not known yet
	Features uint64      `cbor:"3,keyasint,omitzero"` // those that the session will use: both sides have them
	Max      uint32      `cbor:"4,keyasint"`          // the longest message the answerer accepts, in bytes with its header
	Window   uint64      `cbor:"5,keyasint"`          // how many bytes of requests the answerer is ready to hold
	Replies  uint64      `cbor:"6,keyasint"`          // how many bytes of answers it will hold for a slow reader
	Software string      `cbor:"7,keyasint,omitzero"` // name and version, for people
}

// Credit lets the receiver of it send more: it says how many bytes of messages, since the
// session began, have been dealt with. Whole messages count, with their headers; credits do not.
type Credit struct {
	Done uint64 `cbor:"1,keyasint"`
}

// Ping asks for a sign of life.
type Ping struct {
	Sent uint64 `cbor:"1,keyasint"` // the asker's monotonic clock in microseconds, echoed
}

// Pong answers a Ping: a daemon whose loop or disk hangs answers, but shows no progress.
type Pong struct {
	Sent   uint64 `cbor:"1,keyasint"`
	Turn   uint64 `cbor:"2,keyasint,omitzero"` // how long the core's turn under way has taken, in microseconds; 0: there is none
	Commit uint64 `cbor:"3,keyasint,omitzero"` // how long the commit under way has taken, in microseconds; 0: there is none
	Clock  uint64 `cbor:"4,keyasint,omitzero"` // the answerer's monotonic clock in microseconds: its rate is compared
}

// Echo asks for its own bytes back, bulk included.
type Echo struct {
	Text  string `cbor:"1,keyasint,omitzero"`
	Reply uint32 `cbor:"2,keyasint,omitzero"` // 0: answer with the same bulk; else with this many bytes less one of zeros
}

// Note is a line of text for whoever listens.
type Note struct {
	Text string `cbor:"1,keyasint"`
}
