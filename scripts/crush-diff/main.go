// Crush-diff compares Zeph's mappings with those of Ceph's own tools, on random maps.
//
//	go run ./scripts/crush-diff [-seed N] [-cells N] [-time D] [-j N] [-save DIR]
//
// What is compared spans a table: bucket kind × tunables profile × feature × shape of the
// rule. Each trial makes a map for one corner of it (kind, profile, feature) with rules of
// all shapes, and the emptiest corner comes first, until every cell has -cells mappings.
// The table is printed at the end.
//
//	map ─ text ─ crushtool -c ─┬─ crushtool --test ──────────────── mappings ─┐
//	                           ├─ crushtool --dump ─ crush.ParseDump ──────── = ours
//	                           └─ osdmap, binary ─┬─ osdmaptool --test-map-pgs-dump-all
//	                                              └─ osdmaptool --dump ─ osdmap.ParseDump
//
// A mismatch ends the run: exit code 1, with the command, both answers, and the files kept.
// "-at CORNER/NUMBER" with the same seed repeats a single trial. Exit code 2 means that the
// comparison could not be made.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return
	}
	fmt.Fprintln(os.Stderr, "crush-diff:", err)
	if _, ok := errors.AsType[*failure](err); ok {
		os.Exit(1)
	}
	os.Exit(2)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	s := sweep{draws: 1_500_000, progress: stderr}
	flags := flag.NewFlagSet("crush-diff", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Uint64Var(&s.seed, "seed", 1, "what all maps follow from")
	flags.IntVar(&s.target, "cells", 50_000, "mappings to compare for each cell of the table")
	flags.DurationVar(&s.limit, "time", 0, "stop after this long, whatever is compared by then (0: no limit)")
	flags.IntVar(&s.workers, "j", 2, "trials at the same time")
	flags.StringVar(&s.save, "save", "", "keep the files of a mismatch in this directory (default: a new temporary one)")
	only := flags.String("at", "", "run just this trial, such as straw2/jewel/plain/7")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || s.target < 1 || s.workers < 1 {
		return errors.New("expected no arguments, and -cells and -j to be at least 1")
	}
	var err error
	if s.tools, err = findTools(); err != nil {
		return err
	}
	if *only != "" {
		t, err := parseTrial(*only)
		if err != nil {
			return err
		}
		return s.one(ctx, t)
	}
	start := time.Now()
	err = s.run(ctx)
	fmt.Fprintf(stdout, "seed %d, %v, %s\n\n", s.seed, time.Since(start).Round(time.Second), s.tally.summary(s.target))
	fmt.Fprint(stdout, s.tally.markdown())
	return err
}
