package main

import (
	"math/bits"
	"time"
)

// histogram counts lengths of time. Each bucket is a 64th of a power of two wide, so what it tells is true to
// within 1.6 percent, whatever the size.
type histogram struct {
	counts [64 * 64]uint64
	n      uint64
	sum    time.Duration
	most   time.Duration
}

const fine = 6 // bits that a bucket keeps after the first

func bucketOf(d time.Duration) int {
	v := uint64(max(d, 0))
	if v < 1<<fine {
		return int(v)
	}
	shift := bits.Len64(v) - fine - 1
	return (shift+1)<<fine | int(v>>shift)&(1<<fine-1)
}

// top is the longest time that falls into a bucket.
func top(bucket int) time.Duration {
	if bucket < 1<<fine {
		return time.Duration(bucket)
	}
	shift := bucket>>fine - 1
	first := uint64(bucket&(1<<fine-1) | 1<<fine)
	return time.Duration((first+1)<<shift - 1)
}

func (h *histogram) add(d time.Duration) {
	h.counts[bucketOf(d)]++
	h.n++
	h.sum += d
	h.most = max(h.most, d)
}

func (h *histogram) merge(other *histogram) {
	for i, n := range other.counts {
		h.counts[i] += n
	}
	h.n += other.n
	h.sum += other.sum
	h.most = max(h.most, other.most)
}

// quantile is the time that so many of a thousand did not exceed.
func (h *histogram) quantile(perMille uint64) time.Duration {
	left := (h.n*perMille + 999) / 1000
	for i, n := range h.counts {
		if n >= left && left > 0 {
			return min(top(i), h.most)
		}
		left -= n
	}
	return 0
}

func (h *histogram) mean() time.Duration {
	if h.n == 0 {
		return 0
	}
	return h.sum / time.Duration(h.n)
}
