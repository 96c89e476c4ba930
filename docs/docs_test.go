// Package docs holds the documents to what they speak of: links lead somewhere, commands exist.
package docs

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

const root = ".."

// documents are the Markdown files of the tree, by path from the root.
func documents(t *testing.T) map[string]string {
	t.Helper()
	texts := make(map[string]string)
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && name != "." && strings.HasPrefix(entry.Name(), ".") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(name, ".md") {
			return nil
		}
		text, err := os.ReadFile(filepath.Join(root, name))
		texts[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

func TestLinksResolve(t *testing.T) {
	for name, text := range documents(t) {
		for _, target := range matches(link, text) {
			file, section, _ := strings.Cut(target, "#")
			if strings.Contains(file, "://") {
				continue
			}
			path := filepath.Join(root, filepath.Dir(name), file)
			if file == "" {
				path = filepath.Join(root, name)
			}
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s: link to %s: %v", name, target, err)
			} else if section != "" && !hasSection(t, path, section) {
				t.Errorf("%s: link to %s: no such section", name, target)
			}
		}
	}
}

var heading = regexp.MustCompile(`(?m)^#+ (.+)$`)

func hasSection(t *testing.T, path, section string) bool {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, title := range matches(heading, string(text)) {
		if anchor(title) == section {
			return true
		}
	}
	return false
}

// anchor is what GitHub makes of a heading.
func anchor(title string) string {
	title = strings.ReplaceAll(strings.ToLower(title), " ", "-")
	return regexp.MustCompile(`[^\p{L}\p{N}_-]`).ReplaceAllString(title, "")
}

// treePath finds names of our files and folders in backquotes, such as `pkg/crush/straw2.go` or `pkg/pg/testdata`.
var treePath = regexp.MustCompile("`((?:pkg|cmd|internal|scripts|zephtest|bench)(?:/[A-Za-z0-9_.*-]+)+)`")

func TestNamedFilesExist(t *testing.T) {
	for name, text := range documents(t) {
		text, _, _ = strings.Cut(text, "\n## Planned\n")
		for _, file := range matches(treePath, text) {
			if found, err := filepath.Glob(filepath.Join(root, file)); err != nil || len(found) == 0 {
				t.Errorf("%s names %s: there is none (%v)", name, file, err)
			}
		}
	}
}

var makeTarget = regexp.MustCompile("(?m)(?:^|`)make ([a-z-]+)")

func TestMakeTargetsExist(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range documents(t) {
		for _, target := range matches(makeTarget, text) {
			if !strings.Contains(string(makefile), "\n"+target+":") {
				t.Errorf("%s names make %s: no such target", name, target)
			}
		}
	}
}

// declared finds what documents say of a file, such as `chooser.place` in `pkg/crush/choose.go`.
var declared = regexp.MustCompile("`([A-Za-z0-9_.]+)` in\\s+`([a-z0-9_/]+\\.go)`")

func TestNamedCodeExists(t *testing.T) {
	for name, text := range documents(t) {
		for _, m := range declared.FindAllStringSubmatch(text, -1) {
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, m[2]), nil, 0)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			} else if !declares(file, m[1]) {
				t.Errorf("%s speaks of %s in %s: it is not there", name, m[1], m[2])
			}
		}
	}
}

// member finds what tours say without naming a file: `PG.push`, `core.Submit`.
var member = regexp.MustCompile("`([A-Za-z]+\\.[A-Za-z]+)`")

var fileName = regexp.MustCompile(`\.(md|go|jpg|db|yaml|json)$`)

// TestToursNameWhatThereIs: each method, field or declaration of a package that a tour names is somewhere in the tree.
func TestToursNameWhatThereIs(t *testing.T) {
	known := make(map[string]bool)
	for _, dir := range []string{"cmd", "pkg", "zephtest"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err == nil {
				addMembers(known, file)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	texts := documents(t)
	for _, name := range []string{"docs/tour.md", "docs/tour-placement.md", "docs/architecture.md", "docs/invariants.md"} {
		for _, what := range matches(member, texts[name]) {
			if !known[what] && !fileName.MatchString(what) {
				t.Errorf("%s names %s: there is none", name, what)
			}
		}
	}
}

// addMembers notes what a file declares, as package.Name, Type.Method and Type.Field.
func addMembers(known map[string]bool, file *ast.File) {
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				known[file.Name.Name+"."+d.Name.Name] = true
			} else {
				known[receiver(d)+"."+d.Name.Name] = true
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				ts, ok := spec.(*ast.TypeSpec)
				if !ok {
					continue
				}
				known[file.Name.Name+"."+ts.Name.Name] = true
				if st, ok := ts.Type.(*ast.StructType); ok {
					for _, field := range st.Fields.List {
						for _, id := range field.Names {
							known[ts.Name.Name+"."+id.Name] = true
						}
					}
				}
			}
		}
	}
}

// declares reports whether a file has a type, a function, or a method named Type.Method.
func declares(file *ast.File, name string) bool {
	typ, method, isMethod := strings.Cut(name, ".")
	return slices.ContainsFunc(file.Decls, func(decl ast.Decl) bool {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if !isMethod {
				return d.Recv == nil && d.Name.Name == name
			}
			return d.Recv != nil && d.Name.Name == method && receiver(d) == typ
		case *ast.GenDecl:
			return slices.ContainsFunc(d.Specs, func(spec ast.Spec) bool {
				ts, ok := spec.(*ast.TypeSpec)
				return ok && ts.Name.Name == name
			})
		}
		return false
	})
}

func receiver(method *ast.FuncDecl) string {
	typ := method.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	if generic, ok := typ.(*ast.IndexExpr); ok {
		typ = generic.X
	}
	if id, ok := typ.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

// TestDependenciesAreDecided: what go.mod requires for programs and tests is in the decision.
func TestDependenciesAreDecided(t *testing.T) {
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	decision := documents(t)["docs/decisions/0001-dependencies.md"]
	for _, m := range regexp.MustCompile(`(?m)^(?:require )?\s*(\S+\.\S+/\S+) (v\S+)$`).FindAllStringSubmatch(string(mod), -1) {
		if row := "| `" + m[1] + "` | " + m[2] + " |"; !strings.Contains(decision, row) {
			t.Errorf("docs/decisions/0001-dependencies.md has no row %q", row)
		}
	}
}

// command finds what stands at the begin of a line or in backquotes as a command to type.
var command = regexp.MustCompile("(?m)(?:^|`|\\$ )(?:bin/)?zeph ([a-z]+(?: [a-z][a-z-]*)?)")

func TestCommandsExist(t *testing.T) {
	t.Parallel()
	zeph := buildZeph(t)
	help := func(args ...string) string {
		out, err := exec.Command(zeph, append(args, "--help")...).CombinedOutput()
		if err != nil {
			t.Fatalf("zeph %s --help: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	nouns := help()
	for name, text := range documents(t) {
		for _, words := range matches(command, text) {
			noun, verb, _ := strings.Cut(words, " ")
			if !lists(nouns, noun) {
				t.Errorf("%s names zeph %s: no such command", name, noun)
				continue
			}
			verbs := help(noun)
			if verb != "" && strings.Contains(verbs, "Available Commands:") && !lists(verbs, verb) {
				t.Errorf("%s names zeph %s: no such command", name, words)
			}
		}
	}
}

// TestCommandsAreDocumented: each command is on one of these pages; a verb may be on a line that begins with its noun.
func TestCommandsAreDocumented(t *testing.T) {
	t.Parallel()
	zeph := buildZeph(t)
	texts := documents(t)
	lines := strings.Split(texts["docs/cli.md"]+texts["docs/client.md"], "\n")
	var walk func(words ...string)
	walk = func(words ...string) {
		out, err := exec.Command(zeph, append(words, "--help")...).CombinedOutput()
		if err != nil {
			t.Fatalf("zeph %v --help: %v", words, err)
		}
		_, verbs, some := strings.Cut(string(out), "Available Commands:\n")
		verbs, _, _ = strings.Cut(verbs, "\n\n")
		for _, verb := range matches(regexp.MustCompile(`(?m)^  (\S+) `), verbs) {
			if verb != "help" && verb != "completion" {
				walk(append(slices.Clone(words), verb)...)
			}
		}
		if some {
			return
		}
		noun, verb := strings.Join(words[:len(words)-1], " "), words[len(words)-1]
		if !slices.ContainsFunc(lines, func(line string) bool {
			return strings.Contains(line, "`zeph "+strings.Join(words, " ")) ||
				noun != "" && strings.Contains(line, "`zeph "+noun) && strings.Contains(line, "`"+verb+"`")
		}) {
			t.Errorf("no page has zeph %s", strings.Join(words, " "))
		}
	}
	walk()
}

// TestTranscripts runs the commands of console blocks, from the root of the tree, and wants
// what the documents show: a $, the command, then its output.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	zeph := buildZeph(t)
	for name, text := range documents(t) {
		for _, block := range matches(regexp.MustCompile("(?s)```console\n(.*?)```"), text) {
			for _, transcript := range strings.Split("\n"+block, "\n$ ")[1:] {
				command, want, _ := strings.Cut(transcript, "\n")
				got, err := shell(zeph, command)
				if strings.TrimSpace(got) != strings.TrimSpace(want) || err != nil {
					t.Errorf("%s: %s: %v\ngot\n%s\nwant\n%s", name, command, err, got, want)
				}
			}
		}
	}
}

func TestDemo(t *testing.T) {
	t.Parallel()
	zeph := buildZeph(t)
	if out, err := shell(zeph, "ZEPH="+zeph+" sh scripts/demo-placement.sh"); err != nil {
		t.Errorf("demo: %v\n%s", err, out)
	}
}

// shell runs a line from the root of the tree, where zeph is the program given.
func shell(zeph, line string) (string, error) {
	cmd := exec.Command("sh", "-c", line)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(zeph)+string(os.PathListSeparator)+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// bin is the folder of the program that built made; empty: nobody wanted it.
var bin string

func TestMain(m *testing.M) {
	code := m.Run()
	if bin != "" {
		os.RemoveAll(bin)
	}
	os.Exit(code)
}

var built = sync.OnceValues(func() (zeph string, err error) {
	if bin, err = os.MkdirTemp("", "zeph-docs-"); err != nil {
		return "", err
	}
	zeph = filepath.Join(bin, "zeph")
	out, err := exec.Command("go", "build", "-buildvcs=false", "-o", zeph, root+"/cmd/client").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("build zeph: %v\n%s", err, out)
	}
	return zeph, err
})

func buildZeph(t *testing.T) string {
	t.Helper()
	zeph, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return zeph
}

// lists reports whether a help text has a line for the command.
func lists(help, command string) bool { return strings.Contains(help, "\n  "+command+" ") }

// matches are what the first group of a pattern matches in a text.
func matches(pattern *regexp.Regexp, text string) []string {
	var found []string
	for _, m := range pattern.FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	return found
}
