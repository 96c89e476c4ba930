package main

import (
	"testing"
	"time"
)

func TestHistogram(t *testing.T) {
	t.Parallel()
	var h, other histogram
	for i := 1; i <= 1000; i++ {
		h.add(time.Duration(i) * time.Millisecond)
	}
	other.add(time.Hour)
	h.merge(&other)
	for _, c := range []struct {
		perMille uint64
		want     time.Duration
	}{{500, 501 * time.Millisecond}, {990, 991 * time.Millisecond}, {1, 2 * time.Millisecond}, {1000, time.Hour}} {
		got := h.quantile(c.perMille)
		if got < c.want || got > c.want+c.want/50 {
			t.Errorf("quantile %d is %v, want %v", c.perMille, got, c.want)
		}
	}
	for _, d := range []time.Duration{0, 1, 63, 64, 65, 127, 128, 1000, 1 << 40, 1<<62 + 12345} {
		if b := bucketOf(d); top(b) < d || b > 0 && top(b-1) >= d {
			t.Errorf("%d falls into bucket %d, which ends at %d", d, b, top(b))
		}
	}
	if (&histogram{}).quantile(500) != 0 {
		t.Error("nothing has a median")
	}
}
