package pg

import (
	"errors"

	"zeph/pkg/core"
	"zeph/pkg/store"
	"zeph/pkg/wire"
)

// removal is a copy on its way out.
type removal struct {
	forGood bool // the pool is gone
}

// removeSlice is how many objects go at once.
const removeSlice = 64

func (pg *PG) slice() uint32 {
	if pg.buggify(50) {
		return 1
	}
	return removeSlice
}

// toldToGo is the primary's word that nobody needs this copy. It is obeyed only by one that is neither in up nor acting
// of the interval that the primary leads by our own map, too (11.3).
func (pg *PG) toldToGo(r core.Received) {
	id, ok := pg.osdOf(r.From)
	if !ok || pg.rep == nil || id != pg.info.Interval.Primary || !pg.isStray() || pg.removing != nil {
		return
	}
	pg.sometimes("pg stray is removed")
	pg.tell("pg copy is removed", "by", id)
	pg.startRemoval(true)
}

// startRemoval first makes the copy one that nobody could take for whole.
func (pg *PG) startRemoval(fresh bool) {
	pg.removing = &removal{}
	if fresh {
		var t store.Txn
		t.RewindLog(pg.cfg.PG, store.Version{})
		t.DeleteRows(pg.cfg.PG, missingPrefix, afterPrefix(missingPrefix))
		t.DeleteRows(pg.cfg.PG, dupPrefix, afterPrefix(dupPrefix))
		pg.log, pg.missing, pg.dups = pglog{}, newMissing(), newDups()
		pg.info.LastUpdate, pg.info.LogTail, pg.info.DupTail = wire.PGVersion{}, wire.PGVersion{}, wire.PGVersion{}
		pg.info.LES, pg.info.Incomplete, pg.info.Cursor = 0, true, wire.Cursor{}
		pg.info.BeingRemoved = true
		pg.putInfo(&t)
		pg.submit(&t, nil)
	}
	pg.removeNext()
}

// removeOn goes on in a new interval. The slice under way may be the last, and nobody hears of it any more: what
// it takes away is made anew, so that there is something to remove.
func (pg *PG) removeOn() {
	pg.sometimes("pg removal goes on in a new interval")
	var t store.Txn
	t.MakePG(pg.cfg.PG, pg.info.PGNum)
	pg.putInfo(&t)
	pg.submit(&t, nil)
	pg.removeNext()
}

func (pg *PG) removeNext() {
	var t store.Txn
	t.RemovePG(pg.cfg.PG, pg.slice())
	pg.submit(&t, func() {
		id := pg.cfg.PG
		pg.read(func(r store.Reader) any {
			_, err := r.PG(id)
			return errors.Is(err, store.ErrNotFound)
		}, func(res any) {
			if !res.(bool) {
				pg.removeNext()
				return
			}
			pg.gone = true
			pg.emit(Removed{PG: id})
		})
	})
}

// regain stops a removal when the copy is wanted again. What objects are left lie beyond its cursor.
func (pg *PG) regain(t *store.Txn) {
	if pg.removing == nil || pg.isStray() {
		return
	}
	pg.sometimes("pg copy is wanted again while it is removed")
	pg.removing, pg.info.BeingRemoved = nil, false
	t.MakePG(pg.cfg.PG, pg.info.PGNum) // the last slice may have taken it away
}

// leaves reports whether this copy is gone, or goes with its pool: nothing that others say of it matters any more. A
// message that waited for the map may come after the one that ends the pool.
func (pg *PG) leaves() bool { return pg.gone || pg.removing != nil && pg.removing.forGood }

// poolGone ends everything: the pool was removed (11.4).
func (pg *PG) poolGone() {
	if pg.removing != nil && pg.removing.forGood {
		return
	}
	pg.dropClients(wire.NoPool.Errorf("pool %d was removed", pg.cfg.PG.Pool))
	pg.stop()
	pg.rep = &replica{}
	if pg.removing == nil {
		pg.startRemoval(true)
	} else {
		pg.removeOn()
	}
	pg.removing.forGood = true
}
