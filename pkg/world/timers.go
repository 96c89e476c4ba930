package world

import (
	"container/heap"
	"time"

	"zeph/pkg/core"
)

// timers are what the core set, earliest first; of the same instant, the one first that was set
// first. The zero value is none.
type timers struct {
	heap timerHeap
	set  uint64
}

type timer struct {
	at    time.Duration
	order uint64
	key   any
}

func (t *timers) add(s core.SetTimer) {
	t.set++
	heap.Push(&t.heap, timer{s.At, t.set, s.Key})
}

// due takes out the next timer whose time has come.
func (t *timers) due(now time.Duration) (key any, ok bool) {
	if len(t.heap) == 0 || t.heap[0].at > now {
		return nil, false
	}
	return heap.Pop(&t.heap).(timer).key, true
}

// next is when the next timer is due, if there is one.
func (t *timers) next() (at time.Duration, ok bool) {
	if len(t.heap) == 0 {
		return 0, false
	}
	return t.heap[0].at, true
}

type timerHeap []timer

func (h timerHeap) Len() int { return len(h) }

func (h timerHeap) Less(i, j int) bool {
	if h[i].at != h[j].at {
		return h[i].at < h[j].at
	}
	return h[i].order < h[j].order
}

func (h timerHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

func (h *timerHeap) Push(x any) { *h = append(*h, x.(timer)) }

func (h *timerHeap) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	(*h)[last] = timer{}
	*h = (*h)[:last]
	return t
}
