// hunt simulates one cluster after the other, until a judge complains. scripts/mutants builds it with planted bugs laid over the code.
//
//	hunt -scenario FILE [-seeds 1-1000] [-limit 60s]
//
// It prints a line of JSON: the seed, what the judge says, how many runs that took.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"zeph/pkg/scenario"
	"zeph/pkg/sim"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "hunt:", err)
		os.Exit(1)
	}
}

// found is what a hunt came to. Seed is that of the last run; without a judge nothing is wrong with any.
type found struct {
	Seed  uint64 `json:"seed"`
	Judge string `json:"judge,omitempty"`
	Text  string `json:"text,omitempty"`
	Runs  int    `json:"runs"`
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("hunt", flag.ContinueOnError)
	file := flags.String("scenario", "", "`file` that says what happens")
	seeds := flags.String("seeds", "1-1000", "first and last")
	limit := flags.Duration("limit", time.Minute, "begin no run after so long, of a processor")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var first, last uint64
	if _, err := fmt.Sscanf(*seeds, "%d-%d", &first, &last); err != nil {
		return fmt.Errorf("-seeds %s: %w", *seeds, err)
	}
	text, err := os.ReadFile(*file)
	if err != nil {
		return err
	}
	s, err := scenario.Parse(*file, text)
	if err != nil {
		return err
	}
	if err := (&sim.Options{Seed: first, Scenario: s}).Validate(); err != nil {
		return err
	}
	var f found
	for first+uint64(f.Runs) <= last && f.Judge == "" && (f.Runs == 0 || used() < *limit) {
		f.Seed = first + uint64(f.Runs)
		f.Runs++
		f.Judge, f.Text = judge(sim.Options{Seed: f.Seed, Scenario: s})
	}
	return json.NewEncoder(out).Encode(f)
}

// used is how long processors have worked for this process.
func used() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic("hunt: " + err.Error()) // there is no such case
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// judge is who complains of a run first, and of what. A core may panic.
func judge(o sim.Options) (who, what string) {
	defer func() {
		if e := recover(); e != nil {
			who, what = "a core panics", fmt.Sprintf("%v\n%s", e, debug.Stack())
		}
	}()
	r := sim.Run(o)
	if r.OK {
		return "", ""
	}
	line, _, _ := strings.Cut(r.Violations[0].Text, "\n")
	return r.Violations[0].What, line
}
