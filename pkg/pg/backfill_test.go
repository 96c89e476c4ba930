package pg

import (
	"testing"

	"zeph/pkg/store"
)

// TestBatchLeavesOtherPushes: the parts that came of an object of the batch before are void; those of one that recovery
// brings are not, for nobody would send them again.
func TestBatchLeavesOtherPushes(t *testing.T) {
	mine, theirs := store.Key{Name: "recovered"}, store.Key{Name: "backfilled"}
	r := &replica{batch: 1, incoming: map[store.Key]*incoming{mine: {next: 1}, theirs: {batch: 1, next: 1}}}
	r.beginBatch(1)
	if len(r.incoming) != 2 {
		t.Error("the same batch again is another one")
	}
	r.beginBatch(2)
	if r.batch != 2 || r.incoming[mine] == nil || r.incoming[theirs] != nil {
		t.Errorf("batch %d has %v", r.batch, r.incoming)
	}
}

// TestBatchGivenUpDoesNotCount: our store may still be read for a push when its batch is given up. What comes of that is
// nothing to the batch after it.
func TestBatchGivenUpDoesNotCount(t *testing.T) {
	late := &recovering{batch: 1}
	for _, test := range []struct {
		name  string
		b     backfill
		moves int
	}{
		{"of the batch", backfill{step: pushing, batch: 1, moves: 2}, 1},
		{"of none", backfill{step: idle, batch: 1}, 0},
		{"of the one before", backfill{step: pushing, batch: 2, moves: 2}, 2},
	} {
		moved, failed := test.b, test.b
		moved.moved(late)
		failed.failed(late)
		if moved.moves != test.moves || failed.moves != test.moves || failed.broken != (test.moves == 1) {
			t.Errorf("%s: %d and %d are under way, broken %v", test.name, moved.moves, failed.moves, failed.broken)
		}
	}
}
