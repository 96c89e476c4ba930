package chaos

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"zeph/pkg/history"
	"zeph/pkg/scenario"
)

// Result is what a run comes to.
type Result string

// The results.
const (
	Pass Result = "pass"
	Fail Result = "fail"
	Void Result = "does not count" // too little was done, or could be judged
)

// judgeExpected is the judge of what a scenario expects: mostly times, for which the machine must be fast enough.
const judgeExpected = "expected"

// Late reports whether nothing is wrong but that something expected was not so.
func (v *Verdict) Late() bool {
	return v.Result == Fail && !slices.ContainsFunc(v.Problems, func(p Problem) bool { return p.Judge != judgeExpected })
}

// patience is how long one object's history may be judged.
const patience = 20 * time.Second

// Verdict is what the judges say of a run.
type Verdict struct {
	Result   Result    `json:"result"`
	Problems []Problem `json:"problems"` // why it failed
	Void     []string  `json:"void"`     // why it does not count

	Operations int     `json:"operations"` // that ended while faults were on
	Rate       float64 `json:"operations_per_second"`
	Acked      int     `json:"acknowledged_writes"`
	Unknown    int     `json:"unknown"`
	Nothing    int     `json:"failed"` // and changed nothing
	Objects    int     `json:"objects"`

	Availability float64       `json:"availability"`   // share of the time of the faults in which no operation waited for more than a second
	Gap          time.Duration `json:"longest_gap_ns"` // in which some did
	Active       float64       `json:"active"`         // share of that time in which every PG was active, by what the monitors know
	InactiveGap  time.Duration `json:"inactive_gap_ns"`
	Heal         time.Duration `json:"heal_ns"` // from everything taken back to every PG active+clean; -1: never

	Faults []Felt      `json:"faults"`
	Downs  []FalseDown `json:"false_downs"` // OSDs marked down that nothing had been done to
}

// Problem is something that is wrong.
type Problem struct {
	Judge string `json:"judge"` // linearizable, lost, returned, read back, copies, expected, steps, failure reports
	Text  string `json:"text"`
}

// Felt is how a fault was felt. Times are from the fault on; -1: never, or it was taken back before.
type Felt struct {
	What   string        `json:"what"`
	At     time.Duration `json:"at_ns"`
	Detect time.Duration `json:"detect_ns"` // marked down in the map; of a monitor that led: another one leads
	Serve  time.Duration `json:"serve_ns"`  // the last operation that it held up was answered, of those begun before it was taken back
	Heal   time.Duration `json:"heal_ns"`   // from its end to every PG active+clean
}

// FalseDown is an OSD that was marked down for no reason of ours.
type FalseDown struct {
	OSD int           `json:"osd"`
	At  time.Duration `json:"at_ns"`
}

func (v *Verdict) problem(judge, format string, args ...any) {
	v.Problems = append(v.Problems, Problem{judge, fmt.Sprintf(format, args...)})
}

// Judge looks at the record of a run.
func Judge(r *Record) *Verdict {
	v := &Verdict{Problems: []Problem{}, Void: []string{}, Faults: []Felt{}, Downs: []FalseDown{}}
	v.count(r)
	v.linearizable(r)
	v.readBack(r)
	for _, text := range r.Facts.Unequal {
		v.problem("copies", "%s", text)
	}
	if want := groups(r.Scenario); r.Facts.Scrubbed < want && r.Facts.Clean > 0 {
		v.problem("copies", "%d of %d PGs were compared", r.Facts.Scrubbed, want)
	}
	for _, text := range r.Facts.Broken {
		v.problem("steps", "%s", text)
	}
	v.times(r)
	v.claims(r)
	v.falseDowns(r)
	switch {
	case len(v.Problems) > 0:
		v.Result = Fail
	case len(v.Void) > 0:
		v.Result = Void
	default:
		v.Result = Pass
	}
	return v
}

func groups(s *scenario.Scenario) int {
	n := 0
	for _, p := range s.AllPools() {
		n += p.PGs
	}
	return n
}

// count says how much was done.
func (v *Verdict) count(r *Record) {
	objects := map[string]bool{}
	for i := range r.Ops {
		op := &r.Ops[i]
		objects[op.Object] = true
		if op.End <= r.Facts.Struck {
			v.Operations++
		}
		switch {
		case op.Outcome == "unknown":
			v.Unknown++
		case op.Outcome == outcomeNothing:
			v.Nothing++
		case op.Outcome == "done" && op.Kind != "read":
			v.Acked++
		}
	}
	v.Objects = len(objects)
	if r.Facts.Struck > 0 {
		v.Rate = float64(v.Operations) / r.Facts.Struck.Seconds()
	}
	if v.Rate < LeastRate {
		v.Void = append(v.Void, fmt.Sprintf("%.0f operations a second: with less than %d a run shows nothing", v.Rate, LeastRate))
	}
}

// linearizable has porcupine look for an order of each object's operations.
func (v *Verdict) linearizable(r *Record) {
	found := history.Check(r.operations(), patience)
	for i := range found.Violations {
		v.problem("linearizable", "%v", &found.Violations[i])
	}
	for _, object := range found.Undecided {
		v.Void = append(v.Void, fmt.Sprintf("object %s: its history was too hard to judge", object))
	}
}

// operations are those that belong in a history.
func (r *Record) operations() []history.Operation {
	var all []history.Operation
	for i := range r.Ops {
		if op, ok := r.Ops[i].operation(); ok {
			all = append(all, op)
		}
	}
	return all
}

// Verify judges a run's folder again. The verdict that was there before is not looked at.
func Verify(folder string) (*Report, error) { return judge(folder, false) }

// judge judges a folder, and writes reports into it when the run itself asks.
func judge(folder string, writes bool) (*Report, error) {
	record, _, err := ReadRecord(folder)
	if err != nil {
		return nil, err
	}
	report := &Report{Facts: record.Facts, Verdict: Judge(record)}
	if !writes {
		return report, nil
	}
	if err := writeJSON(filepath.Join(folder, reportFile), report); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(folder, textFile), []byte(report.Text()), 0o644); err != nil {
		return nil, err
	}
	return report, record.picture(filepath.Join(folder, pictureFile))
}

// readBack holds what was read last of each object against what had been acknowledged. It says what porcupine does,
// with another method, and in words of harm.
func (v *Verdict) readBack(r *Record) {
	byObject := map[string][]*Op{}
	for i := range r.Ops {
		op := &r.Ops[i]
		byObject[op.Object] = append(byObject[op.Object], op)
	}
	for _, object := range sortedKeys(byObject) {
		v.readBackOne(object, byObject[object])
	}
}

func (v *Verdict) readBackOne(object string, ops []*Op) {
	var last *Op // the read that began last
	for _, op := range ops {
		if op.Kind == "read" && (last == nil || op.Begin >= last.Begin) {
			last = op
		}
	}
	switch {
	case last == nil:
		v.problem("read back", "%s: nobody read it", object)
		return
	case last.Outcome != "done" && last.Outcome != "missing":
		v.problem("read back", "%s: the last read ended with: %s %s", object, last.Outcome, last.Error)
		return
	}
	if object[:min(4, len(object))] == "log." {
		v.appended(object, ops, last)
		return
	}
	v.register(object, ops, last)
}

// changes are operations that may have changed an object before a read ended.
func changes(ops []*Op, read *Op) []*Op {
	var all []*Op
	for _, op := range ops {
		if op.Kind != "read" && (op.Outcome == "done" || op.Outcome == "unknown") && op.Begin < read.End {
			all = append(all, op)
		}
	}
	return all
}

// register: the last read must give what one of the changes left that no other one is known to have come after.
func (v *Verdict) register(object string, ops []*Op, last *Op) {
	writers := changes(ops, last)
	var newest *Op // that was acknowledged before the read began, and began last
	for _, op := range writers {
		if op.Outcome == "done" && op.End < last.Begin && (newest == nil || op.Begin > newest.Begin) {
			newest = op
		}
	}
	var writer *Op
	for _, op := range writers {
		if op.Kind != "remove" && op.Value == last.Value {
			writer = op
		}
	}
	overwritten := func(op *Op) bool {
		return op.Outcome == "done" && slices.ContainsFunc(writers, func(o *Op) bool {
			return o != op && o.Outcome == "done" && o.Begin > op.End && o.End < last.Begin
		})
	}
	switch {
	case last.Outcome == "missing":
		if newest != nil && newest.Kind != "remove" && !slices.ContainsFunc(writers, func(o *Op) bool { return o.Kind == "remove" && !overwritten(o) }) {
			v.problem("lost", "%s: %s of %s was acknowledged at %v, and nothing is there", object, newest.Kind, newest.Value, newest.End)
		}
	case writer == nil:
		v.problem("lost", "%s: what is there was never written: %s", object, brief(last.Value))
	case overwritten(writer) && newest != nil && newest.Kind == "remove":
		v.problem("returned", "%s: it was deleted at %v, and %s is there again", object, newest.End, writer.Value)
	case overwritten(writer) && newest != nil:
		v.problem("lost", "%s: %s of %s was acknowledged at %v, and the older %s is there", object, newest.Kind, newest.Value, newest.End, writer.Value)
	}
}

// appended: each value that was acknowledged is in the object once, and in an order that could have been.
func (v *Verdict) appended(object string, ops []*Op, last *Op) {
	at := map[string]int{}
	parts := splitValues(last.Value)
	for i, part := range parts {
		if _, twice := at[part]; twice {
			v.problem("lost", "%s: %s is in it twice", object, part)
		}
		at[part] = i
	}
	known := map[string]*Op{}
	var acked []*Op
	for _, op := range changes(ops, last) {
		known[op.Value] = op
		if op.Outcome == "done" && op.End < last.Begin {
			acked = append(acked, op)
		}
	}
	for _, part := range parts {
		if known[part] == nil {
			v.problem("lost", "%s: %s is in it, and nobody appended that", object, brief(part))
		}
	}
	slices.SortFunc(acked, func(a, b *Op) int { return cmp.Compare(a.Begin, b.Begin) })
	for _, op := range acked {
		if _, there := at[op.Value]; !there {
			v.problem("lost", "%s: append of %s was acknowledged at %v, and is not there", object, op.Value, op.End)
		}
	}
}
