package pg

import "zeph/pkg/core"

// Serves reports whether clients could read here at a time. It changes nothing: it is for those who look on from
// outside, such as judges of a simulation.
func (pg *PG) Serves(now core.Time) bool {
	if pg.gone || pg.pri == nil || pg.pri.phase != active || pg.peered() || now.Mono >= pg.pri.leases.until {
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
