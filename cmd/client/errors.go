package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"zeph/pkg/client"
	"zeph/pkg/scenario"
	"zeph/pkg/wire"
)

const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
	exitDenied = 3 // by the caps of whoever asked
	exitNobody = 4 // no monitor leads, or nobody answered in time
)

// silentError is an exit code that needs no words: the answer has said it.
type silentError int

func (e silentError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// usageError is a command line that makes no sense. Nothing was done.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// usagef says what is wrong with a command line of cmd.
func usagef(cmd *cobra.Command, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	if verb, ok := strings.CutPrefix(cmd.CommandPath(), cmd.Root().Name()+" "); ok {
		err = fmt.Errorf("%s: %w", verb, err)
	}
	return next(usageError{err}, "see: %s --help", cmd.CommandPath())
}

// asUsage is for errors that cobra found, before cmd began.
func asUsage(cmd *cobra.Command, err error) error {
	if errors.As(err, new(usageError)) {
		return err
	}
	return usagef(cmd, "%w", err)
}

// nextError is an error that knows what to do about it.
type nextError struct {
	error
	next string
}

func (e nextError) Unwrap() error { return e.error }

// next adds what to do about err, in place of earlier advice. It is a line of its own.
func next(err error, format string, args ...any) error {
	return nextError{err, fmt.Sprintf(format, args...)}
}

// report tells the error, if any, to the person, and picks the exit code.
func (a *app) report(err error) int {
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, new(silentError)):
		var code silentError
		errors.As(err, &code)
		return int(code)
	case errors.Is(err, syscall.EPIPE), errors.Is(err, io.ErrClosedPipe):
		return exitFailed // whoever read our output has enough of it
	case errors.Is(err, context.Canceled):
		err = errors.New("interrupted")
	}
	fmt.Fprintf(a.stderr, "zeph: %v\n", err)
	if advised := (nextError{}); errors.As(err, &advised) {
		fmt.Fprintf(a.stderr, "  %s\n", advised.next)
	}
	switch {
	case errors.As(err, new(usageError)):
		return exitUsage
	case errors.Is(err, wire.NoQuorum), errors.Is(err, wire.Expired), errors.Is(err, client.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		return exitNobody
	}
	return exitFailed
}

// pathCause is the cause of a failure to open, read or write a file, without its name and
// the name of the system call.
func pathCause(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// flagError is what cobra shall make of an error that pflag found.
func flagError(cmd *cobra.Command, err error) error {
	usage := usagef(cmd, "%w", err)
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) && invalid.GetFlag().Name == "output" && cmd.Flags().Lookup("out") != nil {
		return next(usage, "to name a file say --out %s", invalid.GetValue())
	}
	if invalid != nil {
		if wanted := expectedOf[invalid.GetFlag().Value.Type()]; wanted != "" {
			return usagef(cmd, "--%s %q: expected %s", invalid.GetFlag().Name, invalid.GetValue(), wanted)
		}
	}
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) || unknown.GetSpecifiedShortnames() != "" {
		return usage
	}
	var flags []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { flags = append(flags, f.Name) })
	if near := nearest(unknown.GetSpecifiedName(), flags); near != "" {
		return next(usage, "did you mean: --%s", near)
	}
	return usage
}

// expectedOf is what a flag takes, by pflag's name of its type; pflag itself quotes the parser.
var expectedOf = map[string]string{
	"int": "a number", "int32": "a number", "uint64": "a number", "float64": "a number",
	"bool": "true or false", "duration": "a length of time, such as 300ms or 5s",
}

// nearest is the candidate that a person who typed word most likely meant, or "".
func nearest(word string, candidates []string) string { return scenario.Nearest(word, candidates) }
