package layout

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is what import paths of ours begin with.
const module = "zeph/"

// row is what the table says of one package.
type row struct {
	kind      string
	ours      []string // may be imported: what the row names, and what those may import
	libraries []string
}

func (r row) pure() bool { return r.kind != "io" }

// rows are the table by package.
type rows map[string]row

func readTable(t *testing.T) rows {
	t.Helper()
	rs := make(rows)
	for i, line := range strings.Split(table, "\n") {
		f := strings.Fields(line)
		if len(f) == 0 || i == 1 { // the heading
			continue
		}
		if len(f) != 4 || !slices.Contains([]string{"pure", "core", "io"}, f[1]) {
			t.Fatalf("table: %q: expected package, kind, ours, libraries", line)
		}
		for _, lib := range names(f[3]) {
			if libraries[lib] == "" {
				t.Fatalf("table: %s: unknown library %s", f[0], lib)
			}
		}
		rs[f[0]] = row{f[1], rs.closure(t, f[0], names(f[2])), names(f[3])}
	}
	return rs
}

func names(column string) []string {
	if column == "-" {
		return nil
	}
	return strings.Split(column, ",")
}

// closure adds to packages those that they may import. They must stand higher up.
func (rs rows) closure(t *testing.T, of string, packages []string) []string {
	t.Helper()
	all := make(map[string]bool)
	for _, name := range packages {
		name = "pkg/" + name
		r, ok := rs[name]
		if !ok {
			t.Fatalf("table: %s names %s, which is not in a row above", of, name)
		}
		all[name] = true
		for _, below := range r.ours {
			all[below] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// of finds the row of a package.
func (rs rows) of(name string) (row, bool) {
	r, ok := rs[name]
	if !ok {
		r, ok = rs[path.Dir(name)+"/*"]
	}
	return r, ok
}

// check lists what is wrong with a package.
func (rs rows) check(name string, files parsed) []string {
	r, ok := rs.of(name)
	if !ok {
		return []string{name + " is in no row of the table in internal/layout: which of ours may it import?"}
	}
	var problems []string
	for _, file := range slices.Sorted(maps.Keys(files)) {
		for _, spec := range files[file].Imports {
			imported, _ := strconv.Unquote(spec.Path.Value)
			if why := r.refuses(imported); why != "" {
				problems = append(problems, fmt.Sprintf("%s imports %s: %s", file, imported, why))
			}
		}
		if r.kind == "core" && usesClock(files[file]) {
			problems = append(problems, file+" uses more of package time than durations")
		}
		if r.pure() && startsGoroutines(files[file]) {
			problems = append(problems, file+" starts a goroutine in a pure package")
		}
		if _, excused := floats[file]; r.pure() && !excused && hasFloats(files[file]) {
			problems = append(problems, file+" has floating point, which differs from machine to machine")
		}
	}
	return problems
}

// refuses says why a package of this row may not import another; empty if it may.
func (r row) refuses(imported string) string {
	if ours, ok := strings.CutPrefix(imported, module); ok {
		if !slices.Contains(r.ours, ours) {
			return "its row does not allow that"
		}
		return ""
	}
	if first, _, _ := strings.Cut(imported, "/"); strings.Contains(first, ".") {
		for _, lib := range r.libraries {
			if within(imported, libraries[lib]) {
				return ""
			}
		}
		return "its row does not name that library"
	}
	if imported == "time" && r.kind == "core" {
		return ""
	}
	if r.pure() && slices.ContainsFunc(impure, func(std string) bool { return within(imported, std) }) {
		return "the package is pure"
	}
	return ""
}

// within reports whether a package is another or below it.
func within(pkg, top string) bool { return pkg == top || strings.HasPrefix(pkg, top+"/") }

// durations are the names of package time that say how long, not when.
var durations = []string{"Duration", "Nanosecond", "Microsecond", "Millisecond", "Second", "Minute", "Hour"}

func usesClock(file *ast.File) bool {
	return has(file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return false
		}
		x, ok := sel.X.(*ast.Ident)
		return ok && x.Name == "time" && !slices.Contains(durations, sel.Sel.Name)
	})
}

func startsGoroutines(file *ast.File) bool {
	return has(file, func(n ast.Node) bool {
		_, ok := n.(*ast.GoStmt)
		return ok
	})
}

// hasFloats sees types and numbers. Nothing comes of floating point without either.
func hasFloats(file *ast.File) bool {
	return has(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			return slices.Contains([]string{"float32", "float64", "complex64", "complex128", "ParseFloat"}, n.Name)
		case *ast.BasicLit:
			return n.Kind == token.FLOAT
		}
		return false
	})
}

func has(file *ast.File, wanted func(ast.Node) bool) bool {
	found := false
	ast.Inspect(file, func(n ast.Node) bool {
		found = found || n != nil && wanted(n)
		return !found
	})
	return found
}

// TestCheckBites plants one fault at a time.
func TestCheckBites(t *testing.T) {
	tests := []struct {
		file, source string
		want         string // part of the problem; empty: there is none
	}{
		{"pkg/placement/a.go", `import "zeph/pkg/osdmap"`, ""},
		{"pkg/placement/a.go", `import "zeph/pkg/crush"`, ""}, // osdmap may import it
		{"pkg/osdmap/a.go", `import "zeph/pkg/placement"`, "imports zeph/pkg/placement"},
		{"pkg/crush/a.go", `import "zeph/pkg/osdmap"`, "imports zeph/pkg/osdmap"},
		{"pkg/mon/a.go", `import "zeph/pkg/osd"`, "imports zeph/pkg/osd"},
		{"pkg/helpers/a.go", ``, "in no row"},
		{"scripts/new/a.go", `import "zeph/pkg/crush"`, ""},
		{"scripts/new/deep/a.go", ``, "in no row"},
		{"pkg/osdmap/a.go", `import "zeph/pkg/helpers"`, "imports zeph/pkg/helpers"},

		{"pkg/crush/a.go", `import "github.com/cespare/xxhash/v2"`, ""},
		{"pkg/placement/a.go", `import "github.com/cespare/xxhash/v2"`, "does not name that library"},
		{"pkg/messenger/a.go", `import "github.com/go-zeromq/zmq4"`, "does not name that library"},
		{"pkg/messenger/zmq/a.go", `import "github.com/go-zeromq/zmq4/internal/x"`, ""},
		{"cmd/client/a.go", `import "github.com/spf13/viper"`, "does not name that library"},

		{"pkg/crush/a.go", `import "math/bits"`, ""},
		{"pkg/crush/a.go", `import "os"`, "pure"},
		{"pkg/crush/a.go", `import "net/http"`, "pure"},
		{"pkg/crush/a.go", `import "math/rand/v2"`, "pure"},
		{"pkg/crush/a.go", `import "sync/atomic"`, "pure"},
		{"pkg/crush/a.go", `import "unsafe"`, "pure"},
		{"pkg/crush/a.go", `import "time"; var d time.Duration`, "pure"},
		{"pkg/pg/a.go", `import "time"; var d time.Duration = 2 * time.Second`, ""},
		{"pkg/pg/a.go", `import "time"; var d = time.Now()`, "more of package time"},
		{"pkg/world/a.go", `import "time"; var d = time.Now()`, ""},

		{"pkg/crush/a.go", `func f() { go f() }`, "starts a goroutine"},
		{"pkg/world/a.go", `func f() { go f() }`, ""},

		{"pkg/crush/a.go", `var share float64`, "floating point"},
		{"pkg/crush/a.go", `var half = 0.5`, "floating point"},
		{"pkg/crush/weight.go", `var share float64`, ""},
		{"pkg/world/a.go", `var share float64`, ""},
	}
	rows := readTable(t)
	for _, tt := range tests {
		file, err := parser.ParseFile(token.NewFileSet(), tt.file, "package p\n"+tt.source, 0)
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(rows.check(path.Dir(tt.file), parsed{tt.file: file}), "\n")
		if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("%s with %s: got %q, want %q", tt.file, tt.source, got, tt.want)
		}
	}
}
