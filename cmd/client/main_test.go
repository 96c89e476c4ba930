package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"testing"
)

func TestHelpAndCompletion(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ args, want string }{
		{"", "Available Commands:"},
		{"help crush test", "zeph crush test -i MAP"},
		{"crush tree --help", "--show-shadow"},
		{"version", "zeph "},
		{"version -o json", `"version": "`},
		{"completion bash", "bash completion"},
		{"completion zsh", "#compdef zeph"},
		{"completion fish", "fish completion"},
	} {
		stdout, stderr, code := zeph(strings.Fields(c.args)...)
		if code != exitDone || stderr != "" || !strings.Contains(stdout, c.want) {
			t.Errorf("zeph %s: exit code %d, stderr %q, no %q on stdout", c.args, code, stderr, c.want)
		}
	}
}

// What reads our output may have enough of it: that is no reason to complain.
func TestReaderLeaves(t *testing.T) {
	t.Parallel()
	pipeReader, pipe := io.Pipe()
	pipeReader.Close()
	fileReader, file, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	fileReader.Close()
	for _, stdout := range []io.Writer{pipe, file} {
		for _, command := range []string{
			"crush tree -i testdata/maps/small.txt",
			"crush decompile testdata/maps/small.txt",
			"crush test -i testdata/maps/small.txt --show-mappings",
			"crush test -i testdata/maps/small.txt --show-mappings -o json",
		} {
			var stderr bytes.Buffer
			code := run(t.Context(), strings.Fields(command), stdout, &stderr)
			if code != exitFailed || stderr.Len() > 0 {
				t.Errorf("zeph %s: exit code %d, stderr %q", command, code, stderr.String())
			}
		}
	}
}

func TestInterrupt(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	stdout := writerFunc(func(p []byte) (int, error) { cancel(); return len(p), nil })
	var stderr bytes.Buffer
	code := run(ctx, strings.Fields("crush test -i testdata/maps/small.txt --min-x 0 --max-x 2000000000 --show-mappings"), stdout, &stderr)
	if code != exitFailed || stderr.String() != "zeph: interrupted\n" {
		t.Errorf("exit code %d, stderr %q", code, stderr.String())
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestNearest(t *testing.T) {
	t.Parallel()
	verbs := []string{"compile", "decompile", "test", "tree", "why"}
	for word, want := range map[string]string{
		"tre": "tree", "tset": "test", "decomp": "decompile", "Tree": "tree",
		"t": "", "xy": "", "osd": "", "": "", "frobnicate": "",
	} {
		if got := nearest(word, verbs); got != want {
			t.Errorf("nearest(%q) = %q, want %q", word, got, want)
		}
	}
}
