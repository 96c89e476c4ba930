package main

import (
	"math"
	"testing"
	"time"
)

func TestBucketsAreNarrow(t *testing.T) {
	for ns := uint64(1); ns < math.MaxInt64/2; ns += ns/7 + 1 {
		got := float64(middle(bucketOf(ns)))
		if off := math.Abs(got-float64(ns)) / float64(ns); off > 1.0/32 {
			t.Fatalf("%d ns counts as %.0f ns, off by %.1f %%", ns, got, 100*off)
		}
	}
	if last := bucketOf(math.MaxInt64); last >= 60*32 {
		t.Errorf("the longest duration is in bucket %d", last)
	}
}

func TestBucketsRise(t *testing.T) {
	for b := 1; b < bucketOf(math.MaxInt64); b++ {
		if middle(b) <= middle(b-1) {
			t.Fatalf("bucket %d stands for %v, the one before for %v", b, middle(b), middle(b-1))
		}
	}
}

func TestQuantile(t *testing.T) {
	var h histogram
	if got := h.quantile(0.5); got != 0 {
		t.Errorf("of nothing: %v", got)
	}
	for i := range 1000 {
		h.add(time.Duration(i+1) * time.Microsecond)
	}
	h.add(-time.Second) // a clock that went back counts as 0
	if n := h.count(); n != 1001 {
		t.Errorf("count %d", n)
	}
	for q, want := range map[float64]time.Duration{0.5: 500 * time.Microsecond, 0.99: 990 * time.Microsecond, 1: time.Millisecond} {
		if got := h.quantile(q); math.Abs(float64(got-want))/float64(want) > 1.0/16 {
			t.Errorf("quantile %v: %v, expected about %v", q, got, want)
		}
	}
}
