package sim

import (
	"zeph/pkg/core"
	"zeph/pkg/wire"
)

// index finds a run's links and sessions among the many that a large cluster has. It is looked up only, never walked.
// Of each key there is one at most: a new session replaces the one before it.
type index struct {
	links    map[linkKey]*link
	diallers map[diallerKey]*session  // accepted
	accepted map[acceptedKey]*session // the same, by whom the dialler was then
}

type linkKey struct {
	to    wire.Entity
	class wire.Class
}

type diallerKey struct {
	run   *run
	class wire.Class
}

type acceptedKey struct {
	from  core.Peer
	class wire.Class
}

func newIndex() index {
	return index{make(map[linkKey]*link), make(map[diallerKey]*session), make(map[acceptedKey]*session)}
}

func (x *index) add(l *link) { x.links[linkKey{l.to.Entity, l.class}] = l }

func (x *index) drop(l *link) {
	if k := (linkKey{l.to.Entity, l.class}); x.links[k] == l {
		delete(x.links, k)
	}
}

func (x *index) accept(s *session) {
	x.diallers[diallerKey{s.run[dialler], s.class}] = s
	x.accepted[acceptedKey{s.peer(listener), s.class}] = s
}

// end is the end of an accepted session.
func (x *index) end(s *session) {
	if k := (diallerKey{s.run[dialler], s.class}); x.diallers[k] == s {
		delete(x.diallers, k)
	}
	if k := (acceptedKey{s.peer(listener), s.class}); x.accepted[k] == s {
		delete(x.accepted, k)
	}
}
