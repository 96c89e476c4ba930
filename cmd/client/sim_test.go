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
		"sim run --seed 1 --faults flood": `fault "flood": expected one of`,
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
