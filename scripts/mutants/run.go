package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// verdict is what became of a mutant.
type verdict string

const (
	caught   verdict = "caught"
	survived verdict = "SURVIVED"
	broken   verdict = "BROKEN" // it does not fit, or does not compile
	harmless verdict = "harmless"
	untried  verdict = "-"
)

type result struct {
	verdict verdict
	took    time.Duration
	output  string
}

// try runs the mutant's script with its edits laid over the tree.
func (m *mutant) try(ctx context.Context, root string) result {
	if m.script == "" {
		return result{verdict: harmless}
	}
	files, err := m.edited(os.DirFS(root))
	if err != nil {
		return result{verdict: broken, output: err.Error()}
	}
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return result{verdict: broken, output: err.Error()}
	}
	defer os.RemoveAll(dir)
	overlay, err := layOver(dir, root, files)
	if err != nil {
		return result{verdict: broken, output: err.Error()}
	}
	begin := time.Now()
	out, failed := goTest(ctx, root, m.pkg, m.script, "-overlay", overlay)
	r := result{verdict: survived, took: time.Since(begin), output: out}
	switch {
	case strings.Contains(out, "[build failed]") || strings.Contains(out, "[setup failed]"):
		r.verdict = broken
	case failed && ran(out, m.script):
		r.verdict = caught
	case failed:
		r.verdict = broken
	}
	return r
}

// layOver writes the files, and the JSON that go test -overlay reads.
func layOver(dir, root string, files map[string]string) (string, error) {
	abs, err := filepath.Abs(root)
	if err != nil {
		return "", err
	}
	var overlay struct{ Replace map[string]string }
	overlay.Replace = map[string]string{}
	for path, text := range files {
		to := filepath.Join(dir, strings.ReplaceAll(path, "/", "_"))
		if err := os.WriteFile(to, []byte(text), 0o600); err != nil {
			return "", err
		}
		overlay.Replace[filepath.Join(abs, filepath.FromSlash(path))] = to
	}
	b, err := json.Marshal(overlay)
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "overlay.json")
	return name, os.WriteFile(name, b, 0o600)
}

// goTest runs a test of a package. A mutant that goes round in circles is stopped.
func goTest(ctx context.Context, root, pkg, test string, args ...string) (out string, failed bool) {
	pattern := ""
	for part := range strings.SplitSeq(test, "/") {
		pattern += "/^" + part + "$"
	}
	args = append([]string{"test", "-count=1", "-v", "-vet=off", "-gcflags=-N -l", "-ldflags=-s -w", "-timeout=60s", "-run", pattern[1:]}, args...)
	cmd := exec.CommandContext(ctx, "go", append(args, "./"+pkg)...)
	cmd.Dir = root
	var b bytes.Buffer
	cmd.Stdout, cmd.Stderr = &b, &b
	err := cmd.Run()
	return b.String(), err != nil
}

// ran reports whether the test was begun at all.
func ran(out, test string) bool { return strings.Contains(out, "=== RUN   "+test+"\n") }

// sound reports which scripts do not pass as the code is: they could not tell anything.
func sound(ctx context.Context, root string, chosen []mutant) error {
	said := map[string]string{}
	for _, m := range chosen {
		top, _, _ := strings.Cut(m.script, "/")
		key := m.pkg + " " + top
		if _, done := said[key]; !done && top != "" {
			out, failed := goTest(ctx, root, m.pkg, top)
			if failed {
				return fmt.Errorf("%s fails without any mutant:\n%s", key, out)
			}
			said[key] = out
		}
		if top != "" && !ran(said[key], m.script) {
			return fmt.Errorf("%s has no test %s", m.pkg, m.script)
		}
	}
	return nil
}
