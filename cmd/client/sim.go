package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"zeph/pkg/scenario"
	"zeph/pkg/sim"
)

// simFlags say which run is wanted; what is not given is as the scenario says, or drawn by seed.
type simFlags struct {
	scenario                 string
	mons, osds, pgs, seconds int
	faults                   []string
	end                      string
	plan                     simPlan
}

func (a *app) simCommand() *cobra.Command {
	return group("sim", "Simulate whole clusters in virtual time, with faults, and judge what clients were told",
		a.simRunCommand(),
		a.simSearchCommand(),
		a.simShrinkCommand(),
		a.simScenariosCommand(),
	)
}

func (f *simFlags) add(cmd *cobra.Command) {
	var kinds strings.Builder
	for _, k := range scenario.Kinds {
		fmt.Fprintf(&kinds, "\n  %-8s %s", k.Name, k.Doc)
	}
	cmd.Long = cmd.Short + ".\n\nThe same seed and flags give the same run on every machine. Without a scenario, what is not given is drawn by seed.\n\nFaults:" + kinds.String()
	cmd.Flags().StringVar(&f.scenario, "scenario", "", "`FILE|NAME` that says what happens; zeph sim scenarios lists names")
	cmd.Flags().IntVar(&f.mons, "mons", 0, "monitors")
	cmd.Flags().IntVar(&f.osds, "osds", 0, "OSDs, each on a host of its own")
	cmd.Flags().IntVar(&f.pgs, "pgs", 0, "placement groups of the pool")
	cmd.Flags().IntVar(&f.seconds, "seconds", 0, "virtual seconds in which faults strike")
	cmd.Flags().StringSliceVar(&f.faults, "faults", nil, "kinds of faults that strike at random, or none")
	cmd.Flags().StringVar(&f.end, "end", "", "how it ends: healed, lost (an OSD, for good) or few (are left for a while)")
	f.plan.add(cmd.Flags())
	words := func(of []string) func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return of, cobra.ShellCompDirectiveNoFileComp
		}
	}
	ends := []string{}
	for _, e := range scenario.Ends {
		ends = append(ends, string(e))
	}
	_ = cmd.RegisterFlagCompletionFunc("scenario", completeScenarios) // it fails for a flag that is not there
	_ = cmd.RegisterFlagCompletionFunc("faults", words(scenario.KindNames()))
	_ = cmd.RegisterFlagCompletionFunc("end", words(ends))
}

// options are the flags, checked.
func (a *app) simOptions(f *simFlags, cmd *cobra.Command, seed uint64) (sim.Options, error) {
	o := sim.Options{Seed: seed, Mons: f.mons, OSDs: f.osds, PGs: f.pgs, Seconds: f.seconds, End: scenario.End(f.end)}
	if f.scenario != "" {
		var err error
		if o.Scenario, err = a.readScenario(f.scenario); err != nil {
			return o, usageError{err}
		}
	}
	if cmd.Flags().Changed("faults") {
		o.Faults = f.faults
		if len(f.faults) == 1 && f.faults[0] == "none" {
			o.Faults = []string{}
		}
	}
	if err := f.plan.apply(&o); err != nil {
		return o, usagef(cmd, "%w", err)
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
	if f.scenario != "" {
		fmt.Fprintf(b, " --scenario %s", f.scenario)
	}
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
	f.plan.replay(b)
	return b.String()
}

func (a *app) simRunCommand() *cobra.Command {
	var f simFlags
	var seed uint64
	var trace simTrace
	var story bool
	cmd := &cobra.Command{
		Use:   "run --seed N",
		Short: "Simulate one cluster and judge it",
		Args:  takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := require(cmd, "seed"); err != nil {
				return err
			}
			o, err := a.simOptions(&f, cmd, seed)
			if err != nil {
				return err
			}
			if err := trace.check(); err != nil {
				return usagef(cmd, "%w", err)
			}
			if !cmd.Flags().Changed("story") {
				story = o.Scenario != nil
			}
			return a.simRun(o, &f, &trace, story)
		},
	}
	f.add(cmd)
	cmd.Flags().Uint64Var(&seed, "seed", 0, "number that everything is drawn from")
	trace.add(cmd)
	cmd.Flags().BoolVar(&story, "story", false, "tell what happened, line by line; default for scenarios")
	return cmd
}

func (a *app) simRun(o sim.Options, f *simFlags, trace *simTrace, story bool) error {
	end, err := trace.begin(&o)
	if err != nil {
		return err
	}
	r := simulate(o)
	if err := end(); err != nil {
		return err
	}
	r.Replay, r.tell = f.replay(o.Seed), story
	if !r.OK && r.Panic == "" {
		r.Last = sim.Around(o, &r.Violations[0], lastShown)
	}
	if err := a.print(r); err != nil {
		return err
	}
	if !r.OK {
		return silentError(exitFailed)
	}
	return nil
}

// lastShown is how many events before a violation are shown.
const lastShown = 40

// simResult is a run, and how fast it went.
type simResult struct {
	*sim.Report
	Speed  int      `json:"virtual_seconds_per_second"`
	Panic  string   `json:"panic,omitempty"`
	Source string   `json:"source"`
	Replay string   `json:"replay"`
	Last   []string `json:"last_events,omitempty"`
	tell   bool     // the story, too
}

// simulate runs one, and lives through a core that panics.
func simulate(o sim.Options) (r simResult) {
	began := time.Now()
	r.Source = source()
	running := sim.NewRunning(o)
	if running.Scenario().OSDs < 100 && os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400) // a small cluster is a few megabytes, and makes much garbage
	}
	defer func() {
		if e := recover(); e != nil {
			r.Report = &sim.Report{Seed: o.Seed, Scenario: running.Scenario()}
			r.Panic = fmt.Sprintf("%v\n%s", e, debug.Stack())
			r.Last = running.Last(lastShown)
		}
	}()
	r.Report = running.Finish()
	if wall := time.Since(began); wall > 0 {
		r.Speed = int(r.Virtual / wall)
	}
	return r
}

// source says which sources this program was built from.
func source() string {
	revision, modified := "", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				revision = s.Value
			case s.Key == "vcs.modified" && s.Value == "true":
				modified = ", modified"
			}
		}
	}
	if revision == "" {
		return "unknown: it was not built in a checkout"
	}
	return revision + modified
}
