package history

import (
	"fmt"
	"time"
)

// Kind is what an operation does to its object.
type Kind uint8

// The kinds.
const (
	Write  Kind = iota + 1 // replaces the value
	Read                   // the value
	Append                 // adds to the value; makes the object
	Swap                   // replaces the value if it is what was expected (compare-and-set)
	Remove                 // the object
)

var kindNames = [...]string{Write: "write", Read: "read", Append: "append", Swap: "swap", Remove: "remove"}

// String is the kind's name.
func (k Kind) String() string { return kindNames[k] }

// Outcome is what a client was told.
type Outcome uint8

// The outcomes.
const (
	Done    Outcome = iota + 1
	Missing         // refused: there is no such object
	Differs         // refused: a compare found something else
	Unknown         // it may have happened, or not, or may yet
)

var outcomeNames = [...]string{Done: "done", Missing: "no such object", Differs: "differs", Unknown: "unknown"}

// String is the outcome's name.
func (o Outcome) String() string { return outcomeNames[o] }

// Operation is one thing that a client did.
type Operation struct {
	Client   string
	Object   string
	Kind     Kind
	Value    string // written, appended, or read
	Expected string // by a swap
	Outcome  Outcome
	Begin    time.Duration
	End      time.Duration // of no meaning when the outcome is unknown
}

// String is the form for reports.
func (o *Operation) String() string {
	what := o.Kind.String()
	switch o.Kind {
	case Write, Append:
		what += " " + short(o.Value)
	case Swap:
		what += " " + short(o.Expected) + " for " + short(o.Value)
	}
	end := "…"
	if o.Outcome != Unknown {
		end = o.End.String()
	}
	outcome := o.Outcome.String()
	if o.Kind == Read && o.Outcome == Done {
		outcome = short(o.Value)
	}
	return fmt.Sprintf("%v to %s  %s  %s: %s", o.Begin, end, o.Client, what, outcome)
}

// short keeps a value's two ends: what was appended last is at the right one.
func short(v string) string {
	if len(v) > 60 {
		return v[:20] + "…" + v[len(v)-36:]
	}
	if v == "" {
		return `""`
	}
	return v
}
