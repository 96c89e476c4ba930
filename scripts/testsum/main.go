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
	sum, err := run(flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "testsum:", err)
		os.Exit(1)
	}
	for _, check := range strings.Fields(*checks) {
		sum.failedCheck(check)
	}
	sum.print()
	if sum.failed > 0 {
		os.Exit(1)
	}
}

func run(args []string) (*summary, error) {
	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = os.Stderr
	events, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	sum := newSummary(os.Stdout)
	readErr := sum.read(events)
	err = cmd.Wait()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && sum.failed > 0 {
		err = nil // the failures say why
	}
	return sum, errors.Join(readErr, err)
}
