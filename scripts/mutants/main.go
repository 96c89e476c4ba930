package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"time"
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
	return tryAll(ctx, ".", all, *jobs, *loud, out)
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

// tryAll tries the mutants, some at once, after it has seen that their scripts pass without them; and prints the table.
func tryAll(ctx context.Context, root string, chosen []mutant, jobs int, loud bool, out io.Writer) error {
	if err := sound(ctx, root, chosen); err != nil {
		return err
	}
	begin := time.Now()
	results := make([]chan result, len(chosen))
	for i := range results {
		results[i] = make(chan result, 1)
	}
	work := make(chan int)
	for range max(1, jobs) {
		go func() {
			for i := range work {
				results[i] <- chosen[i].try(ctx, root)
			}
		}()
	}
	go func() {
		for i := range chosen {
			work <- i
		}
		close(work)
	}()
	const columns = "%-30s %-7s %-50s %-9s %s\n"
	fmt.Fprintf(out, columns, "MUTANT", "HAZARD", "SCRIPT", "VERDICT", "TIME")
	bad := 0
	for i, m := range chosen {
		r := <-results[i]
		fmt.Fprintf(out, columns, m.name, strings.Join(m.hazards, " "), m.pkg+" "+m.script, r.verdict, r.took.Round(100*time.Millisecond))
		if r.verdict == survived || r.verdict == broken {
			bad++
		}
		if r.verdict == broken || loud {
			fmt.Fprintln(out, r.output)
		}
	}
	fmt.Fprintf(out, "%d mutants, %d not caught, %v\n", len(chosen), bad, time.Since(begin).Round(time.Second))
	if bad > 0 {
		return fmt.Errorf("%d of %d mutants were not caught", bad, len(chosen))
	}
	return ctx.Err()
}
