package pg

import (
	"slices"

	"zeph/pkg/store"
	"zeph/pkg/wire"
)

// pglog is the log of a copy: the entries after tail, oldest first. Entries with equal versions are equal, and
// so is all before them: a version is given by the one primary of its epoch, and every copy that appends
// it has the one before.
type pglog struct {
	tail    wire.PGVersion
	entries []wire.PGEntry
}

func (l *pglog) head() wire.PGVersion {
	if len(l.entries) == 0 {
		return l.tail
	}
	return l.entries[len(l.entries)-1].Version
}

// find is where the first entry newer than a version is.
func (l *pglog) after(v wire.PGVersion) int {
	at, found := slices.BinarySearchFunc(l.entries, v, func(e wire.PGEntry, v wire.PGVersion) int { return e.Version.Compare(v) })
	if found {
		at++
	}
	return at
}

// has reports whether the log reaches exactly to a version at some point: an entry of it, or its tail.
func (l *pglog) has(v wire.PGVersion) bool {
	if v == l.tail {
		return true
	}
	at := l.after(v)
	return at > 0 && l.entries[at-1].Version == v
}

// common is the newest version that both logs have.
func common(own, other *pglog) (wire.PGVersion, bool) {
	for i := len(own.entries) - 1; i >= 0; i-- {
		if other.has(own.entries[i].Version) {
			return own.entries[i].Version, true
		}
	}
	return own.tail, other.has(own.tail)
}

func logEntry(e wire.PGEntry) store.LogEntry {
	return store.LogEntry{Version: store.Version(e.Version), Entry: wire.AppendBody(nil, &e)}
}

func logEntries(entries []wire.PGEntry) []store.LogEntry {
	out := make([]store.LogEntry, len(entries))
	for i, e := range entries {
		out[i] = logEntry(e)
	}
	return out
}

// merge makes the copy's log that of the authoritative one, in one transaction with what follows from
// it: missing objects, removal of divergent ones (5.6). auth holds entries after its tail, which may be newer
// than the authoritative log's. It reports false, and does nothing, when the logs do not meet.
//
// An object that the log deletes is deleted here and now; Ceph can only note that it has to.
func (pg *PG) merge(t *store.Txn, auth *pglog) bool {
	at, ok := common(&pg.log, auth)
	if !ok {
		return false
	}
	divergent := slices.Clone(pg.log.entries[pg.log.after(at):])
	fresh := auth.entries[auth.after(at):]
	changed := map[store.Key]*wire.PGMissing{}
	removed := map[store.Key]bool{}
	for _, e := range divergent { // the oldest one of an object says what was before all of them
		k := pg.keyOf(e.Object)
		if _, seen := changed[k]; seen || beyond(&pg.info, k) {
			continue
		}
		removed[k] = true
		changed[k] = nil
		if !e.Prior.IsZero() {
			changed[k] = &wire.PGMissing{Object: e.Object, Need: e.Prior}
		}
	}
	for _, e := range fresh {
		k := pg.keyOf(e.Object)
		if beyond(&pg.info, k) {
			continue
		}
		if e.Delete {
			changed[k], removed[k] = nil, true
		} else {
			changed[k] = &wire.PGMissing{Object: e.Object, Need: e.Version, Have: e.Prior}
		}
	}
	for _, k := range sortedKeys(removed) {
		t.Remove(k)
	}
	pg.changeMissing(t, changed)
	pg.forgetResults(divergent)
	if len(divergent) > 0 {
		pg.sometimes("pg undoes divergent entries")
		pg.tell("pg undoes divergent entries", "entries", len(divergent), "after", at.String())
		t.RewindLog(pg.cfg.PG, store.Version(at))
	}
	pg.log.entries = pg.log.entries[:pg.log.after(at)]
	if auth.tail.Compare(pg.log.tail) < 0 { // it reaches further back: others may need that
		pg.sometimes("pg takes over a log that reaches further back")
		t.RewindLog(pg.cfg.PG, store.Version{})
		pg.log = pglog{tail: auth.tail, entries: slices.Clone(auth.entries)}
		t.AppendLog(pg.cfg.PG, logEntries(auth.entries)...)
	} else {
		pg.log.entries = append(pg.log.entries, fresh...)
		t.AppendLog(pg.cfg.PG, logEntries(fresh)...)
	}
	pg.noteResults(pg.log.entries)
	pg.info.LastUpdate, pg.info.LogTail = pg.log.head(), pg.log.tail
	return true
}

// replaceLog makes the copy one that is backfilled from the start: the log of another, and no object that
// is known to be right (5.8, 10.2).
func (pg *PG) replaceLog(t *store.Txn, auth *pglog, dups []wire.PGDup, dupTail wire.PGVersion) {
	t.RewindLog(pg.cfg.PG, store.Version{})
	t.DeleteRows(pg.cfg.PG, missingPrefix, afterPrefix(missingPrefix))
	pg.missing = newMissing()
	pg.log = pglog{tail: auth.tail, entries: slices.Clone(auth.entries)}
	t.AppendLog(pg.cfg.PG, logEntries(auth.entries)...)
	pg.replaceDups(t, dups, dupTail)
	pg.info.LastUpdate, pg.info.LogTail = pg.log.head(), pg.log.tail
	pg.info.Incomplete, pg.info.Cursor = true, wire.Cursor{}
}

// complete is the version up to which the copy has everything the log says (last_complete), of what is
// durable by head.
func completeUpto(head wire.PGVersion, m *missing) wire.PGVersion {
	low, any := m.oldest()
	if !any {
		return head
	}
	before := wire.PGVersion{Epoch: low.Epoch, Seq: low.Seq - 1}
	if before.Compare(head) < 0 {
		return before
	}
	return head
}

// putInfo adds the info to a transaction.
func (pg *PG) putInfo(t *store.Txn) {
	pg.info.Epoch = pg.m.Epoch()
	t.SetInfo(pg.cfg.PG, wire.AppendBody(nil, &pg.info))
}

// trim cuts the log up to a version; the results of the entries stay, as long as there is room (9.1, 9.4).
func (pg *PG) trim(t *store.Txn, to wire.PGVersion) bool {
	n := pg.log.after(to)
	if n == 0 {
		return false
	}
	cut := pg.log.entries[:n]
	pg.keepDups(t, cut)
	pg.log.tail = cut[n-1].Version
	pg.log.entries = slices.Clone(pg.log.entries[n:])
	pg.info.LogTail = pg.log.tail
	t.TrimLog(pg.cfg.PG, store.Version(to))
	return true
}

func (pg *PG) span() store.Span { return store.SpanOf(pg.cfg.PG, pg.info.PGNum) }
