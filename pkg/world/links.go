package world

import (
	"sync"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/messenger"
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// links are the ways to others: one for each entity and class.
type links struct {
	mu sync.Mutex
	by map[linkKey]*link
}

type linkKey struct {
	entity wire.Entity
	gid    wire.GID // of those that peers dialled; of ours, 0
	class  wire.Class
}

type link struct {
	*messenger.Link
	gid      wire.GID
	endpoint string
	used     time.Duration // when last, by the clock
}

const (
	idle      = 5 * time.Minute // a link that was not used for so long is closed
	tidyEvery = 10 * time.Second
)

// to is the link to somebody; nil if it is not known where that is.
func (r *run) to(d core.Dest, c wire.Class) *messenger.Link {
	endpoint := find(d.Addrs, r.prefix(d.Entity), c)
	if endpoint == "" {
		return nil
	}
	key := linkKey{entity: d.Entity, class: c}
	now := time.Duration(r.w.turns.Load())
	r.links.mu.Lock()
	defer r.links.mu.Unlock()
	l := r.links.by[key]
	if l != nil && l.endpoint == endpoint && (d.GID == 0 || d.GID == l.gid) {
		l.used = now
		return l.Link
	}
	if l != nil {
		r.links.closeRun(d.Entity, l.gid, c)
	}
	peer := messenger.Peer{Entity: d.Entity, GID: d.GID, Addrs: map[string]string{c.String(): endpoint}}
	l = &link{r.outward(d.Entity).Link(peer, c), d.GID, endpoint, now}
	r.links.by[key] = l
	return l.Link
}

// closeRun closes the links to a run of an entity that is no more, or at another address: those of
// all classes where the run is known, since it takes all of them along.
func (ls *links) closeRun(e wire.Entity, gid wire.GID, c wire.Class) {
	for class := range wire.NumClasses {
		key := linkKey{entity: e, class: class}
		if l := ls.by[key]; l != nil && l.gid == gid && (class == c || gid != 0) {
			l.Close()
			delete(ls.by, key)
		}
	}
}

func controlAddr(endpoint string) []osdmap.Addr {
	return []osdmap.Addr{{Name: wire.Control.String(), Addr: endpoint}}
}

// find is the address of a class: of public.control, the one with the name of the network in front.
func find(addrs []osdmap.Addr, network string, c wire.Class) string {
	name := c.String()
	for _, a := range addrs {
		if n, inner := split(a.Name); inner == name && n == network {
			return a.Addr
		}
	}
	return ""
}

// forget closes a link that leads to nobody.
func (ls *links) forget(old *messenger.Link) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for key, l := range ls.by {
		if l.Link == old {
			l.Close()
			delete(ls.by, key)
		}
	}
}

// tidy closes the links that nobody uses.
func (w *World) tidy(now time.Duration) {
	r := w.present()
	r.links.mu.Lock()
	defer r.links.mu.Unlock()
	for key, l := range r.links.by {
		if now-l.used > idle && l.Session().Stats().Calls == 0 {
			l.Close()
			delete(r.links.by, key)
		}
	}
}

func (ls *links) count() int {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return len(ls.by)
}

// back is the latest session that a run of a peer dialled; nil if there is none.
func (r *run) back(to core.Peer, c wire.Class) *messenger.Session {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.inbound[linkKey{to.Entity, to.GID, c}]
}
