package consensus

import (
	"flag"
	"testing"
	"testing/synctest"
	"time"

	"zeph/pkg/consensus/logtest"
)

var (
	verbose = flag.Bool("raft", false, "show what raft says")
	seed    = flag.Uint64("seed", 1, "of the faults")
	soak    = flag.Duration("soak", 0, "how long to look for what the tests do not find, in simulated time")
)

// TestContract: the log keeps what package logtest asks of every log.
func TestContract(t *testing.T) {
	for _, s := range logtest.Scenarios {
		t.Run(s.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { s.Run(t, newCluster(t, s.Members, nil), *seed) })
		})
	}
}

// TestSoak: hours of chaos, by other seeds each time.
func TestSoak(t *testing.T) {
	if *soak == 0 {
		t.Skip("run by make soak-consensus, or with -soak 1h")
	}
	const run = 10 * time.Minute
	for n := range uint64(*soak / run) {
		t.Run("", func(t *testing.T) {
			t.Logf("-seed %d", *seed+n)
			members := 3 + 2*int(n%2)
			synctest.Test(t, func(t *testing.T) {
				c := newCluster(t, members, nil)
				c.late = n%3 > 0
				logtest.Soak(members, run).Run(t, c, *seed+n)
			})
		})
	}
}
