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
