package scenario

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// maxFile bounds what is read: no scenario is larger.
const maxFile = 1 << 20

// Problem is something wrong with a scenario file, and where.
type Problem struct {
	Line, Column int // from 1 on
	Text         string
	Source       string // the line
}

// Problems are all that are wrong with a file, in its order. As an error they show each line with a mark below.
type Problems struct {
	File string
	List []Problem
}

func (p *Problems) Error() string {
	var b strings.Builder
	for i, one := range p.List {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s:%d:%d: %s", p.File, one.Line, one.Column, one.Text)
		if one.Source != "" {
			lead := strings.Map(func(r rune) rune { // tabs stay, for the mark to stand where it should
				if r == '\t' {
					return r
				}
				return ' '
			}, string([]rune(one.Source)[:max(0, min(one.Column-1, len([]rune(one.Source))))]))
			fmt.Fprintf(&b, "\n    %s\n    %s^", one.Source, lead)
		}
	}
	return b.String()
}

// Parse reads a scenario, fills it, and names everything that is wrong with it at once: the error is *Problems.
func Parse(file string, text []byte) (s *Scenario, err error) {
	d := &decoder{lines: strings.Split(string(text), "\n"), at: make(map[string]token.Position)}
	fail := func() error {
		slices.SortStableFunc(d.found, func(a, b Problem) int {
			if a.Line != b.Line {
				return a.Line - b.Line
			}
			return a.Column - b.Column
		})
		return &Problems{file, d.found}
	}
	if len(text) > maxFile {
		d.problem(token.Position{Line: 1, Column: 1}, "larger than %d KiB: no scenario", maxFile>>10)
		return nil, fail()
	}
	defer func() {
		if e := recover(); e != nil { // the YAML library has been seen to panic on what is no YAML
			d.problem(token.Position{Line: 1, Column: 1}, "no YAML")
			s, err = nil, fail()
		}
	}()
	tree, err := parser.ParseBytes(text, 0)
	if err != nil {
		d.syntax(err)
		return nil, fail()
	}
	s = new(Scenario)
	d.document(tree, s)
	for i := range s.Steps {
		s.Steps[i].Line = d.at[fmt.Sprintf("steps[%d]", i)].Line
	}
	misread := len(d.found)
	d.semantics(s)
	told := slices.Clone(d.found[:misread])
	for _, p := range d.found[misread:] { // what follows from a line that was misread is not told
		if !slices.ContainsFunc(told[:misread], func(q Problem) bool { return p.Line == q.Line }) {
			told = append(told, p)
		}
	}
	d.found = told
	if len(d.found) > 0 {
		return nil, fail()
	}
	return s, nil
}

func (d *decoder) syntax(err error) {
	at := token.Position{Line: 1, Column: 1}
	text := err.Error()
	if e := new(yaml.SyntaxError); errors.As(err, &e) {
		text = e.Message
		if e.Token != nil && e.Token.Position != nil {
			at = *e.Token.Position
		}
	}
	text, _, _ = strings.Cut(text, "\n")
	d.problem(at, "no YAML: %s", text)
}

func (d *decoder) document(tree *ast.File, s *Scenario) {
	var bodies []ast.Node
	for _, doc := range tree.Docs {
		if doc.Body != nil {
			bodies = append(bodies, doc.Body)
		}
	}
	switch len(bodies) {
	case 0:
		d.problem(token.Position{Line: 1, Column: 1}, "the file is empty")
	case 1:
		d.decode(bodies[0], s)
	default:
		d.problem(*bodies[1].GetToken().Position, "a second document: expected one")
	}
}

// semantics checks what was read as a whole.
func (d *decoder) semantics(s *Scenario) {
	one := s.PGs != 0 || s.Size != 0 || s.MinSize != 0
	if one && len(s.Pools) > 0 {
		d.problem(d.where("cluster.pools"), "pools, and pg_num, size or min_size beside them: expected one of both")
	}
	for i := range s.Steps {
		d.shorts(fmt.Sprintf("steps[%d]", i), &s.Steps[i])
	}
	if s.Swarm {
		return // the simulator draws what is missing, and looks then
	}
	s.Fill()
	for _, p := range s.problems() {
		d.problem(d.where(p.path), "%s", p.text)
	}
}

// shorts checks the targets that stand in keys of their own.
func (d *decoder) shorts(path string, step *Step) {
	for _, k := range []struct {
		key, prefix string
		names       []string
	}{{"osd", "osd.", step.OSD}, {"mon", "mon.", step.Mon}, {"host", "host ", step.Host}, {"rack", "rack ", step.Rack}} {
		for _, name := range k.names {
			if _, err := ParseTarget(k.prefix + name); err != nil {
				d.problem(d.where(path+"."+k.key), "%s %q: expected a %s", k.key, name, map[bool]string{true: "name", false: "number"}[k.key == "mon"])
			}
		}
	}
}
