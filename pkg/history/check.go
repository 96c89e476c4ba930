package history

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// Verdict is what Check found.
type Verdict struct {
	Operations int
	Objects    int
	Unknown    int      // operations whose outcome nobody knows
	Undecided  []string // objects whose history was too hard to decide in the time allowed
	Violations []Violation
}

// OK reports whether nothing is wrong. What is undecided is not known to be.
func (v *Verdict) OK() bool { return len(v.Violations) == 0 }

// Violation is an object whose history could not have happened.
type Violation struct {
	Object string
	First  Operation   // the first that does not fit, in order of their ends
	Why    string      // in a few words
	Around []Operation // the last ones before it, for a person to read
}

// String tells it in several lines.
func (v *Violation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "object %s: %s\n", v.Object, v.Why)
	for i := range v.Around {
		fmt.Fprintf(&b, "    %v\n", &v.Around[i])
	}
	fmt.Fprintf(&b, "  ✗ %v", &v.First)
	return b.String()
}

// Check judges a history. Each object may take so long at most; 0: as long as it needs.
func Check(ops []Operation, patience time.Duration) Verdict {
	v := Verdict{Operations: len(ops)}
	for _, object := range byObject(ops) {
		v.Objects++
		for i := range object {
			if object[i].Outcome == Unknown {
				v.Unknown++
			}
		}
		switch check(object, patience) {
		case porcupine.Unknown:
			v.Undecided = append(v.Undecided, object[0].Object)
		case porcupine.Illegal:
			v.Violations = append(v.Violations, explain(object, patience))
		}
	}
	return v
}

// byObject sorts a history into one for each object, in order of their names, then begins.
func byObject(ops []Operation) [][]Operation {
	all := slices.Clone(ops)
	slices.SortStableFunc(all, func(a, b Operation) int {
		if a.Object != b.Object {
			return strings.Compare(a.Object, b.Object)
		}
		return int(min(max(a.Begin-b.Begin, -1), 1))
	})
	var objects [][]Operation
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].Object == all[0].Object {
			n++
		}
		objects = append(objects, all[:n:n])
		all = all[n:]
	}
	return objects
}

func check(ops []Operation, patience time.Duration) porcupine.CheckResult {
	history := make([]porcupine.Operation, 0, len(ops))
	for i := range ops {
		op := &ops[i]
		if op.Outcome == Unknown && op.Kind == Read {
			continue // nobody learnt anything from it, and it changes nothing
		}
		end := int64(op.End)
		if op.Outcome == Unknown {
			end = math.MaxInt64
		}
		history = append(history, porcupine.Operation{ClientId: i, Input: op, Call: int64(op.Begin), Return: end})
	}
	return porcupine.CheckOperationsTimeout(model, history, patience)
}

// explain looks for the first operation that does not fit: histories are judged up to an instant,
// and what has not ended by then is unknown. If one is bad, so is every longer one.
func explain(ops []Operation, patience time.Duration) Violation {
	var ends []time.Duration
	for i := range ops {
		if ops[i].Outcome != Unknown {
			ends = append(ends, ops[i].End)
		}
	}
	slices.Sort(ends)
	lo, hi := 0, len(ends)-1
	for lo < hi {
		mid := (lo + hi) / 2
		if check(upTo(ops, ends[mid]), patience) == porcupine.Illegal {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	bad := upTo(ops, ends[lo])
	first := slices.IndexFunc(bad, func(o Operation) bool { return o.Outcome != Unknown && o.End == ends[lo] })
	v := Violation{Object: ops[0].Object, First: bad[first]}
	v.Why = reason(bad, &v.First)
	around := slices.Delete(bad, first, first+1)
	v.Around = around[max(0, len(around)-12):]
	return v
}

// upTo is a history as it was known at an instant.
func upTo(ops []Operation, at time.Duration) []Operation {
	var known []Operation
	for _, op := range ops {
		if op.Begin > at {
			continue
		}
		if op.Outcome != Unknown && op.End > at {
			op.Outcome = Unknown
			if op.Kind == Read {
				op.Value = ""
			}
		}
		known = append(known, op)
	}
	return known
}

// reason guesses, for people, what kind of harm it is.
func reason(ops []Operation, bad *Operation) string {
	if bad.Kind != Read || bad.Outcome != Done {
		return fmt.Sprintf("%v ended as %q, which no order of the operations allows", bad.Kind, bad.Outcome)
	}
	var newest *Operation // acknowledged before the read began
	written := false
	for i := range ops {
		op := &ops[i]
		if op.Kind == Read || op.Kind == Remove {
			continue
		}
		if op.Kind == Append && strings.Count(bad.Value, op.Value) > 1 {
			return fmt.Sprintf("%s was appended once and is in the value %d times", op.Value, strings.Count(bad.Value, op.Value))
		}
		written = written || op.Value == bad.Value || op.Kind == Append && strings.HasSuffix(bad.Value, op.Value)
		if op.Outcome == Done && op.End < bad.Begin && (newest == nil || op.End > newest.End) {
			newest = op
		}
	}
	switch {
	case !written:
		return "a value was read that nobody wrote"
	case newest != nil && newest.Kind == Append && !strings.Contains(bad.Value, newest.Value):
		return fmt.Sprintf("%s had been acknowledged at %v and is not in what was read", newest.Value, newest.End)
	case newest != nil && newest.Value != bad.Value:
		return fmt.Sprintf("an old value was read: %s had been acknowledged at %v", short(newest.Value), newest.End)
	}
	return "what was read fits no order of the operations"
}
