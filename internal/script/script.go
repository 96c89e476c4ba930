// Package script plays the scripts of tests: pages of testdata that read as lessons, and on which a machine answers.
//
//	All other lines are for the reader.
//	> a command
//	| what the machine does because of it
package script

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Play plays testdata/*.txt, side by side, each on a machine of its own. begin makes one: it carries out a command,
// given as words, and returns the lines that came of it. With rewrite a page then says what came.
func Play(t *testing.T, rewrite bool, begin func(t *testing.T) (do func(words []string) (lines string))) {
	t.Helper()
	pages, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(pages) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, page := range pages {
		t.Run(strings.TrimSuffix(filepath.Base(page), ".txt"), func(t *testing.T) {
			t.Parallel()
			play(t, page, rewrite, begin(t))
		})
	}
}

func play(t *testing.T, page string, rewrite bool, do func([]string) string) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var now strings.Builder
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "| ") {
			continue
		}
		now.WriteString(line)
		if command, ok := strings.CutPrefix(line, "> "); ok {
			now.WriteString(do(strings.Fields(command)))
		}
	}
	switch {
	case rewrite:
		if err := os.WriteFile(page, []byte(now.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	case now.String() != string(text):
		t.Errorf("something else happens now (see the change with -update):\n%s", now.String())
	}
}
