package pg

import "zeph/pkg/core"

// What follows is for simulations: no daemon counts rare states, or misbehaves.

// sometimes says that a rare state was reached.
func (pg *PG) sometimes(state string) { pg.cfg.Rare.Sometimes(state) }

// buggify reports, so many times in a hundred, that something allowed and unusual is to be done here: refuse, ask once
// more, hold back. It never does unless Settings.Buggify is set. (The word is FoundationDB's.)
func (pg *PG) buggify(percent int) bool {
	if pg.set.Buggify == 0 {
		return false
	}
	if pg.bugs == nil {
		pg.bugs = core.RandFor(pg.set.Buggify, "buggify/"+pg.cfg.PG.String()+"/"+pg.cfg.OSD.String())
	}
	return pg.bugs.IntN(100) < percent
}
