package messenger

import (
	"sync"

	"zeph/pkg/wire"
)

// inbound are the sessions that peers dialled: one for each run of an entity and class.
type inbound struct {
	mu   sync.Mutex
	by   map[inboundKey]*Session
	byID map[wire.SessionID]*Session // those of class control, for reports
}

type inboundKey struct {
	entity wire.Entity
	gid    wire.GID
	class  wire.Class
}

// put makes a session the one of its peer and class, and returns the one it replaces.
func (in *inbound) put(s *Session, p Peer) (old *Session) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.by == nil {
		in.by, in.byID = make(map[inboundKey]*Session), make(map[wire.SessionID]*Session)
	}
	s.key = inboundKey{p.Entity, p.GID, s.class}
	old = in.by[s.key]
	in.by[s.key] = s
	if s.class == wire.Control {
		in.byID[s.out.session] = s
	}
	return old
}

func (in *inbound) remove(s *Session) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.by[s.key] == s {
		delete(in.by, s.key)
	}
	if in.byID[s.out.session] == s {
		delete(in.byID, s.out.session)
	}
}

// reporting is the open control session of an id.
func (in *inbound) reporting(id wire.SessionID) *Session {
	in.mu.Lock()
	s := in.byID[id]
	in.mu.Unlock()
	if s == nil || !s.isOpen() {
		return nil
	}
	return s
}
