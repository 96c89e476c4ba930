package docs

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	named   = regexp.MustCompile("`(Test\\w+)` in `([\\w/]+)`")
	judges  = regexp.MustCompile("judge `([^`]+)`")
	scripts = regexp.MustCompile("`([a-z0-9_]+)`")
)

// TestInvariantsAreChecked: each invariant has tests, and they, their scripts and judges exist.
func TestInvariantsAreChecked(t *testing.T) {
	page := documents(t)["docs/invariants.md"]
	for i := 1; i <= 10; i++ {
		_, section, ok := strings.Cut(page, fmt.Sprintf("\n## I%d ", i))
		section, _, _ = strings.Cut(section, "\n## ")
		_, items, some := strings.Cut(section, "\n- ")
		if !ok || !some {
			t.Errorf("I%d: no section that names tests", i)
			continue
		}
		for _, item := range strings.Split(items, "\n- ") {
			checkItem(t, fmt.Sprintf("I%d", i), item)
		}
	}
}

// checkItem looks for what one item of a list names: tests, and of the last one scripts or judges.
func checkItem(t *testing.T, invariant, item string) {
	tests := named.FindAllStringSubmatch(item, -1)
	if len(tests) == 0 {
		t.Errorf("%s: no test in %q", invariant, item)
		return
	}
	for _, m := range tests {
		if !strings.Contains(sources(t, m[2], "_test.go"), "\nfunc "+m[1]+"(") {
			t.Errorf("%s: there is no %s in %s", invariant, m[1], m[2])
		}
	}
	dir := tests[len(tests)-1][2]
	for _, judge := range matches(judges, item) {
		if !strings.Contains(sources(t, dir, ".go"), `"`+judge+`"`) {
			t.Errorf("%s: there is no judge %q in %s", invariant, judge, dir)
		}
	}
	_, list, ok := strings.Cut(item, "script")
	if !ok {
		return
	}
	for _, script := range matches(scripts, list) {
		if _, err := os.Stat(filepath.Join(root, dir, "testdata", script+".txt")); err != nil {
			t.Errorf("%s: %v", invariant, err)
		}
	}
}

var (
	rule  = regexp.MustCompile(`(?m)^- \*\*(\d+\.\d+)\*\*`)
	cited = regexp.MustCompile(`protocol (\d+\.\d+)`)
	short = regexp.MustCompile(`(?m)// .*\(([1-9]\d*\.[1-9]\d*)[,)]`) // in pkg/pg, where rules need no word in front
)

// TestCitedRulesExist: a number in a comment leads to a rule.
func TestCitedRulesExist(t *testing.T) {
	rules := matches(rule, documents(t)["docs/protocol.md"])
	packages, err := filepath.Glob(filepath.Join(root, "pkg", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range packages {
		dir = filepath.Join("pkg", filepath.Base(dir))
		text := sources(t, dir, ".go")
		numbers := matches(cited, text)
		if dir == filepath.Join("pkg", "pg") {
			numbers = append(numbers, matches(short, text)...)
		}
		for _, number := range numbers {
			if !slices.Contains(rules, number) {
				t.Errorf("%s cites rule %s: docs/protocol.md has none", dir, number)
			}
		}
	}
}

// sources are the texts of a package's files whose names end so.
func sources(t *testing.T, dir, end string) string {
	files, err := filepath.Glob(filepath.Join(root, dir, "*"+end))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}
