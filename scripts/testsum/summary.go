package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// event is a line of "go test -json"; see "go doc test2json".
type event struct {
	Action  string
	Package string
	Test    string // empty: the package as a whole
	Output  string
	Elapsed float64 // seconds
}

// summary counts the tests of a stream of events.
type summary struct {
	out                     io.Writer
	running                 map[string]map[string]*test // by package and name; "" is the package itself
	passed, failed, skipped int
	notes                   []string // of what was skipped and which checks failed
}

// test is one that has begun and not ended.
type test struct {
	parent    *test // nil above a package
	output    strings.Builder
	hasTests  bool
	hasFailed bool // one of those
}

func newSummary(out io.Writer) *summary {
	return &summary{out: out, running: make(map[string]map[string]*test)}
}

// read takes events until the stream ends.
func (s *summary) read(events io.Reader) error {
	lines := bufio.NewReader(events)
	for {
		line, err := lines.ReadBytes('\n')
		var e event
		if json.Unmarshal(line, &e) == nil {
			s.take(e)
		} else {
			s.out.Write(line)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read test events: %w", err)
		}
	}
}

func (s *summary) take(e event) {
	switch e.Action {
	case "build-output":
		fmt.Fprint(s.out, e.Output)
	case "start", "run":
		s.begin(e)
	case "output":
		if t := s.running[e.Package][e.Test]; t != nil && !strings.HasPrefix(e.Output, "=== ") {
			t.output.WriteString(e.Output)
		}
	case "pass", "fail", "skip":
		if t := s.running[e.Package][e.Test]; t != nil {
			s.end(e, t)
			delete(s.running[e.Package], e.Test)
		}
	}
}

func (s *summary) begin(e event) {
	if s.running[e.Package] == nil {
		s.running[e.Package] = map[string]*test{"": {}}
	}
	if e.Test != "" {
		t := &test{parent: s.parent(e)}
		t.parent.hasTests = true
		s.running[e.Package][e.Test] = t
	}
}

// parent finds what a test runs in. As a name may contain slashes of its own, that is the
// one with the longest name that fits.
func (s *summary) parent(e event) *test {
	tests := s.running[e.Package]
	for name := e.Test; ; {
		name = name[:max(0, strings.LastIndexByte(name, '/'))]
		if t := tests[name]; t != nil {
			return t
		}
	}
}

func (s *summary) end(e event, t *test) {
	if e.Action == "fail" {
		s.fail(e, t)
	} else if e.Test != "" && !t.hasTests {
		s.settle(e, t)
	}
	if e.Test == "" && e.Action != "skip" { // skipped packages have no tests
		fmt.Fprintf(s.out, "%-4s %s %.1fs\n", e.Action, e.Package, e.Elapsed)
	}
}

// settle counts a test that did not fail.
func (s *summary) settle(e event, t *test) {
	if e.Action == "pass" {
		s.passed++
		return
	}
	s.skipped++
	reason, _, _ := strings.Cut(t.output.String(), "--- SKIP")
	reason = strings.Join(strings.Fields(reason), " ")
	s.notes = append(s.notes, fmt.Sprintf("skipped: %s %s: %s", e.Package, e.Test, reason))
}

// fail counts a failure where it is new, not one of a test inside, and shows the output. A
// package that fails may have tests that never ended: theirs tells where it stopped.
func (s *summary) fail(e event, t *test) {
	if !t.hasFailed {
		s.failed++
	}
	if t.parent != nil {
		t.parent.hasFailed = true
	}
	fmt.Fprint(s.out, t.output.String())
	if e.Test != "" {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(s.running[e.Package])) {
		if name != "" {
			fmt.Fprintf(s.out, "%s did not end:\n%s", name, s.running[e.Package][name].output.String())
		}
	}
}

// failedCheck counts something other than a test that failed.
func (s *summary) failedCheck(name string) {
	s.failed++
	s.notes = append(s.notes, "failed check: "+name)
}

func (s *summary) print() {
	for _, note := range s.notes {
		fmt.Fprintln(s.out, note)
	}
	fmt.Fprintf(s.out, "%d passed, %d failed, %d skipped\n", s.passed, s.failed, s.skipped)
}
