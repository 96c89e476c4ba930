package history

import "github.com/anishathalye/porcupine"

// value is the state of one object.
type value struct {
	exists bool
	v      string
}

// model says which outcomes an operation may have in a state, and what state it leaves.
var model = porcupine.Model{
	Init:  func() any { return value{} },
	Step:  step,
	Equal: func(a, b any) bool { return a.(value) == b.(value) },
}

func step(state, input, _ any) (bool, any) {
	s, op := state.(value), input.(*Operation)
	unknown := op.Outcome == Unknown
	switch op.Kind {
	case Write:
		return unknown || op.Outcome == Done, value{true, op.Value}
	case Append:
		return unknown || op.Outcome == Done, value{true, s.v + op.Value}
	case Read:
		switch op.Outcome {
		case Done:
			return s.exists && s.v == op.Value, s
		case Missing:
			return !s.exists, s
		}
		return unknown, s
	case Swap:
		swapped := s.exists && s.v == op.Expected
		next := s
		if swapped {
			next.v = op.Value
		}
		switch op.Outcome {
		case Done:
			return swapped, next
		case Missing:
			return !s.exists, s
		case Differs:
			return s.exists && !swapped, s
		}
		return unknown, next
	case Remove:
		switch op.Outcome {
		case Done:
			return s.exists, value{}
		case Missing:
			return !s.exists, s
		}
		return unknown, value{}
	}
	return false, s
}
