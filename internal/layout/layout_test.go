// Package layout holds the tree to its shape: who may import whom, what stays out of pure
// packages. It is all tests; the table they hold the tree to is in table_test.go.
package layout

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// parsed are the files of one package, tests left out, by their path from the root.
type parsed map[string]*ast.File

// ourPackages parses the whole tree, files for other systems included. Directories with a
// go.mod of their own are other modules.
func ourPackages(t *testing.T) map[string]parsed {
	t.Helper()
	packages := make(map[string]parsed)
	tree := os.DirFS(root)
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name != "." && (strings.ContainsAny(entry.Name()[:1], "._") || entry.Name() == "testdata" || isModule(tree, name)) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir := path.Dir(name)
		if packages[dir] == nil {
			packages[dir] = make(parsed)
		}
		packages[dir][name] = file
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return packages
}

func isModule(tree fs.FS, dir string) bool {
	_, err := fs.Stat(tree, path.Join(dir, "go.mod"))
	return err == nil
}

func TestTree(t *testing.T) {
	rows := readTable(t)
	packages := ourPackages(t)
	for _, name := range slices.Sorted(maps.Keys(packages)) {
		t.Run(name, func(t *testing.T) {
			for _, problem := range rows.check(name, packages[name]) {
				t.Error(problem)
			}
		})
	}
	for name := range floats {
		if file := packages[path.Dir(name)][name]; file == nil || !hasFloats(file) {
			t.Errorf("%s has no floating point: take it off the list", name)
		}
	}
}

func TestPurePackagesReachNothingFarOff(t *testing.T) {
	for name := range existing(t, readTable(t)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list, err := exec.Command("go", "list", "-deps", module+name).Output()
			if err != nil {
				t.Fatal(err)
			}
			for _, dep := range strings.Fields(string(list)) {
				if slices.ContainsFunc(farOff, func(far string) bool { return within(dep, far) }) {
					t.Errorf("%s reaches %s", name, dep)
				}
			}
		})
	}
}

// TestMakefileKnowsPurePackages: make compiles those it lists for the browser.
func TestMakefileKnowsPurePackages(t *testing.T) {
	makefile, err := os.ReadFile(root + "/Makefile")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^PURE *= *(.*)$`).FindSubmatch(makefile)
	if line == nil {
		t.Fatal("Makefile: no line PURE = …")
	}
	listed := strings.Fields(string(line[1]))
	for name := range existing(t, readTable(t)) {
		if !slices.Contains(listed, "./"+name) {
			t.Errorf("Makefile: PURE lacks ./%s", name)
		}
	}
}

// TestArchitectureNamesPackages: the page says of each package in the table whether it exists.
func TestArchitectureNamesPackages(t *testing.T) {
	page, err := os.ReadFile(root + "/docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	exist, planned, _ := strings.Cut(string(page), "\n## Planned\n")
	packages := ourPackages(t)
	for name := range readTable(t) {
		part, where := planned, "Planned"
		if packages[name] != nil || strings.HasSuffix(name, "/*") {
			part, where = exist, "What exists"
		}
		if !strings.Contains(part, "`"+name+"`") {
			t.Errorf("docs/architecture.md: %s is not in the section %q", name, where)
		}
	}
}

// existing are the pure packages of the table that have come.
func existing(t *testing.T, rows rows) map[string]bool {
	t.Helper()
	found := make(map[string]bool)
	for name := range ourPackages(t) {
		if row, ok := rows.of(name); ok && row.pure() {
			found[name] = true
		}
	}
	return found
}
