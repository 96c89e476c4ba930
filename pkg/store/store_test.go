package store_test

import (
	"strings"
	"testing"

	"zeph/pkg/osdmap"
	"zeph/pkg/store"
	"zeph/pkg/wire"
)

func TestFull(t *testing.T) {
	const tb = 1 << 40
	tests := []struct {
		size, used, n uint64
		want          bool
	}{
		{0, tb, tb, false}, // no limit
		{100, 97, 0, false},
		{100, 96, 1, false},
		{100, 97, 1, true},
		{100, 98, 0, true},
		{100, 0, ^uint64(0), true},
		{tb, tb / 100 * 96, tb / 200, false},
		{tb, tb / 100 * 96, tb / 50, true},
		{^uint64(0), 0, 1 << 63, false}, // no overflow
	}
	for _, tt := range tests {
		if got := (store.Stats{Size: tt.size, Used: tt.used}).Full(tt.n); got != tt.want {
			t.Errorf("%d more in %d of %d: full %v, want %v", tt.n, tt.used, tt.size, got, tt.want)
		}
	}
}

// TestVersionIsWires: the conversion costs nothing, and this does not compile when they part.
func TestVersionIsWires(t *testing.T) {
	v := store.Version{Epoch: 12, Seq: 345}
	w := wire.PGVersion(v)
	if store.Version(w) != v || v.String() != w.String() || v.String() != "12'345" {
		t.Errorf("%v and %v", v, w)
	}
	if later := (store.Version{Epoch: 12, Seq: 346}); v.Compare(later) >= 0 || later.Compare(store.LastVersion) >= 0 {
		t.Errorf("%v, %v and the last are out of order", v, later)
	}
}

// TestGrowth: a full store must still take what frees space and what tells of it.
func TestGrowth(t *testing.T) {
	k, pg := store.Key{Pool: 1, Name: "a"}, osdmap.PGID{Pool: 1}
	var shrinks store.Txn
	shrinks.Remove(k)
	shrinks.Zero(k, 0, 10)
	shrinks.Truncate(k, 10)
	shrinks.RemoveAttr(k, "a")
	shrinks.DeleteOmap(k, "", "")
	shrinks.SetVersion(k, store.Version{}, 0)
	shrinks.MakePG(pg, 1)
	shrinks.SetInfo(pg, make([]byte, 100))
	shrinks.AppendLog(pg, store.LogEntry{Version: store.Version{Seq: 1}, Entry: make([]byte, 100)})
	shrinks.TrimLog(pg, store.Version{})
	shrinks.RewindLog(pg, store.Version{})
	shrinks.SetRows(pg, store.Row{Key: "k"})
	shrinks.DeleteRows(pg, "", "")
	shrinks.RemovePG(pg, 1)
	if n := shrinks.Growth(); n != 0 {
		t.Errorf("growth %d of what does not grow", n)
	}
	for _, grow := range []func(*store.Txn){
		func(t *store.Txn) { t.Touch(k) },
		func(t *store.Txn) { t.Write(k, 0, make([]byte, 1000)) },
		func(t *store.Txn) { t.WriteFull(k, make([]byte, 1000)) },
		func(t *store.Txn) { t.SetAttr(k, "a", make([]byte, 1000)) },
		func(t *store.Txn) { t.SetOmap(k, store.Row{Key: "k", Value: make([]byte, 1000)}) },
	} {
		var txn store.Txn
		grow(&txn)
		if op := txn.Ops[0]; txn.Growth() == 0 || op.Kind != store.OpTouch && txn.Growth() < 1000 || txn.Bytes() < txn.Growth() {
			t.Errorf("%v: growth %d, %d bytes", op.Kind, txn.Growth(), txn.Bytes())
		}
	}
}

// TestErrorsName: an error of damage names what is damaged.
func TestErrorsName(t *testing.T) {
	k, pg := store.Key{Pool: 1, Name: "thing"}, osdmap.PGID{Pool: 1, Seed: 0x7f}
	tests := []struct {
		err  store.CorruptError
		want []string
	}{
		{store.CorruptError{Part: store.PartData, Key: k, Off: 4096, Len: 100}, []string{"thing", "bytes 4096 to 4196"}},
		{store.CorruptError{Part: store.PartObject, Key: k}, []string{"thing", "record"}},
		{store.CorruptError{Part: store.PartOmap, Key: k}, []string{"thing", "omap"}},
		{store.CorruptError{Part: store.PartPG, PG: pg}, []string{"pg 1.7f", "record"}},
		{store.CorruptError{Part: store.PartLog, PG: pg, Why: "why"}, []string{"pg 1.7f", "log", "why"}},
		{store.CorruptError{Part: store.PartRows, PG: pg}, []string{"pg 1.7f", "rows"}},
		{store.CorruptError{Part: store.PartIndex}, []string{"index"}},
	}
	for _, tt := range tests {
		for _, want := range tt.want {
			if got := tt.err.Error(); !strings.Contains(got, want) {
				t.Errorf("%q does not say %q", got, want)
			}
		}
	}
}
