package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// commander gives commands to a cluster. The answer is JSON (there may be none), and a text
// for people (there may be none).
type commander interface {
	MonCommand(ctx context.Context, name string, args map[string]string) ([]byte, string, error)    // to any monitor
	PGCommand(ctx context.Context, pg, name string, args map[string]string) ([]byte, string, error) // to the PG's primary
	Close() error
}

// dial reaches the cluster that the flags, the environment or a running lab name.
func (a *app) dial(ctx context.Context) (commander, error) {
	return a.connect(ctx, a)
}

// arguments are those of a command; an empty one was not given.
type arguments map[string]string

func (args arguments) given() map[string]string {
	given := make(map[string]string, len(args))
	for name, value := range args {
		if value != "" {
			given[name] = value
		}
	}
	return given
}

func (args arguments) with(name, value string) arguments {
	args[name] = value
	return args
}

// word is a flag as an argument.
func word(set bool) string {
	if set {
		return "true"
	}
	return ""
}

// answer is what a cluster said to a command: for programs as it came, for people as show has it.
type answer struct {
	raw  json.RawMessage
	show func(w *bufio.Writer)
}

func (a answer) MarshalJSON() ([]byte, error) { return a.raw, nil }
func (a answer) text(w *bufio.Writer)         { a.show(w) }

// shown is an answer that is read into value, and how to show it. An answer that is not what we
// expect comes of a cluster of another version.
func shown[T any](raw []byte, show func(w *bufio.Writer, value *T), value *T) (result, error) {
	if err := unmarshalAnswer(raw, value); err != nil {
		return nil, err
	}
	return answer{raw, func(w *bufio.Writer) { show(w, value) }}, nil
}

func unmarshalAnswer(raw []byte, value any) error {
	if err := json.Unmarshal(raw, value); err != nil {
		return fmt.Errorf("the cluster answered something that this program does not know: %w", err)
	}
	return nil
}

// asks is the body of a command that looks: it asks the monitors and shows the answer, and does so
// again and again with --watch.
func asks[T any](a *app, name string, args func(given []string) (arguments, error), show func(w *bufio.Writer, value *T)) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, given []string) error {
		var asked arguments
		if args != nil {
			var err error
			if asked, err = args(given); err != nil {
				return usagef(cmd, "%w", err)
			}
		}
		return a.look(cmd, func(ctx context.Context, c commander) (result, error) {
			raw, _, err := c.MonCommand(ctx, name, asked.given())
			if err != nil {
				return nil, err
			}
			return shown(raw, show, new(T))
		})
	}
}

// does is the body of a command that changes something: what was done goes to stderr, for it is
// talk; an answer goes to stdout.
func (a *app) does(cmd *cobra.Command, name string, args arguments) error {
	return a.withCluster(cmd, func(ctx context.Context, c commander) error {
		raw, text, err := c.MonCommand(ctx, name, args.given())
		if err != nil {
			return err
		}
		return a.done(raw, text)
	})
}

// done tells what was done.
func (a *app) done(raw []byte, text string) error {
	if a.output != formatTable {
		if len(raw) == 0 {
			raw, _ = json.Marshal(map[string]string{"done": text})
		}
		return a.print(answer{raw: raw})
	}
	if text != "" {
		fmt.Fprintln(a.stderr, text)
	}
	return nil
}

// patience bounds what is asked of a cluster. The client, who knows what it waits for, gives up first.
func (a *app) patience(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, a.timeout+time.Second)
}

// withCluster connects, works, and disconnects.
func (a *app) withCluster(cmd *cobra.Command, work func(context.Context, commander) error) error {
	ctx, cancel := a.patience(cmd.Context())
	defer cancel()
	c, err := a.dial(ctx)
	if err != nil {
		return err
	}
	return errors.Join(work(ctx, c), c.Close())
}

// refuseWithout refuses what does harm without --yes. It says what harm.
func (a *app) refuseWithout(cmd *cobra.Command, yes bool, harm string, words ...any) error {
	if yes {
		return nil
	}
	err := fmt.Errorf("%s: refused: %s", strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" "), fmt.Sprintf(harm, words...))
	return next(err, "if that is what you want, add --yes")
}

// addYes is for commands that do harm.
func addYes(cmd *cobra.Command, yes *bool) *cobra.Command {
	cmd.Flags().BoolVar(yes, "yes", false, "do it, harm or not")
	return cmd
}

// verb is a command without flags of its own.
func verb(use, short string, args cobra.PositionalArgs, run func(*cobra.Command, []string) error) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: args, RunE: run}
}

// several is the cobra.PositionalArgs of a command that wants one argument or more.
func several(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usagef(cmd, "%s is missing", name)
		}
		return nil
	}
}

// upTo is for commands whose last arguments may be left out.
func upTo(least int, names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least {
			return usagef(cmd, "%s is missing", names[len(args)])
		}
		if len(args) > len(names) {
			return usagef(cmd, "unexpected argument %q", args[len(names)])
		}
		return nil
	}
}
