package main

import (
	"testing"
	"time"
)

// The parts about Zeph must give figures that make sense, whatever they are.

func TestInproc(t *testing.T) {
	o := options{rounds: 1, warm: time.Millisecond, cell: 20 * time.Millisecond}
	rs, err := measureInproc(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rs {
		if r.Ops <= 0 || r.P50 <= 0 || r.P99 < r.P50 {
			t.Errorf("%+v", r)
		}
	}
}

func TestHeartbeat(t *testing.T) {
	h, err := measureHeartbeat(t.Context(), 5)
	if err != nil {
		t.Fatal(err)
	}
	if h.P50 <= 0 || h.P99 < h.P50 || h.BulkBytes <= 0 {
		t.Errorf("%+v", *h)
	}
}

func TestRecovery(t *testing.T) {
	r, err := measureRecovery(t.Context(), 3, 2)
	if err != nil {
		t.Fatal(err)
	}
	if r.RestartP50 <= 0 || r.RestartWorst < r.RestartP50 || r.ContP50 <= 0 || r.ContWorst < r.ContP50 {
		t.Errorf("%+v", *r)
	}
}
