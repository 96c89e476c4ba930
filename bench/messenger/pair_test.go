package main

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"
)

// TestVariants measures each variant for a moment: it must count, whatever the numbers are.
func TestVariants(t *testing.T) {
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			if v.missing != nil {
				t.Cleanup(removeLibzmq)
				if err := v.missing(t.Context()); err != nil {
					if os.Getenv("CI") != "" {
						t.Fatal(err)
					}
					t.Skip(err)
				}
			}
			const ms = time.Millisecond
			for _, l := range []load{
				{window: 1, warm: ms, cell: 20 * ms},
				{size: 64 << 10, window: 16, warm: ms, cell: 20 * ms},
				{oneWay: true, size: 4 << 10, window: 1, warm: ms, cell: 20 * ms},
			} {
				r, err := measure(t.Context(), v, l)
				if err != nil {
					t.Fatalf("%v: %v", l, err)
				}
				if r.ops <= 0 || !l.oneWay && (r.p50 <= 0 || r.p99 < r.p50) || r.cpu < 0 {
					t.Errorf("%v: %+v", l, r)
				}
			}
		})
	}
}

// TestInterrupted: whoever interrupts waits for neither warm-up nor measurement, and no
// process stays.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	srv, err := start(ctx, raw, append([]string{"server"}, load{}.args()...)...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := srv.hear("listening"); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := srv.hear("usage"); err == nil {
		t.Error("a server that goes on")
	}
	srv.end()
	if srv.cmd.ProcessState == nil {
		t.Error("the process was not waited for")
	}
	l := load{warm: time.Minute, cell: time.Minute}
	if _, err := measureAll(ctx, []*variant{raw}, []load{l}, 1, os.Stderr); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, expected %v", err, context.Canceled)
	}
}

// TestOrphan: an end whose input is closed goes away by itself.
func TestOrphan(t *testing.T) {
	srv, err := start(t.Context(), raw, append([]string{"server"}, load{}.args()...)...)
	if err != nil {
		t.Fatal(err)
	}
	defer srv.end()
	if _, err := srv.hear("listening"); err != nil {
		t.Fatal(err)
	}
	srv.in.Close()
	if err := srv.cmd.Wait(); err != nil {
		t.Errorf("ended with %v", err)
	}
}

func TestChildRefuses(t *testing.T) {
	for _, args := range [][]string{nil, {"server"}, {"server", "none"}, {"client", "raw"}, {"server", "raw", "call"}, {"client", "raw", "addr", "x"}} {
		if err := child(args, nil, nil); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
}
