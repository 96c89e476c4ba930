package wire

import (
	"errors"
	"math"
	"testing"
)

func TestCheckSteps(t *testing.T) {
	t.Parallel()
	write, compare := Step{Op: StepWrite, Length: 5}, Step{Op: StepIsXattr, Length: 3}
	for _, tt := range []struct {
		name  string
		steps []Step
		in    Uses
		bulk  int
		want  error
	}{
		{"no steps", nil, InWrite, 0, nil},
		{"a compare and a write", []Step{compare, write}, InWrite, 8, nil},
		{"a compare and a read", []Step{compare, {Op: StepRead, Length: 100}}, InRead, 3, nil},
		{"a write in a read", []Step{write}, InRead, 5, UnknownStep},
		{"a read in a write", []Step{{Op: StepRead}}, InWrite, 0, UnknownStep},
		{"step 0", []Step{{}}, InWrite, 0, UnknownStep},
		{"a step to come", []Step{{Op: 255}}, InRead, 0, UnknownStep},
		{"too little bulk", []Step{write, compare}, InWrite, 7, Malformed},
		{"bulk left over", []Step{write}, InWrite, 6, Malformed},
		{"bulk for nobody", nil, InRead, 1, Malformed},
		{"lengths that overflow", []Step{{Op: StepAppend, Length: math.MaxUint64}, {Op: StepAppend, Length: 2}}, InWrite, 1, Malformed},
	} {
		if err := CheckSteps(tt.steps, tt.in, tt.bulk); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}
