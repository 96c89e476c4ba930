package wire

import "slices"

func (m *mapAppender) steps(k byte, steps []Step) {
	if len(steps) == 0 {
		return
	}
	m.key(k)
	m.b = appendHead(m.b, majorArray, uint64(len(steps)))
	for i := range steps {
		m.b = steps[i].append(m.b)
	}
}

func (step *Step) append(b []byte) []byte {
	m := appendMap(b)
	m.uint(1, uint64(step.Op))
	m.unlessZero(2, step.Offset)
	m.unlessZero(3, step.Length)
	m.unlessEmpty(4, step.Name)
	m.versionUnlessZero(5, step.Version)
	return m.b
}

// steps reads into the capacity of old.
func (s *scanner) steps(old []Step) []Step {
	n := s.array()
	steps := slices.Grow(old[:0], n)[:n]
	for i := range steps {
		steps[i] = s.step()
	}
	return steps
}

func (s *scanner) step() (step Step) {
	for f := s.fields(); s.next(&f); {
		switch f.key {
		case 1:
			step.Op = scanUint[StepOp](s)
		case 2:
			step.Offset = scanUint[uint64](s)
		case 3:
			step.Length = scanUint[uint64](s)
		case 4:
			step.Name = s.string()
		case 5:
			step.Version = s.version()
		default:
			s.decline()
		}
	}
	return step
}

func (m *mapAppender) results(k byte, results []Result) {
	if len(results) == 0 {
		return
	}
	m.key(k)
	m.b = appendHead(m.b, majorArray, uint64(len(results)))
	for _, r := range results {
		one := appendMap(m.b)
		one.unlessZero(1, uint64(r.Code))
		one.unlessZero(2, r.Length)
		m.b = one.b
	}
}

// results reads into the capacity of old.
func (s *scanner) results(old []Result) []Result {
	n := s.array()
	results := slices.Grow(old[:0], n)[:n]
	for i := range results {
		results[i] = s.result()
	}
	return results
}

func (s *scanner) result() (r Result) {
	for f := s.fields(); s.next(&f); {
		switch f.key {
		case 1:
			r.Code = scanUint[Code](s)
		case 2:
			r.Length = scanUint[uint64](s)
		default:
			s.decline()
		}
	}
	return r
}
