package messenger

import (
	"fmt"

	"zeph/pkg/wire"
)

// Peer is one run of a daemon or client, and where it can be reached.
type Peer struct {
	Entity wire.Entity       // zero, when dialling: whoever answers
	GID    wire.GID          // 0, when dialling: whichever run answers
	Addrs  map[string]string // by place: its endpoints
}

// String is the name and the run.
func (p Peer) String() string {
	if p.GID == 0 {
		return p.Entity.String()
	}
	return fmt.Sprintf("%v/%v", p.Entity, p.GID)
}

// PeerEvent tells of the sessions with a peer.
type PeerEvent struct {
	Kind    EventKind
	Peer    Peer
	Place   string   // a class, or Hints
	Session *Session // nil for Unreachable, and for Hints
	Link    *Link    // whose session it is; nil if the peer dialled
	Cause   error    // of Reset and Unreachable
}

// EventKind is what happened.
type EventKind uint8

// The kinds of event.
const (
	Up          EventKind = iota + 1 // a session began
	Reset                            // it ended; nothing of it comes after this
	Unreachable                      // dialling failed, and goes on; the cause of a refused connection is syscall.ECONNREFUSED
)

// String is the event's name.
func (k EventKind) String() string {
	return [...]string{"", "up", "reset", "unreachable"}[k]
}
