package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// simPage is where the table of all mutants is that the simulator shows.
const simPage = "docs/simulation.md"

var table = regexp.MustCompile(`(?s)(<!-- planted bugs: made by make mutants -->\n\n).*?(\n<!-- end of planted bugs -->)`)

// simTable are the mutants that the simulator shows.
func simTable(all []mutant) string {
	var b strings.Builder
	b.WriteString("| bug | what is left out | scenario | seed | judge | time |\n|---|---|---|---|---|---|\n")
	for _, m := range all {
		if p := m.sim; p.mix != "" {
			fmt.Fprintf(&b, "| %s | %s | %s | %d | %s | %v |\n", m.name, strings.TrimSuffix(m.why, "."), p.mix, p.seed, p.judge, p.took)
		}
	}
	return b.String()
}

// withTable is the page with the table of some mutants in it.
func withTable(page string, all []mutant) string {
	return table.ReplaceAllStringFunc(page, func(old string) string {
		parts := table.FindStringSubmatch(old)
		return parts[1] + simTable(all) + parts[2]
	})
}

var simLine = regexp.MustCompile(`(?m)^sim .*$`)

// writeFound writes into mutants' files where the simulator showed them, and all of them into the page.
func writeFound(root string, tried []mutant) error {
	for _, m := range tried {
		file := filepath.Join(root, m.pkg, "testdata", "mutants", m.name+".txt")
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if m.sim.mix == "" {
			continue
		}
		fresh := simLine.ReplaceAllLiteralString(string(text), "sim "+m.sim.String())
		if err := os.WriteFile(file, []byte(fresh), 0o644); err != nil {
			return err
		}
	}
	all, err := readMutants(root)
	if err != nil {
		return err
	}
	return writeTable(root, all)
}

func writeTable(root string, all []mutant) error {
	file := filepath.Join(root, simPage)
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return os.WriteFile(file, []byte(withTable(string(text), all)), 0o644)
}
