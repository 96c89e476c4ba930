package pg

import (
	"time"

	"zeph/pkg/core"
	"zeph/pkg/wire"
)

// Recovery and backfill take places: one of the primary's own, then one of each copy's that is to receive, in
// ascending id, so that no two PGs wait for each other in a circle (10.3). What a client waits for takes none.

// slotState is how far a primary is with a copy's place.
type slotState struct {
	asked   bool
	granted bool
	sent    time.Duration // the last ask, which also renews
	refused time.Duration // until then it is not asked again; 0: it did not refuse
}

// reservation is how far it is with its own.
type reservation struct {
	asked, granted bool
}

const (
	slotRenew = 2 * time.Second
	slotLapse = 10 * time.Second // without a renewal
)

// reserved asks for what is lacking, and reports whether recovery may run: at least to ourselves.
func (pg *PG) reserved(bool) bool {
	s := &pg.pri.recovery.slots
	if !s.asked {
		s.asked = true
		pg.emit(AskSlot{PG: pg.cfg.PG})
	}
	if !s.granted {
		return false
	}
	for _, q := range pg.members() {
		if !pg.needsSlot(q) || q.slot.granted || pg.now.Mono < q.slot.refused {
			continue
		}
		if !q.slot.asked || pg.now.Mono >= q.slot.sent+slotRenew {
			pg.askRemote(q)
		}
		break // in ascending order, one at a time
	}
	return true
}

// needsSlot reports whether a copy is to receive something.
func (pg *PG) needsSlot(q *peer) bool {
	return q.activated && (q.missing.len() > 0 || q.target && q.info.Incomplete)
}

func (pg *PG) askRemote(q *peer) {
	q.slot.asked, q.slot.sent = true, pg.now.Mono
	pg.say(q.id, wire.Control, wire.TypePGReserve, pg.pri.round, &wire.PGReserve{Step: wire.ReserveAsk, Backfill: q.target}, nil)
}

// releaseSlots gives everything back when nothing is left to do.
func (pg *PG) releaseSlots() {
	s := &pg.pri.recovery.slots
	if s.asked {
		*s = reservation{}
		pg.emit(FreeSlot{PG: pg.cfg.PG})
	}
	for _, q := range pg.members() {
		pg.releaseRemote(q)
	}
}

func (pg *PG) releaseRemote(q *peer) {
	if q.slot.asked {
		q.slot = slotState{}
		pg.say(q.id, wire.Control, wire.TypePGReserve, pg.pri.round, &wire.PGReserve{Step: wire.ReserveRelease}, nil)
	}
}

func (pg *PG) tickReservation() {
	for _, q := range pg.members() {
		switch {
		case q.slot.asked && !pg.needsSlot(q):
			pg.releaseRemote(q)
		case q.slot.granted && pg.now.Mono >= q.slot.sent+slotRenew:
			pg.askRemote(q)
		}
	}
}

// noRoom is a copy whose store is too full: it is asked again later.
func (pg *PG) noRoom(q *peer) {
	pg.releaseRemote(q)
	q.slot.refused = pg.now.Mono + pg.set.RetryFull
}

// slotGranted is the OSD's answer to AskSlot.
func (pg *PG) slotGranted(ev Slot) {
	if ev.Scrub {
		pg.scrubPlaceGranted(ev.Remote)
		return
	}
	switch {
	case !ev.Remote && pg.pri != nil && pg.pri.recovery.slots.asked:
		pg.pri.recovery.slots.granted = true
	case ev.Remote && pg.rep != nil && pg.rep.holds:
		pg.rep.granted = true
		pg.sayReserve(wire.ReserveGrant)
	default:
		pg.emit(FreeSlot{PG: pg.cfg.PG, Remote: ev.Remote}) // it came too late
	}
}

func (pg *PG) sayReserve(step wire.Reserving) {
	pg.say(pg.info.Interval.Primary, wire.Control, wire.TypePGReserve, pg.rep.round, &wire.PGReserve{Step: step}, nil)
}

// reserve is a step of a reservation, on either side.
func (pg *PG) reserve(r core.Received, v *wire.PGReserve) {
	id, _ := pg.osdOf(r.From)
	if v.Scrub {
		pg.reserveScrub(id, v)
		return
	}
	if pg.pri != nil {
		q := pg.peerOf(id)
		if q == nil || v.Round != pg.pri.round || !q.slot.asked {
			return
		}
		switch v.Step {
		case wire.ReserveGrant:
			q.slot.granted = true
		case wire.ReserveRefuse:
			pg.sometimes("pg is refused a place for recovery")
			q.slot = slotState{refused: pg.now.Mono + pg.set.RetryFull}
		}
		return
	}
	if pg.rep == nil || id != pg.info.Interval.Primary || !pg.rep.activated {
		return
	}
	switch {
	case v.Step == wire.ReserveRelease:
		pg.dropSlot()
	case v.Step == wire.ReserveAsk && (pg.tooFull(0) || pg.buggify(30)):
		pg.dropSlot()
		pg.sayReserve(wire.ReserveRefuse)
	case v.Step == wire.ReserveAsk:
		pg.rep.renewed = pg.now.Mono
		if pg.rep.granted {
			pg.sayReserve(wire.ReserveGrant)
			return
		}
		pg.rep.holds = true
		pg.emit(AskSlot{PG: pg.cfg.PG, Remote: true})
	}
}

func (pg *PG) dropSlot() {
	if pg.rep.holds {
		pg.rep.holds, pg.rep.granted = false, false
		pg.emit(FreeSlot{PG: pg.cfg.PG, Remote: true})
	}
}

// tickSlot gives a place back that its primary does not renew.
func (pg *PG) tickSlot() {
	pg.tickScrubPlace()
	if pg.rep.holds && pg.now.Mono >= pg.rep.renewed+slotLapse {
		pg.sometimes("pg gives back a place that nobody renews")
		pg.dropSlot()
	}
}

// ---- pace

// budget is how much recovery may move: it yields to clients (10.4).
type budget struct {
	bytes  int64
	pushes int64         // thousandths
	at     time.Duration // when it was last filled up
	ops    uint64        // of clients, then
	began  bool
}

// idleFactor is how much faster recovery goes while no client wants anything.
const idleFactor = 8

func (pg *PG) mayMove() bool {
	pg.refill()
	b := &pg.pri.recovery.budget
	return b.bytes > 0 && b.pushes > 0
}

func (pg *PG) spend(n int) {
	b := &pg.pri.recovery.budget
	b.bytes -= int64(n) + 1024
	b.pushes -= 1000
}

func (pg *PG) refill() {
	b := &pg.pri.recovery.budget
	bytes, pushes := int64(pg.set.RecoveryBytes), int64(pg.set.RecoveryRate)
	if !b.began {
		*b = budget{bytes: bytes / 4, pushes: pushes * 250, at: pg.now.Mono, began: true}
		return
	}
	since := pg.now.Mono - b.at
	if since < 10*time.Millisecond {
		return
	}
	ops := pg.counts.readOps + pg.counts.writeOps
	if ops == b.ops && !pg.set.Busy {
		bytes, pushes = bytes*idleFactor, pushes*idleFactor
	}
	ms := int64(min(since, time.Second) / time.Millisecond)
	b.bytes = min(b.bytes+bytes/1000*ms, bytes)
	b.pushes = min(b.pushes+pushes*ms, pushes*1000)
	b.at, b.ops = pg.now.Mono, ops
}
