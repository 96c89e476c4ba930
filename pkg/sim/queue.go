package sim

import "time"

// event is something that will happen.
type event struct {
	at  time.Duration
	seq uint64 // of events at the same instant the one that was added first comes first
	do  func()
}

// queue holds what will happen, in order: a binary heap by (at, seq). No two events are equal, so
// the order never depends on the heap's shape.
type queue struct {
	heap []event
	seq  uint64
}

func (q *queue) add(at time.Duration, do func()) {
	q.seq++
	ev := event{at, q.seq, do}
	q.heap = append(q.heap, ev)
	i := len(q.heap) - 1
	for i > 0 {
		up := (i - 1) / 2
		if !ev.before(&q.heap[up]) {
			break
		}
		q.heap[i] = q.heap[up]
		i = up
	}
	q.heap[i] = ev
}

// take removes the first event. There must be one.
func (q *queue) take() event {
	first, last := q.heap[0], len(q.heap)-1
	ev := q.heap[last]
	q.heap[last] = event{}
	q.heap = q.heap[:last]
	for i := 0; last > 0; {
		least := 2*i + 1
		if right := least + 1; right < last && q.heap[right].before(&q.heap[least]) {
			least = right
		}
		if least >= last || !q.heap[least].before(&ev) {
			q.heap[i] = ev
			break
		}
		q.heap[i] = q.heap[least]
		i = least
	}
	return first
}

func (e *event) before(other *event) bool {
	return e.at < other.at || e.at == other.at && e.seq < other.seq
}
