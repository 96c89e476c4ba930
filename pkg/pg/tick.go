package pg

// tick does again whatever waits for an answer. Nothing depends on its coming in time (16.2).
func (pg *PG) tick() {
	if pg.gone || pg.m == nil {
		return
	}
	pg.pruneBounds()
	if pg.pri != nil {
		pg.expire()
		pg.resendWrites()
		pg.advance()
		pg.sendActivations()
		pg.tickRecovery()
		pg.readStats()
		pg.runAll()
		pg.tickScrub()
		return
	}
	if pg.rep == nil {
		return
	}
	if pg.now.Mono >= pg.rep.announced+announceEvery*pg.set.Repeat {
		pg.announce()
	}
	pg.tickSlot()
}

// kick looks, after every event, whether something can go on that could not before.
func (pg *PG) kick() {
	if pg.pri == nil || pg.m == nil {
		return
	}
	pg.renewLease()
	ws := &pg.pri.writes
	served, leased := pg.serving(), pg.leaseHeld()
	room := ws.crowded && ws.room != pg.room.news
	if served && !ws.served || leased && !ws.leased || room {
		ws.crowded = false
		pg.runAll()
	}
	ws.served, ws.leased = served, leased
	pg.recover()
	pg.spreadHistory()
}
