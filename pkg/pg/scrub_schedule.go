package pg

import (
	"fmt"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
)

// schedule says when a primary scrubs without being asked (12.3). Within its interval it goes by the clock of its own run;
// the stamps in the info, which may be another's, only tell how long ago it was when the interval began.
type schedule struct {
	known       bool
	light, deep time.Duration // when the last ones were
	spread      uint64        // by how many millionths of its length an interval is made longer
	look        time.Duration // not looked at before
	again       bool          // an earlier primary found objects that this one cannot name
}

const (
	scrubSpread = 500_000 // at most: as Ceph's osd_scrub_interval_randomize_ratio has it
	scrubLook   = time.Second
)

// planScrub decides whether a scrub should begin.
func (pg *PG) planScrub() {
	s := &pg.pri.scrub
	if s.asked && !s.itself {
		return
	}
	if r := &pg.pri.recovery; r.suspect {
		r.suspect = false
		pg.askScrub(true, true)
		return
	}
	if pg.now.Mono < pg.pri.schedule.look {
		return
	}
	deep, due := false, false
	if pg.clean() {
		deep, due = pg.scrubDue()
	}
	s.asked, s.itself, s.deep = due, due, deep
	pg.pri.schedule.look = pg.now.Mono + scrubLook
}

func (pg *PG) scrubDue() (deep, due bool) {
	sch := pg.learnSchedule()
	deep = pg.mayScrub(true) && (sch.again || pg.past(sch.deep, pg.set.DeepScrub))
	light := pg.mayScrub(false) && (!pg.set.Busy && pg.past(sch.light, pg.set.ScrubMin) || pg.past(sch.light, pg.set.ScrubMax))
	return deep, deep || light
}

// mayScrub reports whether operators let it. What they ask for themselves they always get.
func (pg *PG) mayScrub(deep bool) bool {
	if deep {
		return !pg.m.Has(osdmap.FlagNoDeepScrub) && pg.pool.Flags&osdmap.PoolNoDeepScrub == 0
	}
	return !pg.m.Has(osdmap.FlagNoScrub) && pg.pool.Flags&osdmap.PoolNoScrub == 0
}

func (pg *PG) past(last, interval time.Duration) bool {
	return pg.now.Mono >= last+interval+interval/1_000_000*time.Duration(pg.pri.schedule.spread)
}

func (pg *PG) learnSchedule() *schedule {
	sch := &pg.pri.schedule
	if !sch.known {
		sch.known = pg.pri.phase == active // till then, copies may know better
		sch.light = pg.now.Mono - pg.sinceScrub(pg.info.Scrubbed, pg.set.ScrubMin)
		sch.deep = pg.now.Mono - pg.sinceScrub(pg.info.DeepScrubbed, pg.set.DeepScrub)
		sch.again = pg.info.Inconsistent > 0
		sch.spread = pg.drawSpread()
	}
	return sch
}

// sinceScrub is how long ago a stamp is, by whatever clock made it: never more than makes a scrub due. A PG that was never
// scrubbed becomes due within the spread.
func (pg *PG) sinceScrub(stamp uint64, interval time.Duration) time.Duration {
	now := uint64(pg.now.Wall)
	switch {
	case stamp == 0:
		return interval
	case now <= stamp:
		return 0
	}
	return time.Duration(min(now-stamp, uint64(2*interval/time.Millisecond))) * time.Millisecond
}

// drawSpread keeps the PGs of an OSD from becoming due at once.
func (pg *PG) drawSpread() uint64 {
	r := core.RandFor(pg.cfg.Seed, fmt.Sprintf("scrub %v %d", pg.cfg.PG, pg.info.Scrubbed))
	return uint64(r.IntN(scrubSpread))
}

// scrubEnded moves the schedule on. One that was cut off comes again a while later.
func (pg *PG) scrubEnded(whole bool) {
	sch, deep := pg.learnSchedule(), pg.pri.scrub.deep
	if !whole {
		sch.look = pg.now.Mono + pg.set.RetryFull
		return
	}
	sch.light = pg.now.Mono
	if deep {
		sch.deep, sch.again = pg.now.Mono, false
	}
	sch.spread = pg.drawSpread()
}
