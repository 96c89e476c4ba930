package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSimRun: the hash that is printed is that of the trace, and the verdict is the exit code.
func TestSimRun(t *testing.T) {
	t.Parallel()
	trace := filepath.Join(t.TempDir(), "trace")
	var out, errs bytes.Buffer
	args := []string{"sim", "run", "--seed", "7", "--pgs", "1", "--osds", "3", "--mons", "1", "--seconds", "2", "--faults", "reset", "--end", "healed", "--trace", trace, "-o", "json"}
	if code := run(context.Background(), args, &out, &errs); code != exitDone {
		t.Fatalf("exit code %d: %s%s", code, out.String(), errs.String())
	}
	var r struct {
		Seed   uint64 `json:"seed"`
		OK     bool   `json:"ok"`
		Hash   string `json:"trace_hash"`
		Replay string `json:"replay"`
	}
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	lines, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(lines)
	if want := hex.EncodeToString(sum[:]); r.Seed != 7 || !r.OK || r.Hash != want {
		t.Errorf("seed %d, ok %v, hash %s, the trace's is %s", r.Seed, r.OK, r.Hash, want)
	}
	if want := "zeph sim run --seed 7 --mons 1 --osds 3 --pgs 1 --seconds 2 --faults reset --end healed"; r.Replay != want {
		t.Errorf("replay: %s", r.Replay)
	}
}

func TestSimSearch(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	args := []string{"sim", "search", "--seeds", "1-2", "--pgs", "1", "--osds", "3", "--seconds", "1", "--faults", "none"}
	if code := run(context.Background(), args, &out, &errs); code != exitDone || !strings.HasPrefix(out.String(), "2 runs, 0 bad: ") {
		t.Errorf("exit code %d: %s%s", code, out.String(), errs.String())
	}
}

func TestSimRefuses(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"sim run":                         "--seed is missing",
		"sim run --seed x":                `--seed "x": expected a number`,
		"sim run --seed 1 --faults flood": `fault "flood": did you mean load?`,
		"sim run --seed 1 --mons 2":       "2 monitors: expected an odd number",
		"sim run --seed 1 --end well":     `end "well": expected one of`,
		"sim search --seeds 9-1":          "expected the first and the last",
	} {
		var out, errs bytes.Buffer
		if code := run(context.Background(), strings.Fields(args), &out, &errs); code != exitUsage || !strings.Contains(errs.String(), want) {
			t.Errorf("%s: exit code %d, %s%s", args, code, out.String(), errs.String())
		}
	}
}

// scenarioOf is a small scenario, with something appended.
func scenarioOf(t *testing.T, more string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "mine.yaml")
	text := "cluster: {mons: 1, osds: 3, pg_num: 1}\nworkload: {writers: 1, objects: 4}\nsteps:\n  - {at: 1s, do: kill, osd: 1, for: 1s}\nseconds: 4\n" + more
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestSimScenario: the report tells what was done and what the cluster did, and the command repeats it.
func TestSimScenario(t *testing.T) {
	t.Parallel()
	file := scenarioOf(t, "expect: [healthy within 10s]\n")
	stdout, stderr, code := zeph("sim", "run", "--seed", "3", "--scenario", file)
	if code != exitDone || stderr != "" {
		t.Fatalf("exit code %d: %s%s", code, stdout, stderr)
	}
	for _, want := range []string{"step    kill osd.1 for 1s\n", "osd.1 marked down\n", "step    start: osd.1\n", "as expected healthy within 10s\n", "  kill      once, ", "verdict     ok\n"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is not in\n%s", want, stdout)
		}
	}
}

// TestSimFailureHelps: what goes wrong comes with all that it takes to see it again.
func TestSimFailureHelps(t *testing.T) {
	t.Parallel()
	file := scenarioOf(t, "expect: [no gap over 0s, available at most 1 %]\n")
	stdout, _, code := zeph("sim", "run", "--seed", "3", "--scenario", file, "--mons", "3")
	if code != exitFailed {
		t.Fatalf("exit code %d: %s", code, stdout)
	}
	for _, want := range []string{"last events before it", "VIOLATION ", "not as expected: available at most 1 %: every PG was active for ", "\nsource      ",
		"replay: zeph sim run --seed 3 --scenario " + file + " --mons 3\n"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is not in\n%s", want, stdout)
		}
	}
	stdout, stderr, code := zeph("sim", "search", "--seeds", "3-3", "--scenario", file)
	if code != exitFailed || !strings.Contains(stderr, "seed 3: not as expected: ") || !strings.HasPrefix(stdout, "1 runs, 1 bad: ") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
}

func TestSimScenarios(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"sim scenarios":                             "kill-two-of-three     two of a placement group's three copies die",
		"sim scenarios flapping-osd":                "# What to look at\n",
		"sim scenarios flapping-osd -o json":        `"name": "flapping-osd"`,
		"sim scenarios -o json":                     `"name": "bit-rot-hunt"`,
		"__complete sim scenarios fl":               "flapping-osd\n",
		"__complete sim run --scenario kill":        "kill-two-of-three\n",
		"__complete sim run --faults cr":            "crash\n",
		"__complete sim search --seeds 1-2 --end h": "healed\n",
	} {
		stdout, _, code := zeph(strings.Fields(args)...)
		if code != exitDone || !strings.Contains(stdout, want) {
			t.Errorf("zeph %s: exit code %d: %q is not in\n%s", args, code, want, stdout)
		}
	}
}

func TestSimScenarioRefused(t *testing.T) {
	t.Parallel()
	file := scenarioOf(t, "ende: lost\n")
	for args, want := range map[string]string{
		"sim run --seed 1 --scenario flaping-osd":        `scenario "flaping-osd": did you mean flapping-osd?`,
		"sim run --seed 1 --scenario ./none.yaml":        "scenario ./none.yaml: no such file",
		"sim run --seed 1 --scenario " + file:            file + ":6:1: unknown key \"ende\": did you mean end?\n    ende: lost\n    ^\n",
		"sim run --seed 1 --scenario slow-disk --mons 2": "2 monitors: expected an odd number",
	} {
		_, stderr, code := zeph(strings.Fields(args)...)
		if code != exitUsage || !strings.Contains(stderr, want) {
			t.Errorf("zeph %s: exit code %d: %q is not in\n%s", args, code, want, stderr)
		}
	}
	if _, stderr, code := zeph("sim", "scenarios", "nothing"); code != exitFailed || !strings.Contains(stderr, "expected one of: add-ten-osds") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}
