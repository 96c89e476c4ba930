package sim

import (
	"fmt"
	"testing"
)

// hashes are those of a few short runs; one has its messages encoded.
func hashes() []string {
	var all []string
	for _, o := range []Options{{Seed: 3, Seconds: 3}, {Seed: 10, Seconds: 2}, {Seed: 17, Seconds: 3, Faults: []string{"isolate", "crash", "cut"}}} {
		all = append(all, fmt.Sprintf("seed %d: %s", o.Seed, Run(o).TraceHash))
	}
	return all
}

// TestHashes prints what TestWasm compares.
func TestHashes(t *testing.T) {
	t.Parallel()
	for _, hash := range hashes() {
		t.Log(hash)
	}
}
