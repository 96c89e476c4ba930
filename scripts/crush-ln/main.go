// Crush-ln holds the logarithm that straw2 buckets draw with against Ceph's own, as its
// crushtool shows it from outside.
//
//	go run ./scripts/crush-ln [-quick]
//
// CRUSH places by a logarithm of 16-bit numbers u that comes from two tables (see
// pkg/crush/ln_table.go). crushtool does not show it, but it decides duels: in a bucket of
// two items the one with the lesser quotient ⌊−ln u / weight⌋ wins, of equals the first. So
// for every u the tool looks for two duels that turn when −ln u changes by as little as
// possible: one when it grows, one when it shrinks. If crushtool decides all of them as our
// mapper does, no value differs by as much as the duels are sharp.
//
// Exit code 1 means a duel went the other way, 2 that the tool could not do its work.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
)

// errDisagree: crushtool decided a duel otherwise than the mapper.
var errDisagree = errors.New("crushtool disagrees")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return
	case errors.Is(err, errDisagree):
		fmt.Fprintln(os.Stderr, "crush-ln:", err)
		os.Exit(1)
	default:
		fmt.Fprintln(os.Stderr, "crush-ln:", err)
		os.Exit(2)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("crush-ln", flag.ContinueOnError)
	flags.SetOutput(stderr)
	quick := flags.Bool("quick", false, "check every 29th number only")
	if err := flags.Parse(args); err != nil {
		return err
	}
	tool, err := exec.LookPath("crushtool")
	if err != nil {
		return fmt.Errorf("%w: it comes with the Debian package ceph-base", err)
	}
	lns, err := readLogs()
	if err != nil {
		return err
	}
	step := 1
	if *quick {
		step = 29
	}
	duels, err := lns.findDuels(step)
	if err != nil {
		return err
	}
	a := arena{tool: tool, logs: lns}
	if a.dir, err = os.MkdirTemp("", "crush-ln-"); err != nil {
		return err
	}
	defer os.RemoveAll(a.dir)
	lost, err := a.fight(ctx, duels, stderr)
	if err != nil {
		return err
	}
	report(stdout, duels, lost)
	if len(lost) > 0 {
		return fmt.Errorf("%w in %d of %d duels", errDisagree, len(lost), len(duels))
	}
	return nil
}
