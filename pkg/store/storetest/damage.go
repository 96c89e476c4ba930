package storetest

import (
	"bytes"
	"slices"

	"zeph/pkg/store"
)

// damage flips bits, or skips the test where nobody knows how.
func (f *fixture) damage(what Target) {
	f.Helper()
	if f.Damage == nil {
		f.Skip("nobody knows how to damage this store")
	}
	f.Damage(f.T, what)
}

// testVerify: digests are of contents, by whatever way they came about.
func testVerify(f *fixture) {
	f.withPool()
	a, b := key("a"), key("b")
	data := pattern(1, 90_000)
	clear(data[20_000:70_000])
	f.do(func(t *store.Txn) {
		t.Write(a, 0, data)
		t.SetAttr(a, "x", []byte("1"))
		t.SetOmap(a, store.Row{Key: "k", Value: []byte("v")}, store.Row{Key: "l"})
		t.SetAttr(b, "x", []byte("0"))
		t.Write(b, 70_000, data[70_000:])
		t.Write(b, 0, data[:20_000])
		t.SetAttr(b, "x", []byte("1"))
		t.SetOmap(b, store.Row{Key: "l"})
		t.SetOmap(b, store.Row{Key: "k", Value: []byte("v")})
	})
	va, err := f.Store.Verify(a)
	if err != nil || len(va.Damage) > 0 || va.Info.Size != 90_000 {
		f.Fatalf("verify: %+v, %v", va, err)
	}
	if va.Data != store.Digest(0, data) || va.Attrs != store.DigestRow(0, "x", []byte("1")) {
		f.Errorf("digests: %+v", va)
	}
	if vb, err := f.Store.Verify(b); err != nil || vb.Data != va.Data || vb.Attrs != va.Attrs || vb.Omap != va.Omap {
		f.Errorf("digests of the other: %+v, %v, want %+v", vb, err, va)
	}
}

// testDamagedData: one byte is wrong. Its block is refused, all else is right.
func testDamagedData(f *fixture) {
	f.withPool()
	a, b := key("a"), key("b")
	data := pattern(1, 50_000)
	f.do(func(t *store.Txn) { t.Write(a, 0, data); t.Write(b, 0, data); t.SetAttr(a, "a", nil) })
	const at = 9_000
	f.damage(Target{Part: store.PartData, Key: a, Off: at})

	_, _, err := f.Store.Read(nil, a, 0, store.MaxObject)
	e := f.wantCorrupt(err, store.PartData)
	if e.Key != a || e.Off > at || e.Off+e.Len <= at || e.Off%store.BlockSize > 0 || e.Len > store.BlockSize {
		f.Errorf("damage: %+v", e)
	}
	if got, _, err := f.Store.Read(nil, a, at, 1); err == nil || len(got) > 0 {
		f.Errorf("read the byte itself: %q, %v", got, err)
	}
	f.wantRange(a, data, 0, 8192)
	f.wantRange(a, data, 12_288, 40_000)
	f.wantData(b, data)
	f.wantAttrs(a, store.Attr{Name: "a"})
	if items := f.list(store.Key{Pool: 1}, store.Key{Pool: 2}, 0); len(items) != 2 || items[0].Damaged || items[1].Damaged {
		f.Errorf("list: %+v", items)
	}
	if v, err := f.Store.Verify(a); err != nil || len(v.Damage) != 1 || *v.Damage[0] != *e {
		f.Errorf("verify: %+v, %v", v, err)
	}
	if v, err := f.Store.Verify(b); err != nil || len(v.Damage) > 0 {
		f.Errorf("verify the other: %+v, %v", v, err)
	}
	if found := f.findings(store.Deep); len(found) != 1 || found[0].Part != store.PartData || found[0].Key != a {
		f.Errorf("fsck: %+v", found)
	}
	if f.Store.Stats().Damaged == 0 {
		f.Errorf("statistics: %+v", f.Store.Stats())
	}

	f.do(func(t *store.Txn) { t.Write(a, 8192, data[8192:12_288]) })
	f.wantData(a, data)
	f.fsck()
}

// testDamageSticks: writing beside damage within its block does not make it right.
func testDamageSticks(f *fixture) {
	f.withPool()
	k := key("a")
	want := pattern(1, 20_100)
	f.do(func(t *store.Txn) { t.Write(k, 0, want) })
	f.damage(Target{Part: store.PartData, Key: k, Off: 5_000})
	f.damage(Target{Part: store.PartData, Key: k, Off: 20_050})
	corrupt := func(off, n uint64) {
		f.Helper()
		_, _, err := f.Store.Read(nil, k, off, n)
		f.wantCorrupt(err, store.PartData)
	}
	f.do(func(t *store.Txn) { t.Write(k, 4_096, []byte("new")); t.Zero(k, 8_000, 1000) })
	copy(want[4_096:], "new")
	clear(want[8_000:9_000])
	corrupt(4_096, 3)
	corrupt(8_000, 1)
	f.wantRange(k, want, 8_192, 8_192)
	f.do(func(t *store.Txn) { t.Truncate(k, 20_080) }) // the block with the other damage is cut, not replaced
	corrupt(20_000, 10)
	f.do(func(t *store.Txn) { t.Truncate(k, 30_000) })
	corrupt(20_300, 1)
	f.Reopen(f.T)
	corrupt(5_000, 1)
	corrupt(20_000, 1)
	f.do(func(t *store.Txn) { t.Truncate(k, 10_000) })
	f.do(func(t *store.Txn) { t.Truncate(k, 30_000) })
	want = append(want[:10_000:10_000], make([]byte, 20_000)...)
	f.wantRange(k, want, 8_192, 21_808)
	f.do(func(t *store.Txn) { t.Zero(k, 4_000, 4_192) })
	clear(want[4_000:8_192])
	f.wantData(k, want)
	f.do(func(t *store.Txn) { t.WriteFull(k, want) })
	f.damage(Target{Part: store.PartData, Key: k, Off: 1})
	f.do(func(t *store.Txn) { t.WriteFull(k, []byte("whole")) })
	f.wantData(k, []byte("whole"))
	f.fsck()
}

// testDamagedRecord: the object is lost until it is removed; writes to it pass all the same.
func testDamagedRecord(f *fixture) {
	f.withPool()
	a, b := key("a"), key("b")
	f.do(func(t *store.Txn) {
		for _, k := range []store.Key{a, b} {
			t.Write(k, 0, pattern(1, 50_000))
			t.SetOmap(k, store.Row{Key: "k"})
		}
	})
	f.damage(Target{Part: store.PartObject, Key: a})
	lost := func() {
		f.Helper()
		_, err := f.Store.Stat(a)
		f.wantCorrupt(err, store.PartObject)
		_, _, err = f.Store.Read(nil, a, 0, 1)
		f.wantCorrupt(err, store.PartObject)
		_, _, err = f.Store.Attrs(a)
		f.wantCorrupt(err, store.PartObject)
		_, _, err = f.Store.Omap(a, "", "", 1)
		f.wantCorrupt(err, store.PartObject)
		_, err = f.Store.Verify(a)
		f.wantCorrupt(err, store.PartObject)
		items := f.list(store.Key{Pool: 1}, store.Key{Pool: 2}, 0)
		at := slices.IndexFunc(items, func(i store.Item) bool { return i.Key == a })
		if len(items) != 2 || !items[at].Damaged || items[1-at].Damaged {
			f.Errorf("list: %+v", items)
		}
		found := f.findings(store.Quick)
		if !slices.ContainsFunc(found, func(f store.Finding) bool { return f.Part == store.PartObject && f.Key == a }) {
			f.Errorf("fsck: %+v", found)
		}
		f.wantData(b, pattern(1, 50_000))
	}
	lost()
	f.do(func(t *store.Txn) {
		t.Write(a, 10, []byte("x"))
		t.WriteFull(a, []byte("x"))
		t.Truncate(a, 5)
		t.Zero(a, 0, 5)
		t.SetAttr(a, "a", nil)
		t.RemoveAttr(a, "a")
		t.SetOmap(a, store.Row{Key: "l"})
		t.DeleteOmap(a, "", "")
		t.SetVersion(a, version(1, 1), 1)
		t.Touch(a)
		t.AppendLog(pgOne, entry(1, 1))
	})
	lost()
	f.Reopen(f.T)
	lost()
	f.do(func(t *store.Txn) { t.Remove(a); t.Write(a, 60_000, []byte("again")) })
	f.wantData(a, append(make([]byte, 60_000), "again"...))
	if got := f.omap(a, "", "", 0); len(got) > 0 {
		f.Errorf("omap: %v", got)
	}
	if s := f.pg(pgOne).Stats; s != (store.PGStats{Objects: 2, Bytes: 110_005, OmapRows: 1, LogEntries: 1}) {
		f.Errorf("statistics: %+v", s)
	}
	f.fsck()
}

func testDamagedOmap(f *fixture) {
	if f.Damage == nil {
		f.Skip("nobody knows how to damage this store")
	}
	f.withPool()
	k := key("a")
	rows := []store.Row{{Key: "a", Value: []byte("1")}, {Key: "b", Value: []byte("2")}, {Key: "c", Value: []byte("3")}}
	f.do(func(t *store.Txn) { t.SetOmap(k, rows...); t.SetRows(pgOne, rows...); t.Write(k, 0, []byte("data")) })
	f.damage(Target{Part: store.PartOmap, Key: k, Row: "b"})
	f.damage(Target{Part: store.PartRows, PG: pgOne, Row: "b"})
	_, _, err := f.Store.Omap(k, "", "", 0)
	f.wantCorrupt(err, store.PartOmap)
	_, _, err = f.Store.Rows(pgOne, "", "", 0)
	f.wantCorrupt(err, store.PartRows)
	if got := f.omap(k, "c", "", 0); !sameRows(got, rows[2:]) {
		f.Errorf("beyond the damage: %v", got)
	}
	f.wantData(k, []byte("data"))
	if v, err := f.Store.Verify(k); err != nil || len(v.Damage) != 1 || v.Damage[0].Part != store.PartOmap {
		f.Errorf("verify: %+v, %v", v, err)
	}
	if found := f.findings(store.Quick); len(found) != 2 {
		f.Errorf("fsck: %+v", found)
	}
	f.do(func(t *store.Txn) { t.SetOmap(k, rows[1]); t.DeleteRows(pgOne, "b", "c") })
	if got := f.omap(k, "", "", 0); !sameRows(got, rows) {
		f.Errorf("set again: %v", got)
	}
	if got := f.rows(pgOne, "", "", 0); len(got) != 2 {
		f.Errorf("deleted: %v", got)
	}
	f.fsck()
}

func testDamagedPG(f *fixture) {
	f.withPool()
	k := key("a")
	f.do(func(t *store.Txn) {
		t.Write(k, 0, []byte("data"))
		t.SetInfo(pgOne, []byte("info"))
		t.AppendLog(pgOne, entry(1, 1), entry(1, 2))
	})
	f.damage(Target{Part: store.PartPG, PG: pgOne})
	check := func() {
		f.Helper()
		s, err := f.Store.PG(pgOne)
		f.wantCorrupt(err, store.PartPG)
		if s.Span != store.SpanOf(pgOne, 1) || len(s.Info) > 0 {
			f.Errorf("pg: %+v", s)
		}
		if pgs, err := f.Store.PGs(); err != nil || len(pgs) != 1 {
			f.Errorf("pgs: %v, %v", pgs, err)
		}
		if found := f.findings(store.Quick); len(found) != 1 || found[0].Part != store.PartPG || found[0].PG != pgOne {
			f.Errorf("fsck: %+v", found)
		}
	}
	check()
	f.wantData(k, []byte("data"))
	f.do(func(t *store.Txn) { t.Write(key("b"), 0, []byte("more")); t.AppendLog(pgOne, entry(1, 3)) })
	check()
	f.Reopen(f.T)
	check()
	f.do(func(t *store.Txn) { t.SetInfo(pgOne, []byte("new")) })
	s := f.pg(pgOne)
	if string(s.Info) != "new" || s.Head != version(1, 3) || s.Stats != (store.PGStats{Objects: 2, Bytes: 8, LogEntries: 3}) {
		f.Errorf("pg: %+v", s)
	}
	f.fsck()
}

func testDamagedLog(f *fixture) {
	if f.Damage == nil {
		f.Skip("nobody knows how to damage this store")
	}
	f.withPool()
	f.do(func(t *store.Txn) { t.AppendLog(pgOne, entry(1, 1), entry(1, 2), entry(1, 3)) })
	f.damage(Target{Part: store.PartLog, PG: pgOne, At: version(1, 2)})
	_, _, err := f.Store.LogAfter(pgOne, store.Version{}, 0)
	f.wantCorrupt(err, store.PartLog)
	_, _, err = f.Store.LogBefore(pgOne, store.LastVersion, 0)
	f.wantCorrupt(err, store.PartLog)
	if got, _, err := f.Store.LogAfter(pgOne, version(1, 2), 0); err != nil || !sameLog(got, []store.LogEntry{entry(1, 3)}) {
		f.Errorf("beyond the damage: %v, %v", got, err)
	}
	if found := f.findings(store.Quick); len(found) != 1 || found[0].Part != store.PartLog || !bytes.Contains([]byte(found[0].Text), []byte("1'2")) {
		f.Errorf("fsck: %+v", found)
	}
	f.do(func(t *store.Txn) { t.RewindLog(pgOne, version(1, 1)) })
	if got := f.log(pgOne, 0); !sameLog(got, []store.LogEntry{entry(1, 1)}) {
		f.Errorf("rewound: %v", got)
	}
	f.fsck()
}
