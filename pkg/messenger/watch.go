package messenger

import (
	"sync"
	"time"

	"zeph/pkg/wire"
)

// watch knows all connections that carry messages, so that those which hang can be cut. It does
// what deadlines on the connections would, without the cost of setting them for each message.
type watch struct {
	mu     sync.Mutex
	all    map[watched]*stalls
	victim watched // was cut to make room, and is not gone yet
}

// watched is a connection with its two directions.
type watched interface {
	// progress tells how far each direction is.
	progress() (in, out progress)
	die(cause error)
}

// progress is which item is under way, 0 if none is, and how many bytes moved in all.
type progress struct{ item, moved uint64 }

type stalls struct{ in, out, credit stall }

// stall is how far one direction was when it last got somewhere.
type stall struct {
	progress
	since time.Time
	begun time.Time // when the item was first seen
}

// enough is how many bytes of one item a peer must move in Limits.Stall to be worth waiting for.
const enough = wire.StallBytes

// stuck reports for how long the same item has been under way without moving enough.
func (w *stall) stuck(p progress, now time.Time) time.Duration {
	if p.item == 0 || p.item != w.item {
		w.begun = now
	} else if p.moved-w.moved < enough {
		return now.Sub(w.since)
	}
	w.progress, w.since = p, now
	return 0
}

// lasting is for how long the item has been under way, if that is longer than it should be: one
// that moves, but so slowly.
func (w *stall) lasting(now time.Time, limit time.Duration) time.Duration {
	if d := now.Sub(w.begun); w.item != 0 && d >= limit {
		return d
	}
	return 0
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
	if w.victim == c {
		w.victim = nil
	}
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

// hanging says for how long a session has hung, and how many bytes lie idle meanwhile; 0: it does
// not matter.
type hanging func(*Session, *stalls, time.Time) (time.Duration, int)

// stuckest is the session of a class that keeps the most room idle for the longest, if it has hung
// for longer than patience. It is nil while the one that it was before is not gone yet: what that
// one leaves may be enough.
func (w *watch) stuckest(class wire.Class, hangs hanging) (worst *Session) {
	now, most := time.Now(), 0.0
	var hung time.Duration
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.victim != nil {
		return nil
	}
	for c, st := range w.all {
		s, ok := c.(*Session)
		if !ok || s.class != class {
			continue
		}
		d, bytes := hangs(s, st, now)
		if idle := d.Seconds() * float64(bytes); idle > most {
			worst, most, hung = s, idle, d
		}
	}
	if hung < patience {
		return nil
	}
	w.victim = worst
	return worst
}

// guard cuts the connections that hang, and those that fill the queues of a class for all others.
func (m *Messenger) guard() {
	every := min(max(m.limits.Stall/20, 5*time.Millisecond), 250*time.Millisecond)
	last := time.Now()
	for m.sleep(every) {
		now := time.Now()
		if lost := now.Sub(last) - every; lost > every {
			m.watch.forgive(lost)
		}
		last = now
		for _, c := range m.watch.hung(now, m.limits.Stall) {
			c.die(errStalled)
		}
		for c := range wire.NumClasses {
			if m.queued[c].Load() > int64(m.limits.Class[c].Send) {
				m.evict(c, (*Session).clogs)
			}
		}
	}
}

// forgive takes time off what all connections have hung for, in which this process did not run.
func (w *watch) forgive(lost time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, st := range w.all {
		for _, s := range []*stall{&st.in, &st.out, &st.credit} {
			s.since, s.begun = s.since.Add(lost), s.begun.Add(lost)
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

// evictSlowest cuts the session that hangs on to the most of the budget which s waits for.
func (m *Messenger) evictSlowest(s *Session) {
	m.evict(s.class, func(x *Session, st *stalls, now time.Time) (time.Duration, int) {
		in, _ := x.progress()
		d, _ := x.clogs(st, now)
		return max(d, st.in.stuck(in, now), st.in.lasting(now, m.limits.Stall)), x.holds(s.budget)
	})
}

// clogs says for how long a session has not got on with what is queued for its peer.
func (s *Session) clogs(st *stalls, now time.Time) (time.Duration, int) {
	_, out := s.progress()
	credit, queued := s.credit()
	return max(st.out.stuck(out, now), st.credit.stuck(credit, now)), queued
}

func (m *Messenger) evict(c wire.Class, hangs hanging) {
	if worst := m.watch.stuckest(c, hangs); worst != nil {
		m.logger.Warn("cut the slowest peer: the class has no room", "class", c, "peer", worst.peer)
		worst.die(errStalled)
	}
}
