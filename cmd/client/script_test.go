package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite testdata/*.txt to what the commands print now")

// TestScripts runs the commands in testdata/*.txt, in that folder. A line that starts with
// "$ zeph" is a command; what it must give follows: "| " a line on stdout, "! " one on
// stderr, "= " the exit code if it is not 0. All other lines are for the reader.
func TestScripts(t *testing.T) {
	scripts, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	t.Chdir("testdata")
	for _, path := range scripts {
		name := filepath.Base(path)
		t.Run(strings.TrimSuffix(name, ".txt"), func(t *testing.T) { runScript(t, name) })
	}
}

func runScript(t *testing.T, name string) {
	script, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var now strings.Builder
	for line := range strings.Lines(string(script)) {
		switch {
		case strings.HasPrefix(line, "$ zeph "):
			now.WriteString(line)
			now.WriteString(transcript(t, strings.TrimPrefix(line, "$ zeph ")))
		case line != "\n" && strings.ContainsRune("|!=", rune(line[0])):
		default:
			now.WriteString(line)
		}
	}
	if *update {
		if err := os.WriteFile(name, []byte(now.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	} else if now.String() != string(script) {
		t.Errorf("%s: the commands print something else now (see the change with -update):\n%s",
			name, firstDifference(string(script), now.String()))
	}
}

// transcript runs a command and says what it gave, in the notation of scripts.
func transcript(t *testing.T, command string) string {
	words := splitWords(command)
	var stdin []byte
	if n := len(words); n >= 2 && words[n-2] == "<" {
		var err error
		if stdin, err = os.ReadFile(words[n-1]); err != nil {
			t.Fatal(err)
		}
		words = words[:n-2]
	}
	stdout, stderr, code := zephWith(stdin, words...)
	var s strings.Builder
	for line := range strings.Lines(stdout) {
		s.WriteString(strings.TrimRight("| "+line, " \n") + "\n")
	}
	for line := range strings.Lines(stderr) {
		s.WriteString(strings.TrimRight("! "+line, " \n") + "\n")
	}
	if code != 0 {
		fmt.Fprintf(&s, "= %d\n", code)
	}
	return s.String()
}

// splitWords cuts a command at its spaces, but for those between single quotes.
func splitWords(command string) []string {
	var words []string
	for i, part := range strings.Split(strings.TrimSpace(command), "'") {
		if i%2 == 1 {
			words = append(words, part)
		} else {
			words = append(words, strings.Fields(part)...)
		}
	}
	return words
}

func firstDifference(want, got string) string {
	wants, gots := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(wants), len(gots)) {
		if wants[i] != gots[i] {
			return fmt.Sprintf("line %d\nwant %s\ngot  %s", i+1, wants[i], gots[i])
		}
	}
	return "one is longer"
}

// zeph runs a command.
func zeph(args ...string) (stdout, stderr string, code int) { return zephWith(nil, args...) }

func zephWith(stdin []byte, args ...string) (stdout, stderr string, code int) {
	var out, talk bytes.Buffer
	a := &app{stdin: bytes.NewReader(stdin), stdout: &out, stderr: plainWriter{&talk}, connect: fakeCluster}
	code = a.run(context.Background(), args)
	return out.String(), talk.String(), code
}
