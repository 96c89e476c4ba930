package messenger

import (
	"testing"

	"pgregory.net/rapid"
)

// TestCallTable holds the table to a map: calls that last very long among many that do not, and
// ids of the caller's choosing.
func TestCallTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var table callTable
		model := make(map[uint64]int)
		next := uint64(ownIDs)
		for step := range rapid.IntRange(1, 300).Draw(t, "steps") {
			id := rapid.SampledFrom([]uint64{next + 1, next + 1, next + 1, next, next - 1, next - 15, next - 16, next - 17, 7, 23}).Draw(t, "id")
			if _, there := model[id]; !there && (id == next+1 || id < 100) {
				table.put(&call{id: id, cost: step, done: func(*Message, error) {}})
				model[id] = step
				next = max(next, id)
				continue
			}
			c, ok := table.take(id)
			if want, there := model[id]; ok != there || c.cost != want {
				t.Fatalf("take %x: %v, %d; want %v, %d", id, ok, c.cost, there, want)
			}
			delete(model, id)
		}
		if table.len() != len(model) || len(table.ids()) != len(model) {
			t.Fatalf("%d calls, %d ids, want %d", table.len(), len(table.ids()), len(model))
		}
		for _, id := range table.ids() {
			if c := table.get(id); c == nil || c.cost != model[id] {
				t.Fatalf("call %x: %v, want %d", id, c, model[id])
			}
		}
	})
}

// TestCallTableIsBounded: one call that never ends does not make the ring grow with those that do.
func TestCallTableIsBounded(t *testing.T) {
	var table callTable
	done := func(*Message, error) {}
	table.put(&call{id: ownIDs | 1, done: done})
	for id := uint64(2); id < 100_000; id++ {
		table.put(&call{id: ownIDs | id, done: done})
		table.take(ownIDs | id)
	}
	if len(table.ring) > 2*minRing || table.get(ownIDs|1) == nil {
		t.Errorf("ring of %d, first call there: %v", len(table.ring), table.get(ownIDs|1) != nil)
	}
}
