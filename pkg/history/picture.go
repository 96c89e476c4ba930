package history

import (
	"fmt"
	"io"
	"math"
	"time"

	"github.com/anishathalye/porcupine"
)

// Span is something that went on beside the operations, to be drawn with them.
type Span struct {
	Row      string // whom it befell
	Text     string
	From, To time.Duration
}

// Picture writes a page of HTML that shows operations, object by object, in an order that explains them as far as
// one does, with spans above. Looking for that order may take so long for each object.
func Picture(w io.Writer, ops []Operation, spans []Span, patience time.Duration) error {
	var all []porcupine.Operation
	var last time.Duration
	for i := range ops {
		last = max(last, ops[i].Begin, ops[i].End)
	}
	ids := make(map[string]int)
	for i := range ops {
		op := &ops[i]
		if op.Outcome == Unknown && op.Kind == Read {
			continue
		}
		if _, ok := ids[op.Client]; !ok {
			ids[op.Client] = len(ids)
		}
		end := int64(op.End)
		if op.Outcome == Unknown {
			end = int64(last) + 1 // porcupine draws to its end; for the judge it has none
		}
		all = append(all, porcupine.Operation{ClientId: ids[op.Client], Input: op, Call: int64(op.Begin), Return: end})
	}
	m := model
	m.Partition = partition
	m.DescribeOperation = func(input, _ any) string {
		op := input.(*Operation)
		return fmt.Sprintf("%s %s", op.Object, op.what())
	}
	m.DescribeState = func(state any) string {
		if s := state.(value); s.exists {
			return short(s.v)
		}
		return "no such object"
	}
	_, info := porcupine.CheckOperationsVerbose(m, all, patience)
	var notes []porcupine.Annotation
	for _, s := range spans {
		notes = append(notes, porcupine.Annotation{Tag: s.Row, Start: int64(s.From), End: int64(min(s.To, math.MaxInt64/2)), Description: s.Text, BackgroundColor: "#fdd"})
	}
	info.AddAnnotations(notes)
	return porcupine.Visualize(m, info, w)
}

// partition is a history by objects.
func partition(all []porcupine.Operation) [][]porcupine.Operation {
	var names []string
	byName := make(map[string][]porcupine.Operation)
	for _, op := range all {
		name := op.Input.(*Operation).Object
		if byName[name] == nil {
			names = append(names, name)
		}
		byName[name] = append(byName[name], op)
	}
	var parts [][]porcupine.Operation
	for _, name := range names {
		parts = append(parts, byName[name])
	}
	return parts
}

// what is what an operation did, without its times.
func (o *Operation) what() string {
	text := o.Kind.String()
	switch {
	case o.Kind == Swap:
		text += " " + short(o.Expected) + " for " + short(o.Value)
	case o.Kind == Read && o.Outcome == Done:
		return text + ": " + short(o.Value)
	case o.Kind == Write || o.Kind == Append:
		text += " " + short(o.Value)
	}
	return text + ": " + o.Outcome.String()
}
