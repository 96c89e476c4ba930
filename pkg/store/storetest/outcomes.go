package storetest

import (
	"bytes"
	"errors"
	"slices"

	"zeph/pkg/osdmap"
	"zeph/pkg/store"
)

// testRefusedWhole: of a transaction that fails nothing happened, and those around it did.
func testRefusedWhole(f *fixture) {
	f.withPool()
	a, b := key("a"), key("b")
	f.do(func(t *store.Txn) {
		t.Write(a, 0, []byte("old"))
		t.SetInfo(pgOne, []byte("old"))
		t.AppendLog(pgOne, entry(1, 5))
	})
	results := make(chan error, 3)
	done := func(err error) { results <- err }
	var before, refused, after store.Txn
	before.Write(b, 0, []byte("before"))
	refused.Write(a, 0, []byte("new"))
	refused.Write(b, 0, []byte("new"))
	refused.SetAttr(a, "a", nil)
	refused.SetOmap(a, store.Row{Key: "k"})
	refused.Touch(key("c"))
	refused.SetInfo(pgOne, []byte("new"))
	refused.SetRows(pgOne, store.Row{Key: "k"})
	refused.MakePG(osdmap.PGID{Pool: 2}, 1)
	refused.AppendLog(pgOne, entry(1, 6))
	refused.AppendLog(pgOne, entry(1, 6)) // not newer than itself
	after.AppendLog(pgOne, entry(1, 6))
	for _, t := range []*store.Txn{&before, &refused, &after} {
		if err := f.Store.Submit(t, done); err != nil {
			f.Fatal(err)
		}
	}
	if err := <-results; err != nil {
		f.Fatalf("the one before: %v", err)
	}
	f.wantError(<-results, store.ErrConflict)
	if err := <-results; err != nil {
		f.Fatalf("the one after: %v", err)
	}
	f.wantData(a, []byte("old"))
	f.wantData(b, []byte("before"))
	f.wantAttrs(a)
	if got := f.keys(1); len(got) != 2 {
		f.Errorf("objects: %v", got)
	}
	if pgs, _ := f.Store.PGs(); len(pgs) != 1 {
		f.Errorf("pgs: %v", pgs)
	}
	s := f.pg(pgOne)
	if string(s.Info) != "old" || s.Stats != (store.PGStats{Objects: 2, Bytes: 9, LogEntries: 2}) || len(f.rows(pgOne, "", "", 0)) > 0 {
		f.Errorf("pg: %+v", s)
	}
	f.fsck()
}

func testRefusedAtOnce(f *fixture) {
	f.withPool()
	long := func(n int) string { return string(bytes.Repeat([]byte("x"), n)) }
	tests := []struct {
		name  string
		build func(*store.Txn)
		want  error
	}{
		{"a write", func(t *store.Txn) { t.Write(key("a"), 0, make([]byte, store.MaxWrite+1)) }, store.ErrTooBig},
		{"an object", func(t *store.Txn) { t.Write(key("a"), store.MaxObject, []byte("x")) }, store.ErrTooBig},
		{"an offset", func(t *store.Txn) { t.Write(key("a"), ^uint64(0), []byte("x")) }, store.ErrTooBig},
		{"a size", func(t *store.Txn) { t.Truncate(key("a"), store.MaxObject+1) }, store.ErrTooBig},
		{"a name", func(t *store.Txn) { t.Touch(store.Key{Pool: 1, Name: long(store.MaxName + 1)}) }, store.ErrTooBig},
		{"a namespace", func(t *store.Txn) { t.Touch(store.Key{Pool: 1, Namespace: long(store.MaxNamespace + 1), Name: "a"}) }, store.ErrTooBig},
		{"no name", func(t *store.Txn) { t.Touch(store.Key{Pool: 1}) }, store.ErrInvalid},
		{"a pool", func(t *store.Txn) { t.Touch(store.Key{Pool: -1, Name: "a"}) }, store.ErrInvalid},
		{"an attribute's name", func(t *store.Txn) { t.SetAttr(key("a"), long(store.MaxAttrName+1), nil) }, store.ErrTooBig},
		{"no attribute's name", func(t *store.Txn) { t.SetAttr(key("a"), "", nil) }, store.ErrInvalid},
		{"an attribute", func(t *store.Txn) { t.SetAttr(key("a"), "a", make([]byte, store.MaxAttrs)) }, store.ErrTooBig},
		{"a row's key", func(t *store.Txn) { t.SetOmap(key("a"), store.Row{Key: long(store.MaxRowKey + 1)}) }, store.ErrTooBig},
		{"no row's key", func(t *store.Txn) { t.SetOmap(key("a"), store.Row{}) }, store.ErrInvalid},
		{"a row", func(t *store.Txn) { t.SetRows(pgOne, store.Row{Key: "k", Value: make([]byte, store.MaxRowValue+1)}) }, store.ErrTooBig},
		{"order of rows", func(t *store.Txn) { t.SetOmap(key("a"), store.Row{Key: "b"}, store.Row{Key: "a"}) }, store.ErrInvalid},
		{"a row twice", func(t *store.Txn) { t.SetRows(pgOne, store.Row{Key: "b"}, store.Row{Key: "b"}) }, store.ErrInvalid},
		{"an info", func(t *store.Txn) { t.SetInfo(pgOne, make([]byte, store.MaxInfo+1)) }, store.ErrTooBig},
		{"an entry", func(t *store.Txn) {
			t.AppendLog(pgOne, store.LogEntry{Version: version(1, 1), Entry: make([]byte, store.MaxLogEntry+1)})
		}, store.ErrTooBig},
		{"version 0", func(t *store.Txn) { t.AppendLog(pgOne, store.LogEntry{}) }, store.ErrInvalid},
		{"bytes", func(t *store.Txn) {
			for range 3 {
				t.Write(key("a"), 0, make([]byte, store.MaxWrite))
			}
		}, store.ErrTooBig},
		{"operations", func(t *store.Txn) {
			for range store.MaxTxnOps + 1 {
				t.Touch(key("a"))
			}
		}, store.ErrTooBig},
		{"rows", func(t *store.Txn) {
			rows := make([]store.Row, store.MaxTxnRows+1)
			for i := range rows {
				rows[i].Key = string([]byte{'k', byte(i >> 16), byte(i >> 8), byte(i)})
			}
			t.SetOmap(key("a"), rows...)
		}, store.ErrTooBig},
		{"an operation", func(t *store.Txn) { t.Ops = append(t.Ops, store.Op{Kind: 200, PG: pgOne}) }, store.ErrInvalid},
		{"no operation", func(t *store.Txn) { t.Ops = append(t.Ops, store.Op{PG: pgOne}) }, store.ErrInvalid},
	}
	for _, tt := range tests {
		var txn store.Txn
		txn.Touch(key("beside"))
		tt.build(&txn)
		err := f.Store.Submit(&txn, func(error) { f.Errorf("%s: done was called", tt.name) })
		if !errors.Is(err, tt.want) {
			f.Errorf("%s: got error %v, want %v", tt.name, err, tt.want)
		}
	}
	f.do(func(*store.Txn) {}) // a transaction of nothing, after which all before it have been told
	if got := f.keys(1); len(got) > 0 {
		f.Errorf("objects: %v", got)
	}
}

func testAttrLimit(f *fixture) {
	f.withPool()
	k := key("a")
	half := make([]byte, store.MaxAttrs/2-1)
	f.do(func(t *store.Txn) { t.SetAttr(k, "1", half); t.SetAttr(k, "2", half) })
	f.wantError(f.submit(func(t *store.Txn) { t.SetAttr(k, "3", nil) }), store.ErrTooBig)
	f.do(func(t *store.Txn) { t.SetAttr(k, "2", half) }) // in the place of the old one there is room
	f.do(func(t *store.Txn) { t.RemoveAttr(k, "2"); t.SetAttr(k, "3", half) })
	f.do(func(t *store.Txn) { t.Remove(k); t.SetAttr(k, "4", half); t.SetAttr(k, "5", half) })
	f.wantAttrs(k, store.Attr{Name: "4", Value: half}, store.Attr{Name: "5", Value: half})
	f.fsck()
}

// testOrder submits without waiting: outcomes come in order, once each, and the last write wins.
func testOrder(f *fixture) {
	f.withPool()
	const n = 300
	told := make(chan int, n)
	for i := range n {
		var txn store.Txn
		txn.WriteFull(key("a"), pattern(uint64(i), 100+i))
		txn.AppendLog(pgOne, entry(1, i+1))
		err := f.Store.Submit(&txn, func(err error) {
			if err != nil {
				f.Errorf("transaction %d: %v", i, err)
			}
			told <- i
		})
		if err != nil {
			f.Fatalf("transaction %d: %v", i, err)
		}
	}
	var order []int
	for range n {
		order = append(order, <-told)
	}
	if !slices.IsSorted(order) {
		f.Errorf("order of outcomes: %v", order)
	}
	f.wantData(key("a"), pattern(n-1, 100+n-1))
	if s := f.pg(pgOne).Stats; s.LogEntries != n {
		f.Errorf("statistics: %+v", s)
	}
	f.do(func(*store.Txn) {})
	if s := f.Store.Stats(); s.Txns < n || s.Queued > 1 {
		f.Errorf("statistics: %+v", s)
	}
	if len(told) > 0 {
		f.Errorf("%d outcomes were told twice", len(told))
	}
}

// testReadInDone: whoever is told sees it.
func testReadInDone(f *fixture) {
	f.withPool()
	const n = 20
	told := make(chan error, n)
	for i := range n {
		var txn store.Txn
		txn.SetVersion(key("a"), version(1, i+1), 0)
		err := f.Store.Submit(&txn, func(error) {
			info, err := f.Store.Stat(key("a"))
			if err == nil && info.Version.Compare(version(1, i+1)) < 0 {
				err = errors.New("told " + version(1, i+1).String() + ", read " + info.Version.String())
			}
			told <- err
		})
		if err != nil {
			f.Fatal(err)
		}
	}
	for range n {
		if err := <-told; err != nil {
			f.Error(err)
		}
	}
}

// testBytesOwned: once the outcome is told the caller may use its buffers again.
func testBytesOwned(f *fixture) {
	f.withPool()
	k := key("a")
	data, attr, row, info, e := pattern(1, 9000), []byte("attr"), []byte("row"), []byte("info"), []byte("entry")
	f.do(func(t *store.Txn) {
		t.Write(k, 0, data)
		t.Write(key("b"), 100, data[:10])
		t.WriteFull(key("c"), data)
		t.SetAttr(k, "a", attr)
		t.SetOmap(k, store.Row{Key: "k", Value: row})
		t.SetInfo(pgOne, info)
		t.AppendLog(pgOne, store.LogEntry{Version: version(1, 1), Entry: e})
	})
	for _, b := range [][]byte{data, attr, row, info, e} {
		clear(b)
	}
	f.wantData(k, pattern(1, 9000))
	f.wantData(key("c"), pattern(1, 9000))
	f.wantAttrs(k, store.Attr{Name: "a", Value: []byte("attr")})
	if rows := f.omap(k, "", "", 0); string(rows[0].Value) != "row" {
		f.Errorf("omap: %q", rows)
	}
	if s := f.pg(pgOne); string(s.Info) != "info" {
		f.Errorf("info: %q", s.Info)
	}
	if log := f.log(pgOne, 0); string(log[0].Entry) != "entry" {
		f.Errorf("log: %q", log)
	}
}

// testBusy submits from an outcome, while which the store takes up nothing new.
func testBusy(f *fixture) {
	const limit = 4 // what the options say
	var accepted int
	var refusal error
	told := make(chan error, 2*limit)
	var first store.Txn
	err := f.Store.Submit(&first, func(error) {
		for range 2 * limit {
			if refusal = f.Store.Submit(&store.Txn{}, func(err error) { told <- err }); refusal != nil {
				break
			}
			accepted++
		}
		told <- nil
	})
	if err != nil {
		f.Fatal(err)
	}
	<-told
	f.wantError(refusal, store.ErrBusy)
	if accepted < limit-1 || accepted > limit {
		f.Errorf("%d were queued, the limit is %d", accepted, limit)
	}
	for range accepted {
		if err := <-told; err != nil {
			f.Error(err)
		}
	}
	f.do(func(*store.Txn) {})
}

// testFull fills the store, and sees that what frees space or tells of it is still taken.
func testFull(f *fixture) {
	f.withPool()
	var err error
	n := 0
	for ; err == nil && n < 1000; n++ {
		err = f.submit(func(t *store.Txn) {
			t.Write(store.Key{Pool: 1, Hash: uint32(n), Name: "x"}, 0, pattern(uint64(n), 64<<10))
		})
	}
	f.wantError(err, store.ErrFull)
	n--
	if s := f.Store.Stats(); s.Size != 8<<20 || s.Used > s.Size || n < 40 {
		f.Fatalf("full after %d objects of 64 KiB: %+v", n, s)
	}
	f.do(func(t *store.Txn) {
		t.SetInfo(pgOne, []byte("full"))
		t.AppendLog(pgOne, entry(1, 1))
		t.SetRows(pgOne, store.Row{Key: "k"})
	})
	f.wantData(store.Key{Pool: 1, Hash: uint32(n - 1), Name: "x"}, pattern(uint64(n-1), 64<<10))
	for i := range n / 2 {
		f.do(func(t *store.Txn) { t.Remove(store.Key{Pool: 1, Hash: uint32(i), Name: "x"}) })
	}
	for i := range n / 4 {
		f.do(func(t *store.Txn) {
			t.Write(store.Key{Pool: 1, Hash: uint32(i), Name: "x"}, 0, pattern(uint64(i), 64<<10))
		})
	}
	f.fsck()
}

func testReopen(f *fixture) {
	f.withPool()
	k := key("a")
	f.do(func(t *store.Txn) {
		t.Write(k, 100_000, pattern(1, 5000))
		t.SetAttr(k, "a", []byte("attr"))
		t.SetOmap(k, store.Row{Key: "k", Value: []byte("row")})
		t.SetVersion(k, version(3, 4), 567)
		t.SetInfo(pgOne, []byte("info"))
		t.AppendLog(pgOne, entry(1, 1), entry(3, 4))
		t.SetRows(pgOne, store.Row{Key: "r"})
		t.SetOmap(store.Key{Name: "own"}, store.Row{Key: "k"})
	})
	for range 3 {
		f.Reopen(f.T)
		f.wantData(k, append(make([]byte, 100_000), pattern(1, 5000)...))
		f.wantAttrs(k, store.Attr{Name: "a", Value: []byte("attr")})
		if info, err := f.Store.Stat(k); err != nil || info != (store.Info{Size: 105_000, OmapRows: 1, Version: version(3, 4), Modified: 567}) {
			f.Errorf("stat: %+v, %v", info, err)
		}
		s := f.pg(pgOne)
		if string(s.Info) != "info" || s.Head != version(3, 4) || s.Stats != (store.PGStats{Objects: 1, Bytes: 105_000, OmapRows: 1, LogEntries: 2}) {
			f.Errorf("pg: %+v", s)
		}
		if len(f.log(pgOne, 1)) != 2 || len(f.rows(pgOne, "", "", 0)) != 1 || len(f.keys(0)) != 1 {
			f.Errorf("log, rows or pool 0 are not as they were")
		}
		f.wantError(f.submit(func(t *store.Txn) { t.AppendLog(pgOne, entry(3, 4)) }), store.ErrConflict)
		f.fsck()
	}
	f.do(func(t *store.Txn) { t.Write(k, 0, []byte("x")); t.AppendLog(pgOne, entry(3, 5)) })
	f.fsck()
}

// testClose: what was submitted is durable, and told, before Close returns.
func testClose(f *fixture) {
	f.withPool()
	const n = 50
	told := make(chan error, n)
	for i := range n {
		var txn store.Txn
		txn.AppendLog(pgOne, entry(1, i+1))
		if err := f.Store.Submit(&txn, func(err error) { told <- err }); err != nil {
			f.Fatal(err)
		}
	}
	if err := f.Store.Close(); err != nil {
		f.Fatal(err)
	}
	if len(told) != n {
		f.Fatalf("%d outcomes were told before Close returned, want %d", len(told), n)
	}
	for range n {
		if err := <-told; err != nil {
			f.Error(err)
		}
	}
	f.wantError(f.Store.Submit(&store.Txn{}, func(error) { f.Error("told after Close") }), store.ErrDead)
	_, err := f.Store.Stat(key("a"))
	f.wantError(err, store.ErrDead)
	_, _, err = f.Store.List(store.Key{}, store.Key{Pool: 5}, 1)
	f.wantError(err, store.ErrDead)
	_, err = f.Store.PGs()
	f.wantError(err, store.ErrDead)
	f.Reopen(f.T)
	if s := f.pg(pgOne); s.Stats.LogEntries != n {
		f.Errorf("pg: %+v", s)
	}
}
