package mon

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite what the scripts in testdata expect")

// The scripts in testdata are lessons. A line is a comment, a command, or, indented, what the command
// before it must bring about; -update writes these anew, and a person reads the difference. See world_test.go
// for the commands.
func TestScripts(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			t.Parallel()
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, string(b))
			if got == string(b) {
				return
			}
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			t.Error(difference(string(b), got))
		})
	}
}

func play(t *testing.T, script string) string {
	w := newWorld(t)
	var out strings.Builder
	for n, line := range strings.Split(strings.TrimRight(script, "\n"), "\n") {
		switch {
		case strings.HasPrefix(line, "  "):
			continue
		case line == "", strings.HasPrefix(line, "#"):
			fmt.Fprintln(&out, line)
			continue
		}
		fmt.Fprintln(&out, line)
		w.trace = nil
		if err := w.do(strings.Fields(line)); err != nil {
			t.Fatalf("line %d: %s: %v", n+1, line, err)
		}
		for _, l := range w.trace {
			fmt.Fprintln(&out, "  "+l)
		}
	}
	return out.String()
}

// difference shows the first lines that differ, with those before them.
func difference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := 0; ; i++ {
		if i < len(w) && i < len(g) && w[i] == g[i] {
			continue
		}
		from := max(0, i-4)
		return fmt.Sprintf("line %d; want\n%s\ngot\n%s", i+1, strings.Join(w[from:min(len(w), i+6)], "\n"), strings.Join(g[from:min(len(g), i+6)], "\n"))
	}
}
