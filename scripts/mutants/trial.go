package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// trial tries mutants, some at once: by their scripts, and in the simulator.
type trial struct {
	root     string
	jobs     int
	known    bool // simulate known seeds
	noScript bool
	loud     bool
	out      io.Writer
}

// outcome is what became of a mutant.
type outcome struct {
	script result
	sim    simulated
}

// all tries them, after it has seen that their scripts pass without them, and prints a table. What the simulator found is noted in
// the mutants.
func (t *trial) all(ctx context.Context, chosen []mutant) error {
	if !t.noScript {
		if err := sound(ctx, t.root, chosen); err != nil {
			return err
		}
	}
	plain, tidy, err := t.plain(ctx)
	if err != nil {
		return err
	}
	defer tidy()
	begin := time.Now()
	outcomes := t.begin(ctx, chosen)
	const columns = "%-30s %-7s %-50s %-9s %-7s %s\n"
	fmt.Fprintf(t.out, columns, "MUTANT", "HAZARD", "SCRIPT", "VERDICT", "TIME", "SIMULATED")
	bad := 0
	for i := range chosen {
		m := &chosen[i]
		o := <-outcomes[i]
		if o.sim.err == nil && m.sim.mix != "" {
			o.sim.err = sane(ctx, plain, m.sim.mix, o.sim.Seed)
		}
		fmt.Fprintf(t.out, columns, m.name, strings.Join(m.hazards, " "), m.pkg+" "+m.script, o.script.verdict, o.script.took.Round(100*time.Millisecond), o.sim.text(m))
		if o.script.verdict == broken || t.loud {
			fmt.Fprintln(t.out, o.script.output)
		}
		if o.script.verdict == survived || o.script.verdict == broken || o.sim.err != nil {
			bad++
		} else if m.sim.mix != "" {
			m.sim.seed, m.sim.judge, m.sim.took = o.sim.Seed, o.sim.Judge, o.sim.took.Round(100*time.Millisecond)
		}
	}
	fmt.Fprintf(t.out, "%d mutants, %d not caught, %v\n", len(chosen), bad, time.Since(begin).Round(time.Second))
	if bad > 0 {
		return fmt.Errorf("%d of %d mutants were not caught", bad, len(chosen))
	}
	return ctx.Err()
}

// begin lets some at a time be tried.
func (t *trial) begin(ctx context.Context, chosen []mutant) []chan outcome {
	outcomes := make([]chan outcome, len(chosen))
	for i := range outcomes {
		outcomes[i] = make(chan outcome, 1)
	}
	work := make(chan int)
	for range max(1, t.jobs) {
		go func() {
			for i := range work {
				outcomes[i] <- t.try(ctx, &chosen[i])
			}
		}()
	}
	go func() {
		for i := range chosen {
			work <- i
		}
		close(work)
	}()
	return outcomes
}

func (t *trial) try(ctx context.Context, m *mutant) (o outcome) {
	o.script.verdict = untried
	if !t.noScript {
		o.script = m.try(ctx, t.root)
	}
	if m.sim.mix != "" {
		o.sim = m.simulate(ctx, t.root, t.known)
	}
	return o
}

// plain is the simulator without any mutant.
func (t *trial) plain(ctx context.Context) (h *hunter, tidy func(), err error) {
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return nil, nil, err
	}
	h, err = newHunter(ctx, t.root, dir, nil)
	return h, func() { os.RemoveAll(dir) }, err
}

// sane demands that nothing is wrong with a run of the code as it is.
func sane(ctx context.Context, plain *hunter, mix string, seed uint64) error {
	f, err := plain.hunt(ctx, mix, seed, seed)
	if err == nil && f.Judge != "" {
		err = fmt.Errorf("without the mutant, too: %s: %s", f.Judge, f.Text)
	}
	return err
}

func (s *simulated) text(m *mutant) string {
	switch {
	case s.err != nil:
		return "NOT CAUGHT: " + s.err.Error()
	case m.sim.mix == "":
		return "-"
	}
	return fmt.Sprintf("%s, seed %d: %s; %v", m.sim.mix, s.Seed, s.Judge, s.took.Round(100*time.Millisecond))
}
