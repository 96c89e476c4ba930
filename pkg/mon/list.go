package mon

// list is an immutable sequence that grows at its end and is cut at its start. Lists share what
// they have in common, so a state costs little more than what is new in it.
type list[T any] struct {
	start  uint64 // number of the first element
	n      int
	skip   int   // elements of the first chunk that have been cut
	chunks [][]T // all full, but the last
}

const chunkLen = 64

// listFrom is an empty list whose first element will have the number.
func listFrom[T any](start uint64) list[T] { return list[T]{start: start} }

// end is the number that the next element will have.
func (l list[T]) end() uint64 { return l.start + uint64(l.n) }

// with is the list with one element more.
func (l list[T]) with(v T) list[T] {
	chunks := append(make([][]T, 0, len(l.chunks)+1), l.chunks...)
	if last := len(chunks) - 1; last >= 0 && len(chunks[last]) < chunkLen {
		old := chunks[last]
		chunks[last] = append(append(make([]T, 0, len(old)+1), old...), v)
	} else {
		chunks = append(chunks, []T{v})
	}
	return list[T]{start: l.start, n: l.n + 1, skip: l.skip, chunks: chunks}
}

// from is the list without the elements before a number.
func (l list[T]) from(start uint64) list[T] {
	if start <= l.start {
		return l
	}
	if start >= l.end() {
		return list[T]{start: max(start, l.end())}
	}
	cut := int(start - l.start)
	whole := (l.skip + cut) / chunkLen
	return list[T]{start: start, n: l.n - cut, skip: (l.skip + cut) % chunkLen, chunks: l.chunks[whole:]}
}

// last is the list without all but its newest n elements.
func (l list[T]) last(n int) list[T] {
	if l.n <= n {
		return l
	}
	return l.from(l.end() - uint64(n))
}

// at is the element with a number, if the list has it.
func (l list[T]) at(number uint64) (v T, ok bool) {
	if number < l.start || number >= l.end() {
		return v, false
	}
	i := int(number-l.start) + l.skip
	return l.chunks[i/chunkLen][i%chunkLen], true
}

// slice is the list's elements, in order.
func (l list[T]) slice() []T {
	s := make([]T, 0, l.n)
	for i, c := range l.chunks {
		if i == 0 {
			c = c[l.skip:]
		}
		s = append(s, c...)
	}
	return s
}

// listOf is a list of elements, the first of which has the number.
func listOf[T any](start uint64, elements []T) list[T] {
	l := list[T]{start: start, n: len(elements)}
	for len(elements) > 0 {
		n := min(chunkLen, len(elements))
		l.chunks = append(l.chunks, elements[:n:n])
		elements = elements[n:]
	}
	return l
}
