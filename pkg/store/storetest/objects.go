package storetest

import (
	"bytes"
	"errors"
	"fmt"

	"zeph/pkg/osdmap"
	"zeph/pkg/store"
)

func testData(f *fixture) {
	f.withPool()
	k := key("a")
	first, second := pattern(1, 10_000), pattern(2, 300)
	f.do(func(t *store.Txn) { t.Write(k, 0, first) })
	f.wantData(k, first)
	f.do(func(t *store.Txn) { t.Write(k, 4000, second) })
	want := bytes.Clone(first)
	copy(want[4000:], second)
	f.wantData(k, want)
	f.do(func(t *store.Txn) { t.Write(k, 9900, second) })
	want = append(want[:9900], second...)
	f.wantData(k, want)
	f.do(func(t *store.Txn) { t.WriteFull(k, second) })
	f.wantData(k, second)
	f.do(func(t *store.Txn) { t.WriteFull(k, nil) })
	f.wantData(k, nil)
	f.fsck()
}

func testHoles(f *fixture) {
	f.withPool()
	k := key("a")
	data := pattern(1, 100)
	f.do(func(t *store.Txn) { t.Write(k, 300_001, data) })
	want := append(make([]byte, 300_001), data...)
	f.wantData(k, want)
	f.do(func(t *store.Txn) { t.Write(k, 150_000, data) })
	copy(want[150_000:], data)
	f.wantData(k, want)
	f.do(func(t *store.Txn) { t.Write(k, 400_000, nil) })
	f.wantData(k, want)
	f.fsck()
}

// testCut: what was cut off must not come back when the object grows over the place.
func testCut(f *fixture) {
	f.withPool()
	k := key("a")
	want := pattern(1, 200_000)
	f.do(func(t *store.Txn) { t.Write(k, 0, want) })
	for _, size := range []int{199_999, 65_536, 65_535, 16_385, 16_384, 4_097, 4_096, 4_095, 1, 0} {
		f.do(func(t *store.Txn) { t.Truncate(k, uint64(size)) })
		f.wantData(k, want[:size])
		f.do(func(t *store.Txn) { t.Truncate(k, 200_000) })
		clear(want[size:])
		f.wantData(k, want)
	}
	f.do(func(t *store.Txn) {
		t.Write(k, 0, pattern(2, 9000))
		t.Truncate(k, 5000)
		t.Write(k, 8000, []byte("end"))
	})
	f.wantData(k, append(append(pattern(2, 5000), make([]byte, 3000)...), "end"...))
	f.fsck()
}

func testZero(f *fixture) {
	f.withPool()
	k := key("a")
	want := pattern(1, 100_000)
	f.do(func(t *store.Txn) { t.Write(k, 0, want) })
	for _, r := range [][2]int{{10, 20}, {4096, 4096}, {16_000, 40_000}, {99_990, 10}} {
		f.do(func(t *store.Txn) { t.Zero(k, uint64(r[0]), uint64(r[1])) })
		clear(want[r[0] : r[0]+r[1]])
		f.wantData(k, want)
	}
	f.do(func(t *store.Txn) {
		t.Zero(k, 90_000, 1<<40)
		t.Zero(k, 1<<60, ^uint64(0))
		t.Zero(k, 90_000, ^uint64(0))
	})
	clear(want[90_000:])
	f.wantData(k, want)
	f.fsck()
}

func testLarge(f *fixture) {
	f.withPool()
	k := key("large")
	want := pattern(1, 5<<20)
	f.do(func(t *store.Txn) { t.Write(k, 0, want) })
	f.wantData(k, want)
	f.do(func(t *store.Txn) { t.Write(k, 3<<20+5, want[:1<<20]) })
	copy(want[3<<20+5:], bytes.Clone(want[:1<<20]))
	f.wantData(k, want)
	f.do(func(t *store.Txn) { t.Write(k, store.MaxObject-4, []byte("last")) })
	tail, info, err := f.Store.Read(nil, k, store.MaxObject-8, 100)
	if err != nil || info.Size != store.MaxObject || string(tail) != "\x00\x00\x00\x00last" {
		f.Fatalf("the last bytes: %q, size %d, error %v", tail, info.Size, err)
	}
	f.do(func(t *store.Txn) { t.Truncate(k, 5<<20) })
	f.wantData(k, want)
	f.fsck()
}

func testAttrs(f *fixture) {
	f.withPool()
	k := key("a")
	f.do(func(t *store.Txn) {
		t.SetAttr(k, "b", []byte("2"))
		t.SetAttr(k, "a", []byte("1"))
		t.SetAttr(k, "empty", nil)
	})
	f.wantAttrs(k, store.Attr{Name: "a", Value: []byte("1")}, store.Attr{Name: "b", Value: []byte("2")}, store.Attr{Name: "empty"})
	f.do(func(t *store.Txn) {
		t.SetAttr(k, "a", []byte("one"))
		t.RemoveAttr(k, "b")
		t.RemoveAttr(k, "none")
		t.WriteFull(k, []byte("data"))
	})
	f.wantAttrs(k, store.Attr{Name: "a", Value: []byte("one")}, store.Attr{Name: "empty"})
	f.fsck()
}

func testOmap(f *fixture) {
	f.withPool()
	k := key("a")
	row := func(key, value string) store.Row { return store.Row{Key: key, Value: []byte(value)} }
	f.do(func(t *store.Txn) { t.SetOmap(k, row("a", "1"), row("a\x00", "2"), row("b", ""), row("\xff", "4")) })
	f.do(func(t *store.Txn) { t.SetOmap(key("other"), row("a", "other's")) })
	want := []store.Row{row("a", "1"), row("a\x00", "2"), row("b", ""), row("\xff", "4")}
	for max := range 5 {
		if got := f.omap(k, "", "", max); !sameRows(got, want) {
			f.Fatalf("omap by %d: %v, want %v", max, got, want)
		}
	}
	if got := f.omap(k, "a\x00", "\xff", 1); !sameRows(got, want[1:3]) {
		f.Fatalf("part of the omap: %v, want %v", got, want[1:3])
	}
	f.do(func(t *store.Txn) {
		t.DeleteOmap(k, "a", store.AfterRow("a"))
		t.DeleteOmap(k, "none", store.AfterRow("none"))
		t.SetOmap(k, row("b", "new"), row("c", "3"))
	})
	want = []store.Row{row("a\x00", "2"), row("b", "new"), row("c", "3"), row("\xff", "4")}
	if got := f.omap(k, "", "", 0); !sameRows(got, want) {
		f.Fatalf("omap: %v, want %v", got, want)
	}
	if info, err := f.Store.Stat(k); err != nil || info.OmapRows != 4 {
		f.Fatalf("stat: %+v, %v, want 4 rows", info, err)
	}
	f.do(func(t *store.Txn) { t.DeleteOmap(k, "b", "") })
	f.do(func(t *store.Txn) { t.DeleteOmap(k, "z", "b") }) // nothing lies between
	if got := f.omap(k, "", "", 0); !sameRows(got, want[:1]) {
		f.Fatalf("omap: %v, want %v", got, want[:1])
	}
	f.do(func(t *store.Txn) { t.DeleteOmap(k, "", "") })
	if got := f.omap(k, "", "", 0); len(got) > 0 {
		f.Fatalf("omap: %v, want none", got)
	}
	if got := f.omap(key("other"), "", "", 0); len(got) != 1 {
		f.Fatalf("the other object's omap: %v", got)
	}
	f.fsck()
}

// testOmapPages: pages end by bytes too, and by their own limit.
func testOmapPages(f *fixture) {
	f.withPool()
	k := key("a")
	var want []store.Row
	f.do(func(t *store.Txn) {
		for i := range 3 * store.MaxPage / 2 {
			want = append(want, store.Row{Key: fmt.Sprintf("%06d", i), Value: []byte("v")})
		}
		t.SetOmap(k, want...)
		for i := range 20 {
			t.SetOmap(key("big"), store.Row{Key: fmt.Sprint("k", 10+i), Value: pattern(uint64(i), store.MaxRowValue)})
		}
	})
	page, more, err := f.Store.Omap(k, "", "", 1<<30)
	if err != nil || len(page) != store.MaxPage || !more {
		f.Fatalf("a page of %d, more %v, error %v, want %d", len(page), more, err, store.MaxPage)
	}
	if got := f.omap(k, "", "", 0); !sameRows(got, want) {
		f.Fatalf("omap by pages: %d rows, want %d", len(got), len(want))
	}
	page, more, err = f.Store.Omap(key("big"), "", "", 0)
	if err != nil || len(page) == 20 || !more {
		f.Fatalf("a page of %d rows of 64 KiB, more %v, error %v", len(page), more, err)
	}
	if got := f.omap(key("big"), "", "", 0); len(got) != 20 {
		f.Fatalf("big rows by pages: %d, want 20", len(got))
	}
}

func testRemove(f *fixture) {
	f.withPool()
	k := key("a")
	fill := func(t *store.Txn) {
		t.Write(k, 70_000, pattern(1, 5000))
		t.SetAttr(k, "a", []byte("1"))
		t.SetOmap(k, store.Row{Key: "k"})
		t.SetVersion(k, store.Version{Epoch: 1, Seq: 1}, 5)
	}
	f.do(fill)
	f.do(func(t *store.Txn) { t.Remove(k) })
	_, err := f.Store.Stat(k)
	f.wantError(err, store.ErrNotFound)
	f.do(func(t *store.Txn) { t.Remove(k) })
	f.do(fill)
	f.do(func(t *store.Txn) {
		t.Remove(k)
		t.Write(k, 80_000, []byte("new"))
	})
	f.wantData(k, append(make([]byte, 80_000), "new"...))
	f.wantAttrs(k)
	if got := f.omap(k, "", "", 0); len(got) > 0 {
		f.Fatalf("omap of the new object: %v", got)
	}
	if info, _ := f.Store.Stat(k); info != (store.Info{Size: 80_003}) {
		f.Fatalf("stat of the new object: %+v", info)
	}
	f.fsck()
}

func testMakes(f *fixture) {
	f.withPool()
	k := key("a")
	makes := map[string]func(*store.Txn){
		"touch":       func(t *store.Txn) { t.Touch(k) },
		"write":       func(t *store.Txn) { t.Write(k, 0, nil) },
		"write full":  func(t *store.Txn) { t.WriteFull(k, nil) },
		"truncate":    func(t *store.Txn) { t.Truncate(k, 0) },
		"set attr":    func(t *store.Txn) { t.SetAttr(k, "a", nil) },
		"set omap":    func(t *store.Txn) { t.SetOmap(k) },
		"set version": func(t *store.Txn) { t.SetVersion(k, store.Version{}, 0) },
	}
	for name, build := range makes {
		f.do(build)
		if _, err := f.Store.Stat(k); err != nil {
			f.Errorf("after %s: %v", name, err)
		}
		f.do(func(t *store.Txn) { t.Remove(k) })
	}
	removes := map[string]func(*store.Txn){
		"remove":      func(t *store.Txn) { t.Remove(k) },
		"zero":        func(t *store.Txn) { t.Zero(k, 0, 10) },
		"remove attr": func(t *store.Txn) { t.RemoveAttr(k, "a") },
		"delete omap": func(t *store.Txn) { t.DeleteOmap(k, "", "") },
	}
	for name, build := range removes {
		f.do(build)
		if _, err := f.Store.Stat(k); !errors.Is(err, store.ErrNotFound) {
			f.Errorf("after %s of what is not there: %v", name, err)
		}
	}
	if s := f.pg(pgOne).Stats; s.Objects != 0 {
		f.Errorf("statistics: %+v", s)
	}
	f.fsck()
}

func testNotFound(f *fixture) {
	f.withPool()
	none, noPG := key("none"), osdmap.PGID{Pool: 7, Seed: 1}
	_, _, err := f.Store.Read(nil, none, 0, 1)
	f.wantError(err, store.ErrNotFound)
	_, err = f.Store.Stat(none)
	f.wantError(err, store.ErrNotFound)
	_, _, err = f.Store.Attrs(none)
	f.wantError(err, store.ErrNotFound)
	_, _, err = f.Store.Omap(none, "", "", 1)
	f.wantError(err, store.ErrNotFound)
	_, err = f.Store.Verify(none)
	f.wantError(err, store.ErrNotFound)
	_, err = f.Store.PG(noPG)
	f.wantError(err, store.ErrNotFound)
	_, _, err = f.Store.LogAfter(noPG, store.Version{}, 1)
	f.wantError(err, store.ErrNotFound)
	_, _, err = f.Store.LogBefore(noPG, store.LastVersion, 1)
	f.wantError(err, store.ErrNotFound)
	_, _, err = f.Store.Rows(noPG, "", "", 1)
	f.wantError(err, store.ErrNotFound)
	// Keys that no object may have are not found either.
	_, err = f.Store.Stat(store.Key{Pool: -1, Name: string(make([]byte, 5000))})
	f.wantError(err, store.ErrNotFound)
	_, err = f.Store.Stat(store.Key{Pool: 1})
	f.wantError(err, store.ErrNotFound)
}

func testCopies(f *fixture) {
	f.withPool()
	k := key("a")
	f.do(func(t *store.Txn) {
		t.Write(k, 0, []byte("data"))
		t.SetAttr(k, "a", []byte("attr"))
		t.SetOmap(k, store.Row{Key: "k", Value: []byte("omap")})
		t.SetInfo(pgOne, []byte("info"))
		t.AppendLog(pgOne, store.LogEntry{Version: store.Version{Epoch: 1, Seq: 1}, Entry: []byte("entry")})
		t.SetRows(pgOne, store.Row{Key: "k", Value: []byte("row")})
	})
	for range 2 { // what the first round scribbles on, the second must not see
		data, _, _ := f.Store.Read(nil, k, 0, 10)
		attrs, _, _ := f.Store.Attrs(k)
		omap, _, _ := f.Store.Omap(k, "", "", 1)
		state, _ := f.Store.PG(pgOne)
		log, _, _ := f.Store.LogAfter(pgOne, store.Version{}, 1)
		back, _, _ := f.Store.LogBefore(pgOne, store.LastVersion, 1)
		rows, _, _ := f.Store.Rows(pgOne, "", "", 1)
		if len(attrs) != 1 || len(omap) != 1 || len(log) != 1 || len(back) != 1 || len(rows) != 1 {
			f.Fatalf("got %v %v %v %v %v, want one each", attrs, omap, log, back, rows)
		}
		got := [][]byte{data, attrs[0].Value, omap[0].Value, state.Info, log[0].Entry, back[0].Entry, rows[0].Value}
		if s := fmt.Sprintf("%s", got); s != "[data attr omap info entry entry row]" {
			f.Fatalf("got %s", s)
		}
		for _, b := range got {
			clear(b)
		}
	}
}
