package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"zeph/pkg/osdmap"
	"zeph/pkg/store"
)

func version(epoch, seq int) store.Version {
	return store.Version{Epoch: osdmap.Epoch(epoch), Seq: uint64(seq)}
}

func entry(epoch, seq int) store.LogEntry {
	return store.LogEntry{Version: version(epoch, seq), Entry: fmt.Appendf(nil, "entry %d'%d", epoch, seq)}
}

func testLog(f *fixture) {
	f.withPool()
	other := osdmap.PGID{Pool: 2}
	f.do(func(t *store.Txn) { t.MakePG(other, 1) })
	f.do(func(t *store.Txn) { t.AppendLog(pgOne, entry(1, 1), entry(1, 2)) })
	f.do(func(t *store.Txn) {
		t.AppendLog(pgOne, entry(1, 3))
		t.AppendLog(pgOne, entry(2, 3), entry(2, 300), entry(256, 301))
		t.AppendLog(other, entry(9, 9))
		t.AppendLog(pgOne)
	})
	want := []store.LogEntry{entry(1, 1), entry(1, 2), entry(1, 3), entry(2, 3), entry(2, 300), entry(256, 301)}
	for max := range 8 {
		if got := f.log(pgOne, max); !sameLog(got, want) {
			f.Fatalf("log by %d: %v", max, got)
		}
	}
	for i := range want {
		after, more, err := f.Store.LogAfter(pgOne, want[i].Version, 2)
		if err != nil || !sameLog(after, want[i+1:min(i+3, len(want))]) || more != (i+3 < len(want)) {
			f.Errorf("after %v: %v, more %v, error %v", want[i].Version, after, more, err)
		}
		before, more, err := f.Store.LogBefore(pgOne, want[i].Version, 2)
		wanted := slices.Clone(want[max(i-2, 0):i])
		slices.Reverse(wanted)
		if err != nil || !sameLog(before, wanted) || more != (i > 2) {
			f.Errorf("before %v: %v, more %v, error %v", want[i].Version, before, more, err)
		}
	}
	if s := f.pg(pgOne); s.Head != version(256, 301) || s.Stats.LogEntries != 6 {
		f.Errorf("pg: %+v", s)
	}
	f.wantError(f.submit(func(t *store.Txn) { t.AppendLog(pgOne, entry(256, 301)) }), store.ErrConflict)
	f.wantError(f.submit(func(t *store.Txn) { t.AppendLog(pgOne, entry(255, 400)) }), store.ErrConflict)
	f.wantError(f.submit(func(t *store.Txn) { t.AppendLog(pgOne, entry(300, 2), entry(300, 1)) }), store.ErrInvalid)
	f.fsck()
}

func testLogEnds(f *fixture) {
	f.withPool()
	f.do(func(t *store.Txn) {
		t.AppendLog(pgOne, entry(1, 1), entry(1, 2), entry(1, 3), entry(1, 4), entry(1, 5), entry(1, 6))
	})
	f.do(func(t *store.Txn) { t.TrimLog(pgOne, version(1, 2)) })
	// A log that went another way gives way to the authoritative one, in one transaction.
	f.do(func(t *store.Txn) {
		t.RewindLog(pgOne, version(1, 4))
		t.AppendLog(pgOne, entry(2, 5), entry(2, 6))
	})
	if got := f.log(pgOne, 2); !sameLog(got, []store.LogEntry{entry(1, 3), entry(1, 4), entry(2, 5), entry(2, 6)}) {
		f.Fatalf("log: %v", got)
	}
	f.do(func(t *store.Txn) { t.RewindLog(pgOne, version(9, 9)) })
	if s := f.pg(pgOne); s.Head != version(2, 6) || s.Stats.LogEntries != 4 {
		f.Fatalf("pg after a rewind to the future: %+v", s)
	}
	f.do(func(t *store.Txn) { t.TrimLog(pgOne, version(9, 9)) })
	if s := f.pg(pgOne); s.Head != version(2, 6) || s.Stats.LogEntries != 0 {
		f.Fatalf("pg after all was trimmed: %+v", s)
	}
	f.wantError(f.submit(func(t *store.Txn) { t.AppendLog(pgOne, entry(2, 6)) }), store.ErrConflict)
	f.do(func(t *store.Txn) { t.RewindLog(pgOne, store.Version{}) })
	f.do(func(t *store.Txn) { t.AppendLog(pgOne, entry(1, 1)) })
	if got := f.log(pgOne, 0); !sameLog(got, []store.LogEntry{entry(1, 1)}) {
		f.Fatalf("log begun anew: %v", got)
	}
	f.fsck()
}

func testLogPages(f *fixture) {
	f.withPool()
	var want []store.LogEntry
	for i := range 40 {
		want = append(want, store.LogEntry{Version: version(1, i+1), Entry: pattern(uint64(i), store.MaxLogEntry)})
	}
	f.do(func(t *store.Txn) { t.AppendLog(pgOne, want...) })
	if page, more, err := f.Store.LogAfter(pgOne, store.Version{}, 0); err != nil || len(page) == 40 || !more {
		f.Fatalf("a page of %d entries of 64 KiB, more %v, error %v", len(page), more, err)
	}
	if got := f.log(pgOne, 0); !sameLog(got, want) {
		f.Fatalf("%d entries, want %d", len(got), len(want))
	}
}

func testPG(f *fixture) {
	a, b, c := osdmap.PGID{Pool: 2, Seed: 1}, osdmap.PGID{Pool: 1, Seed: 300}, osdmap.PGID{Pool: 1, Seed: 5}
	f.do(func(t *store.Txn) {
		t.MakePG(a, 2)
		t.SetInfo(a, []byte("of a"))
		t.MakePG(b, 512)
	})
	f.do(func(t *store.Txn) { t.MakePG(c, 512) })
	f.do(func(t *store.Txn) {
		t.MakePG(a, 2) // again: nothing
		t.SetInfo(c, []byte("of c"))
	})
	f.do(func(t *store.Txn) { t.SetInfo(c, pattern(1, store.MaxInfo)) })
	if got, err := f.Store.PGs(); err != nil || !slices.Equal(got, []osdmap.PGID{c, b, a}) {
		f.Fatalf("pgs: %v, %v", got, err)
	}
	want := store.PGState{Span: store.SpanOf(a, 2), Info: []byte("of a")}
	if got := f.pg(a); fmt.Sprint(got) != fmt.Sprint(want) {
		f.Errorf("pg: %v, want %v", got, want)
	}
	if got := f.pg(c).Info; !bytes.Equal(got, pattern(1, store.MaxInfo)) {
		f.Errorf("an info of %d bytes, want %d", len(got), store.MaxInfo)
	}
	f.do(func(t *store.Txn) { t.SetInfo(c, nil) })
	if got := f.pg(c).Info; len(got) > 0 {
		f.Errorf("info: %q, want none", got)
	}
	f.fsck()
}

func testPGSpans(f *fixture) {
	f.do(func(t *store.Txn) { t.MakePG(osdmap.PGID{Pool: 1, Seed: 1}, 4) })
	f.wantError(f.submit(func(t *store.Txn) { t.MakePG(osdmap.PGID{Pool: 1, Seed: 1}, 8) }), store.ErrConflict)
	f.wantError(f.submit(func(t *store.Txn) { t.MakePG(osdmap.PGID{Pool: 1, Seed: 5}, 8) }), store.ErrConflict)
	f.wantError(f.submit(func(t *store.Txn) {
		t.MakePG(osdmap.PGID{Pool: 2, Seed: 0}, 1)
		t.MakePG(osdmap.PGID{Pool: 2, Seed: 1}, 2)
	}), store.ErrConflict)
	f.wantError(f.submit(func(t *store.Txn) { t.MakePG(osdmap.PGID{Pool: 1, Seed: 4}, 4) }), store.ErrInvalid)
	f.wantError(f.submit(func(t *store.Txn) { t.MakePG(osdmap.PGID{Pool: 0}, 1) }), store.ErrInvalid)
	f.do(func(t *store.Txn) { t.Touch(store.Key{Pool: 1, Hash: 5, Name: "in"}) })
	f.wantError(f.submit(func(t *store.Txn) { t.Touch(store.Key{Pool: 1, Hash: 6, Name: "out"}) }), store.ErrConflict)
	f.wantError(f.submit(func(t *store.Txn) { t.Remove(store.Key{Pool: 2, Hash: 5, Name: "out"}) }), store.ErrConflict)
	none := osdmap.PGID{Pool: 1, Seed: 2}
	for _, build := range []func(*store.Txn){
		func(t *store.Txn) { t.SetInfo(none, nil) },
		func(t *store.Txn) { t.AppendLog(none, entry(1, 1)) },
		func(t *store.Txn) { t.TrimLog(none, version(1, 1)) },
		func(t *store.Txn) { t.RewindLog(none, version(1, 1)) },
		func(t *store.Txn) { t.SetRows(none) },
		func(t *store.Txn) { t.DeleteRows(none, "", "") },
		func(t *store.Txn) { t.RemovePG(none, 1) },
	} {
		f.wantError(f.submit(build), store.ErrConflict)
	}
	f.fsck()
}

func testStatistics(f *fixture) {
	f.withPool()
	want := func(objects, bytes, rows uint64) {
		f.Helper()
		if got := f.pg(pgOne).Stats; got != (store.PGStats{Objects: objects, Bytes: bytes, OmapRows: rows}) {
			f.Fatalf("statistics: %+v, want %d objects, %d bytes, %d rows", got, objects, bytes, rows)
		}
		f.fsck()
	}
	a, b := key("a"), key("b")
	want(0, 0, 0)
	f.do(func(t *store.Txn) {
		t.Write(a, 100_000, []byte("x"))
		t.SetOmap(a, store.Row{Key: "1"}, store.Row{Key: "2"})
	})
	want(1, 100_001, 2)
	f.do(func(t *store.Txn) { t.SetOmap(a, store.Row{Key: "2", Value: []byte("again")}, store.Row{Key: "3"}) })
	want(1, 100_001, 3)
	f.do(func(t *store.Txn) { t.Touch(b); t.Truncate(b, 50); t.Truncate(b, 20); t.WriteFull(a, []byte("four")) })
	want(2, 24, 3)
	f.do(func(t *store.Txn) {
		t.DeleteOmap(a, "2", "3")
		t.Zero(a, 0, 100)
		t.SetAttr(a, "a", []byte("uncounted"))
	})
	want(2, 24, 2)
	f.do(func(t *store.Txn) { t.Remove(a); t.Touch(a); t.Remove(b) })
	want(1, 0, 0)
}

func testRows(f *fixture) {
	f.withPool()
	other := osdmap.PGID{Pool: 1 << 40}
	f.do(func(t *store.Txn) {
		t.MakePG(other, 1)
		t.SetRows(pgOne, store.Row{Key: "m/a", Value: []byte("1")}, store.Row{Key: "m/b"}, store.Row{Key: "r/1", Value: []byte("ok")})
		t.SetRows(other, store.Row{Key: "m/a", Value: []byte("other's")})
	})
	f.do(func(t *store.Txn) {
		t.DeleteRows(pgOne, "m/a", store.AfterRow("m/a"))
		t.SetRows(pgOne, store.Row{Key: "m/c"})
	})
	for max := range 4 {
		if got := f.rows(pgOne, "", "", max); !sameRows(got, []store.Row{{Key: "m/b"}, {Key: "m/c"}, {Key: "r/1", Value: []byte("ok")}}) {
			f.Fatalf("rows by %d: %v", max, got)
		}
		if got := f.rows(pgOne, "m/", "m0", max); !sameRows(got, []store.Row{{Key: "m/b"}, {Key: "m/c"}}) {
			f.Fatalf("part of the rows by %d: %v", max, got)
		}
	}
	f.do(func(t *store.Txn) { t.DeleteRows(pgOne, "", "") })
	if got := f.rows(pgOne, "", "", 0); len(got) > 0 {
		f.Fatalf("rows: %v, want none", got)
	}
	if got := f.rows(other, "", "", 0); !sameRows(got, []store.Row{{Key: "m/a", Value: []byte("other's")}}) {
		f.Fatalf("the other pg's rows: %v", got)
	}
	f.fsck()
}

// testRemovePG: slices go from the front, the PG stays until its last object has gone, and
// its neighbour is left alone.
func testRemovePG(f *fixture) {
	even, odd := osdmap.PGID{Pool: 1, Seed: 0}, osdmap.PGID{Pool: 1, Seed: 1}
	f.do(func(t *store.Txn) {
		t.MakePG(even, 2)
		t.MakePG(odd, 2)
		for i := range 20 {
			k := store.Key{Pool: 1, Hash: uint32(i), Name: "x"}
			t.Write(k, 0, pattern(uint64(i), 20_000))
			t.SetOmap(k, store.Row{Key: "k"})
		}
		for _, pg := range []osdmap.PGID{even, odd} {
			t.SetInfo(pg, []byte("info"))
			t.AppendLog(pg, entry(1, 1))
			t.SetRows(pg, store.Row{Key: "k"})
		}
	})
	for left := 10; left > 3; left -= 3 {
		f.do(func(t *store.Txn) { t.RemovePG(even, 3) })
		s := f.pg(even)
		if s.Stats.Objects != uint64(left-3) || s.Stats.Bytes != uint64(left-3)*20_000 || string(s.Info) != "info" || len(f.log(even, 0)) != 1 {
			f.Fatalf("after a slice: %+v, want %d objects", s, left-3)
		}
		f.fsck()
	}
	f.do(func(t *store.Txn) { t.RemovePG(even, 3) })
	_, err := f.Store.PG(even)
	f.wantError(err, store.ErrNotFound)
	if s := f.pg(odd).Stats; s != (store.PGStats{Objects: 10, Bytes: 200_000, OmapRows: 10, LogEntries: 1}) || len(f.keys(1)) != 10 {
		f.Fatalf("the other pg: %+v", s)
	}
	f.do(func(t *store.Txn) { t.MakePG(even, 2); t.AppendLog(even, entry(1, 1)) })
	if s := f.pg(even); s.Stats != (store.PGStats{LogEntries: 1}) || len(s.Info) > 0 || len(f.rows(even, "", "", 0)) > 0 {
		f.Fatalf("made again: %+v", s)
	}
	if err := f.submit(func(t *store.Txn) { t.RemovePG(even, 1); t.MakePG(even, 2) }); !errors.Is(err, store.ErrInvalid) {
		f.Fatalf("with company: %v", err)
	}
	f.fsck()
}
