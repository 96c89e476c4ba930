package pg

import (
	"time"

	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// A scrub reads a lot on all copies, so it takes places as recovery does: one of the primary's own, then one of each acting
// copy's, in ascending id, so that no two PGs wait for each other in a circle (12.3). One that clients wait for takes none.

// place is one that a copy's OSD gives the primary.
type place struct {
	holds, granted bool
	renewed        time.Duration
}

// placedForScrub asks for what is lacking, and reports whether nothing is.
func (pg *PG) placedForScrub() bool {
	s := &pg.pri.scrub
	if s.urgent {
		return true
	}
	if !s.place.asked {
		s.place.asked = true
		pg.emit(AskSlot{PG: pg.cfg.PG, Scrub: true})
	}
	if !s.place.granted {
		return false
	}
	pg.keepScrubPlaces()
	for _, q := range pg.members() {
		if q.target || q.scrubSlot.granted {
			continue
		}
		if !q.scrubSlot.asked || pg.now.Mono >= q.scrubSlot.sent+slotRenew {
			pg.askScrubPlace(q)
		}
		return false
	}
	return true
}

func (pg *PG) askScrubPlace(q *peer) {
	q.scrubSlot.asked, q.scrubSlot.sent = true, pg.now.Mono
	pg.say(q.id, wire.Control, wire.TypePGReserve, pg.pri.round, &wire.PGReserve{Step: wire.ReserveAsk, Scrub: true}, nil)
}

// keepScrubPlaces renews those that others have given.
func (pg *PG) keepScrubPlaces() {
	for _, q := range pg.members() {
		if q.scrubSlot.granted && pg.now.Mono >= q.scrubSlot.sent+slotRenew {
			pg.askScrubPlace(q)
		}
	}
}

func (pg *PG) freeScrubPlaces() {
	s := &pg.pri.scrub
	if !s.place.asked {
		return
	}
	s.place = reservation{}
	pg.emit(FreeSlot{PG: pg.cfg.PG, Scrub: true})
	for _, q := range pg.members() {
		if q.scrubSlot.asked {
			q.scrubSlot = slotState{}
			pg.say(q.id, wire.Control, wire.TypePGReserve, pg.pri.round, &wire.PGReserve{Step: wire.ReserveRelease, Scrub: true}, nil)
		}
	}
}

// scrubPlaceGranted is the OSD's answer to AskSlot.
func (pg *PG) scrubPlaceGranted(remote bool) {
	switch {
	case !remote && pg.pri != nil && pg.pri.scrub.place.asked:
		pg.pri.scrub.place.granted = true
		pg.tickScrub()
	case remote && pg.rep != nil && pg.rep.scrub.holds:
		pg.rep.scrub.granted = true
		pg.sayScrubGrant()
	default:
		pg.emit(FreeSlot{PG: pg.cfg.PG, Remote: remote, Scrub: true}) // it came too late
	}
}

func (pg *PG) sayScrubGrant() {
	pg.say(pg.info.Interval.Primary, wire.Control, wire.TypePGReserve, pg.rep.round, &wire.PGReserve{Step: wire.ReserveGrant, Scrub: true}, nil)
}

// reserveScrub is a step of a reservation, on either side.
func (pg *PG) reserveScrub(id osdmap.OSDID, v *wire.PGReserve) {
	if pg.pri != nil {
		q := pg.peerOf(id)
		if q != nil && v.Round == pg.pri.round && q.scrubSlot.asked && v.Step == wire.ReserveGrant && !q.scrubSlot.granted {
			q.scrubSlot.granted = true
			pg.tickScrub()
		}
		return
	}
	if pg.rep == nil || !pg.rep.activated || id != pg.info.Interval.Primary || v.Round != pg.rep.round {
		return
	}
	p := &pg.rep.scrub
	switch v.Step {
	case wire.ReserveRelease:
		pg.dropScrubPlace()
	case wire.ReserveAsk:
		p.renewed = pg.now.Mono
		if p.granted {
			pg.sayScrubGrant()
			return
		}
		p.holds = true
		pg.emit(AskSlot{PG: pg.cfg.PG, Remote: true, Scrub: true})
	}
}

func (pg *PG) dropScrubPlace() {
	if pg.rep.scrub.holds {
		pg.rep.scrub = place{}
		pg.emit(FreeSlot{PG: pg.cfg.PG, Remote: true, Scrub: true})
	}
}

// tickScrubPlace gives a place back that its primary does not renew.
func (pg *PG) tickScrubPlace() {
	if pg.rep.scrub.holds && pg.now.Mono >= pg.rep.scrub.renewed+slotLapse {
		pg.dropScrubPlace()
	}
}
