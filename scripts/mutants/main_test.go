package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	root = "../.."
	page = root + "/docs/hazards.md"
)

var update = flag.Bool("update", false, "write the scripts and mutants of each hazard into docs/hazards.md")

func mutants(t *testing.T) []mutant {
	t.Helper()
	all, err := readMutants(root)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestFit holds every mutant to the code: what it changes is there, once; its script is there, too.
func TestFit(t *testing.T) {
	names := map[string]bool{}
	for _, m := range mutants(t) {
		if names[m.name] {
			t.Errorf("two mutants are named %s", m.name)
		}
		names[m.name] = true
		if _, err := m.edited(os.DirFS(root)); err != nil {
			t.Errorf("mutant %s: %v", m.name, err)
		}
		if m.script == "" {
			continue
		}
		if _, err := os.Stat(m.scriptFile()); err != nil {
			t.Errorf("mutant %s: %v", m.name, err)
		}
	}
}

// scriptFile is the file that a script is in.
func (m *mutant) scriptFile() string {
	_, name, _ := strings.Cut(m.script, "/")
	return filepath.Join(root, m.pkg, "testdata", name+".txt")
}

// hazards are those of the table: all but H33, which needs a placement group that splits.
func hazards() []string {
	var all []string
	for n := 1; n <= 34; n++ {
		if n != 33 {
			all = append(all, fmt.Sprintf("H%d", n))
		}
	}
	return all
}

// TestHazards holds docs/hazards.md to what there is; and that to completeness: each hazard has a script of its name and,
// unless no rule prevents it, something to leave out.
func TestHazards(t *testing.T) {
	all := mutants(t)
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	for _, h := range hazards() {
		scripts, names := scriptsOf(t, h, all), mutantsOf(h, all)
		if len(scripts) == 0 {
			t.Errorf("%s has no script", h)
		}
		if len(names) == 0 && h != "H19" {
			t.Errorf("%s has no mutant", h)
		}
		row := regexp.MustCompile(`(?m)^(\| ` + h + ` \| [^|]+ \| [^|]+ \|)[^|]*\|[^|]*\|$`)
		if n := len(row.FindAllString(text, -1)); n != 1 {
			t.Errorf("%s has %d rows in %s", h, n, page)
		}
		text = row.ReplaceAllString(text, "$1 "+links(scripts)+" | "+strings.Join(names, ", ")+" |")
	}
	switch {
	case *update:
		if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	case text != string(b):
		t.Errorf("%s does not name all scripts and mutants: go test ./scripts/mutants -run Hazards -update", page)
	}
}

// scriptsOf are the scripts that are named after a hazard, and those that mutants of it name; from the root.
func scriptsOf(t *testing.T, hazard string, all []mutant) []string {
	t.Helper()
	var number int
	fmt.Sscanf(hazard, "H%d", &number)
	files, err := filepath.Glob(fmt.Sprintf("%s/pkg/*/testdata/h%02d_*.txt", root, number))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		return nil
	}
	for _, m := range all {
		if m.script != "" && slices.Contains(m.hazards, hazard) && !slices.Contains(files, m.scriptFile()) {
			files = append(files, m.scriptFile())
		}
	}
	for i, file := range files {
		rel, err := filepath.Rel(root, file)
		if err != nil {
			t.Fatal(err)
		}
		files[i] = filepath.ToSlash(rel)
	}
	return files
}

func links(files []string) string {
	var all []string
	for _, file := range files {
		pkg := strings.Split(file, "/")[1]
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		all = append(all, fmt.Sprintf("[%s: %s](../%s)", pkg, name, file))
	}
	return strings.Join(all, ", ")
}

func mutantsOf(hazard string, all []mutant) []string {
	var names []string
	for _, m := range all {
		switch {
		case !slices.Contains(m.hazards, hazard):
		case m.script == "":
			names = append(names, m.name+" (harmless)")
		default:
			names = append(names, m.name)
		}
	}
	return names
}

// TestSome tries five mutants, others each day of the year, so that all get their turn without one run taking long. MUTANTS names others,
// separated by commas.
func TestSome(t *testing.T) {
	if testing.Short() {
		t.Skip("it compiles a package for each")
	}
	chosen := ofToday(mutants(t), func(m *mutant) bool { return m.script != "" })
	for i := range chosen {
		chosen[i].sim = planted{}
	}
	try := trial{root: root, jobs: 2, out: t.Output()}
	if err := try.all(t.Context(), chosen); err != nil {
		t.Error(err)
	}
}

// TestSimulated has the simulator show five, at the seeds that are known; at these it finds nothing wrong with the code as it is.
// A change of the cores may move a mutant to another seed: then it is looked for.
func TestSimulated(t *testing.T) {
	if testing.Short() {
		t.Skip("it compiles a simulator for each")
	}
	chosen := ofToday(mutants(t), func(m *mutant) bool { return m.sim.mix != "" })
	try := trial{root: root, jobs: 2, known: true, noScript: true, out: t.Output()}
	if err := try.all(t.Context(), chosen); err != nil {
		t.Error(err)
	}
}

// ofToday are five of those that can be had, or those that MUTANTS names.
func ofToday(all []mutant, can func(*mutant) bool) []mutant {
	all = slices.DeleteFunc(all, func(m mutant) bool { return !can(&m) })
	if names := os.Getenv("MUTANTS"); names != "" {
		return slices.DeleteFunc(all, func(m mutant) bool { return !slices.Contains(strings.Split(names, ","), m.name) })
	}
	const some = 5
	var chosen []mutant
	for i := range some {
		chosen = append(chosen, all[(time.Now().YearDay()*some+i)%len(all)])
	}
	return chosen
}

// TestEnough: the simulator shows at least so many, each soon, and the page says where.
func TestEnough(t *testing.T) {
	all := mutants(t)
	shown := 0
	for _, m := range all {
		if m.sim.mix == "" {
			continue
		}
		shown++
		if m.sim.seed > mostSeeds || m.sim.took > mostTime {
			t.Errorf("%s: seed %d, %v", m.name, m.sim.seed, m.sim.took)
		}
		if _, err := os.Stat(filepath.Join(root, mixes, m.sim.mix+".yaml")); err != nil {
			t.Errorf("%s: %v", m.name, err)
		}
	}
	if shown < 45 {
		t.Errorf("the simulator shows %d mutants, and should 45", shown)
	}
	if *update {
		if err := writeTable(root, all); err != nil {
			t.Fatal(err)
		}
	}
	page, err := os.ReadFile(filepath.Join(root, simPage))
	if err != nil {
		t.Fatal(err)
	}
	if !table.Match(page) || withTable(string(page), all) != string(page) {
		t.Errorf("%s does not say what mutants do: go test ./scripts/mutants -run Enough -update", simPage)
	}
}

// TestParse reads what a mutant's file may look like, and what not.
func TestParse(t *testing.T) {
	const head = "hazard H1 H2\nscript TestScripts/x\nsim leases 3 1.5s some judge\nA rule\nis left out.\n\n"
	m, err := parseMutant(head + "=== a.go\n one\n-two\n+2\n\n=== b.go\n+new\n old\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []edit{{"a.go", "one\ntwo\n\n", "one\n2\n\n"}, {"b.go", "old\n", "new\nold\n"}}
	if !slices.Equal(m.edits, want) || m.why != "A rule is left out." || len(m.hazards) != 2 || m.script != "TestScripts/x" || m.sim.String() != "leases 3 1.5s some judge" {
		t.Errorf("%+v", m)
	}
	for _, bad := range []string{"sim leases 1s judge\n" + head + "=== a.go\n-a\n", head, head + "-two\n", head + "=== a.go\ntwo\n", "script x\nWhy.\n\n=== a.go\n-a\n", "hazard H1\nscript x\n\n=== a.go\n-a\n"} {
		if _, err := parseMutant(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
