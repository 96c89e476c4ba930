package main

import (
	"io"
	"os"
	"os/exec"
	"testing"
)

// TestSample checks a few values; the whole of it is the tool's.
func TestSample(t *testing.T) {
	tool, err := exec.LookPath("crushtool")
	if err != nil && os.Getenv("CI") == "" {
		t.Skip("no crushtool: it comes with the Debian package ceph-base")
	}
	if err != nil {
		t.Fatal(err)
	}
	lns, err := readLogs()
	if err != nil {
		t.Fatal(err)
	}
	duels, err := lns.findDuels(509)
	if err != nil {
		t.Fatal(err)
	}
	a := arena{tool: tool, dir: t.TempDir(), logs: lns}
	lost, err := a.fight(t.Context(), duels, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if len(lost) > 0 {
		t.Errorf("crushtool decides %d of %d duels otherwise", len(lost), len(duels))
	}

	// A value that is off by what a duel is sharp for must show.
	for _, d := range duels {
		before := lns.uWins(d)
		lns.negLog[d.u] += uint64(d.slack)
		if lns.uWins(d) == before {
			t.Errorf("duel %+v does not turn", d)
		}
		lns.negLog[d.u] -= uint64(d.slack)
	}
}
