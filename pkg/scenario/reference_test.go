package scenario

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the reference of keys into docs/simulation.md")

const (
	page  = "../../docs/simulation.md"
	begin = "<!-- keys: made by go test ./pkg/scenario -run Reference -update -->\n"
	end   = "<!-- end of keys -->\n"
)

// TestReference holds the page to what the structs say of their keys.
func TestReference(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	old, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s lacks %q and %q", page, begin, end)
	}
	want := reference(t)
	if *update {
		if err := os.WriteFile(page, []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if old != want {
		t.Errorf("%s is out of date: go test ./pkg/scenario -run Reference -update", page)
	}
}

func reference(t *testing.T) string {
	structs, docs := sources(t)
	var b strings.Builder
	for _, part := range []struct{ title, name string }{
		{"Keys of a scenario", "Scenario"}, {"`cluster.pools`", "Pool"}, {"`workload`", "Workload"}, {"`faults`", "Fault"}, {"`steps`", "Step"},
	} {
		fmt.Fprintf(&b, "\n#### %s\n\n| key | |\n|---|---|\n", part.title)
		for _, f := range structs[part.name].Fields.List {
			tag := reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("yaml")
			if tag == "-" {
				continue
			}
			fmt.Fprintf(&b, "| `%s` | %s |\n", tag, strings.TrimSpace(f.Comment.Text()))
		}
	}
	b.WriteString("\n#### Verbs of steps\n\nA verb that a target lacks is refused before anything begins.\n\n| `do` | what it does | `for` and `until` then | keys | where |\n|---|---|---|---|---|\n")
	for i := range Verbs {
		v := &Verbs[i]
		keys := strings.Join(v.Needs, ", ")
		if len(v.Takes) > 0 {
			keys += " (" + strings.Join(v.Takes, ", ") + ")"
		}
		where := strings.Join(v.Where, ", ")
		if len(v.Where) == len(everywhere) {
			where = "all"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", v.Name, v.Doc, v.Undo, strings.TrimSpace(keys), where)
	}
	b.WriteString("\n#### Whom: `on` and `from`\n\n")
	var roles []string
	for _, r := range Roles {
		roles = append(roles, "`"+string(r)+"`")
	}
	fmt.Fprintf(&b, "%s. Several stand in a list, or behind each other with commas. Who that is is decided at the moment of the step.\n", strings.Join(roles, ", "))
	fmt.Fprintf(&b, "\n#### Conditions: `when`, `until`, `that`\n\n```\n%s```\n", indented(docs["Condition"]))
	fmt.Fprintf(&b, "\n#### Claims: `expect`\n\nThat no acknowledged write is lost, and all else that judges hold, is demanded of every run.\n\n```\n%s```\n", indented(docs["Claim"]))
	b.WriteString("\n#### Kinds of random faults\n\n| kind | |\n|---|---|\n")
	for _, k := range Kinds {
		fmt.Fprintf(&b, "| `%s` | %s |\n", k.Name, k.Doc)
	}
	b.WriteString("\n")
	return b.String()
}

// indented is the part of a comment that is set apart.
func indented(doc string) string {
	var b strings.Builder
	for line := range strings.Lines(doc) {
		if text, ok := strings.CutPrefix(line, "\t"); ok {
			b.WriteString(text)
		}
	}
	return b.String()
}

// sources are the structs of this package, and the comments of its types.
func sources(t *testing.T) (map[string]*ast.StructType, map[string]string) {
	t.Helper()
	structs, docs := make(map[string]*ast.StructType), make(map[string]string)
	for _, name := range []string{"scenario.go", "step.go", "condition.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.TYPE {
				continue
			}
			spec := g.Specs[0].(*ast.TypeSpec)
			docs[spec.Name.Name] = g.Doc.Text()
			if s, ok := spec.Type.(*ast.StructType); ok {
				structs[spec.Name.Name] = s
			}
		}
	}
	return structs, docs
}
