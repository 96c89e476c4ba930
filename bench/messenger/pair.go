package main

import (
	"context"
	"fmt"
	"time"
)

// reading is one measurement of both ends.
type reading struct {
	ops        float64 // in a second
	p50, p99   float64 // microseconds
	cpu        float64 // microseconds for an operation, both ends
	allocs     float64 // for an operation, both ends; negative: not counted
	clientPeak float64 // MiB
	serverPeak float64
}

// measure runs a load between two processes that are new, so that each begins alike and a
// peak of memory is this load's.
func measure(ctx context.Context, v *variant, l load) (reading, error) {
	ctx, cancel := context.WithTimeout(ctx, l.warm+l.cell+2*stuck+10*time.Second)
	defer cancel()
	srv, err := start(ctx, v, append([]string{"server"}, l.args()...)...)
	if err != nil {
		return reading{}, err
	}
	defer srv.end()
	addr, err := srv.hear("listening")
	if err != nil {
		return reading{}, fmt.Errorf("server %w", err)
	}
	cli, err := start(ctx, v, append([]string{"client", addr}, l.args()...)...)
	if err != nil {
		return reading{}, err
	}
	defer cli.end()
	return watch(srv, cli)
}

// watch follows a measurement to its end.
func watch(srv, cli *process) (reading, error) {
	if _, err := cli.hear("begin"); err != nil {
		return reading{}, fmt.Errorf("client %w", err)
	}
	before, err := srv.usage()
	if err != nil {
		return reading{}, fmt.Errorf("server %w", err)
	}
	var s sample
	if err := cli.hearJSON("sample", &s); err != nil {
		return reading{}, fmt.Errorf("client %w", err)
	}
	after, err := srv.usage()
	if err != nil {
		return reading{}, fmt.Errorf("server %w", err)
	}
	return newReading(s, after.since(before))
}

func newReading(s sample, srv usage) (reading, error) {
	if s.Ops == 0 || s.Time <= 0 {
		return reading{}, fmt.Errorf("no operation ended within the measured time")
	}
	ops := float64(s.Ops)
	r := reading{
		ops: ops / (float64(s.Time) / 1e9),
		p50: float64(s.P50) / 1e3, p99: float64(s.P99) / 1e3,
		cpu:        float64(s.Usage.CPU+srv.CPU) / ops,
		allocs:     float64(s.Usage.Mallocs+srv.Mallocs) / ops,
		clientPeak: float64(s.Usage.Peak) / 1024, serverPeak: float64(srv.Peak) / 1024,
	}
	if s.Usage.Mallocs < 0 || srv.Mallocs < 0 {
		r.allocs = -1
	}
	return r, nil
}
