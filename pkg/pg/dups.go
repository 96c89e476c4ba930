package pg

import (
	"slices"

	"zeph/pkg/store"
	"zeph/pkg/wire"
)

const dupPrefix = "dup/"

// dups are results of requests: those of the log's entries, and of as many cut ones as are kept (9.1).
type dups struct {
	by   map[wire.Asker]result
	kept []wire.PGDup // of entries that are cut, oldest first
}

type result struct {
	version wire.PGVersion
	code    wire.Code
}

func newDups() dups { return dups{by: map[wire.Asker]result{}} }

func (pg *PG) noteResults(entries []wire.PGEntry) {
	for _, e := range entries {
		if e.Asker.GID != 0 {
			pg.dups.by[e.Asker] = result{e.Version, e.Code}
		}
	}
}

// forgetResults is for entries that never were.
func (pg *PG) forgetResults(entries []wire.PGEntry) {
	for _, e := range entries {
		if pg.dups.by[e.Asker].version == e.Version {
			delete(pg.dups.by, e.Asker)
		}
	}
}

// keepDups turns entries that are cut into rows, and drops the oldest ones.
func (pg *PG) keepDups(t *store.Txn, cut []wire.PGEntry) {
	var rows []store.Row
	for _, e := range cut {
		if n := len(pg.dups.kept); e.Asker.GID == 0 || n > 0 && e.Version.Compare(pg.dups.kept[n-1].Version) <= 0 {
			continue // nobody's, or cut before: a merge may bring back entries that this copy had cut
		}
		d := wire.PGDup{Asker: e.Asker, Version: e.Version, Code: e.Code, Modified: e.Modified}
		pg.dups.kept = append(pg.dups.kept, d)
		rows = append(rows, dupRow(d))
	}
	if len(rows) > 0 {
		t.SetRows(pg.cfg.PG, rows...)
	}
	pg.dropDups(t)
}

// dropDups forgets the oldest results: never so many that fewer than MinDups are left, always those above
// MaxDups, and between them those that are older than any client waits.
func (pg *PG) dropDups(t *store.Txn) {
	n := 0
	for n < len(pg.dups.kept) {
		left := len(pg.dups.kept) - n + len(pg.log.entries)
		old := int64(pg.now.Wall)-int64(pg.dups.kept[n].Modified) > pg.set.DupAge.Milliseconds()
		if left > pg.set.MaxDups || left > pg.set.MinDups && old {
			n++
			continue
		}
		break
	}
	if n == 0 {
		return
	}
	for _, d := range pg.dups.kept[:n] {
		if pg.dups.by[d.Asker].version == d.Version {
			delete(pg.dups.by, d.Asker)
		}
	}
	last := pg.dups.kept[n-1].Version
	pg.dups.kept = slices.Clone(pg.dups.kept[n:])
	pg.info.DupTail = last
	t.DeleteRows(pg.cfg.PG, dupPrefix, store.AfterRow(dupPrefix+versionKey(last)))
}

// replaceDups takes over the results of another copy.
func (pg *PG) replaceDups(t *store.Txn, kept []wire.PGDup, tail wire.PGVersion) {
	t.DeleteRows(pg.cfg.PG, dupPrefix, afterPrefix(dupPrefix))
	pg.dups = newDups()
	pg.dups.kept = slices.Clone(kept)
	pg.info.DupTail = tail
	var rows []store.Row
	for _, d := range kept {
		pg.dups.by[d.Asker] = result{d.Version, d.Code}
		rows = append(rows, dupRow(d))
	}
	if len(rows) > 0 {
		t.SetRows(pg.cfg.PG, rows...)
	}
	pg.noteResults(pg.log.entries)
}

func dupRow(d wire.PGDup) store.Row {
	return store.Row{Key: dupPrefix + versionKey(d.Version), Value: wire.AppendBody(nil, &d)}
}
