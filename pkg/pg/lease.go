package pg

import (
	"slices"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// bound says until when a run may believe that it holds a lease of this PG.
type bound struct {
	holder wire.PGMember
	until  time.Duration
}

// addBound notes a bound: the latest one counts.
func (pg *PG) addBound(holder wire.PGMember, until time.Duration) {
	if holder.GID == pg.cfg.GID {
		return // we know ourselves
	}
	for i := range pg.bounds {
		if pg.bounds[i].holder.GID == holder.GID {
			pg.bounds[i].until = max(pg.bounds[i].until, until)
			return
		}
	}
	pg.bounds = append(pg.bounds, bound{holder, until})
}

// assumeLeases is for a process that has just started: what it granted before, it has forgotten (6.4).
func (pg *PG) assumeLeases() {
	for _, iv := range append(slices.Clone(pg.info.Past), pg.info.Interval) {
		pg.assumeLease(&iv)
	}
}

// assumeLease takes it that an interval's primary was granted a lease a moment ago, unless it was this OSD:
// another run of which is over.
func (pg *PG) assumeLease(iv *wire.PGInterval) {
	if len(iv.Acting) == 0 || iv.Acting[0].Store == pg.cfg.Store {
		return
	}
	pg.addBound(iv.Acting[0], pg.now.Mono+pg.set.longer(leaseOf(iv)))
}

// leaseOf is how long the leases of an interval are: what its pool said then, whatever it says now (4.1).
func leaseOf(iv *wire.PGInterval) time.Duration { return time.Duration(iv.Lease) * time.Microsecond }

// pruneBounds drops those that have passed, or whose holder is known to have stopped: it has booted again, or
// it said goodbye and the map notes that (6.5). A refused connection proves nothing.
func (pg *PG) pruneBounds() {
	pg.bounds = slices.DeleteFunc(pg.bounds, func(b bound) bool {
		return pg.now.After(b.until) || stopped(pg.m, b.holder)
	})
}

func stopped(m *osdmap.Map, holder wire.PGMember) bool {
	o, ok := m.OSD(holder.OSD)
	if !ok || o.Store != holder.Store {
		return false
	}
	if wire.GID(o.GID) == holder.GID {
		return !o.Up && o.Goodbye
	}
	return true // a later run has booted: the gid in the map changes by nothing else
}

// heardFrom notes that a run takes part in this interval: it holds no lease of an older one (6.5).
func (pg *PG) heardFrom(p core.Peer) {
	if !slices.Contains(pg.heard, p.GID) {
		pg.heard = append(pg.heard, p.GID)
	}
	pg.bounds = slices.DeleteFunc(pg.bounds, func(b bound) bool {
		return b.holder.GID == p.GID && !pg.holdsLease(p.GID)
	})
}

// holdsLease reports whether a run is the primary of this interval.
func (pg *PG) holdsLease(gid wire.GID) bool {
	a := pg.acting()
	return len(a) > 0 && a[0].GID == gid
}

// boundsLeft are the bounds as they go over the wire: lengths, not instants (6.2, 6.3). That of the receiver
// itself is of no use to it.
func (pg *PG) boundsLeft() []wire.PGBound {
	pg.pruneBounds()
	var left []wire.PGBound
	for _, b := range pg.bounds {
		if b.until > pg.now.Mono && !pg.holdsLease(b.holder.GID) {
			left = append(left, wire.PGBound{Holder: b.holder, Left: uint64((b.until-pg.now.Mono)/time.Microsecond) + 1})
		}
	}
	return left
}

func (pg *PG) learnBounds(bounds []wire.PGBound) {
	for _, b := range bounds {
		if b.Left < uint64(time.Hour/time.Microsecond) && !slices.Contains(pg.heard, b.Holder.GID) {
			pg.addBound(b.Holder, pg.now.Mono+pg.set.longer(time.Duration(b.Left)*time.Microsecond))
		}
	}
}

// olderLeases reports until when an older interval's primary may still serve reads: zero, if none may.
func (pg *PG) olderLeases() time.Duration {
	pg.pruneBounds()
	var last time.Duration
	for _, b := range pg.bounds {
		if !pg.holdsLease(b.holder.GID) {
			last = max(last, b.until)
		}
	}
	return last
}

// ---- the copy's side

// leaseReceived is a grant that is asked of this copy, or an answer to ours.
func (pg *PG) leaseReceived(ev LeaseReceived) {
	id, ok := osdmap.OSDID(0), false
	if pg.m != nil && !pg.gone {
		id, ok = pg.osdOf(ev.From)
	}
	l := ev.Lease
	if !ok || l.Interval != pg.info.Interval.First {
		return
	}
	if l.Ack {
		pg.leaseAcked(id, l)
		return
	}
	if ack := pg.grantLease(ev.From, l); ack.Number != 0 {
		if to, ok := pg.dest(id); ok {
			pg.emit(SendLease{To: to, Lease: ack})
		}
	}
}

// grantLease notes the bound first, then acknowledges (6.1). A lease beyond that of the interval is not granted: after
// a restart, this copy would take it for a shorter one (6.4).
func (pg *PG) grantLease(from core.Peer, l wire.PGLease) wire.PGLease {
	a := pg.acting()
	if l.Number == 0 || len(a) == 0 || a[0].GID != from.GID || l.Length > pg.info.Interval.Lease {
		return wire.PGLease{}
	}
	pg.addBound(a[0], pg.now.Mono+pg.set.longer(time.Duration(l.Length)*time.Microsecond))
	l.Ack = true
	return l
}

// ---- the primary's side

// leases are what a primary has asked for in its interval.
type leases struct {
	number uint64        // of the newest
	sent   time.Duration // when
	asked  []leaseRound  // not acknowledged by all, oldest first
	until  time.Duration // reads may be served before this (6.1)
	held   bool          // ever
	client time.Duration // when one last asked for something
	woke   time.Duration // when it was first asked for, after it was let run out
}

// idleAfter is for how long no client has asked for anything when a primary lets its lease run out (6.1). The next one to
// ask waits until the other copies have granted one.
const idleAfter = 5 * time.Second

// wantsLease reports whether at a time clients wait for something, or did a moment ago. What has just become active is
// expected to be asked.
func (pg *PG) wantsLease(at time.Duration) bool {
	p := pg.pri
	return at < max(p.leases.client, p.since)+idleAfter || len(p.writes.ops) > 0 || len(p.writes.lists) > 0
}

// lagsBehind reports whether a lease is wanted at a time, and not had; where it was let run out, they get a moment to grant it.
func (pg *PG) lagsBehind(at time.Duration) bool {
	ls := &pg.pri.leases
	return ls.held && at >= ls.until && at >= ls.woke+pg.renewEvery() && pg.wantsLease(at)
}

type leaseRound struct {
	number uint64
	sent   time.Duration
	acks   []osdmap.OSDID
}

// nextLease begins a round.
func (pg *PG) nextLease() wire.PGLease {
	ls := &pg.pri.leases
	ls.number++
	ls.sent = pg.now.Mono
	ls.asked = append(ls.asked, leaseRound{number: ls.number, sent: pg.now.Mono})
	if len(ls.asked) > 8 {
		ls.asked = ls.asked[1:]
	}
	pg.settleLeases()
	return wire.PGLease{
		PG: wire.PG(pg.cfg.PG), Interval: pg.info.Interval.First, Round: pg.pri.round,
		Number: ls.number, Length: pg.info.Interval.Lease,
	}
}

// renewEvery is how often leases are renewed (6.7).
func (pg *PG) renewEvery() time.Duration { return leaseOf(&pg.info.Interval) / 4 }

// renewLease is derived anew each time, never chained to an answer (6.6).
func (pg *PG) renewLease() {
	p := pg.pri
	if p.phase < activating || len(pg.acting()) < int(pg.info.Interval.MinSize) {
		return
	}
	ls := &p.leases
	if ls.number > 0 && (pg.now.Mono < ls.sent+pg.renewEvery() || !pg.wantsLease(pg.now.Mono)) {
		return
	}
	if pg.now.Mono >= ls.until && pg.now.Mono >= ls.sent+leaseOf(&pg.info.Interval) {
		ls.woke = pg.now.Mono
	}
	l := pg.nextLease()
	for _, m := range pg.acting() {
		if to, ok := pg.dest(m.OSD); ok && m.OSD != pg.cfg.OSD {
			pg.emit(SendLease{To: to, Lease: l})
		}
	}
}

// leaseAcked counts an acknowledgement for its own round only (H5).
func (pg *PG) leaseAcked(id osdmap.OSDID, l wire.PGLease) {
	if pg.pri == nil || !pg.isActing(id) || l.Round != pg.pri.round {
		return
	}
	for i := range pg.pri.leases.asked {
		r := &pg.pri.leases.asked[i]
		if r.number == l.Number && !slices.Contains(r.acks, id) {
			r.acks = append(r.acks, id)
		}
	}
	pg.settleLeases()
}

// settleLeases takes the newest round that all others acknowledged: it counts from when it was sent.
func (pg *PG) settleLeases() {
	ls := &pg.pri.leases
	for i := len(ls.asked) - 1; i >= 0; i-- {
		r := ls.asked[i]
		if len(r.acks) < len(pg.acting())-1 {
			continue
		}
		ls.until, ls.held = max(ls.until, r.sent+pg.set.shorter(leaseOf(&pg.info.Interval))), true
		ls.asked = slices.Clone(ls.asked[i+1:])
		return
	}
}

// leaseDue is when a lease has to be renewed; and when it will have run out, which people are shown. Nothing is due for a
// PG whose clients are idle.
func (pg *PG) leaseDue() time.Duration {
	ls := &pg.pri.leases
	switch {
	case !pg.wantsLease(pg.now.Mono):
		return noTime
	case pg.leaseHeld():
		return min(ls.until, ls.sent+pg.renewEvery())
	}
	return ls.sent + pg.renewEvery()
}

// leaseHeld is asked with the time at which the batch was taken (8.1).
func (pg *PG) leaseHeld() bool {
	return pg.now.Mono < pg.pri.leases.until
}
