package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Against the real tool, byte for byte.

// cephMap is a map in the form that crushtool takes.
type cephMap struct{ name, text, compiled string }

// cephMaps compiles all maps of the crush package and our own.
func cephMaps(t *testing.T) []cephMap {
	t.Helper()
	if _, err := exec.LookPath("crushtool"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("crushtool is missing: install the Debian package ceph-base")
		}
		t.Skip("crushtool is missing: install the Debian package ceph-base to compare with it")
	}
	texts, err := filepath.Glob("../../pkg/crush/testdata/vectors/*.txt")
	if err != nil || len(texts) == 0 {
		t.Fatalf("no maps to compare: %v", err)
	}
	for _, name := range []string{"small", "sets", "flat", "gaps"} {
		texts = append(texts, "testdata/maps/"+name+".txt")
	}
	dir := t.TempDir()
	var maps []cephMap
	for _, text := range texts {
		m := cephMap{strings.TrimSuffix(filepath.Base(text), ".txt"), text, ""}
		m.compiled = filepath.Join(dir, m.name)
		crushtool(t, "-c", m.text, "-o", m.compiled)
		maps = append(maps, m)
	}
	return maps
}

func crushtool(t *testing.T, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, talk bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "crushtool", args...)
	cmd.Stdout, cmd.Stderr = &out, &talk
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, talk.String())
	}
	return out.String(), talk.String()
}

func TestTryAsCrushtool(t *testing.T) {
	t.Parallel()
	for _, m := range cephMaps(t) {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			for _, args := range []string{
				"--show-mappings --num-rep 3 --min-x 0 --max-x 99",
				"--show-mappings --show-bad-mappings --show-statistics --num-rep 7 --min-x 1000000 --max-x 1000063",
				"--show-mappings --num-rep 3 --pool-id 7 --min-x 0 --max-x 63",
				"--show-mappings --num-rep 0 --x 3 --show-statistics",
				"--show-statistics --show-bad-mappings --min-rule 0 --max-rule 100 --min-x 0 --max-x 15",
				"--show-utilization --num-rep 3 --weight 3 0 --weight 1 0.333333 --weight 0 0.99999999 --pool-id 4294967299 --min-x 0 --max-x 99",
				"--show-utilization-all --num-rep 4 --weight 3 0 --weight 2 0.1 --min-x 0 --max-x 500 --min-rule 0 --max-rule 0",
				"--show-utilization --show-utilization-all --show-mappings --num-rep 5 --min-rule 2 --max-rule 5 --x 77",
			} {
				wantOut, wantTalk := crushtool(t, append([]string{"-i", m.compiled, "--test"}, strings.Fields(args)...)...)
				for _, form := range m.forms(t) {
					got, talk, code := zeph(append([]string{"crush", "test", "-i", form}, strings.Fields(args)...)...)
					if code != 0 || got != wantOut {
						t.Errorf("%s %s: exit code %d: %s", form, args, code, firstDifference(wantOut, got))
					}
					if talk = warning.ReplaceAllString(talk, ""); talk != wantTalk {
						t.Errorf("%s %s: stderr %q, want %q", form, args, talk, wantTalk)
					}
				}
			}
		})
	}
}

// forms lists the files that hold the same map.
func (m cephMap) forms(t *testing.T) []string {
	dump := m.compiled + ".json"
	if _, err := os.Stat(dump); err != nil {
		stdout, _ := crushtool(t, "-i", m.compiled, "--dump")
		if err := os.WriteFile(dump, []byte(stdout), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return []string{m.text, dump}
}

var warning = regexp.MustCompile(`(?m)^zeph: warning: .*\n`)

// Without the column of shares, and with the shadows, our tree is that of the tool.
func TestTreeAsCrushtool(t *testing.T) {
	t.Parallel()
	share := regexp.MustCompile(`(?m)  (SHARE   |[ 0-9]{3}\.[0-9]{2} %)(  )`)
	for _, m := range cephMaps(t) {
		want, _ := crushtool(t, "-i", m.compiled, "--tree")
		want = regexp.MustCompile(`(?m) +$`).ReplaceAllString(want, "")
		stdout, stderr, code := zeph("crush", "tree", "-i", m.text, "--show-shadow")
		if code != 0 {
			t.Fatal(stderr)
		}
		got := share.ReplaceAllString(stdout, "$2")
		got = strings.Join(withoutStray(t, m.text, strings.SplitAfter(got, "\n")), "")
		if got != want {
			t.Errorf("%s: %s", m.name, firstDifference(want, got))
		}
	}
}

// withoutStray drops the last lines: the tool does not show devices that no bucket holds.
func withoutStray(t *testing.T, path string, lines []string) []string {
	t.Helper()
	m, err := new(app).readCrush(path)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := newTree(m, false)
	if err != nil {
		t.Fatal(err)
	}
	return lines[:len(lines)-1-len(tree.Stray)]
}

// Trying allocates nothing for an input.
func TestTryAllocations(t *testing.T) {
	try := func(inputs int, extra ...string) float64 {
		args := append([]string{"crush", "test", "-i", "testdata/maps/small.txt", "--rule", "0", "--num-rep", "3",
			"--min-x", "0", "--max-x", fmt.Sprint(inputs), "--show-mappings", "--show-utilization"}, extra...)
		var stderr bytes.Buffer
		return testing.AllocsPerRun(3, func() {
			discard := writerFunc(func(p []byte) (int, error) { return len(p), nil })
			if run(t.Context(), args, discard, &stderr) != 0 {
				t.Fatal(stderr.String())
			}
		})
	}
	for _, extra := range [][]string{nil, {"-o", "json"}} {
		if few, many := try(1_000, extra...), try(9_000, extra...); many > few+100 {
			t.Errorf("%q: %v allocations for 1000 inputs, %v for 9000", extra, few, many)
		}
	}
}
