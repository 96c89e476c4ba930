package mem

import (
	"slices"
	"strings"

	"zeph/pkg/store"
)

// findRow is where a key is among rows, or would be.
func findRow(rows []store.Row, key string) (int, bool) {
	return slices.BinarySearchFunc(rows, key, func(r store.Row, key string) int {
		return strings.Compare(r.Key, key)
	})
}

// rowsBetween is where the rows of a range are.
func rowsBetween(rows []store.Row, from, to string) (lo, hi int) {
	lo, _ = findRow(rows, from)
	hi = len(rows)
	if to != "" {
		hi, _ = findRow(rows, to)
	}
	return lo, max(lo, hi)
}

// setRows copies what is set.
func setRows(rows, set []store.Row) []store.Row {
	for _, r := range set {
		r.Value = slices.Clone(r.Value)
		if at, found := findRow(rows, r.Key); found {
			rows[at] = r
		} else {
			rows = slices.Insert(rows, at, r)
		}
	}
	return rows
}

func deleteRows(rows []store.Row, from, to string) []store.Row {
	lo, hi := rowsBetween(rows, from, to)
	return slices.Delete(rows, lo, hi)
}

// pageOfRows is a page of a range, copied.
func pageOfRows(rows []store.Row, from, to string, max int) (page []store.Row, more bool) {
	lo, hi := rowsBetween(rows, from, to)
	p := store.NewPage(max)
	for ; lo < hi && !p.Full(); lo++ {
		r := rows[lo]
		r.Value = slices.Clone(r.Value)
		page = append(page, r)
		p.Add(len(r.Key) + len(r.Value))
	}
	return page, lo < hi
}

// findEntry is where a version is in a log, or would be.
func findEntry(log []store.LogEntry, v store.Version) (int, bool) {
	return slices.BinarySearchFunc(log, v, func(e store.LogEntry, v store.Version) int {
		return e.Version.Compare(v)
	})
}
