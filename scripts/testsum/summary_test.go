package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// stream turns "action test output" lines into the events of package p.
func stream(lines ...string) string {
	var b strings.Builder
	for _, line := range lines {
		action, rest, _ := strings.Cut(line, " ")
		name, output, _ := strings.Cut(rest, " ")
		fmt.Fprintf(&b, "{\"Action\":%q,\"Package\":\"p\",\"Test\":%q,\"Output\":%q}\n", action, name, output)
	}
	return b.String()
}

func TestSummary(t *testing.T) {
	tests := []struct {
		name   string
		events string
		counts string
		says   []string
	}{
		{
			name:   "subtests count, what holds them does not",
			events: stream("start", "run A", "run A/1", "pass A/1", "run A/2", "pass A/2", "pass A", "pass"),
			counts: "2 passed, 0 failed, 0 skipped",
			says:   []string{"pass p"},
		},
		{
			name:   "a name may contain a slash",
			events: stream("start", "run A", "run A/x/y", "run A/x/y/z", "pass A/x/y/z", "pass A/x/y", "pass A", "pass"),
			counts: "1 passed, 0 failed, 0 skipped",
		},
		{
			name: "a failure counts once",
			events: stream("start", "run A", "run A/1", "output A/1 wanted 3", "fail A/1", "run A/2", "pass A/2",
				"fail A", "fail"),
			counts: "1 passed, 1 failed, 0 skipped",
			says:   []string{"wanted 3", "fail p"},
		},
		{
			name:   "a test that fails after its subtests",
			events: stream("start", "run A", "run A/1", "pass A/1", "output A leaked", "fail A", "fail"),
			counts: "1 passed, 1 failed, 0 skipped",
			says:   []string{"leaked"},
		},
		{
			name: "a skipped test says why",
			events: stream("start", "run A", "output A     a_test.go:7: no crushtool:\n", "output A     it is in ceph-base\n",
				"output A --- SKIP: A\n", "skip A", "pass"),
			counts: "0 passed, 0 failed, 1 skipped",
			says:   []string{"skipped: p A: a_test.go:7: no crushtool: it is in ceph-base\n"},
		},
		{
			name:   "a package without tests",
			events: stream("start", "output  ? p [no test files]", "skip"),
			counts: "0 passed, 0 failed, 0 skipped",
		},
		{
			name: "a package that does not compile",
			events: `{"ImportPath":"p","Action":"build-output","Output":"p.go:1: syntax error\n"}` + "\n" +
				stream("start", "fail"),
			counts: "0 passed, 1 failed, 0 skipped",
			says:   []string{"p.go:1: syntax error\n"},
		},
		{
			name:   "a package that ends within a test",
			events: stream("start", "run A", "pass A", "run B", "output B goodbye", "fail"),
			counts: "1 passed, 1 failed, 0 skipped",
			says:   []string{"B did not end:\ngoodbye"},
		},
		{
			name:   "a line that is no event",
			events: "warning: something\n" + stream("start", "run A", "pass A", "pass"),
			counts: "1 passed, 0 failed, 0 skipped",
			says:   []string{"warning: something\n"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			s := newSummary(&out)
			if err := s.read(strings.NewReader(tt.events)); err != nil {
				t.Fatal(err)
			}
			s.print()
			if !strings.HasSuffix(out.String(), tt.counts+"\n") {
				t.Errorf("last line: want %q, output:\n%s", tt.counts, &out)
			}
			for _, want := range tt.says {
				if !strings.Contains(out.String(), want) {
					t.Errorf("lacks %q, output:\n%s", want, &out)
				}
			}
		})
	}
}

func TestFailedChecksCount(t *testing.T) {
	var out strings.Builder
	s := newSummary(&out)
	s.failedCheck("gofmt")
	s.print()
	if want := "failed check: gofmt\n0 passed, 1 failed, 0 skipped\n"; out.String() != want {
		t.Errorf("got %q, want %q", &out, want)
	}
}

func TestCalls(t *testing.T) {
	t.Parallel()
	got := calls([]string{"-race", "./a", "--", "./b"})
	if len(got) != 2 || !slices.Equal(got[0], []string{"-race", "./a"}) || !slices.Equal(got[1], []string{"./b"}) {
		t.Errorf("got %q", got)
	}
}
