package osdmap

import (
	"iter"
	"maps"
	"slices"
)

// pgTable holds something for a few of the PGs: ascending rows, found by halving. Maps
// share tables, so a table never changes; with and only make new ones.
type pgTable[V any] []pgRow[V]

type pgRow[V any] struct {
	_    struct{} `cbor:",toarray"`
	Pool PoolID
	Seed uint32
	Val  V
}

func (r *pgRow[V]) pg() PGID { return PGID{r.Pool, r.Seed} }

// find is where the PG's row is, or would be.
func (t pgTable[V]) find(pg PGID) (at int, found bool) {
	end := len(t)
	for at < end {
		if mid := (at + end) / 2; t[mid].pg().Compare(pg) < 0 {
			at = mid + 1
		} else {
			end = mid
		}
	}
	return at, at < len(t) && t[at].pg() == pg
}

func (t pgTable[V]) get(pg PGID) (V, bool) {
	at, found := t.find(pg)
	if !found {
		var none V
		return none, false
	}
	return t[at].Val, true
}

// all walks the table in order.
func (t pgTable[V]) all() iter.Seq2[PGID, V] {
	return func(yield func(PGID, V) bool) {
		for i := range t {
			if !yield(t[i].pg(), t[i].Val) {
				return
			}
		}
	}
}

// with is the table after edits: an empty value takes its row away, others replace it.
func (t pgTable[V]) with(edits pgTable[V], empty func(V) bool) pgTable[V] {
	if len(edits) == 0 {
		return t
	}
	next := make(pgTable[V], 0, len(t)+len(edits))
	for _, row := range edits {
		at, found := t.find(row.pg())
		next = append(next, t[:at]...)
		if !empty(row.Val) {
			next = append(next, row)
		}
		if found {
			at++
		}
		t = t[at:]
	}
	return slices.Clip(append(next, t...))
}

// only is the table without the rows that keep refuses.
func (t pgTable[V]) only(keep func(PGID) bool) pgTable[V] {
	kept := make(pgTable[V], 0, len(t))
	for _, row := range t {
		if keep(row.pg()) {
			kept = append(kept, row)
		}
	}
	if len(kept) == len(t) {
		return t
	}
	return kept
}

// tableOf puts a Go map in order.
func tableOf[V any](m map[PGID]V) pgTable[V] {
	t := make(pgTable[V], 0, len(m))
	for _, pg := range slices.SortedFunc(maps.Keys(m), PGID.Compare) {
		t = append(t, pgRow[V]{Pool: pg.Pool, Seed: pg.Seed, Val: m[pg]})
	}
	return t
}

// byPG is the table as a Go map.
func (t pgTable[V]) byPG() map[PGID]V { return maps.Collect(t.all()) }
