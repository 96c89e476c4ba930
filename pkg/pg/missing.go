package pg

import (
	"fmt"
	"slices"

	"zeph/pkg/osdmap"
	"zeph/pkg/store"
	"zeph/pkg/wire"
)

const missingPrefix = "missing/"

// missing is the set of objects that a copy lacks though its log has them.
type missing struct {
	need map[store.Key]wire.PGMissing
	keys []store.Key // in order
}

func newMissing() missing { return missing{need: map[store.Key]wire.PGMissing{}} }

func (s *missing) has(k store.Key) bool { _, ok := s.need[k]; return ok }

func (s *missing) len() int { return len(s.keys) }

// set adds an object, or moves what it needs.
func (s *missing) set(k store.Key, m wire.PGMissing) {
	if at, found := slices.BinarySearchFunc(s.keys, k, store.Key.Compare); !found {
		s.keys = slices.Insert(s.keys, at, k)
	}
	s.need[k] = m
}

func (s *missing) remove(k store.Key) {
	if at, found := slices.BinarySearchFunc(s.keys, k, store.Key.Compare); found {
		s.keys = slices.Delete(s.keys, at, at+1)
		delete(s.need, k)
	}
}

// list is all of it, in order.
func (s *missing) list() []wire.PGMissing {
	var all []wire.PGMissing
	for _, k := range s.keys {
		all = append(all, s.need[k])
	}
	return all
}

// oldest is the lowest version that is needed.
func (s *missing) oldest() (wire.PGVersion, bool) {
	var low wire.PGVersion
	for i, k := range s.keys {
		if v := s.need[k].Need; i == 0 || v.Compare(low) < 0 {
			low = v
		}
	}
	return low, len(s.keys) > 0
}

// versionKey is a version as part of a row's key: in order. No two objects share one, and names can be longer
// than keys.
func versionKey(v wire.PGVersion) string { return fmt.Sprintf("%08x%016x", uint32(v.Epoch), v.Seq) }

func missingRow(m wire.PGMissing) store.Row {
	return store.Row{Key: missingPrefix + versionKey(m.Need), Value: wire.AppendBody(nil, &m)}
}

// keyOf is where the store has an object.
func (pg *PG) keyOf(o wire.PGObject) store.Key { return keyIn(pg.cfg.PG.Pool, o) }

func keyIn(pool osdmap.PoolID, o wire.PGObject) store.Key {
	return store.Key{Pool: pool, Hash: o.Hash, Namespace: o.Namespace, Name: o.Name}
}

func objectOf(k store.Key) wire.PGObject {
	return wire.PGObject{Hash: k.Hash, Namespace: k.Namespace, Name: k.Name}
}

func keyAt(pool osdmap.PoolID, c wire.Cursor) store.Key {
	return store.Key{Pool: pool, Hash: c.Hash, Namespace: c.Namespace, Name: c.Name}
}

func cursorAt(k store.Key) wire.Cursor {
	return wire.Cursor{Hash: k.Hash, Namespace: k.Namespace, Name: k.Name}
}

// beyond reports whether backfill of a copy has not come as far as an object: its log may speak of it, its
// data is not meant to be right.
func beyond(info *wire.PGInfo, k store.Key) bool {
	if !info.Incomplete {
		return false
	}
	if info.Cursor == (wire.Cursor{}) {
		return true
	}
	return k.Compare(keyAt(k.Pool, info.Cursor)) > 0
}

// changeMissing moves this copy's set to another state: in memory, and in the transaction.
func (pg *PG) changeMissing(t *store.Txn, changed map[store.Key]*wire.PGMissing) {
	var rows []store.Row
	keys := sortedKeys(changed)
	anew := len(keys) > manyRows // so many that the transaction could get too long
	if anew {
		t.DeleteRows(pg.cfg.PG, missingPrefix, afterPrefix(missingPrefix))
	}
	for _, k := range keys {
		if old, ok := pg.missing.need[k]; ok {
			if key := missingPrefix + versionKey(old.Need); !anew {
				t.DeleteRows(pg.cfg.PG, key, store.AfterRow(key))
			}
			pg.missing.remove(k)
		}
	}
	for _, k := range keys {
		if m := changed[k]; m != nil {
			pg.missing.set(k, *m)
			rows = append(rows, missingRow(*m))
		}
	}
	if anew {
		rows = rows[:0]
		for _, m := range pg.missing.list() {
			rows = append(rows, missingRow(m))
		}
	}
	if len(rows) > 0 {
		slices.SortFunc(rows, func(a, b store.Row) int { return compareStrings(a.Key, b.Key) })
		t.SetRows(pg.cfg.PG, rows...)
	}
}

// manyRows is from when on all rows are written anew.
const manyRows = 1000

func sortedKeys[V any](m map[store.Key]V) []store.Key {
	keys := make([]store.Key, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, store.Key.Compare)
	return keys
}

func compareStrings(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
