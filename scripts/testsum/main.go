// Testsum runs the tests and counts them. It hands its arguments to "go test -json", prints a
// line for each package and the output of what failed, lists what was skipped with the
// reason, and ends with one line:
//
//	412 passed, 0 failed, 3 skipped
//
// What counts is what has no subtests of its own. A package that fails without a failed
// test (it does not compile, it crashes, it runs out of time) counts as one failure, and so
// does each check named with -failed, so the exit code is 0 just if that number is.
//
//	go run ./scripts/testsum -failed "gofmt vet" -- -race ./...
//
// Several calls of go test, with "--" between their arguments, are counted together:
//
//	go run ./scripts/testsum -- -race ./pkg/osd -- ./pkg/sim
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

func main() {
	checks := flag.String("failed", "", "names of the checks that failed before")
	flag.Parse()
	sum := newSummary(os.Stdout)
	for _, args := range calls(flag.Args()) {
		if err := sum.run(args); err != nil {
			fmt.Fprintln(os.Stderr, "testsum:", err)
			os.Exit(1)
		}
	}
	for _, check := range strings.Fields(*checks) {
		sum.failedCheck(check)
	}
	sum.print()
	if sum.failed > 0 {
		os.Exit(1)
	}
}

// calls splits arguments at each "--".
func calls(args []string) [][]string {
	all := [][]string{nil}
	for _, arg := range args {
		if arg == "--" {
			all = append(all, nil)
			continue
		}
		all[len(all)-1] = append(all[len(all)-1], arg)
	}
	return all
}

// run runs go test with the arguments, and counts.
func (s *summary) run(args []string) error {
	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = os.Stderr
	events, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	before := s.failed
	readErr := s.read(events)
	err = cmd.Wait()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && s.failed > before {
		err = nil // the failures say why
	}
	return errors.Join(readErr, err)
}
