package sim

import (
	"flag"
	"strings"
	"testing"
)

// TestJudgeNoticesRates: clocks that run apart by more than is allowed for let two primaries serve at once, sooner or
// later, and the judge sees it. If no seed shows that, the judge or the fault does nothing.
func TestJudgeNoticesRates(t *testing.T) {
	t.Parallel()
	for seed := uint64(1); seed <= 200; seed++ {
		r := Run(Options{Seed: seed, PGs: 1, Seconds: 20, Faults: []string{"rate", "isolate"}})
		for _, v := range r.Violations {
			if strings.HasPrefix(v.What, "two primaries serve at once") || strings.HasPrefix(v.What, "not linearizable") {
				t.Logf("seed %d, at %v: %s: %s", seed, v.At, v.What, v.Text)
				return
			}
			t.Fatalf("seed %d: %s: %s", seed, v.What, v.Text)
		}
	}
	t.Error("200 runs with clocks that run apart by up to 20 %, and nobody noticed")
}

var reached = flag.Int("reached", 0, "run seeds from 1 up to this, and fail when a rare state was never reached (make sim-reached)")

// TestReached: a fixed set of seeds reaches every rare state.
func TestReached(t *testing.T) {
	if *reached == 0 {
		t.Skip("make sim-reached")
	}
	all := make(map[string]int)
	for seed := uint64(1); seed <= uint64(*reached) && len(NotReached(all)) > 0; seed++ {
		r := Run(Options{Seed: seed})
		for state, n := range r.Reached {
			all[state] += n
		}
		for _, v := range r.Violations {
			t.Errorf("seed %d: at %v: %s: %s", seed, v.At, v.What, v.Text)
		}
	}
	for _, state := range Rare {
		t.Logf("%6d  %s", all[state], state)
	}
	for _, state := range NotReached(all) {
		t.Errorf("never reached: %s", state)
	}
}
