package storetest

import (
	"math/bits"
	"slices"
	"strings"

	"zeph/pkg/osdmap"
	"zeph/pkg/store"
)

// awkward are keys whose order is easily got wrong, in no order.
var awkward = []store.Key{
	{Pool: 1, Hash: 1, Name: "a"},
	{Pool: 1, Hash: 0x80000000, Name: "a"}, // before hash 1: its reverse is 1
	{Pool: 1, Hash: 0, Name: "b"},
	{Pool: 1, Hash: 0, Name: "b\x00"},
	{Pool: 1, Hash: 0, Name: "b\x00\x00"},
	{Pool: 1, Hash: 0, Name: "b\x00\x01"},
	{Pool: 1, Hash: 0, Name: "b\x00\xff"},
	{Pool: 1, Hash: 0, Name: "b\x01"},
	{Pool: 1, Hash: 0, Name: "ba"},
	{Pool: 1, Hash: 0, Name: "b\xff"},
	{Pool: 1, Hash: 0, Name: "\x00"},
	{Pool: 1, Hash: 0, Namespace: "a", Name: "z"},
	{Pool: 1, Hash: 0, Namespace: "a\x00", Name: "a"},
	{Pool: 1, Hash: 0, Namespace: "ab", Name: "a"},
	{Pool: 1, Hash: 0xffffffff, Name: "\xff\xff"},
	{Pool: 1, Hash: 0xffffffff, Name: strings.Repeat("\xff", store.MaxName)},
	{Pool: 1, Hash: 0xffffffff, Namespace: strings.Repeat("\x00", store.MaxNamespace), Name: strings.Repeat("\x00", store.MaxName)},
}

func (f *fixture) touch(keys []store.Key) {
	f.Helper()
	f.do(func(t *store.Txn) {
		for i, k := range keys {
			t.SetVersion(k, store.Version{Epoch: 1, Seq: uint64(i + 1)}, osdmap.UnixMilli(i))
		}
	})
}

func testListOrder(f *fixture) {
	f.withPool()
	f.do(func(t *store.Txn) { t.MakePG(osdmap.PGID{Pool: 2}, 1) })
	f.touch(awkward)
	f.touch([]store.Key{{Pool: 2, Name: "other pool"}})
	want := slices.SortedFunc(slices.Values(awkward), func(a, b store.Key) int {
		if a.Hash != b.Hash { // told in other words than Key.Compare has
			for bit := range 32 {
				if a, b := a.Hash>>bit&1, b.Hash>>bit&1; a != b {
					return int(a) - int(b)
				}
			}
		}
		if a.Namespace != b.Namespace {
			return strings.Compare(a.Namespace, b.Namespace)
		}
		return strings.Compare(a.Name, b.Name)
	})
	if got := f.keys(1); !slices.Equal(got, want) {
		f.Fatalf("listed\n%q, want\n%q", got, want)
	}
	for i, item := range f.list(store.Key{Pool: 1}, store.Key{Pool: 2}, 0) {
		at := slices.Index(awkward, item.Key)
		if wanted := (store.Info{Version: store.Version{Epoch: 1, Seq: uint64(at + 1)}, Modified: osdmap.UnixMilli(at)}); item.Info != wanted || item.Damaged {
			f.Errorf("item %d: %+v, want %+v", i, item, wanted)
		}
	}
	f.fsck()
}

// testListPages takes every pair of bounds, with pages of every length.
func testListPages(f *fixture) {
	f.withPool()
	f.touch(awkward)
	all := f.keys(1)
	bounds := []store.Key{{}, {Pool: 1}, {Pool: 2}, {Pool: 1, Hash: 1}, {Pool: 1, Hash: 0x40000000}}
	for _, k := range all {
		bounds = append(bounds, k, k.Next())
	}
	for _, from := range bounds {
		for _, to := range bounds {
			var want []store.Key
			for _, k := range all {
				if k.Compare(from) >= 0 && k.Compare(to) < 0 {
					want = append(want, k)
				}
			}
			for _, max := range []int{0, 1, 2, 5} {
				var got []store.Key
				for _, item := range f.list(from, to, max) {
					got = append(got, item.Key)
				}
				if !slices.Equal(got, want) {
					f.Fatalf("from %v to %v by %d: %q, want %q", from, to, max, got, want)
				}
			}
		}
	}
	// The exact end of a page is no reason to promise more.
	if items, more, err := f.Store.List(store.Key{Pool: 1}, store.Key{Pool: 2}, len(all)); err != nil || more || len(items) != len(all) {
		f.Fatalf("all %d in one page: %d, more %v, error %v", len(all), len(items), more, err)
	}
}

func testListSpans(f *fixture) {
	const pgNum = 5 // PGs of two sizes
	f.do(func(t *store.Txn) {
		for seed := range uint32(pgNum) {
			t.MakePG(osdmap.PGID{Pool: 1, Seed: seed}, pgNum)
		}
	})
	r := rng(1)
	var keys []store.Key
	for i := range 200 {
		h := uint32(r.next())
		if i < 32 {
			h = bits.Reverse32(uint32(i) << 27)
		}
		keys = append(keys, store.Key{Pool: 1, Hash: h, Name: "x"})
	}
	f.touch(keys)
	seen := 0
	for seed := range uint32(pgNum) {
		span := store.SpanOf(osdmap.PGID{Pool: 1, Seed: seed}, pgNum)
		from, to := span.Bounds()
		items := f.list(from, to, 7)
		seen += len(items)
		for _, item := range items {
			if !span.Has(item.Key) {
				f.Errorf("pg %v: listed %v", span.PG, item.Key)
			}
		}
		if s := f.pg(span.PG).Stats; s.Objects != uint64(len(items)) {
			f.Errorf("pg %v: %d objects counted, %d listed", span.PG, s.Objects, len(items))
		}
	}
	if seen != len(keys) {
		f.Errorf("%d objects in all PGs, want %d", seen, len(keys))
	}
	f.fsck()
}

// testPoolZero: what a core keeps for itself needs no PG, and pools do not show it.
func testPoolZero(f *fixture) {
	f.withPool()
	own := store.Key{Name: "maps"}
	f.do(func(t *store.Txn) {
		t.SetOmap(own, store.Row{Key: "1", Value: []byte("epoch 1")})
		t.Touch(key("a"))
	})
	if got := f.keys(0); !slices.Equal(got, []store.Key{own}) {
		f.Errorf("pool 0: %q", got)
	}
	if got := f.keys(1); !slices.Equal(got, []store.Key{key("a")}) {
		f.Errorf("pool 1: %q", got)
	}
	f.do(func(t *store.Txn) { t.RemovePG(pgOne, 10) })
	if got := f.omap(own, "", "", 0); len(got) != 1 {
		f.Errorf("after its neighbour went: %v", got)
	}
	f.fsck()
}
