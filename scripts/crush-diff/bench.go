package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"zeph/pkg/crush"
)

// tools are the paths of Ceph's.
type tools struct {
	crushtool, osdmaptool string
}

func findTools() (t tools, err error) {
	var errs [2]error
	t.crushtool, errs[0] = exec.LookPath("crushtool")
	t.osdmaptool, errs[1] = exec.LookPath("osdmaptool")
	if err := errors.Join(errs[:]...); err != nil {
		return tools{}, fmt.Errorf("%w: they come with the Debian package ceph-base", err)
	}
	return t, nil
}

// bench is where one trial takes place: a directory for the files of both sides.
type bench struct {
	ctx   context.Context
	tools tools
	dir   string
	draws int // what the trial may cost each side, in draws from buckets
}

// mismatch is a line that the sides print differently.
type mismatch struct {
	command      string
	where        string
	ours, theirs string
}

func (m *mismatch) Error() string {
	return fmt.Sprintf("%s\n  ours:   %s\n  theirs: %s\n  by:     %s", m.where, m.ours, m.theirs, m.command)
}

// commandLine is what to type for a command, in the directory of the trial.
func commandLine(tool string, args []string) string {
	words := []string{filepath.Base(tool)}
	for _, a := range args {
		if quoted := strconv.Quote(a); quoted != `"`+a+`"` {
			a = "$'" + quoted[1:len(quoted)-1] + "'"
		}
		words = append(words, a)
	}
	return strings.Join(words, " ")
}

// trial compares one case.
func (b *bench) trial(c *testCase) (counts, int, error) {
	text := c.m.Text()
	if err := os.WriteFile(b.path("map.txt"), text, 0o644); err != nil {
		return counts{}, 0, err
	}
	if _, err := b.run(b.tools.crushtool, "-c", "map.txt", "-o", "map"); err != nil {
		return counts{}, 0, err
	}
	if c.pgs() {
		return b.comparePGs(c)
	}
	m, err := b.reread(c, text)
	if err != nil {
		return counts{}, 0, err
	}
	compared, err := b.compareMappings(c, m)
	return compared, 0, err
}

// reread is the map of the case, every third time as it is, else after a way through its
// text or through crushtool's dump.
func (b *bench) reread(c *testCase, text []byte) (*crush.Map, error) {
	switch c.number % 3 {
	case 0:
		return c.m, nil
	case 1:
		m, _, err := crush.ParseText(text) // warns of weight sets that nobody heeds
		if err != nil {
			return nil, fmt.Errorf("our reading of our text: %w", err)
		}
		return m, nil
	}
	return b.dumped()
}

// dumped is the map as crushtool's dump tells it.
func (b *bench) dumped() (*crush.Map, error) {
	dump, err := b.run(b.tools.crushtool, "-i", "map", "--dump", "-f", "json")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(b.path("map.json"), dump, 0o644); err != nil {
		return nil, err
	}
	m, warnings, err := crush.ParseDump(dump)
	if err != nil {
		return nil, fmt.Errorf("our reading of crushtool's dump: %w", err)
	}
	if len(warnings) > 0 {
		return nil, fmt.Errorf("our reading of crushtool's dump: warnings %q", warnings)
	}
	return m, nil
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

// run runs a tool in the directory of the trial and returns what it prints. That goes through a file: the tools flush
// every line, and a reader at the other end of a pipe would be woken for each.
func (b *bench) run(tool string, args ...string) ([]byte, error) {
	out, err := os.Create(b.path("out"))
	if err != nil {
		return nil, err
	}
	defer out.Close()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(b.ctx, tool, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = b.dir, out, &stderr
	if err := cmd.Run(); err != nil {
		const most = 2000
		return nil, fmt.Errorf("%s: %w\n%.*s", commandLine(tool, args), err, most, stderr.Bytes())
	}
	return os.ReadFile(out.Name())
}
