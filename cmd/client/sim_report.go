package main

import (
	"bufio"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"zeph/pkg/sim"
)

func (r simResult) text(w *bufio.Writer) {
	s := &r.Scenario
	if s.About != "" {
		fmt.Fprintf(w, "scenario    %s: %s\n", s.Name, s.About)
	}
	fmt.Fprintf(w, "seed        %d: %d mons, %d osds, %d pgs of size %d, min_size %d; %d s of faults, then %s\n",
		r.Seed, s.Mons, s.OSDs, s.PGs, s.Size, s.MinSize, s.Seconds, s.End)
	if r.tell {
		r.story(w)
	}
	r.counts(w)
	for _, o := range r.Undecided {
		fmt.Fprintf(w, "undecided   the history of %s is too hard to judge\n", o)
	}
	for i := range s.Expect {
		if !r.failed(s.Expect[i].String()) {
			fmt.Fprintf(w, "as expected %s\n", s.Expect[i].String())
		}
	}
	if r.OK {
		fmt.Fprintln(w, "verdict     ok")
		return
	}
	r.failure(w)
}

// failed reports whether an expectation is among what is wrong.
func (r *simResult) failed(claim string) bool {
	return slices.ContainsFunc(r.Violations, func(v sim.Violation) bool { return strings.HasPrefix(v.Text, claim+": ") })
}

func (r *simResult) counts(w *bufio.Writer) {
	var kinds []string
	for _, f := range r.Scenario.Faults {
		kinds = append(kinds, f.Kind)
	}
	if len(kinds) > 0 {
		fmt.Fprintf(w, "faults      %d, of %s\n", r.Faults, strings.Join(kinds, " "))
	}
	c := r.Counts
	fmt.Fprintf(w, "operations  %d done, %d refused by the object's state, %d unknown, %d failed\n", c.Done, c.Refused, c.Unknown, c.Failed)
	fmt.Fprintf(w, "available   every pg %d.%d %% of the time; longest gap %v; clean %v after the faults\n",
		r.Available/10, r.Available%10, r.Gap.Round(time.Millisecond), r.Healing.Round(time.Millisecond))
	for _, s := range r.Shares {
		fmt.Fprintf(w, "  %-9s %s, and up to the next fault every pg %d.%d %% of the time; longest gap %v\n",
			s.Fault, timesText(s.Times), s.Available/10, s.Available%10, s.Gap.Round(time.Millisecond))
	}
	fmt.Fprintf(w, "time        %v virtual, %d times real time, %d steps, %d epochs\n", r.Virtual.Round(time.Millisecond), r.Speed, r.Steps, r.Epochs)
	fmt.Fprintf(w, "trace_hash  %s\n", r.TraceHash)
}

func timesText(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// story tells what was done to the cluster, and what the cluster did, by time.
func (r *simResult) story(w *bufio.Writer) {
	lines := slices.Clone(r.Story)
	for _, s := range r.Strikes {
		lines = append(lines, sim.Told{At: s.At, Who: "fault", Text: s.Kind + ": " + strings.Join(s.Did, "; ")})
	}
	slices.SortStableFunc(lines, func(a, b sim.Told) int { return cmp.Compare(a.At, b.At) })
	ended := time.Duration(r.Scenario.Seconds) * time.Second
	over := false
	for _, l := range lines {
		if l.At > ended && !over {
			over = true
			fmt.Fprintf(w, "  %8.2f s  -       all faults are taken back\n", ended.Seconds())
		}
		fmt.Fprintf(w, "  %8.2f s  %-6s  %s\n", l.At.Seconds(), l.Who, l.Text)
	}
}

// failure is everything that helps to find out why.
func (r *simResult) failure(w *bufio.Writer) {
	fmt.Fprintf(w, "last events before it (all of them: --trace FILE)\n")
	for _, line := range r.Last {
		fmt.Fprintf(w, "  %s\n", line)
	}
	for _, v := range r.Violations {
		fmt.Fprintf(w, "VIOLATION   at %v: %s: %s\n", v.At, v.What, v.Text)
	}
	if r.Panic != "" {
		fmt.Fprintf(w, "PANIC       %s\n", r.Panic)
	}
	fmt.Fprintf(w, "source      %s\n", r.Source)
	fmt.Fprintf(w, "verdict     violated; replay: %s\n", r.Replay)
}
