package mon

import (
	"testing"

	"pgregory.net/rapid"

	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// TestCleansKnowTheLowest: whatever PGs say one after the other, the lowest is that of a walk over all.
func TestCleansKnowTheLowest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var c cleans
		pgs := map[int]*pgSoft{}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			id := rapid.IntRange(0, 5).Draw(t, "pg")
			next := &pgSoft{PGStat: wire.PGStat{Clean: osdmap.Epoch(rapid.IntRange(0, 12).Draw(t, "clean"))}}
			if rapid.Bool().Draw(t, "gone") {
				next = nil
			}
			c.move(pgs[id], next)
			if pgs[id] = next; next == nil {
				delete(pgs, id)
			}
			newest := osdmap.Epoch(rapid.IntRange(0, 15).Draw(t, "newest"))
			want := newest
			for _, p := range pgs {
				want = min(want, p.Clean)
			}
			if got := c.lowest(newest); c.n != len(pgs) || len(pgs) > 0 && got != want {
				t.Fatalf("%d of %d pgs, lowest %d, want %d", c.n, len(pgs), got, want)
			}
		}
	})
}
