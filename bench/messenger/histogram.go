package main

import (
	"math"
	"math/bits"
	"sync/atomic"
	"time"
)

// histogram counts durations in buckets of a fixed number that are at most 1/32 of their value
// wide. Any goroutine may add.
type histogram struct {
	buckets [60 * 32]atomic.Uint32
}

// bucketOf is linear below 64 ns, and has 32 buckets for each doubling above.
func bucketOf(ns uint64) int {
	shift := max(0, bits.Len64(ns)-6)
	return shift*32 + int(ns>>shift)
}

// middle is the duration that a bucket stands for.
func middle(bucket int) time.Duration {
	shift := max(0, bucket/32-1)
	low := uint64(bucket-shift*32) << shift
	return time.Duration(low + 1<<shift/2)
}

func (h *histogram) add(d time.Duration) { h.buckets[bucketOf(uint64(max(0, d)))].Add(1) }

func (h *histogram) count() uint64 {
	var n uint64
	for i := range h.buckets {
		n += uint64(h.buckets[i].Load())
	}
	return n
}

// quantile is the least duration that a share q of all do not exceed; 0 if there are none.
func (h *histogram) quantile(q float64) time.Duration {
	rank := uint64(math.Ceil(q * float64(h.count())))
	var seen uint64
	for i := range h.buckets {
		if seen += uint64(h.buckets[i].Load()); seen >= max(rank, 1) {
			return middle(i)
		}
	}
	return 0
}
