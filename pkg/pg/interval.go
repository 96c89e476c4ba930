package pg

import (
	"fmt"
	"slices"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/store"
	"zeph/pkg/wire"
)

// open takes up a PG that the store has.
func (pg *PG) open(ev Open) {
	img := ev.Image
	pg.info, pg.stats = img.Info, img.Stats
	pg.log = pglog{tail: img.Info.LogTail, entries: img.Log}
	pg.info.LastUpdate = pg.log.head() // a write appends an entry, and leaves the info as it was
	for _, m := range img.Missing {
		pg.missing.set(pg.keyOf(m.Object), m)
	}
	pg.dups.kept = img.Dups
	for _, d := range img.Dups {
		pg.dups.by[d.Asker] = result{d.Version, d.Code}
	}
	pg.noteResults(pg.log.entries)
	pg.assumeLeases()
	if ev.Base.Map != nil {
		pg.m, pg.place = ev.Base.Map, ev.Base.Mapping
		pg.rep = &replica{} // of an interval that is over for this run: the next map will say
	}
	if pg.info.BeingRemoved {
		pg.startRemoval(false)
	}
}

// create makes a PG that the store does not have, as it would be had this OSD known it from the start (11.1).
func (pg *PG) create(ev Create) {
	first := ev.Views[0].Map
	pool, _ := first.Pool(pg.cfg.PG.Pool)
	pg.info = wire.PGInfo{Created: pool.Created, PGNum: pool.PGNum, Cleared: pool.Created}
	var t store.Txn
	t.MakePG(pg.cfg.PG, pool.PGNum)
	for i, v := range ev.Views {
		prev := pg.m
		pg.m, pg.place = v.Map, v.Mapping
		next := pg.intervalOf(v)
		if i == 0 {
			next.CutOff = v.Map.Epoch() > pool.Created
			pg.info.Interval = next
		} else if !sameInterval(&pg.info.Interval, &next) {
			pg.closeInterval(prev, v.Map.Epoch())
			pg.info.Interval = next
		}
	}
	if ev.Damaged {
		pg.createAnew(&t)
		return
	}
	pg.era++
	pg.putInfo(&t)
	pg.submit(&t, nil)
	pg.begin()
}

// newMap moves the PG through one epoch (3.1).
func (pg *PG) newMap(v View) {
	if pg.gone || v.Map.Epoch() <= pg.Epoch() {
		return
	}
	prev := pg.m
	gap := prev == nil || v.Map.Epoch() != prev.Epoch()+1
	pg.m, pg.place = v.Map, v.Mapping
	if !v.Map.HasPG(pg.cfg.PG) {
		pg.poolGone()
		return
	}
	next := pg.intervalOf(v)
	was := pg.info.Interval.Up
	if !gap && pg.era > 0 && sameInterval(&pg.info.Interval, &next) {
		pg.sameInterval()
		return
	}
	if !gap && pg.era == 0 && sameInterval(&pg.info.Interval, &next) {
		return // starting: on the way to the present
	}
	pg.stop()
	if gap {
		// maps were trimmed: the PG has been clean since, and others know its history (3.4)
		pg.info.Past, pg.info.Cleared = nil, v.Map.Epoch()
		next.CutOff = true
	} else {
		pg.closeInterval(prev, v.Map.Epoch())
	}
	pg.info.Interval = next
	if pg.cause == "" || !slices.Equal(was, next.Up) { // pg_temp alone moves nothing
		pg.cause = fmt.Sprintf("epoch %d: up %v, before that %v", next.First, next.Up, was)
	}
	var t store.Txn
	pg.regain(&t)
	if pg.removing == nil {
		pg.putInfo(&t)
		pg.submit(&t, nil)
	}
	pg.begin()
	if pg.removing != nil {
		pg.removeOn()
	}
}

// intervalOf is the interval that a map would begin.
func (pg *PG) intervalOf(v View) wire.PGInterval {
	pool, _ := v.Map.Pool(pg.cfg.PG.Pool)
	iv := wire.PGInterval{
		First: v.Map.Epoch(), Primary: osdmap.NoOSD, Size: pool.Size, MinSize: pool.MinSize,
		Lease: uint64(pool.LeaseMS()) * 1000,
	}
	for _, id := range v.Mapping.Up {
		if id != osdmap.NoOSD {
			iv.Up = append(iv.Up, id)
		}
	}
	primary := v.Mapping.ActingPrimary
	if v.Map.IsUp(primary) {
		iv.Primary = primary
		iv.Acting = append(iv.Acting, memberOf(v.Map, primary))
	}
	for _, id := range v.Mapping.Acting {
		if id != primary && v.Map.IsUp(id) { // holes are no members (4.2)
			iv.Acting = append(iv.Acting, memberOf(v.Map, id))
		}
	}
	return iv
}

func memberOf(m *osdmap.Map, id osdmap.OSDID) wire.PGMember {
	o, _ := m.OSD(id)
	return wire.PGMember{OSD: id, Store: o.Store, GID: wire.GID(o.GID)}
}

// sameInterval is rule 4.1. A member's run cannot change within an interval: no Change marks an OSD both down
// and up (3.2).
func sameInterval(a, b *wire.PGInterval) bool {
	return slices.Equal(a.Up, b.Up) && slices.Equal(a.Acting, b.Acting) && a.Primary == b.Primary &&
		a.Size == b.Size && a.MinSize == b.MinSize && a.Lease == b.Lease
}

// closeInterval moves the present interval to the past ones; last is the map before the one that ends it.
func (pg *PG) closeInterval(last *osdmap.Map, ends osdmap.Epoch) {
	iv := pg.info.Interval
	iv.Last = ends - 1
	iv.Wrote = pg.mayHaveWritten(&iv, last)
	if iv.Wrote { // the others neither wrote nor could serve: there is nothing to remember
		pg.info.Past = append(slices.Clone(pg.info.Past), iv)
	}
}

// mayHaveWritten is rule 4.2.
func (pg *PG) mayHaveWritten(iv *wire.PGInterval, last *osdmap.Map) bool {
	if len(iv.Acting) == 0 {
		return false
	}
	if iv.CutOff || iv.First <= pg.info.LEC && pg.info.LEC <= iv.Last {
		return true
	}
	if len(iv.Acting) < int(iv.MinSize) {
		return false
	}
	o, _ := last.OSD(iv.Primary)
	return o.UpFrom <= iv.First && iv.First <= o.UpThru
}

// stop ends everything of the interval: no answer of it leaves any more, clients ask again (5.1).
func (pg *PG) stop() {
	pg.era++
	pg.dropClients(wire.Interrupted.Errorf("pg %v has a new interval", pg.cfg.PG))
	pg.oweNothing()
	pg.objects = map[store.Key]*object{}
	if pg.rep != nil {
		for _, w := range pg.rep.early {
			pg.emit(core.Drop{To: w.r.Request})
		}
		for _, r := range pg.rep.owed {
			pg.emit(core.Drop{To: r})
		}
	}
	pg.pri, pg.rep, pg.heard = nil, nil, nil
	pg.emit(FreeSlot{PG: pg.cfg.PG})
	pg.emit(FreeSlot{PG: pg.cfg.PG, Remote: true})
	pg.emit(FreeSlot{PG: pg.cfg.PG, Scrub: true})
	pg.emit(FreeSlot{PG: pg.cfg.PG, Remote: true, Scrub: true})
}

// begin takes up this OSD's part in the interval.
func (pg *PG) begin() {
	pg.pool, _ = pg.m.Pool(pg.cfg.PG.Pool)
	iv := &pg.info.Interval
	pg.tell("pg interval", "up", iv.Up, "acting", osdsOf(iv.Acting), "primary", iv.Primary)
	if iv.Primary == pg.cfg.OSD && iv.Acting[0].GID == pg.cfg.GID {
		pg.startPeering()
		return
	}
	pg.rep = &replica{}
	pg.announce()
}

// sameInterval is an epoch that leaves the interval as it was: others may have come, gone or been lost.
func (pg *PG) sameInterval() {
	pg.pool, _ = pg.m.Pool(pg.cfg.PG.Pool)
	if pg.pri != nil {
		pg.refreshPeers()
		pg.advance()
	}
}

func osdsOf(members []wire.PGMember) []osdmap.OSDID {
	ids := make([]osdmap.OSDID, len(members))
	for i, m := range members {
		ids[i] = m.OSD
	}
	return ids
}

func (pg *PG) acting() []wire.PGMember { return pg.info.Interval.Acting }

func (pg *PG) isActing(id osdmap.OSDID) bool {
	for i := range pg.info.Interval.Acting {
		if pg.info.Interval.Acting[i].OSD == id {
			return true
		}
	}
	return false
}

func (pg *PG) isUp(id osdmap.OSDID) bool { return slices.Contains(pg.info.Interval.Up, id) }

// fits reports whether a body belongs to the present interval, and to this run (4.5). Of the primary it also
// asks that it be the map's.
func (pg *PG) fits(r core.Received) bool {
	body, ok := r.Body.(interface{ Head() *wire.PGHead })
	if !ok || pg.m == nil {
		return false
	}
	h := body.Head()
	id, known := pg.osdOf(r.From)
	if !known || h.To != pg.cfg.GID {
		return false // another run of it, or of us
	}
	iv := &pg.info.Interval
	if h.Interval == iv.First {
		return true
	}
	if iv.CutOff && id == iv.Primary && h.Interval < iv.First {
		iv.First = h.Interval // the maps of its beginning are gone here, not there
		return true
	}
	_, stray := r.Body.(*wire.PGNotify)
	return stray && h.Round == 0 && h.Interval > iv.First && h.Interval <= pg.Epoch() // the same, seen from the other side
}
