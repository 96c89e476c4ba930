package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// usageError is a command line, or a setting, that makes no sense. Nothing was done.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// Usage marks an error as one of the command line.
func Usage(err error) error {
	if err == nil {
		return nil
	}
	return usageError{err}
}

// Main runs a program for the process that we are, and returns its exit code.
func Main(root *cobra.Command) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends us the hard way
	return execute(ctx, root, os.Args[1:], os.Stdout, os.Stderr)
}

func execute(ctx context.Context, root *cobra.Command, args []string, stdout, stderr io.Writer) int {
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SilenceErrors, root.SilenceUsage = true, true
	root.Version = Software(root.Name())
	root.SetVersionTemplate("{{.Version}}\n")
	root.Args = cobra.ArbitraryArgs // so that OneOf sees a command that is none
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return Usage(err) })
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		return Usage(settle(cmd.Flags(), os.LookupEnv))
	}
	err := within(ctx, patience, func() error { return root.ExecuteContext(ctx) })
	if err == nil {
		return 0
	}
	fmt.Fprintf(stderr, "%s: %v\n", root.Name(), err)
	if errors.As(err, new(usageError)) {
		fmt.Fprintf(stderr, "  see: %s --help\n", root.Name())
		return 2
	}
	return 1
}

// patience is how long a daemon may take to end after it was told to.
const patience = 5 * time.Second

// within waits for f, but not for ever once ctx has ended: a disk that hangs may hold it up.
func within(ctx context.Context, patience time.Duration, f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-done:
		return err
	case <-time.After(patience):
		return fmt.Errorf("did not end in %v: does a disk hang?", patience)
	}
}

// NoArgs refuses words that are no flags.
func NoArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return Usage(fmt.Errorf("%s: %q: expected flags only", cmd.CommandPath(), args[0]))
	}
	return nil
}

// OneOf is for a program without a command: it says which there are.
func OneOf(cmd *cobra.Command, args []string) error {
	var names []string
	for _, c := range cmd.Commands() {
		if !c.Hidden && c.Name() != "help" {
			names = append(names, c.Name())
		}
	}
	if len(args) > 0 {
		return Usage(fmt.Errorf("unknown command %q: expected one of %v", args[0], names))
	}
	return Usage(fmt.Errorf("no command: expected one of %v", names))
}

// Software names a program and its version, as peers are told.
func Software(program string) string {
	version := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		version = info.Main.Version
	}
	return fmt.Sprintf("%s %s, %s, %s/%s", program, version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
