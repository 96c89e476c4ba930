package pg

import "zeph/pkg/core"

// Serves reports whether clients could read here at a time: for those who look on from outside, such as
// judges of a simulation.
func (pg *PG) Serves(now core.Time) bool {
	return !pg.gone && pg.pri != nil && pg.pri.phase == active && now.Mono < pg.pri.leases.until
}
