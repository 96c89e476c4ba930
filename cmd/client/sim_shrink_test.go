package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"zeph/pkg/scenario"
	"zeph/pkg/sim"
)

// small is a run that is soon over, with its plan spelled out.
const small = " --seed 7 --mons 1 --osds 3 --pgs 1 --seconds 1 --end healed --objects 2 --strikes reset/1@500ms --ops w0/1@100ms,w0/2@600ms"

// TestSimPlan: what is spelled out is what happens, and the command that replays it says all of it.
func TestSimPlan(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	if code := run(context.Background(), strings.Fields("sim run"+small), &out, &errs); code != exitDone || !strings.Contains(out.String(), "faults      1") {
		t.Errorf("exit code %d: %s%s", code, out.String(), errs.String())
	}
	var f simFlags
	o := sim.Options{Seed: 7, Mons: 1, OSDs: 3, PGs: 1, Seconds: 1, End: scenario.Healed, Objects: 2,
		Strikes: []sim.Strike{{Kind: "reset", Number: 1, At: 500 * time.Millisecond}},
		Ops:     []sim.Op{{Client: "w0", Number: 1, At: 100 * time.Millisecond}, {Client: "w0", Number: 2, At: 600 * time.Millisecond}}}
	if got := f.of(&o).replay(7); got != "zeph sim run"+small {
		t.Errorf("replay: %s", got)
	}
}

func TestSimShrinkRefuses(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"sim shrink":                            "--seed is missing",
		"sim run --seed 1 --strikes flood/1@1s": `no kind of fault is named "flood"`,
		"sim run --seed 1 --ops w0":             "expected NAME/NUMBER@TIME",
		"sim shrink" + small:                    "seed 7: nothing is wrong in this run",
		"sim run --seed 1 --diagram x.svg":      "--diagram needs --pg, --object, or --from and --to",
		"sim run --seed 1 --diagram x --pg 1.0": "a name that ends in .svg or .mmd",
	} {
		var out, errs bytes.Buffer
		if code := run(context.Background(), strings.Fields(args), &out, &errs); code == exitDone || !strings.Contains(errs.String(), want) {
			t.Errorf("%s: exit code %d, %s%s", args, code, out.String(), errs.String())
		}
	}
}
