package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"zeph/pkg/sim"
)

func (a *app) simShrinkCommand() *cobra.Command {
	var f simFlags
	var seed uint64
	var jobs int
	cmd := &cobra.Command{
		Use:   "shrink --seed N",
		Short: "Make a run in which something is wrong smaller, as long as the same is wrong",
		Args:  takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := require(cmd, "seed"); err != nil {
				return err
			}
			o, err := a.simOptions(&f, cmd, seed)
			if err != nil {
				return err
			}
			return a.simShrink(cmd.Context(), o, &f, max(1, jobs))
		},
	}
	f.add(cmd)
	cmd.Flags().Uint64Var(&seed, "seed", 0, "number that everything is drawn from")
	cmd.Flags().IntVarP(&jobs, "jobs", "j", runtime.GOMAXPROCS(0), "runs at a time; the result is the same")
	return cmd
}

// simShrink shrinks a run. An interrupt ends the search with what there is.
func (a *app) simShrink(ctx context.Context, o sim.Options, f *simFlags, jobs int) error {
	began := time.Now()
	show := a.liner()
	s, err := sim.Shrink(o, jobs, tryAll, func(s *sim.Shrinking) bool {
		show(fmt.Sprintf("%s: %d strikes, %d operations, %d pgs, %d osds after %d runs", s.Step, len(s.Best.Strikes), len(s.Best.Ops),
			s.Best.PGs, s.Best.OSDs, s.Runs))
		return ctx.Err() == nil
	})
	show("")
	if err != nil {
		return fmt.Errorf("seed %d: %w", o.Seed, err)
	}
	r := shrinkResult{Seed: o.Seed, What: s.What, Events: s.Events(), Runs: s.Runs, Wall: time.Since(began), Replay: f.of(&s.Best).replay(o.Seed),
		Strikes: s.Last.Strikes, Mons: s.Best.Mons, OSDs: s.Best.OSDs, PGs: s.Best.PGs, Hash: s.Last.TraceHash}
	for _, v := range s.Last.Violations {
		if v.What == s.What {
			r.Text = v.Text
			break
		}
	}
	for _, op := range s.Last.Begun {
		r.Ops = append(r.Ops, op.Words())
	}
	return a.print(&r)
}

// tryAll carries out runs at the same time.
func tryAll(all []sim.Options) []*sim.Report {
	reports := make([]*sim.Report, len(all))
	var wg sync.WaitGroup
	for i := range all {
		wg.Go(func() { reports[i] = sim.Try(all[i]) })
	}
	wg.Wait()
	return reports
}

// liner shows a line in place of the last one, on a terminal only; an empty one takes it away.
func (a *app) liner() func(string) {
	out := io.Writer(a.stderr)
	if w, ok := out.(plainWriter); ok {
		out = w.Writer // the line moves the cursor
	}
	if !isTerminal(out) {
		return func(string) {}
	}
	return func(line string) { fmt.Fprintf(out, "\r\x1b[K%s", line) }
}

// shrinkResult is the smallest run that was found.
type shrinkResult struct {
	Seed    uint64        `json:"seed"`
	What    string        `json:"what"`
	Text    string        `json:"text"`
	Mons    int           `json:"mons"`
	OSDs    int           `json:"osds"`
	PGs     int           `json:"pgs"`
	Strikes []*sim.Strike `json:"strikes"`
	Ops     []string      `json:"operations"`
	Events  int           `json:"events"`
	Runs    int           `json:"runs"`
	Wall    time.Duration `json:"wall"`
	Hash    string        `json:"trace_hash"`
	Replay  string        `json:"replay"`
}

func (r *shrinkResult) text(w *bufio.Writer) {
	fmt.Fprintf(w, "%d events are left, on %d mons, %d osds, %d pgs; %d runs in %s\n", r.Events, r.Mons, r.OSDs, r.PGs, r.Runs, tookText(r.Wall))
	for _, s := range r.Strikes {
		fmt.Fprintf(w, "  %-10v %s/%d\n", s.At, s.Kind, s.Number)
		for _, did := range s.Did {
			fmt.Fprintf(w, "  %-10s   %s\n", "", did)
		}
	}
	for _, op := range r.Ops {
		fmt.Fprintf(w, "  %s\n", op)
	}
	fmt.Fprintf(w, "VIOLATION   %s: %s\n", r.What, r.Text)
	fmt.Fprintf(w, "replay      %s\n", r.Replay)
}
