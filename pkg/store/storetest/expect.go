package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"zeph/pkg/osdmap"
	"zeph/pkg/store"
)

// wantData demands the whole data of an object, and then some ranges of it.
func (f *fixture) wantData(k store.Key, want []byte) {
	f.Helper()
	got, info, err := f.Store.Read(nil, k, 0, store.MaxObject)
	if err != nil {
		f.Fatalf("read %v: %v", k, err)
	}
	if info.Size != uint64(len(want)) {
		f.Fatalf("read %v: size %d, want %d", k, info.Size, len(want))
	}
	if at := differ(got, want); at >= 0 {
		f.Fatalf("read %v: %d bytes, want %d; byte %d differs", k, len(got), len(want), at)
	}
	r := rng(len(want))
	for range 3 {
		f.wantRange(k, want, r.below(len(want)+3), r.below(len(want)+3))
	}
}

func (f *fixture) wantRange(k store.Key, whole []byte, off, n int) {
	f.Helper()
	got, _, err := f.Store.Read([]byte("before"), k, uint64(off), uint64(n))
	if err != nil {
		f.Fatalf("read %v from %d, %d bytes: %v", k, off, n, err)
	}
	lo := min(off, len(whole))
	want := append([]byte("before"), whole[lo:min(lo+n, len(whole))]...)
	if at := differ(got, want); at >= 0 {
		f.Fatalf("read %v from %d, %d bytes, appended: got %d bytes, want %d; byte %d differs", k, off, n, len(got), len(want), at)
	}
}

// differ is where two strings of bytes first differ, -1 if they do not.
func differ(a, b []byte) int {
	if bytes.Equal(a, b) {
		return -1
	}
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

func (f *fixture) wantAttrs(k store.Key, want ...store.Attr) {
	f.Helper()
	got, _, err := f.Store.Attrs(k)
	if err != nil {
		f.Fatalf("attrs %v: %v", k, err)
	}
	if !slices.EqualFunc(got, want, func(a, b store.Attr) bool { return a.Name == b.Name && bytes.Equal(a.Value, b.Value) }) {
		f.Fatalf("attrs %v: got %v, want %v", k, got, want)
	}
}

// omap lists a range by pages of max rows.
func (f *fixture) omap(k store.Key, from, to string, max int) []store.Row {
	f.Helper()
	rows, err := allRows(from, max, func(from string) ([]store.Row, bool, error) { return f.Store.Omap(k, from, to, max) })
	if err != nil {
		f.Fatalf("omap %v: %v", k, err)
	}
	return rows
}

// rows lists a range of a PG's rows by pages of max rows.
func (f *fixture) rows(pg osdmap.PGID, from, to string, max int) []store.Row {
	f.Helper()
	rows, err := allRows(from, max, func(from string) ([]store.Row, bool, error) { return f.Store.Rows(pg, from, to, max) })
	if err != nil {
		f.Fatalf("rows %v: %v", pg, err)
	}
	return rows
}

func allRows(from string, max int, page func(from string) ([]store.Row, bool, error)) ([]store.Row, error) {
	var all []store.Row
	for {
		rows, more, err := page(from)
		if err != nil {
			return nil, err
		}
		if err := pageError(len(rows), max, more); err != nil {
			return nil, err
		}
		all = append(all, rows...)
		if !more {
			return all, nil
		}
		from = store.AfterRow(rows[len(rows)-1].Key)
	}
}

// pageError says what is wrong with the length of a page.
func pageError(n, max int, more bool) error {
	if max > 0 && n > max {
		return fmt.Errorf("a page of %d, at most %d were asked for", n, max)
	}
	if more && n == 0 {
		return errors.New("an empty page, and there is more")
	}
	return nil
}

func sameRows(a, b []store.Row) bool {
	return slices.EqualFunc(a, b, func(a, b store.Row) bool { return a.Key == b.Key && bytes.Equal(a.Value, b.Value) })
}

// list lists objects by pages of max.
func (f *fixture) list(from, to store.Key, max int) []store.Item {
	f.Helper()
	var all []store.Item
	for {
		items, more, err := f.Store.List(from, to, max)
		if err == nil {
			err = pageError(len(items), max, more)
		}
		if err != nil {
			f.Fatalf("list from %v to %v: %v", from, to, err)
		}
		for _, item := range items {
			if item.Key.Compare(from) < 0 || item.Key.Compare(to) >= 0 {
				f.Fatalf("list from %v to %v: it has %v", from, to, item.Key)
			}
		}
		all = append(all, items...)
		if !more {
			return all
		}
		from = items[len(items)-1].Key.Next()
	}
}

// keys lists a whole pool.
func (f *fixture) keys(pool osdmap.PoolID) []store.Key {
	f.Helper()
	var keys []store.Key
	for _, item := range f.list(store.Key{Pool: pool}, store.Key{Pool: pool + 1}, 3) {
		keys = append(keys, item.Key)
	}
	return keys
}

// log lists a log forwards by pages of max, and demands the same backwards.
func (f *fixture) log(pg osdmap.PGID, max int) []store.LogEntry {
	f.Helper()
	var forwards, backwards []store.LogEntry
	at := store.Version{}
	for more := true; more; {
		var page []store.LogEntry
		var err error
		if page, more, err = f.Store.LogAfter(pg, at, max); err == nil {
			err = pageError(len(page), max, more)
		}
		if err != nil {
			f.Fatalf("log %v after %v: %v", pg, at, err)
		}
		if len(page) > 0 && page[0].Version.Compare(at) <= 0 {
			f.Fatalf("log %v after %v: it begins with %v", pg, at, page[0].Version)
		}
		forwards = append(forwards, page...)
		if more {
			at = page[len(page)-1].Version
		}
	}
	at = store.LastVersion
	for more := true; more; {
		var page []store.LogEntry
		var err error
		if page, more, err = f.Store.LogBefore(pg, at, max); err == nil {
			err = pageError(len(page), max, more)
		}
		if err != nil {
			f.Fatalf("log %v before %v: %v", pg, at, err)
		}
		if len(page) > 0 && page[0].Version.Compare(at) >= 0 {
			f.Fatalf("log %v before %v: it begins with %v", pg, at, page[0].Version)
		}
		backwards = append(backwards, page...)
		if more {
			at = page[len(page)-1].Version
		}
	}
	slices.Reverse(backwards)
	if !sameLog(forwards, backwards) {
		f.Fatalf("log %v: forwards %d entries %v, backwards %d %v", pg, len(forwards), forwards, len(backwards), backwards)
	}
	return forwards
}

func sameLog(a, b []store.LogEntry) bool {
	return slices.EqualFunc(a, b, func(a, b store.LogEntry) bool {
		return a.Version == b.Version && bytes.Equal(a.Entry, b.Entry)
	})
}

func (f *fixture) pg(id osdmap.PGID) store.PGState {
	f.Helper()
	state, err := f.Store.PG(id)
	if err != nil {
		f.Fatalf("pg %v: %v", id, err)
	}
	return state
}

// wantError demands that an error is one of a kind.
func (f *fixture) wantError(err, want error) {
	f.Helper()
	if !errors.Is(err, want) {
		f.Fatalf("got error %v, want %v", err, want)
	}
}

// wantCorrupt demands an error of damage.
func (f *fixture) wantCorrupt(err error, part store.Part) *store.CorruptError {
	f.Helper()
	var e *store.CorruptError
	if !errors.As(err, &e) || e.Part != part {
		f.Fatalf("got error %v, want damage of the %v", err, part)
	}
	return e
}
