package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"zeph/pkg/scenario"
	"zeph/pkg/sim"
)

// simFlags say which run is wanted; what is not given is drawn by seed.
type simFlags struct {
	mons, osds, pgs, seconds int
	faults                   []string
	end                      string
}

func (a *app) simCommand() *cobra.Command {
	return group("sim", "Simulate whole clusters in virtual time, with faults, and judge what clients were told",
		a.simRunCommand(),
		a.simSearchCommand(),
	)
}

func (f *simFlags) add(cmd *cobra.Command) {
	var kinds strings.Builder
	for _, k := range scenario.Kinds {
		fmt.Fprintf(&kinds, "\n  %-8s %s", k.Name, k.Doc)
	}
	cmd.Long = cmd.Short + ".\n\nThe same seed and flags give the same run on every machine. What is not given is drawn by seed.\n\nFaults:" + kinds.String()
	cmd.Flags().IntVar(&f.mons, "mons", 0, "monitors")
	cmd.Flags().IntVar(&f.osds, "osds", 0, "OSDs, each on a host of its own")
	cmd.Flags().IntVar(&f.pgs, "pgs", 0, "placement groups of the pool")
	cmd.Flags().IntVar(&f.seconds, "seconds", 0, "virtual seconds in which faults strike")
	cmd.Flags().StringSliceVar(&f.faults, "faults", nil, "kinds of faults, or none")
	cmd.Flags().StringVar(&f.end, "end", "", "how it ends: healed, lost (an OSD, for good) or few (are left for a while)")
}

// options are the flags, checked.
func (f *simFlags) options(cmd *cobra.Command, seed uint64) (sim.Options, error) {
	o := sim.Options{Seed: seed, Mons: f.mons, OSDs: f.osds, PGs: f.pgs, Seconds: f.seconds, End: scenario.End(f.end)}
	if cmd.Flags().Changed("faults") {
		o.Faults = f.faults
		if len(f.faults) == 1 && f.faults[0] == "none" {
			o.Faults = []string{}
		}
	}
	if err := o.Validate(); err != nil {
		return o, usagef(cmd, "%w", err)
	}
	return o, nil
}

// replay is the command that repeats a run.
func (f *simFlags) replay(seed uint64) string {
	b := new(strings.Builder)
	fmt.Fprintf(b, "zeph sim run --seed %d", seed)
	for _, n := range []struct {
		name  string
		value int
	}{{"mons", f.mons}, {"osds", f.osds}, {"pgs", f.pgs}, {"seconds", f.seconds}} {
		if n.value != 0 {
			fmt.Fprintf(b, " --%s %d", n.name, n.value)
		}
	}
	if f.faults != nil {
		fmt.Fprintf(b, " --faults %s", strings.Join(f.faults, ","))
	}
	if f.end != "" {
		fmt.Fprintf(b, " --end %s", f.end)
	}
	return b.String()
}

func (a *app) simRunCommand() *cobra.Command {
	var f simFlags
	var seed uint64
	var trace string
	var detail bool
	cmd := &cobra.Command{
		Use:   "run --seed N",
		Short: "Simulate one cluster and judge it",
		Args:  takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := require(cmd, "seed"); err != nil {
				return err
			}
			o, err := f.options(cmd, seed)
			if err != nil {
				return err
			}
			o.Detail = detail
			return a.simRun(o, &f, trace)
		},
	}
	f.add(cmd)
	cmd.Flags().Uint64Var(&seed, "seed", 0, "number that everything is drawn from")
	cmd.Flags().StringVar(&trace, "trace", "", "file that gets a line for every event")
	cmd.Flags().BoolVar(&detail, "detail", false, "lines of the trace go on with what messages say, behind a tab")
	return cmd
}

func (a *app) simRun(o sim.Options, f *simFlags, trace string) (err error) {
	if trace != "" {
		file, err := os.Create(trace)
		if err != nil {
			return err
		}
		w := bufio.NewWriterSize(file, 1<<20)
		o.Trace = w
		defer func() {
			if flushed := w.Flush(); err == nil {
				err = flushed
			}
			if closed := file.Close(); err == nil {
				err = closed
			}
		}()
	}
	r := simulate(o)
	r.Replay = f.replay(o.Seed)
	if err := a.print(r); err != nil {
		return err
	}
	if !r.OK {
		return silentError(exitFailed)
	}
	return nil
}

// simResult is a run, and how fast it went.
type simResult struct {
	*sim.Report
	Speed  int      `json:"virtual_seconds_per_second"`
	Panic  string   `json:"panic,omitempty"`
	Replay string   `json:"replay"`
	Last   []string `json:"last_events,omitempty"`
}

// simulate runs one, and lives through a core that panics.
func simulate(o sim.Options) (r simResult) {
	began := time.Now()
	running := sim.NewRunning(o)
	defer func() {
		if e := recover(); e != nil {
			r.Report = &sim.Report{Seed: o.Seed, Scenario: running.Scenario()}
			r.Panic = fmt.Sprintf("%v\n%s", e, debug.Stack())
			r.Last = running.Last(40)
		}
	}()
	r.Report = running.Finish()
	if wall := time.Since(began); wall > 0 {
		r.Speed = int(r.Virtual / wall)
	}
	if !r.OK {
		r.Last = r.Report.Last
	}
	return r
}

func (r simResult) text(w *bufio.Writer) {
	s := &r.Scenario
	var kinds []string
	for _, f := range s.Faults {
		kinds = append(kinds, f.Kind)
	}
	fmt.Fprintf(w, "seed        %d: %d mons, %d osds, %d pgs of size %d, min_size %d; %d s of faults, then %s\n",
		r.Seed, s.Mons, s.OSDs, s.PGs, s.Size, s.MinSize, s.Seconds, s.End)
	fmt.Fprintf(w, "faults      %d, of %s\n", r.Faults, strings.Join(kinds, " "))
	c := r.Counts
	fmt.Fprintf(w, "operations  %d done, %d refused by the object's state, %d unknown, %d failed\n", c.Done, c.Refused, c.Unknown, c.Failed)
	fmt.Fprintf(w, "available   every pg %d.%d %% of the time; longest gap %v; clean %v after the faults\n",
		r.Available/10, r.Available%10, r.Gap.Round(time.Millisecond), r.Healing.Round(time.Millisecond))
	fmt.Fprintf(w, "time        %v virtual, %d times real time, %d steps, %d epochs\n", r.Virtual.Round(time.Millisecond), r.Speed, r.Steps, r.Epochs)
	fmt.Fprintf(w, "trace_hash  %s\n", r.TraceHash)
	for _, o := range r.Undecided {
		fmt.Fprintf(w, "undecided   the history of %s is too hard to judge\n", o)
	}
	if r.OK {
		fmt.Fprintln(w, "verdict     ok")
		return
	}
	for _, line := range r.Last {
		fmt.Fprintf(w, "  %s\n", line)
	}
	for _, v := range r.Violations {
		fmt.Fprintf(w, "VIOLATION   at %v: %s: %s\n", v.At, v.What, v.Text)
	}
	if r.Panic != "" {
		fmt.Fprintf(w, "PANIC       %s\n", r.Panic)
	}
	fmt.Fprintf(w, "verdict     violated; replay: %s\n", r.Replay)
}
