package store_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"zeph/pkg/osdmap"
	"zeph/pkg/placement"
	"zeph/pkg/store"
)

// TestSpanIsThePG: an object is in the span of the PG that placement finds for it, and in no other's.
func TestSpanIsThePG(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pool := &osdmap.Pool{ID: 3, PGNum: rapid.Uint32Range(1, 70).Draw(t, "pg_num")}
		name := rapid.StringN(1, 20, -1).Draw(t, "name")
		o := placement.Object{Name: name}
		k := store.Key{Pool: 3, Hash: o.Hash(pool), Name: name}
		for seed := range pool.PGNum {
			pg := osdmap.PGID{Pool: 3, Seed: seed}
			if got, want := store.SpanOf(pg, pool.PGNum).Has(k), o.PG(pool) == pg; got != want {
				t.Fatalf("pg %v has %v: %v, want %v", pg, k, got, want)
			}
		}
	})
}

// TestSpanBounds: what a span has lies between its bounds, and the spans of a pool follow on
// each other without a gap.
func TestSpanBounds(t *testing.T) {
	for pgNum := uint32(1); pgNum <= 70; pgNum++ {
		var spans []store.Span
		for seed := range pgNum {
			spans = append(spans, store.SpanOf(osdmap.PGID{Pool: 3, Seed: seed}, pgNum))
		}
		slices.SortFunc(spans, func(a, b store.Span) int {
			fromA, _ := a.Bounds()
			fromB, _ := b.Bounds()
			return fromA.Compare(fromB)
		})
		at := store.Key{Pool: 3}
		for i, s := range spans {
			from, to := s.Bounds()
			if from != at {
				t.Fatalf("pg_num %d: %v begins at %v, the one before ends at %v", pgNum, s, from, at)
			}
			if !s.Has(from) || s.Has(to) {
				t.Errorf("pg_num %d: %v has its bounds %v, %v: %v, %v", pgNum, s, from, to, s.Has(from), s.Has(to))
			}
			for j, other := range spans {
				if s.Overlaps(other) != (i == j) {
					t.Errorf("pg_num %d: %v overlaps %v: %v", pgNum, s, other, s.Overlaps(other))
				}
			}
			at = to
		}
		if at != (store.Key{Pool: 4}) {
			t.Errorf("pg_num %d: the last ends at %v", pgNum, at)
		}
	}
}

func TestSpansOfSplitOverlap(t *testing.T) {
	parent := store.SpanOf(osdmap.PGID{Pool: 1, Seed: 1}, 4)
	child := store.SpanOf(osdmap.PGID{Pool: 1, Seed: 5}, 8)
	other := store.SpanOf(osdmap.PGID{Pool: 1, Seed: 6}, 8)
	if !parent.Overlaps(child) || !child.Overlaps(parent) || parent.Overlaps(other) {
		t.Error("a child lies in its parent, and in no other PG")
	}
	if parent.Overlaps(store.SpanOf(osdmap.PGID{Pool: 2, Seed: 1}, 4)) {
		t.Error("PGs of different pools overlap")
	}
}

// TestNext: nothing fits between a key and the next.
func TestNext(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) store.Key {
			return store.Key{
				Pool: osdmap.PoolID(rapid.IntRange(0, 1).Draw(t, label+" pool")),
				Hash: rapid.Uint32Range(0, 2).Draw(t, label+" hash"),
				Name: rapid.StringOfN(rapid.RuneFrom([]rune{0, 1, 'a'}), 1, 3, -1).Draw(t, label),
			}
		}
		a, b := draw("a"), draw("b")
		if a.Compare(a.Next()) >= 0 {
			t.Fatalf("%v is not before %v", a, a.Next())
		}
		if a.Compare(b) < 0 && b.Compare(a.Next()) < 0 {
			t.Fatalf("%v is between %v and the next", b, a)
		}
	})
}

func TestKeyString(t *testing.T) {
	for want, k := range map[string]store.Key{
		"3:0000002a:a.bin":    {Pool: 3, Hash: 42, Name: "a.bin"},
		"3:0000002a:ns/a.bin": {Pool: 3, Hash: 42, Namespace: "ns", Name: "a.bin"},
		`3:0000002a:"a\x00"`:  {Pool: 3, Hash: 42, Name: "a\x00"},
	} {
		if got := k.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
