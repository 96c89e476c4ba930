// Command wiredoc writes the tables, the CDDL and the example of docs/wire.md from package wire: from
// its values, its struct tags and its comments, so that each fact stands in one place.
//
//	go run ./scripts/wiredoc    after a change of pkg/wire; go generate does the same
//
// What lies between <!-- generated: NAME --> and <!-- end --> is its, the rest is written by
// hand.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

func main() {
	root := flag.String("root", ".", "top of the source tree")
	flag.Parse()
	if err := run(*root); err != nil {
		fmt.Fprintln(os.Stderr, "wiredoc:", err)
		os.Exit(1)
	}
}

func run(root string) error {
	path := filepath.Join(root, "docs", "wire.md")
	page, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	page, err = generate(root, page)
	if err != nil {
		return err
	}
	return os.WriteFile(path, page, 0o644)
}

var section = regexp.MustCompile(`(?s)<!-- generated: ([a-z ]+) -->\n.*?<!-- end -->`)

// generate replaces the generated sections of a page. Each must be there once, and no other.
func generate(root string, page []byte) ([]byte, error) {
	src, err := readSource(root)
	if err != nil {
		return nil, err
	}
	made := sections(src)
	seen := make(map[string]bool)
	for _, m := range section.FindAllSubmatch(page, -1) {
		name := string(m[1])
		if made[name] == "" || seen[name] {
			return nil, fmt.Errorf("docs/wire.md: section %q is there twice, or is none that could be generated", name)
		}
		seen[name] = true
	}
	for name := range made {
		if !seen[name] {
			return nil, fmt.Errorf("docs/wire.md: there is no <!-- generated: %s -->", name)
		}
	}
	return section.ReplaceAllFunc(page, func(old []byte) []byte {
		name := string(section.FindSubmatch(old)[1])
		return fmt.Appendf(nil, "<!-- generated: %s -->\n\n%s\n<!-- end -->", name, made[name])
	}), nil
}

func sections(src *source) map[string]string {
	return map[string]string{
		"header":   headerTable(src),
		"modes":    modeTable(src),
		"flags":    flagTable(src),
		"need":     needTable(src),
		"kinds":    kindTable(src),
		"classes":  classTable(src),
		"types":    typeTable(src),
		"codes":    codeTable(src),
		"outcomes": outcomeTable(src),
		"steps":    stepTable(src),
		"acks":     ackTable(src),
		"limits":   limitTable(src),
		"cddl":     cddl(src),
		"example":  example(src),
	}
}
