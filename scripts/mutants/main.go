package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("mutants", flag.ContinueOnError)
	only := flags.String("run", "", "only those whose name, hazard or script matches this `regexp`")
	jobs := flags.Int("jobs", 2, "how many at once")
	loud := flags.Bool("v", false, "print what the scripts said")
	sim := flags.Bool("sim", false, "leave the scripts out")
	known := flags.Bool("known", false, "simulate the seeds that are known to show them, not all from 1 on")
	write := flags.Bool("write", false, "write what the simulator found into the mutants' files and docs/simulation.md")
	overlay := flags.String("overlay", "", "run nothing: print a file for go -overlay that plants the mutant of this `name`")
	if err := flags.Parse(args); err != nil {
		return err
	}
	match, err := regexp.Compile(*only)
	if err != nil {
		return err
	}
	all, err := readMutants(".")
	if err != nil {
		return err
	}
	if *overlay != "" {
		return plant(out, all, *overlay)
	}
	all = slices.DeleteFunc(all, func(m mutant) bool {
		return !match.MatchString(m.name) && !match.MatchString(strings.Join(m.hazards, " ")) && !match.MatchString(m.script)
	})
	t := trial{root: ".", jobs: *jobs, known: *known, noScript: *sim, loud: *loud, out: out}
	err = t.all(ctx, all)
	if *write {
		err = errors.Join(err, writeFound(".", all))
	}
	return err
}

// plant writes the files of a mutant to stay, for whoever wants to see it in a simulation or a process.
func plant(out io.Writer, all []mutant, name string) error {
	for _, m := range all {
		if m.name != name {
			continue
		}
		files, err := m.edited(os.DirFS("."))
		if err != nil {
			return err
		}
		dir, err := os.MkdirTemp("", "mutant-"+name+"-")
		if err != nil {
			return err
		}
		file, err := layOver(dir, ".", files)
		fmt.Fprintln(out, file)
		return err
	}
	return fmt.Errorf("no mutant is named %s", name)
}
