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
