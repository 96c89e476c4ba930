package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// mutant is a rule that is left out.
type mutant struct {
	name    string
	pkg     string // folder, from the root: pkg/pg
	hazards []string
	script  string // TestScripts/h01_stale_primary; empty: none notices
	sim     planted
	why     string
	edits   []edit
}

// edit is a change of a file.
type edit struct {
	file     string // in the package's folder
	old, new string
}

// readMutants finds all mutants of the tree.
func readMutants(root string) ([]mutant, error) {
	files, err := filepath.Glob(filepath.Join(root, "pkg", "*", "testdata", "mutants", "*.txt"))
	if err != nil {
		return nil, err
	}
	var all []mutant
	var errs []error
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		m, err := parseMutant(string(text))
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", file, err))
		}
		m.name = strings.TrimSuffix(filepath.Base(file), ".txt")
		dir, _ := filepath.Rel(root, filepath.Dir(filepath.Dir(filepath.Dir(file))))
		m.pkg = filepath.ToSlash(dir)
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b mutant) int { return strings.Compare(a.pkg+" "+a.name, b.pkg+" "+b.name) })
	return all, errors.Join(errs...)
}

// parseMutant reads a mutant's file.
func parseMutant(text string) (mutant, error) {
	head, rest, _ := strings.Cut(text, "\n\n")
	var m mutant
	var why []string
	for _, line := range strings.Split(head, "\n") {
		key, value, _ := strings.Cut(line, " ")
		switch key {
		case "hazard":
			m.hazards = strings.Fields(value)
		case "script":
			m.script = value
		case "sim":
			var err error
			if m.sim, err = parsePlanted(value); err != nil {
				return m, err
			}
		default:
			why = append(why, line)
		}
	}
	m.why = strings.Join(why, " ")
	if because, none := strings.CutPrefix(m.script, "- "); none {
		m.script, m.why = "", m.why+" "+because
	}
	var old, fresh *strings.Builder
	end := func() {
		if n := len(m.edits); n > 0 {
			m.edits[n-1].old, m.edits[n-1].new = old.String(), fresh.String()
		}
	}
	for _, line := range strings.Split(strings.TrimRight(rest, "\n"), "\n") {
		if file, ok := strings.CutPrefix(line, "=== "); ok {
			end()
			m.edits = append(m.edits, edit{file: file})
			old, fresh = new(strings.Builder), new(strings.Builder)
			continue
		}
		if len(m.edits) == 0 {
			return m, fmt.Errorf("no file is named before %q", line)
		}
		if line == "" {
			line = " "
		}
		if line[0] != '+' {
			old.WriteString(line[1:] + "\n")
		}
		if line[0] != '-' {
			fresh.WriteString(line[1:] + "\n")
		}
		if !strings.ContainsRune(" +-", rune(line[0])) {
			return m, fmt.Errorf("a line begins with neither space, plus nor minus: %q", line)
		}
	}
	end()
	switch {
	case len(m.edits) == 0:
		return m, errors.New("nothing is changed")
	case len(m.hazards) == 0:
		return m, errors.New("no hazard is named")
	case m.why == "":
		return m, errors.New("it is not said what is left out")
	}
	return m, nil
}

// edited are the mutant's files as they would be, by their path from the root.
func (m *mutant) edited(root fs.FS) (map[string]string, error) {
	files := map[string]string{}
	for _, e := range m.edits {
		path := m.pkg + "/" + e.file
		text, ok := files[path]
		if !ok {
			b, err := fs.ReadFile(root, path)
			if err != nil {
				return nil, err
			}
			text = string(b)
		}
		if n := strings.Count("\n"+text, "\n"+e.old); n != 1 || e.old == e.new {
			return nil, fmt.Errorf("%s has this %d times, and should once:\n%s", path, n, e.old)
		}
		files[path] = strings.TrimPrefix(strings.Replace("\n"+text, "\n"+e.old, "\n"+e.new, 1), "\n")
	}
	return files, nil
}
