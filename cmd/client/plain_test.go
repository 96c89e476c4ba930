package main

import (
	"strings"
	"testing"
)

func TestPlain(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"cat.jpg, 日本語\n":  "cat.jpg, 日本語\n",
		"\x1b[31mred":     `\x1b[31mred`,
		"a\u202eb\tc\x07": `a\u202eb\tc\a`,
	} {
		if got := plain(s); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

// TestNamesCannotSteerTheTerminal: neither on stdout nor on stderr.
func TestNamesCannotSteerTheTerminal(t *testing.T) {
	t.Parallel()
	maps := []string{"--osdmap", "testdata/maps/small.osdmap.json", "--crush", "testdata/maps/small.txt"}
	for _, args := range [][]string{
		{"place", "object", "\x1b[31mred", "--namespace", "\x07", "--pool", "data"},
		{"crush", "why", "data/\x1b[31mred"},
		{"place", "object", "x", "--pool", "\x1b[31mred"},
		{"whatif", "osd \x1b[31mred 3"},
	} {
		stdout, stderr, _ := zeph(append(args, maps...)...)
		if strings.ContainsAny(stdout+stderr, "\x1b\x07") || stdout+stderr == "" {
			t.Errorf("%q: %q %q", args, stdout, stderr)
		}
	}
}

func TestPlainBytesThatAreNoText(t *testing.T) {
	for given, want := range map[string]string{"caf\xe9": `caf\xe9`, "\xff\x1b[31m": `\xff\x1b[31m`, "café": "café", "\uFFFD": "\uFFFD"} {
		if got := plain(given); got != want {
			t.Errorf("plain(%q) is %q, not %q", given, got, want)
		}
	}
}
