package consensus

import (
	"flag"
	"testing"
	"testing/synctest"

	"zeph/pkg/consensus/logtest"
)

var (
	verbose = flag.Bool("raft", false, "show what raft says")
	seed    = flag.Uint64("seed", 1, "of the faults")
)

// TestContract: the log keeps what package logtest asks of every log.
func TestContract(t *testing.T) {
	for _, s := range logtest.Scenarios {
		t.Run(s.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { s.Run(t, newCluster(t, s.Members, nil), *seed) })
		})
	}
}
