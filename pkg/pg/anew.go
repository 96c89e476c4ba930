package pg

import "zeph/pkg/store"

// createAnew takes up a PG whose record, log or rows cannot be read. What it held and knew is not known any more, so it
// must not be taken for a copy that has nothing: it may be the only one with a write that was acknowledged. It answers
// for no interval until it was filled from a copy that has everything (5.11), and takes it that all leases were granted
// that may have been (6.4). Its objects stay: backfill finds those that are right, and if all other copies are gone
// they are what is left for people. Ceph's OSD does not start with such a PG.
func (pg *PG) createAnew(t *store.Txn) {
	pg.info.Damaged, pg.info.Incomplete = true, true
	t.RewindLog(pg.cfg.PG, store.Version{})
	t.DeleteRows(pg.cfg.PG, "", "")
	pg.putInfo(t)
	pg.submit(t, nil)
	pg.assumeLeases()
	pg.rep = &replica{} // of an interval that is over for this run
}
