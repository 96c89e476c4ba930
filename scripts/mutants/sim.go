package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// planted is where the simulator shows a mutant.
type planted struct {
	mix   string        // a scenario in mixes; empty: no judge complains
	seed  uint64        // the first from 1 on that shows it
	took  time.Duration // up to it, when that was last found out
	judge string        // who complains first
}

// mixes is where the scenarios are that show mutants.
const mixes = "pkg/sim/testdata/mutants"

// A mutant has to be caught within so many seeds, and so long of a processor: other work on the machine does not count.
const (
	mostSeeds = 1000
	mostTime  = time.Minute
)

// parsePlanted reads such as "leases 12 1.5s not linearizable (I1, I5)".
func parsePlanted(text string) (planted, error) {
	words := strings.SplitN(text, " ", 4)
	if len(words) == 4 {
		seed, errSeed := strconv.ParseUint(words[1], 10, 64)
		took, errTook := time.ParseDuration(words[2])
		if errSeed == nil && errTook == nil {
			return planted{words[0], seed, took, words[3]}, nil
		}
	}
	return planted{}, fmt.Errorf("sim %s: expected a scenario, a seed, how long it took, and a judge", text)
}

func (p planted) String() string { return fmt.Sprintf("%s %d %v %s", p.mix, p.seed, p.took, p.judge) }

// hunter is a simulator that was built with a mutant, or without.
type hunter struct {
	root, program string
}

// newHunter builds a simulator into a folder. Without a mutant it is the code as it is.
func newHunter(ctx context.Context, root, dir string, m *mutant) (*hunter, error) {
	h := &hunter{root, filepath.Join(dir, "hunt")}
	args := []string{"build", "-ldflags=-s -w", "-o", h.program}
	if m != nil {
		files, err := m.edited(os.DirFS(root))
		if err != nil {
			return nil, err
		}
		overlay, err := layOver(dir, root, files)
		if err != nil {
			return nil, err
		}
		args = append(args, "-overlay", overlay)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, "./scripts/hunt")...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	return h, nil
}

// found is what a hunt came to: see scripts/hunt.
type found struct {
	Seed  uint64
	Judge string
	Text  string
	Runs  int
	took  time.Duration
}

// hunt simulates seeds until a judge complains, or the time of a processor is over. A mutant that goes round in circles is stopped,
// and not caught.
func (h *hunter) hunt(ctx context.Context, mix string, first, last uint64) (f found, err error) {
	ctx, stop := context.WithTimeout(ctx, 8*mostTime)
	defer stop()
	cmd := exec.CommandContext(ctx, h.program, "-scenario", filepath.Join(mixes, mix+".yaml"),
		"-seeds", fmt.Sprintf("%d-%d", first, last), "-limit", mostTime.String())
	cmd.Dir = h.root
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return f, fmt.Errorf("seeds %d-%d of %s: %w\n%s", first, last, mix, err, errs.String())
	}
	err = json.Unmarshal(out.Bytes(), &f)
	f.took = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return f, err
}

// simulated is what the simulator says of a mutant.
type simulated struct {
	found
	err error
}

// simulate lets a mutant show itself: from the first seed on, or at the seed that is known. Where that shows nothing any more,
// since the code is another, it begins with the first.
func (m *mutant) simulate(ctx context.Context, root string, known bool) (s simulated) {
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return simulated{err: err}
	}
	defer os.RemoveAll(dir)
	h, err := newHunter(ctx, root, dir, m)
	if err != nil {
		return simulated{err: err}
	}
	if known {
		s.found, s.err = h.hunt(ctx, m.sim.mix, m.sim.seed, m.sim.seed)
	}
	if !known || s.err == nil && s.Judge == "" {
		s.found, s.err = h.hunt(ctx, m.sim.mix, 1, mostSeeds)
	}
	if s.err == nil && s.Judge == "" {
		s.err = fmt.Errorf("no judge complains of %d runs of %s in %v", s.Runs, m.sim.mix, s.took.Round(time.Second))
	}
	return s
}
