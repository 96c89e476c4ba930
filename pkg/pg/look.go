package pg

import "zeph/pkg/core"

// Serves reports whether clients could read here at a time. It changes nothing: it is for those who look on from
// outside, such as judges of a simulation.
func (pg *PG) Serves(now core.Time) bool { return pg.leadsAlone(now) && now.Mono < pg.pri.leases.until }

// Ready reports whether clients would be served at a time: also where the lease was let run out, because they were idle.
func (pg *PG) Ready(now core.Time) bool { return pg.leadsAlone(now) && !pg.lagsBehind(now.Mono) }

// leadsAlone reports whether the PG is active, and nobody else's lease runs.
func (pg *PG) leadsAlone(now core.Time) bool {
	if pg.gone || pg.pri == nil || pg.pri.phase != active || pg.peered() {
		return false
	}
	for _, b := range pg.bounds {
		if now.Mono < b.until && !stopped(pg.m, b.holder) && !pg.holdsLease(b.holder.GID) {
			return false
		}
	}
	return true
}

// IsActive reports whether the state, as people see it, begins with active.
func (pg *PG) IsActive() bool {
	return pg.pri != nil && pg.pri.phase == active && pg.removing == nil && !pg.gone && !pg.peered()
}

// IsClean reports whether the state is active and clean, and the lease is held.
func (pg *PG) IsClean() bool {
	s := pg.states()
	return s&sActive != 0 && s&sClean != 0 && s&sLaggy == 0
}
