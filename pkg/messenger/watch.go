package messenger

import (
	"sync"
	"time"

	"zeph/pkg/wire"
)

// watch knows all connections that carry messages, so that those which hang can be cut. It does
// what deadlines on the connections would, without the cost of setting them for each message.
type watch struct {
	mu  sync.Mutex
	all map[watched]*stalls
}

// watched is a connection with its two directions.
type watched interface {
	// progress tells how far each direction is.
	progress() (in, out progress)
	die(cause error)
}

// progress is which item is under way, 0 if none is, and how many bytes moved in all.
type progress struct{ item, moved uint64 }

type stalls struct{ in, out stall }

// stall is how far one direction was when it last got somewhere.
type stall struct {
	progress
	since time.Time
}

// enough is how many bytes of one item a peer must move in Limits.Stall to be worth waiting for.
const enough = wire.StallBytes

// stuck reports for how long the same item has been under way without moving enough.
func (w *stall) stuck(p progress, now time.Time) time.Duration {
	if p.item == 0 || p.item != w.item || p.moved-w.moved >= enough {
		w.progress, w.since = p, now
		return 0
	}
	return now.Sub(w.since)
}

func (w *watch) add(c watched) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all == nil {
		w.all = make(map[watched]*stalls)
	}
	w.all[c] = new(stalls)
}

func (w *watch) remove(c watched) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.all, c)
}

// sessions are all of a class.
func (w *watch) sessions(c wire.Class) []*Session {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []*Session
	for x := range w.all {
		if s, ok := x.(*Session); ok && s.class == c {
			all = append(all, s)
		}
	}
	return all
}

func (w *watch) endAll(cause error) {
	w.mu.Lock()
	var all []watched
	for c := range w.all {
		all = append(all, c)
	}
	w.mu.Unlock()
	for _, c := range all {
		c.die(cause)
	}
}

// sending reports whether anything is still on its way out.
func (w *watch) sending() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.all {
		if _, out := c.progress(); out.item != 0 {
			return true
		}
	}
	return false
}

// stuckest is the connection, among those wanted, that has hung for longest, and longer than
// patience.
func (w *watch) stuckest(now time.Time, which func(watched, *stalls, time.Time) time.Duration) watched {
	w.mu.Lock()
	defer w.mu.Unlock()
	var worst watched
	longest := patience
	for c, s := range w.all {
		if d := which(c, s, now); d >= longest {
			worst, longest = c, d
		}
	}
	return worst
}

// guard cuts the connections that hang, and those that fill the queues of a class for all others.
func (m *Messenger) guard() {
	every := min(max(m.limits.Stall/20, 5*time.Millisecond), 250*time.Millisecond)
	for m.sleep(every) {
		now := time.Now()
		for _, c := range m.watch.hung(now, m.limits.Stall) {
			c.die(errStalled)
		}
		for c := range wire.NumClasses {
			if m.queued[c].Load() > int64(m.limits.Class[c].Send) {
				m.evict(c, func(s *stalls, _, out progress, now time.Time) time.Duration { return s.out.stuck(out, now) })
			}
		}
	}
}

// hung are the connections that have hung for so long.
func (w *watch) hung(now time.Time, limit time.Duration) (hung []watched) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c, s := range w.all {
		in, out := c.progress()
		a, b := s.in.stuck(in, now), s.out.stuck(out, now)
		if max(a, b) >= limit {
			hung = append(hung, c)
		}
	}
	return hung
}

// evictSlowest cuts the session of a class that has hung for longest within a message.
func (m *Messenger) evictSlowest(c wire.Class) {
	m.evict(c, func(s *stalls, in, _ progress, now time.Time) time.Duration { return s.in.stuck(in, now) })
}

func (m *Messenger) evict(c wire.Class, stuck func(s *stalls, in, out progress, now time.Time) time.Duration) {
	worst := m.watch.stuckest(time.Now(), func(x watched, st *stalls, now time.Time) time.Duration {
		if s, ok := x.(*Session); !ok || s.class != c {
			return 0
		}
		in, out := x.progress()
		return stuck(st, in, out, now)
	})
	if worst != nil {
		m.logger.Warn("cut the slowest peer: the class has no room", "class", c)
		worst.die(errStalled)
	}
}
