package sim

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"zeph/pkg/scenario"
)

// madeUp is a run of a cluster that need not be simulated: something is wrong if a strike and two operations are in it,
// and luck is with it.
func madeUp(o Options) *Report {
	r := &Report{Scenario: scenario.Scenario{Mons: 3, OSDs: 5, PGs: 8, Seconds: 20, End: scenario.Lost}, Began: 4 * time.Second}
	r.Scenario.Workload.Objects = 6
	strikes, ops := o.Strikes, o.Ops
	if strikes == nil {
		for i := range 30 {
			strikes = append(strikes, Strike{Kind: "crash", Number: i + 1, At: time.Duration(i) * 700 * time.Millisecond})
		}
	}
	if ops == nil {
		for i := range 200 {
			ops = append(ops, Op{Client: "w0", Number: i + 1, At: time.Duration(i) * 123456789})
		}
	}
	r.Begun = ops
	needs := 0
	for i := range strikes {
		r.Strikes = append(r.Strikes, &strikes[i])
		if strikes[i].Number == 11 {
			needs++
		}
	}
	for _, op := range ops {
		if op.Number == 17 || op.Number == 90 {
			needs++
		}
	}
	r.Violations = []Violation{{What: "another matter"}}
	if needs == 3 && (len(ops) > 20 || o.Luck%2 == 1) {
		r.Violations = append([]Violation{{What: "it", At: 16 * time.Second}}, r.Violations...)
	}
	return r
}

func TestShrink(t *testing.T) {
	t.Parallel()
	for jobs := 1; jobs <= 3; jobs++ {
		try := func(all []Options) (reports []*Report) {
			for _, o := range all {
				reports = append(reports, madeUp(o))
			}
			return reports
		}
		s, err := Shrink(Options{Seed: 1}, jobs, try, func(*Shrinking) bool { return true })
		if err != nil {
			t.Fatal(err)
		}
		o := s.Best
		if got := fmt.Sprintln(s.What, o.Mons, o.OSDs, o.PGs, o.Objects, o.End, len(o.Strikes), len(o.Ops), o.Luck%2); got != "it 1 3 1 1 healed 1 2 1\n" {
			t.Errorf("%d jobs: %s", jobs, got)
		}
		if s.Events() != 3 || o.Strikes[0].Number != 11 || o.Ops[0].Number != 17 || o.Ops[0].At != 0 || o.Ops[1].At != 9*time.Second {
			t.Errorf("%d jobs: %v %v", jobs, o.Strikes, o.Ops)
		}
		if r := madeUp(o); !slices.ContainsFunc(r.Violations, func(v Violation) bool { return v.What == "it" }) {
			t.Errorf("%d jobs: nothing is wrong in the result", jobs)
		}
	}
}

// TestShrinkEnds: whoever looks on can end it, and gets what there is.
func TestShrinkEnds(t *testing.T) {
	t.Parallel()
	try := func(all []Options) []*Report { return []*Report{madeUp(all[0])} }
	s, err := Shrink(Options{}, 1, try, func(s *Shrinking) bool { return s.Runs < 8 })
	if err != nil || s.Runs != 8 || len(s.Best.Ops) == 0 {
		t.Errorf("%d runs, %v", s.Runs, err)
	}
	fine := func([]Options) []*Report { return []*Report{{OK: true}} }
	if _, err := Shrink(Options{}, 1, fine, nil); !errors.Is(err, ErrNothingWrong) {
		t.Error(err)
	}
}
