package sim

import (
	"fmt"
	"testing"
)

// hashes are those of two short runs of small clusters, since WebAssembly takes twenty times as long; one has its messages
// encoded.
func hashes() []string {
	var all []string
	for _, o := range []Options{{Seed: 10, Mons: 1, OSDs: 4, PGs: 2, Seconds: 1}, {Seed: 17, OSDs: 4, PGs: 2, Seconds: 2, Faults: []string{"isolate", "crash", "cut"}}} {
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
