package storetest

import (
	"fmt"
	"slices"
	"testing"

	"zeph/pkg/osdmap"
	"zeph/pkg/store"
)

// Random lets random transactions loose on a store and on the model, and compares all there is to
// read after each step. Each seed is a test of its own. Run does a few; more take longer.
func Random(t *testing.T, open Open, seeds, steps int) {
	for seed := range seeds {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			w := &walk{fixture{t, open(t, Options{})}, rng(seed), newModel()}
			for range steps {
				w.step()
				w.compare()
			}
			w.fsck()
		})
	}
}

// walk is one random run.
type walk struct {
	fixture
	rng
	model *model
}

// pools have as many PGs as their place here says; pool 0 has none.
var pools = []uint32{0, 3, 4, 1}

// step submits a few transactions at once, and holds their outcomes against the model's.
func (w *walk) step() {
	if w.chance(15) {
		w.Reopen(w.T)
	}
	n := 1 + w.below(6)
	type outcome struct {
		i   int
		err error
	}
	told := make(chan outcome, n)
	var expected []bool
	for i := range n {
		t := w.txn()
		expected = append(expected, w.model.submit(t))
		if err := w.Store.Submit(t, func(err error) { told <- outcome{i, err} }); err != nil {
			w.Fatalf("submit %+v: %v", t.Ops, err)
		}
	}
	for i := range n {
		got := <-told
		if got.i != i {
			w.Fatalf("outcome %d came in the place of %d", got.i, i)
		}
		if ok := got.err == nil; ok != expected[i] {
			w.Fatalf("transaction %d: outcome %v, the model took it: %v", i, got.err, expected[i])
		}
	}
}

func (w *walk) txn() *store.Txn {
	t := new(store.Txn)
	if w.chance(20) {
		t.RemovePG(w.pgid(), uint32(1+w.below(4)))
		return t
	}
	for range w.below(8) {
		if w.chance(3) {
			w.pgOp(t)
		} else {
			w.objectOp(t)
		}
	}
	return t
}

func (w *walk) key() store.Key {
	names := []string{"a", "b", "a\x00", "ab", "\xff"}
	k := store.Key{
		Pool:      osdmap.PoolID(w.below(len(pools))),
		Hash:      uint32(w.below(3)) | uint32(w.below(2))<<31,
		Namespace: []string{"", "", "ns"}[w.below(3)],
		Name:      names[w.below(len(names))],
	}
	return k
}

func (w *walk) pgid() osdmap.PGID {
	pool := 1 + w.below(len(pools)-1)
	return osdmap.PGID{Pool: osdmap.PoolID(pool), Seed: uint32(w.below(int(pools[pool])))}
}

// extent draws a place and a length that are often at an edge of a block or chunk.
func (w *walk) extent() (off, n int) {
	edge := func() int {
		switch w.below(5) {
		case 0:
			return w.below(100)
		case 1:
			return store.BlockSize * w.below(20)
		case 2:
			return 64 << 10 * w.below(3)
		case 3:
			return w.below(200_000)
		default:
			return max(store.BlockSize*w.below(40)+w.below(3)-1, 0)
		}
	}
	return edge(), edge()
}

func (w *walk) objectOp(t *store.Txn) {
	k := w.key()
	off, n := w.extent()
	switch w.below(14) {
	case 0, 1, 2:
		t.Write(k, uint64(off), w.bytes(n))
	case 3:
		t.WriteFull(k, w.bytes(n))
	case 4:
		t.Zero(k, uint64(off), uint64(n))
	case 5:
		t.Truncate(k, uint64(off))
	case 6:
		t.Remove(k)
	case 7:
		t.SetAttr(k, w.rowKey(), w.bytes(w.below(50)))
	case 8:
		t.RemoveAttr(k, w.rowKey())
	case 9, 10:
		t.SetOmap(k, w.rowsToSet()...)
	case 11:
		from, to := w.rowRange()
		t.DeleteOmap(k, from, to)
	case 12:
		t.SetVersion(k, version(w.below(9), w.below(1000)), osdmap.UnixMilli(w.below(1000)))
	default:
		t.Touch(k)
	}
}

func (w *walk) pgOp(t *store.Txn) {
	pg := w.pgid()
	at := version(w.below(4), w.below(50))
	switch w.below(8) {
	case 0, 1:
		t.MakePG(pg, pools[pg.Pool])
	case 2:
		t.SetInfo(pg, w.bytes(w.below(300)))
	case 3, 4: // mostly the next entries, sometimes ones that do not follow
		head := w.model.pgs[pg].head
		if !w.chance(10) {
			at = head
		}
		at.Seq++
		next := store.Version{Epoch: at.Epoch + osdmap.Epoch(w.below(2)), Seq: at.Seq + 1 + uint64(w.below(3))}
		t.AppendLog(pg, store.LogEntry{Version: at, Entry: w.bytes(w.below(200))}, store.LogEntry{Version: next})
	case 5:
		t.TrimLog(pg, at)
	case 6:
		if w.chance(2) {
			t.RewindLog(pg, at)
			return
		}
		from, to := w.rowRange()
		t.DeleteRows(pg, from, to)
	default:
		t.SetRows(pg, w.rowsToSet()...)
	}
}

func (w *walk) rowKey() string {
	return []string{"a", "b", "b\x00", "bb", "\xff", "k/1", "k/2"}[w.below(7)]
}

func (w *walk) rowsToSet() []store.Row {
	set := map[string]string{}
	for range w.below(5) {
		set[w.rowKey()] = string(w.bytes(w.below(40)))
	}
	return rowsOf(set, "", "")
}

func (w *walk) rowRange() (from, to string) {
	if w.chance(4) {
		return "", ""
	}
	from = w.rowKey()
	if w.chance(2) {
		return from, store.AfterRow(from)
	}
	return from, w.rowKey()
}

// compare reads everything.
func (w *walk) compare() {
	keys := w.model.keys()
	var listed []store.Key
	for pool := range pools {
		listed = append(listed, w.keys(osdmap.PoolID(pool))...)
	}
	if !slices.Equal(listed, keys) {
		w.Fatalf("listed %v\nwant %v", listed, keys)
	}
	for _, k := range keys {
		w.compareObject(k, w.model.objects[k])
	}
	var ids []osdmap.PGID
	for pool, n := range pools {
		for seed := range n {
			if id := (osdmap.PGID{Pool: osdmap.PoolID(pool), Seed: seed}); w.model.pgs[id].pgNum > 0 {
				ids = append(ids, id)
				w.comparePG(id, w.model.pgs[id])
			}
		}
	}
	if got, err := w.Store.PGs(); err != nil || !slices.Equal(got, ids) {
		w.Fatalf("pgs %v, error %v, want %v", got, err, ids)
	}
}

func (w *walk) compareObject(k store.Key, o modelObject) {
	info, err := w.Store.Stat(k)
	if err != nil || info != o.info() {
		w.Fatalf("stat %v: %+v, error %v, want %+v", k, info, err, o.info())
	}
	w.wantData(k, o.data)
	var attrs []store.Attr
	for _, r := range rowsOf(o.attrs, "", "") {
		attrs = append(attrs, store.Attr{Name: r.Key, Value: r.Value})
	}
	w.wantAttrs(k, attrs...)
	from, to := w.rowRange()
	if got, want := w.omap(k, from, to, w.below(4)), rowsOf(o.omap, from, to); !sameRows(got, want) {
		w.Fatalf("omap %v from %q to %q: %v, want %v", k, from, to, got, want)
	}
	v, err := w.Store.Verify(k)
	if err != nil || len(v.Damage) > 0 || v.Data != store.Digest(0, o.data) {
		w.Fatalf("verify %v: %+v, error %v", k, v, err)
	}
}

func (w *walk) comparePG(id osdmap.PGID, p modelPG) {
	s := w.pg(id)
	if string(s.Info) != p.info || s.Head != p.head || s.Stats != w.model.stats(id) || s.Span != store.SpanOf(id, p.pgNum) {
		w.Fatalf("pg %v: %+v, want %+v with %+v", id, s, p, w.model.stats(id))
	}
	if got := w.log(id, w.below(4)); !sameLog(got, p.log) {
		w.Fatalf("log %v: %v, want %v", id, got, p.log)
	}
	from, to := w.rowRange()
	if got, want := w.rows(id, from, to, w.below(4)), rowsOf(p.rows, from, to); !sameRows(got, want) {
		w.Fatalf("rows %v from %q to %q: %v, want %v", id, from, to, got, want)
	}
}
