// Messenger measures ways to carry messages between two processes, side by side: bare TCP,
// zmq4's own sockets, gRPC, libzmq and Zeph's messenger. See the README one folder up.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == childArg {
		exit(child(os.Args[2:], os.Stdin, os.Stdout))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	exit(err)
}

func exit(err error) {
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		os.Exit(0)
	case errors.Is(err, context.Canceled):
		err = errors.New("interrupted")
	}
	fmt.Fprintln(os.Stderr, "messenger:", err)
	os.Exit(1)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parseOptions(args, stderr)
	if err != nil {
		return err
	}
	var r *report
	var failed error // readings that failed do not keep the others from being shown
	if o.from != "" {
		r, err = readReport(o.from)
	} else {
		r, failed, err = take(ctx, o, args, stderr)
	}
	if err != nil {
		return err
	}
	if o.svg != "" {
		if err := writePlot(o.svg, r); err != nil {
			return err
		}
	}
	return errors.Join(show(stdout, r, o.format), failed)
}

// take measures what the options ask for. The first error is of readings that failed, the second
// of the run as a whole.
func take(ctx context.Context, o options, args []string, progress io.Writer) (*report, error, error) {
	defer removeLibzmq()
	if o.profile != "" {
		os.Setenv(profileEnv, o.profile) // for the ends
	}
	vs := available(ctx, o.variants, progress)
	r := newReport(o, args, vs)
	loads := o.loads()
	all, failed := measureAll(ctx, vs, loads, o.rounds, progress)
	if ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	r.Results = summarize(all, loads, vs)
	if slices.Contains(vs, zeph) {
		failed = errors.Join(failed, r.takeZeph(ctx, o, progress))
	}
	return r, failed, ctx.Err()
}

// takeZeph measures the parts that are about Zeph alone.
func (r *report) takeZeph(ctx context.Context, o options, progress io.Writer) error {
	var failed error
	part := func(name string, measure func() error) {
		if !slices.Contains(o.parts, name) || ctx.Err() != nil {
			return
		}
		fmt.Fprintln(progress, name)
		if err := measure(); err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", name, err))
		}
	}
	part("inproc", func() (err error) { r.Inproc, err = measureInproc(ctx, o); return })
	part("heartbeat", func() (err error) { r.Heartbeat, err = measureHeartbeat(ctx, 100*o.rounds); return })
	part("recovery", func() (err error) { r.Recovery, err = measureRecovery(ctx, 10*o.rounds, 2*o.rounds); return })
	return failed
}

// show writes the report in a format.
func show(w io.Writer, r *report, format string) error {
	if format == "json" {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(r)
	}
	if format == "markdown" {
		fmt.Fprintf(w, "`%s`: %s. %s.\n\n", r.Command, r.Method, r.Machine)
	} else {
		fmt.Fprintf(w, "%s\n%s\n", r.Machine, r.Method)
	}
	for _, v := range r.Variants {
		if format == "markdown" {
			fmt.Fprintf(w, "- `%s`: %s\n", v.Name, v.About)
		} else {
			fmt.Fprintf(w, "  %-7s %s\n", v.Name, v.About)
		}
	}
	for _, g := range r.grids() {
		fmt.Fprintln(w)
		if format == "markdown" {
			g.markdown(w)
		} else {
			g.text(w)
		}
	}
	return nil
}
