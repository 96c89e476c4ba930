package mem

import (
	"slices"

	"zeph/pkg/store"
)

// rotten are the keys of damaged rows, in order.
type rotten []string

// spoil adds a row, if it is there.
func (r *rotten) spoil(rows []store.Row, key string) bool {
	_, there := findRow(rows, key)
	if at, known := slices.BinarySearch(*r, key); there && !known {
		*r = slices.Insert(*r, at, key)
	}
	return there
}

// between finds the first damaged row from a key on, and before another; to "" is the end.
func (r rotten) between(from, to string) (key string, found bool) {
	at, _ := slices.BinarySearch(r, from)
	if at == len(r) || to != "" && r[at] >= to {
		return "", false
	}
	return r[at], true
}

// heal forgets the rows that are set.
func (r *rotten) heal(set []store.Row) {
	for _, row := range set {
		if at, found := slices.BinarySearch(*r, row.Key); found {
			*r = slices.Delete(*r, at, at+1)
		}
	}
}

// healRange forgets those of a range that is deleted.
func (r *rotten) healRange(from, to string) {
	*r = slices.DeleteFunc(*r, func(key string) bool {
		return key >= from && (to == "" || key < to)
	})
}

// rottenPage is a page of rows, or the damage that it met: of an object, or of a PG.
func (s *Store) rottenPage(bad rotten, e store.CorruptError, rows []store.Row, from, to string, max int) ([]store.Row, bool, error) {
	page, more := pageOfRows(rows, from, to, max)
	end := to
	if more {
		end = store.AfterRow(page[len(page)-1].Key)
	}
	if key, found := bad.between(from, end); found {
		s.damaged++
		e.Why = "row " + key + ": made so"
		return nil, false, &e
	}
	return page, more, nil
}

// rotIn is the error for the first damaged entry of a part of the log; nil: there is none.
func (s *Store) rotIn(p *pg, entries []store.LogEntry) error {
	for _, e := range entries {
		if slices.Contains(p.rottenLog, e.Version) {
			s.damaged++
			return &store.CorruptError{Part: store.PartLog, PG: p.state.Span.PG, Why: "entry " + e.Version.String() + ": made so"}
		}
	}
	return nil
}

// healLog forgets damaged entries that the log does not have any more.
func (p *pg) healLog() {
	p.rottenLog = slices.DeleteFunc(p.rottenLog, func(v store.Version) bool {
		_, there := findEntry(p.log, v)
		return !there
	})
}
