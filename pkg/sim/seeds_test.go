package sim

import (
	"flag"
	"fmt"
	"strings"
	"testing"

	"zeph/pkg/scenario"
)

var seeds = flag.String("seeds", "", "run these instead: first and last, such as 1-1000 (make sim SEEDS=1-1000)")

// regressions are runs that once showed a bug: what it was, a line each. They stay for good. A change of
// what is drawn by seed makes them other runs; then they are but more of them.
var regressions = []struct {
	was string
	o   Options
}{
	{"a merge that reached further back had entries cut twice: two rows for one result", Options{Seed: 28, PGs: 2, Faults: []string{"isolate", "mon"}}},
	{"what had waited for a map was obeyed after a later map had ended the pool", Options{Seed: 1, PGs: 1, Faults: []string{"recreate"}}},
	{"a removal that went on in a new interval removed the PG twice", Options{Seed: 18, Faults: []string{"replace", "crash", "out"}}},
}

// TestSeeds simulates clusters under faults. Whatever goes wrong is a bug: of the cores, or here.
func TestSeeds(t *testing.T) {
	first, last := uint64(1), uint64(8)
	if *seeds != "" {
		if _, err := fmt.Sscanf(*seeds, "%d-%d", &first, &last); err != nil {
			t.Fatalf("-seeds %s: %v", *seeds, err)
		}
	}
	for seed := first; seed <= last; seed++ {
		simulate(t, Options{Seed: seed})
	}
	if *seeds == "" {
		for _, r := range regressions {
			simulate(t, r.o)
		}
	}
}

func simulate(t *testing.T, o Options) {
	t.Helper()
	replay := fmt.Sprintf("zeph sim run --seed %d", o.Seed)
	if o.PGs != 0 {
		replay += fmt.Sprintf(" --pgs %d", o.PGs)
	}
	if o.Faults != nil {
		replay += " --faults " + strings.Join(o.Faults, ",")
	}
	t.Run(fmt.Sprint(o.Seed), func(t *testing.T) {
		t.Parallel()
		running := NewRunning(o)
		done := false
		defer func() {
			if !done { // a core has panicked
				t.Logf("replay: %s\n%s", replay, strings.Join(running.Last(40), "\n"))
			}
		}()
		r := running.Finish()
		done = true
		for _, v := range r.Violations {
			t.Errorf("at %v: %s: %s", v.At, v.What, v.Text)
		}
		if !r.OK {
			t.Logf("replay: %s\n%s", replay, strings.Join(r.Last[max(0, len(r.Last)-40):], "\n"))
		}
	})
}

// TestSameSeedSameRun: a run can be repeated, byte for byte.
func TestSameSeedSameRun(t *testing.T) {
	t.Parallel()
	for _, seed := range []uint64{3, 10, 11} {
		o := Options{Seed: seed, Seconds: 8}
		a, b := Run(o), Run(o)
		t.Logf("seed %d: %s", seed, a.TraceHash)
		if a.TraceHash != b.TraceHash || a.Steps != b.Steps {
			t.Errorf("seed %d: %d steps %s, then %d steps %s", seed, a.Steps, a.TraceHash, b.Steps, b.TraceHash)
		}
	}
}

// TestEncodingChangesNothing: a run with every message encoded and decoded is the same run.
func TestEncodingChangesNothing(t *testing.T) {
	t.Parallel()
	run := func(codec bool) string {
		cfg := draw(Options{Seed: 5, Seconds: 8})
		cfg.World.Codec = codec
		r := &Running{c: newCluster(cfg, nil)}
		return r.Finish().TraceHash
	}
	if plain, coded := run(false), run(true); plain != coded {
		t.Errorf("hash %s, with messages encoded %s", plain, coded)
	}
}

// TestDrawnScenariosMakeSense: whatever is drawn can be run.
func TestDrawnScenariosMakeSense(t *testing.T) {
	t.Parallel()
	for seed := range uint64(500) {
		s := draw(Options{Seed: seed})
		if err := s.Validate(); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
	for _, k := range scenario.Kinds {
		if strikes[k.Name] == nil {
			t.Errorf("nothing does %s", k.Name)
		}
	}
}
