package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"zeph/pkg/client"
)

// app is one run of the program: its streams, and what the global flags say. Commands are
// methods that build a cobra.Command around it.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	output         format
	cluster        string        // the cluster file that --cluster names; empty: found otherwise
	timeout        time.Duration // for what is asked of a cluster

	connect func(context.Context, *app) (commander, error)      // how a cluster is reached, to be given commands
	open    func(context.Context, *app) (*client.Client, error) // and to work on objects

	tidies atomic.Bool // the command cleans up when it is interrupted: it must not be left behind

	help  helpWriter
	began bool // a command's own code runs; before that, errors are about the command line
}

func (a *app) run(ctx context.Context, args []string) int {
	root := a.rootCommand()
	root.SetArgs(append([]string{}, args...)) // not nil: cobra would take the process's
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		err = a.help.err
	}
	if err != nil && !a.began {
		err = asUsage(cmd, err)
	}
	return a.report(err)
}

// helpWriter keeps the error that cobra ignores when it prints help.
type helpWriter struct {
	io.Writer
	err error
}

func (w *helpWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if w.err == nil {
		w.err = err
	}
	return n, err
}

func (a *app) rootCommand() *cobra.Command {
	root := group("zeph", "A small Ceph over ZeroMQ, to run and to experiment with",
		a.labCommand(),
		a.statusCommand(),
		a.healthCommand(),
		a.dfCommand(),
		a.osdCommand(),
		a.poolCommand(),
		a.pgCommand(),
		a.monCommand(),
		a.heartbeatCommand(),
		a.flagCommand(),
		a.configCommand(),
		a.logCommand(),
		a.crushCommand(),
		a.placeCommand(),
		a.whatifCommand(),
		a.simCommand(),
		a.chaosCommand(),
		a.versionCommand(),
	)
	root.AddCommand(a.objectCommands()...)
	var glance bool
	root.RunE = func(cmd *cobra.Command, args []string) error {
		if glance {
			return a.showStatus(cmd, args)
		}
		return cmd.Help()
	}
	root.Flags().BoolVarP(&glance, "status", "s", false, "the same as zeph status")
	addWatch(root)
	root.Version = thisBuild().Version
	root.SetVersionTemplate("zeph {{.Version}}\n")
	root.SilenceErrors = true
	root.SilenceUsage = true
	root.SetFlagErrorFunc(flagError)
	root.SetIn(a.stdin)
	a.help.Writer = a.stdout
	root.SetOut(&a.help)
	root.SetErr(a.stderr)
	root.PersistentFlags().VarP(&a.output, "output", "o", "form of what is printed: "+strings.Join(formatNames, ", "))
	root.PersistentFlags().StringVar(&a.cluster, "cluster", "", "cluster `FILE`; default $ZEPH_CLUSTER, ./zeph.yaml, then the running lab")
	root.PersistentFlags().DurationVar(&a.timeout, "timeout", 30*time.Second, "for what is asked of a cluster")
	root.InitDefaultCompletionCmd()
	if completion, _, err := root.Find([]string{"completion"}); err == nil {
		asGroup(completion)
	}
	a.noteBegin(root)
	return root
}

// noteBegin lets every command below cmd, and itself, say when its own code begins.
func (a *app) noteBegin(cmd *cobra.Command) {
	if inner := cmd.RunE; inner != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			a.began = true
			return inner(cmd, args)
		}
	}
	for _, sub := range cmd.Commands() {
		a.noteBegin(sub)
	}
}

// group is a command that only holds others: the noun before the verbs.
func group(name, short string, verbs ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: name, Short: short}
	cmd.AddCommand(verbs...)
	asGroup(cmd)
	return cmd
}

// asGroup makes a command refuse whatever is not a verb of its own. (Cobra's groups print
// their help then, and call it success.)
func asGroup(cmd *cobra.Command) {
	cmd.Args = noVerb
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return next(usagef(cmd, "a verb is missing"), "expected one of: %s", strings.Join(verbNames(cmd), ", "))
	}
}

// noVerb refuses what is left of a command line in which no verb of the group was found.
func noVerb(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := usagef(cmd, "unknown command %q", args[0])
	if near := nearest(args[0], verbNames(cmd)); near != "" {
		return next(err, "did you mean: %s %s", cmd.CommandPath(), near)
	}
	return next(err, "expected one of: %s", strings.Join(verbNames(cmd), ", "))
}

func verbNames(cmd *cobra.Command) []string {
	var names []string
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	return names
}

// takes is the cobra.PositionalArgs of a command that wants one argument for each name.
func takes(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return usagef(cmd, "%s is missing", names[len(args)])
		case len(args) > len(names):
			return usagef(cmd, "unexpected argument %q", args[len(names)])
		}
		return nil
	}
}

// require is for flags a command cannot do without.
func require(cmd *cobra.Command, flags ...string) error {
	for _, name := range flags {
		if !cmd.Flags().Changed(name) {
			return usagef(cmd, "--%s is missing", name)
		}
	}
	return nil
}

func (a *app) warn(format string, args ...any) {
	fmt.Fprintf(a.stderr, "zeph: warning: "+format+"\n", args...)
}
