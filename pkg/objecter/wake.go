package objecter

import (
	"container/heap"
	"math"
	"time"

	"zeph/pkg/core"
)

// wakes holds the operations by when they are next to be looked at: one timer serves all.
type wakes struct{ ops []*op }

// at is when an operation is to be looked at.
func (op *op) at() time.Duration {
	if op.notBefore > 0 {
		return min(op.notBefore, op.deadline)
	}
	return op.deadline
}

func (w *wakes) add(op *op)    { heap.Push(w, op) }
func (w *wakes) set(op *op)    { heap.Fix(w, op.wake) }
func (w *wakes) remove(op *op) { heap.Remove(w, op.wake) }

// due is an operation whose time has come, or nil.
func (w *wakes) due(now core.Time) *op {
	if len(w.ops) > 0 && now.After(w.ops[0].at()) {
		return w.ops[0]
	}
	return nil
}

// Len, Less, Swap, Push and Pop are for package heap.
func (w *wakes) Len() int { return len(w.ops) }

func (w *wakes) Less(i, j int) bool {
	a, b := w.ops[i], w.ops[j]
	if a.at() != b.at() {
		return a.at() < b.at()
	}
	return a.id < b.id
}

func (w *wakes) Swap(i, j int) {
	w.ops[i], w.ops[j] = w.ops[j], w.ops[i]
	w.ops[i].wake, w.ops[j].wake = i, j
}

func (w *wakes) Push(x any) {
	op := x.(*op)
	op.wake = len(w.ops)
	w.ops = append(w.ops, op)
}

func (w *wakes) Pop() any {
	last := len(w.ops) - 1
	op := w.ops[last]
	w.ops[last] = nil
	w.ops = w.ops[:last]
	return op
}

// Timer is the key of the client's timers.
type Timer struct{}

// String is for traces.
func (Timer) String() string { return "objecter" }

// never is when the timer fires that nobody set.
const never = time.Duration(math.MaxInt64)

// arm sets a timer for what comes next, unless one fires before that.
func (o *Objecter) arm() {
	next := o.maps.nextLook(o)
	if len(o.wakes.ops) > 0 {
		next = min(next, o.wakes.ops[0].at())
	}
	if next < o.armed {
		o.armed = next
		o.emit(core.SetTimer{Key: Timer{}, At: next})
	}
}
