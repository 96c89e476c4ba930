package consensus

import (
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"

	"zeph/pkg/core"
)

// who asks which member somebody is. It goes to no raft: whoever is asked may be a member of nothing yet.
type who struct {
	raft.RPCHeader
}

func (w *who) GetRPCHeader() raft.RPCHeader { return w.RPCHeader }

// whoTimeout is how long a new member may take to say who it is. A client that asked for it waits that long
// for a monitor's answer before it asks another one.
const whoTimeout = 2 * time.Second

// errOther is an answer of another member than the one that was asked.
type errOther struct {
	said, asked string
	addr        raft.ServerAddress
}

func (e *errOther) Error() string {
	return fmt.Sprintf("%s answered at %s, which %s has", e.said, e.addr, e.asked)
}

// identify asks who listens at an address, before that becomes a member's: one that never answers keeps a
// change of the members pending, and one that answers as somebody else must not vote. nil: it is id.
func (t *transport) identify(id raft.ServerID, addr raft.ServerAddress) error {
	var cause error // the last that says more than that the time is up
	for began := time.Now(); ; {
		var a answer
		err := t.ask(id, addr, &who{raft.RPCHeader{ProtocolVersion: protocolVersion, ID: []byte(t.id), Addr: encodePeer(t.id, t.addr)}}, &a, whoTimeout-time.Since(began))
		if cause == nil || !errors.Is(err, core.ErrTimeout) {
			cause = err
		}
		var other *errOther
		switch {
		case err == nil:
			return nil
		case errors.As(err, &other):
			return fmt.Errorf("mon.%s at %s answers as store %s; the command names %s: name the store that it has, or give the address of the monitor that is meant",
				nameOf(other.said), addr, storeOf(other.said), storeOf(string(id)))
		case time.Since(began) >= whoTimeout-whoPause:
			return fmt.Errorf("no mon.%s of this cluster answers at %s (%w): start it there first, or give the address where it listens", nameOf(string(id)), addr, cause)
		}
		select {
		case <-time.After(whoPause):
		case <-t.done.Done():
			return errClosed
		}
	}
}

const whoPause = 200 * time.Millisecond
