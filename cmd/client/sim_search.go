package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"zeph/pkg/sim"
)

func (a *app) simSearchCommand() *cobra.Command {
	var f simFlags
	var seeds string
	var jobs int
	cmd := &cobra.Command{
		Use:   "search --seeds A-B",
		Short: "Simulate many clusters, and show those in which something is wrong",
		Args:  takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := require(cmd, "seeds"); err != nil {
				return err
			}
			first, last, err := parseSeeds(seeds)
			if err != nil {
				return usagef(cmd, "--seeds %w", err)
			}
			o, err := a.simOptions(&f, cmd, first)
			if err != nil {
				return err
			}
			return a.simSearch(cmd.Context(), &f, o, last, jobs)
		},
	}
	f.add(cmd)
	cmd.Long += "\n\nIt can be interrupted: then it reports the runs that have ended. The exit code is 1 if something is wrong in any."
	cmd.Flags().StringVar(&seeds, "seeds", "", "first and last seed, such as 1-1000")
	cmd.Flags().IntVarP(&jobs, "jobs", "j", runtime.GOMAXPROCS(0), "runs at a time")
	return cmd
}

// parseSeeds reads a range such as 1-1000.
func parseSeeds(s string) (first, last uint64, err error) {
	a, b, ok := strings.Cut(s, "-")
	if !ok {
		b = a
	}
	first, errA := strconv.ParseUint(a, 10, 64)
	last, errB := strconv.ParseUint(b, 10, 64)
	if errA != nil || errB != nil || last < first {
		return 0, 0, fmt.Errorf("%q: expected the first and the last, such as 1-1000", s)
	}
	return first, last, nil
}

// simSearch runs seeds from that of o on. When it is interrupted it reports those that have ended.
func (a *app) simSearch(ctx context.Context, f *simFlags, o sim.Options, last uint64, jobs int) error {
	out := searchResult{First: o.Seed, Last: last, Source: source(), began: time.Now()}
	a.tidies.Store(true)
	var next atomic.Uint64
	next.Store(o.Seed)
	var mu sync.Mutex
	var wg sync.WaitGroup
	show := a.liner()
	for range max(1, jobs) {
		wg.Go(func() {
			for seed := next.Add(1) - 1; seed <= last && ctx.Err() == nil; seed = next.Add(1) - 1 {
				o := o
				o.Seed = seed
				r := simulate(o)
				r.Replay = f.replay(seed)
				mu.Lock()
				out.add(r)
				if !r.OK {
					show("")
					a.warn("seed %d: %s; replay: %s", seed, r.complaint(), r.Replay)
				}
				show(out.progress())
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	show("")
	out.Wall = time.Since(out.began)
	out.Missed = sim.NotReached(out.reached)
	slices.SortFunc(out.Bad, func(a, b badRun) int { return cmp.Compare(a.Seed, b.Seed) })
	if err := a.print(&out); err != nil {
		return err
	}
	switch {
	case ctx.Err() != nil:
		return context.Canceled
	case len(out.Bad) > 0:
		return silentError(exitFailed)
	}
	return nil
}

// progress is how far it is, and how long the rest will take if it goes on like this.
func (s *searchResult) progress() string {
	all := s.Last - s.First + 1
	took := time.Since(s.began)
	text := fmt.Sprintf("%d of %d runs, %d bad", s.Runs, all, len(s.Bad))
	if s.Runs > 0 && uint64(s.Runs) < all {
		text += fmt.Sprintf("; %s left", tookText(time.Duration(float64(took)/float64(s.Runs)*float64(all-uint64(s.Runs)))))
	}
	return text
}

// complaint is the first thing that is wrong, on one line.
func (r *simResult) complaint() string {
	if r.Panic != "" {
		line, _, _ := strings.Cut(r.Panic, "\n")
		return "panic: " + line
	}
	if len(r.Violations) == 0 {
		return "nothing"
	}
	line, _, _ := strings.Cut(r.Violations[0].Text, "\n")
	return r.Violations[0].What + ": " + line
}

// searchResult is what a search came to.
type searchResult struct {
	First   uint64        `json:"first"`
	Last    uint64        `json:"last"`
	Runs    int           `json:"runs"`
	Bad     []badRun      `json:"bad"`
	Virtual time.Duration `json:"virtual"`
	Wall    time.Duration `json:"wall"`
	Done    int           `json:"operations"`
	Faults  int           `json:"faults"`
	Source  string        `json:"source"`
	Missed  []string      `json:"never_reached,omitempty"` // of the rare states that a search is expected to reach
	reached map[string]int
	began   time.Time
}

type badRun struct {
	Seed   uint64 `json:"seed"`
	What   string `json:"what"`
	Replay string `json:"replay"`
	Hash   string `json:"trace_hash"`
}

func (s *searchResult) add(r simResult) {
	s.Runs++
	s.Virtual += r.Virtual
	s.Done += r.Counts.Done
	s.Faults += r.Faults
	if s.reached == nil {
		s.reached = make(map[string]int)
	}
	for state, n := range r.Reached {
		s.reached[state] += n
	}
	if !r.OK {
		s.Bad = append(s.Bad, badRun{r.Seed, r.complaint(), r.Replay, r.TraceHash})
	}
}

func (s *searchResult) text(w *bufio.Writer) {
	speed := 0
	if s.Wall > 0 {
		speed = int(s.Virtual / s.Wall)
	}
	if all := s.Last - s.First + 1; uint64(s.Runs) < all {
		fmt.Fprintf(w, "interrupted after %d of %d: ", s.Runs, all)
	}
	fmt.Fprintf(w, "%d runs, %d bad: %d operations under %d faults in %v of virtual time, %d times real time\n",
		s.Runs, len(s.Bad), s.Done, s.Faults, s.Virtual.Round(time.Second), speed)
	for _, b := range s.Bad {
		fmt.Fprintf(w, "  seed %d: %s\n    %s\n", b.Seed, b.What, b.Replay)
	}
	for _, state := range s.Missed {
		fmt.Fprintf(w, "  never reached: %s\n", state)
	}
}
