package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"zeph/pkg/chaos"
	"zeph/pkg/scenario"
)

// exitVoid is of a run that does not count.
const exitVoid = 5

func (a *app) chaosCommand() *cobra.Command {
	return group("chaos", "Break clusters of real processes, and judge what clients were told",
		a.chaosRunCommand(),
		a.chaosVerifyCommand(),
		a.chaosListCommand(),
		a.chaosTableCommand(),
		verb("clean", "Take back what a run left that was killed", takes(), func(cmd *cobra.Command, _ []string) error {
			a.tidies.Store(true)
			folders, err := chaos.Clean(cmd.Context())
			if err != nil {
				return err
			}
			return a.print(cleaned(folders))
		}),
	)
}

func (a *app) chaosRunCommand() *cobra.Command {
	p := chaos.Plan{Version: thisBuild().Version}
	cmd := &cobra.Command{
		Use:   "run SCENARIO",
		Short: "Run a scenario on a cluster of its own, and judge it",
		Long: `Run a scenario on a cluster of its own, and judge it.

The cluster is started, clients use it and write down what they are told, the scenario's steps and random faults
happen to it, everything is taken back, it heals, and all is read once more. Then judges look at it. What they looked
at stays in a folder: zeph chaos verify FOLDER judges it again.

The exit code is 0 when the run passes, 1 when something is wrong or this machine lacks a tool for it, 2 when the
scenario makes no sense or is not for that target, 5 when the run does not count: with fewer than 50 operations a second it shows nothing.`,
		Args:              takes("SCENARIO"),
		ValidArgsFunction: completeScenarios,
		RunE: func(cmd *cobra.Command, args []string) error {
			err := knownTarget(cmd, p.Target)
			if err != nil {
				return err
			}
			if p.Name, p.Text, err = a.scenarioText(args[0]); err != nil {
				return err
			}
			s, err := scenario.Parse(p.Name, p.Text)
			if err != nil {
				return usageError{err}
			}
			if steps, _ := chaos.Lacks(p.Target, s); len(steps) > 0 {
				return usagef(cmd, "scenario %s: target %s cannot do: %s", s.Name, p.Target, strings.Join(steps, ", "))
			}
			if !cmd.Flags().Changed("seed") {
				p.Seed = uint64(time.Now().UnixNano()) % 1_000_000
			}
			if p.Folder == "" {
				if p.Folder, err = runFolder(s.Name, p.Target, p.Seed); err != nil {
					return err
				}
			}
			return a.chaosRun(cmd.Context(), p)
		},
	}
	f := cmd.Flags()
	f.StringVar(&p.Target, "target", scenario.Lab, "what to break: "+strings.Join(chaos.Targets(), ", "))
	f.Uint64Var(&p.Seed, "seed", 0, "of the clients and the random faults; default another one each time")
	f.StringVar(&p.Folder, "dir", "", "`FOLDER` for the run, which must not be there yet; default one among the user's")
	f.BoolVar(&p.Keep, "keep", false, "keep the cluster's data in the folder, too")
	_ = cmd.RegisterFlagCompletionFunc("target", cobra.FixedCompletions(chaos.Targets(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func knownTarget(cmd *cobra.Command, name string) error {
	if !slices.Contains(chaos.Targets(), name) {
		return usagef(cmd, "--target %q: expected one of: %s", name, strings.Join(chaos.Targets(), ", "))
	}
	return nil
}

// runFolder is a new folder's name for a run.
func runFolder(name, target string, seed uint64) (string, error) {
	dir, err := chaos.DefaultDir()
	if err != nil {
		return "", err
	}
	stamp := time.Now().Format("20060102-150405")
	return filepath.Join(dir, fmt.Sprintf("%s-%s-%s-%d", stamp, name, target, seed)), nil
}

func (a *app) chaosRun(ctx context.Context, p chaos.Plan) error {
	a.tidies.Store(true)
	p.Talk = func(format string, args ...any) { fmt.Fprintf(a.stderr, format+"\n", args...) }
	report, err := chaos.Run(ctx, p)
	if errors.Is(err, chaos.ErrInterrupted) {
		return next(err, "everything was taken back; what there is of the run: %s", p.Folder)
	}
	if err != nil {
		return err
	}
	return a.judged(report, p.Folder)
}

func (a *app) chaosVerifyCommand() *cobra.Command {
	cmd := verb("verify FOLDER", "Judge a run again, from what its folder holds", takes("FOLDER"), func(_ *cobra.Command, args []string) error {
		report, err := chaos.Verify(args[0])
		if err != nil {
			return err
		}
		return a.judged(report, args[0])
	})
	cmd.ValidArgsFunction = func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
	return cmd
}

// judged prints a report; the exit code is the verdict.
func (a *app) judged(report *chaos.Report, folder string) error {
	if err := a.print(chaosReport{report, folder}); err != nil {
		return err
	}
	switch report.Verdict.Result {
	case chaos.Pass:
		return nil
	case chaos.Void:
		return silentError(exitVoid)
	}
	return silentError(exitFailed)
}

type chaosReport struct {
	*chaos.Report
	folder string
}

func (r chaosReport) text(w *bufio.Writer) {
	w.WriteString(r.Text())
	fmt.Fprintf(w, "all of it: %s   as a picture: %s\n", r.folder, filepath.Join(r.folder, "history.html"))
}

func (a *app) chaosListCommand() *cobra.Command {
	target := scenario.Lab
	cmd := verb("ls", "List the scenarios that a target can run", takes(), func(cmd *cobra.Command, _ []string) error {
		if err := knownTarget(cmd, target); err != nil {
			return err
		}
		list := runnable{Target: target, Scenarios: []runnableOne{}}
		for _, name := range scenario.Shipped() {
			text, err := scenario.Text(name)
			if err != nil {
				return err
			}
			s, err := scenario.Parse(name+".yaml", text)
			if err != nil {
				return err
			}
			steps, faults := chaos.Lacks(target, s)
			list.Scenarios = append(list.Scenarios, runnableOne{Name: name, About: s.About, Lacks: steps, Without: faults})
		}
		return a.print(list)
	})
	cmd.Flags().StringVar(&target, "target", target, "what to break: "+strings.Join(chaos.Targets(), ", "))
	_ = cmd.RegisterFlagCompletionFunc("target", cobra.FixedCompletions(chaos.Targets(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// runnable are scenarios, and what a target lacks for them.
type runnable struct {
	Target    string        `json:"target"`
	Scenarios []runnableOne `json:"scenarios"`
}

type runnableOne struct {
	Name    string   `json:"name"`
	About   string   `json:"about"`
	Lacks   []string `json:"lacks,omitempty"`   // steps that cannot be taken: the scenario is refused
	Without []string `json:"without,omitempty"` // random faults that are left out
}

func (l runnable) text(w *bufio.Writer) {
	t := columns("SCENARIO<", "ABOUT<")
	var lacking []string
	for _, s := range l.Scenarios {
		switch {
		case len(s.Lacks) > 0:
			lacking = append(lacking, s.Name+" ("+strings.Join(s.Lacks, ", ")+")")
		case len(s.Without) > 0:
			t.row(s.Name, s.About+" (without: "+strings.Join(s.Without, ", ")+")")
		default:
			t.row(s.Name, s.About)
		}
	}
	t.write(w)
	if len(lacking) > 0 {
		fmt.Fprintf(w, "\n%s cannot do: %s\n", l.Target, strings.Join(lacking, ", "))
	}
}

func (a *app) chaosTableCommand() *cobra.Command {
	cmd := verb("table [FOLDER …]", "Sum runs up, a line for each scenario", cobra.ArbitraryArgs, func(_ *cobra.Command, folders []string) error {
		if len(folders) == 0 {
			dir, err := chaos.DefaultDir()
			if err != nil {
				return err
			}
			if folders, err = filepath.Glob(filepath.Join(dir, "*")); err != nil {
				return err
			}
		}
		var reports []*chaos.Report
		for _, folder := range folders {
			report, err := chaos.ReadReport(folder)
			switch {
			case errors.Is(err, os.ErrNotExist):
				a.warn("%s: no run that came to its end", folder)
			case err != nil:
				return err
			default:
				reports = append(reports, report)
			}
		}
		return a.print(chaosTable(chaos.Table(reports)))
	})
	cmd.Long = "Sum runs up, a line for each scenario: detect and serve are medians over faults, heal over runs. Without a folder, all runs among the user's."
	return cmd
}

type chaosTable []chaos.Row

func (rows chaosTable) text(w *bufio.Writer) {
	t := columns("SCENARIO<", "RUNS", "PASS", "FAIL", "LATE", "VOID", "OPERATIONS", "DETECT", "SERVE", "HEAL")
	length := func(d time.Duration) string {
		if d < 0 {
			return "-"
		}
		return fmt.Sprintf("%.2f s", d.Seconds())
	}
	for _, r := range rows {
		t.row(r.Scenario, fmt.Sprint(r.Runs), fmt.Sprint(r.Passed), fmt.Sprint(r.Failed), fmt.Sprint(r.Late), fmt.Sprint(r.Void), fmt.Sprint(r.Operations),
			length(r.Detect), length(r.Serve), length(r.Heal))
	}
	t.write(w)
}

// cleaned are folders of runs whose clusters were taken down.
type cleaned []string

func (c cleaned) text(w *bufio.Writer) {
	if len(c) == 0 {
		fmt.Fprintln(w, "nothing was left behind")
	}
	for _, folder := range c {
		fmt.Fprintf(w, "taken down: the cluster of %s; its history and logs stay\n", folder)
	}
}
