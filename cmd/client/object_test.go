package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zeph/pkg/client"
	"zeph/zephtest"
)

// shell runs commands on a cluster in this process.
type shell struct {
	t *testing.T
	c *zephtest.Cluster
}

func newShell(t *testing.T) *shell {
	c := zephtest.Start(t, 1, 3)
	c.Pool("demo")
	return &shell{t, c}
}

// run gives what a command said.
func (s *shell) run(stdin []byte, args ...string) (stdout, stderr string, code int) {
	var out, talk bytes.Buffer
	a := &app{stdin: bytes.NewReader(stdin), stdout: &out, stderr: plainWriter{&talk}, open: func(context.Context, *app) (*client.Client, error) { return s.c.Client(), nil }}
	code = a.run(s.t.Context(), args)
	return out.String(), talk.String(), code
}

// ok is what a command says that must be done.
func (s *shell) ok(stdin []byte, args ...string) string {
	s.t.Helper()
	stdout, stderr, code := s.run(stdin, args...)
	if code != exitDone {
		s.t.Fatalf("zeph %s: exit code %d\n%s", strings.Join(args, " "), code, stderr)
	}
	return stdout
}

// fails demands that a command fails, with an exit code and words.
func (s *shell) fails(code int, words string, args ...string) {
	s.t.Helper()
	stdout, stderr, got := s.run(nil, args...)
	if got != code || !strings.Contains(stderr, words) {
		s.t.Errorf("zeph %s: exit code %d, want %d; want %q in:\n%s%s", strings.Join(args, " "), got, code, words, stdout, stderr)
	}
}

func TestObjectCommands(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	dir := t.TempDir()
	small, big := filepath.Join(dir, "small"), filepath.Join(dir, "big")
	content := map[string][]byte{small: []byte("a small file\n"), big: bytes.Repeat([]byte("zeph "), 2_000_000)}
	for path, data := range content {
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		s.ok(nil, "put", "demo", path)
		name := "demo/" + filepath.Base(path)
		if got := s.ok(nil, "get", name, "-"); got != string(data) {
			t.Errorf("get %s: %d bytes", name, len(got))
		}
		s.ok(nil, "get", name, path+".back")
		if got, err := os.ReadFile(path + ".back"); err != nil || !bytes.Equal(got, data) {
			t.Errorf("get %s into a file: %d bytes, %v", name, len(got), err)
		}
	}
	var info []objectInfo
	if err := json.Unmarshal([]byte(s.ok(nil, "stat", "demo/big", "-o", "json")), &info); err != nil {
		t.Fatal(err)
	}
	if i := info[0]; i.Size != 10_000_000 || !i.Striped || len(i.Acting) != 3 || len(i.Sum) != 16 {
		t.Errorf("stat: %+v", i)
	}
	s.ok([]byte("from stdin"), "put", "demo/in", "-", "--xattr", "color=blue")
	s.ok([]byte(" and more"), "append", "demo/in", "-")
	if got := s.ok(nil, "cat", "demo/in", "demo/small"); got != "from stdin and morea small file\n" {
		t.Errorf("cat: %q", got)
	}
	if got := s.ok(nil, "ls", "demo"); got != "big\nin\nsmall\n" {
		t.Errorf("ls: %q", got)
	}
	s.ok(nil, "cp", "demo/big", "demo/copy/")
	s.ok(nil, "cp", "demo/in", "demo/in2")
	if got := s.ok(nil, "xattr", "get", "demo/in2", "color"); got != "blue" {
		t.Errorf("xattr get: %q", got)
	}
	s.ok(nil, "xattr", "set", "demo/big", "k", "v")
	s.ok([]byte("long"), "omap", "set", "demo/big", "key", "-")
	if got := s.ok(nil, "omap", "ls", "demo/big") + s.ok(nil, "xattr", "ls", "demo/big"); got != "key  \"long\"\nk  \"v\"\n" {
		t.Errorf("omap and xattr ls: %q", got)
	}
	s.ok(nil, "rm", "demo/in2", "demo/copy/big")
	s.ok(nil, "gc", "demo", "--older", "0s")
	if got := s.ok(nil, "ls", "demo/b", "-n", "other"); got != "" {
		t.Errorf("ls of another namespace: %q", got)
	}

	s.fails(exitFailed, "no such pool: 'nix'\n  see which there are", "put", "nix/a", small)
	s.fails(exitFailed, "get demo/none: not found", "cat", "demo/none")
	s.fails(exitFailed, "object is in pieces", "append", "demo/big", small)
	s.fails(exitUsage, "names no object", "stat", "demo")
	s.fails(exitUsage, "FILE is missing", "put", "demo/a")
	s.fails(exitFailed, "no such file", "put", "demo/a", filepath.Join(dir, "none"))
}

func TestCompareAndSet(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	var i objectInfo
	if err := json.Unmarshal([]byte(s.ok([]byte("one"), "cas", "demo/a", "-", "--absent", "-o", "json")), &i); err != nil {
		t.Fatal(err)
	}
	s.fails(exitFailed, "nothing was changed", "cas", "demo/a", os.DevNull, "--absent")
	s.ok([]byte("two"), "cas", "demo/a", "-", "--version", i.Version)
	s.fails(exitFailed, "mismatch", "cas", "demo/a", os.DevNull, "--version", i.Version)
	s.fails(exitUsage, "expected the form", "cas", "demo/a", os.DevNull, "--version", "7")
	s.fails(exitUsage, "say --version", "cas", "demo/a", os.DevNull)
	if got := s.ok(nil, "cat", "demo/a"); got != "two" {
		t.Errorf("it is %q", got)
	}
}

func TestFolders(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	dir := t.TempDir()
	from := filepath.Join(dir, "from")
	for i := range 20 {
		path := filepath.Join(from, fmt.Sprint("d", i%3), fmt.Sprint("f", i))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(path), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(from, "link")); err != nil {
		t.Fatal(err)
	}
	if _, stderr, code := s.run(nil, "put", "demo/x", from); code != exitDone || !strings.Contains(stderr, "link is no regular file: skipped") || !strings.Contains(stderr, "stored 20 objects") {
		t.Errorf("put: exit code %d\n%s", code, stderr)
	}
	to := filepath.Join(dir, "to")
	s.ok(nil, "get", "-r", "demo/x/", to)
	for i := range 20 {
		name := filepath.Join(fmt.Sprint("d", i%3), fmt.Sprint("f", i))
		if got, err := os.ReadFile(filepath.Join(to, name)); err != nil || string(got) != filepath.Join(from, name) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	s.fails(exitFailed, "20 objects of pool demo", "rm", "-r", "demo/x")
	s.ok(nil, "rm", "-r", "demo/x", "--yes")
	s.fails(exitFailed, "begins with", "get", "-r", "demo/x", to)
	s.ok([]byte("evil"), "put", "demo/x/../../up", "-")
	s.fails(exitFailed, "cannot be a file below a folder", "get", "-r", "demo/x/", to)
}

func TestFileFor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, prefix, want string }{
		{"a/b", "", "a/b"}, {"a/b", "a/", "b"}, {"a/b", "a", "b"}, {"a/bc", "a/b", "bc"}, {"a", "a", "a"}, {"ab", "a", "ab"},
		{"/etc/passwd", "", ""}, {"a/../../b", "a/", ""}, {"..", "", ""}, {"a/", "", ""}, {"a/", "a/", ""},
	} {
		got, err := fileFor(c.name, c.prefix)
		if (err != nil) != (c.want == "") || err == nil && filepath.ToSlash(got) != c.want {
			t.Errorf("object %q under %q goes to %q, %v; want %q", c.name, c.prefix, got, err, c.want)
		}
	}
}

func TestBench(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	for _, what := range []string{"write", "read", "mixed"} {
		var r benchResult
		out := s.ok(nil, "bench", what, "demo", "--seconds", "0.3", "--threads", "4", "--objects", "20", "--size", "1K", "-o", "json")
		if err := json.Unmarshal([]byte(out), &r); err != nil {
			t.Fatal(err)
		}
		if r.Failed > 0 || (r.Write == nil) != (what == "read") || (r.Read == nil) != (what == "write") {
			t.Errorf("bench %s: %s", what, out)
		}
	}
	if left := s.ok(nil, "ls", "demo"); left != "" {
		t.Errorf("left: %q", left)
	}
	s.fails(exitUsage, "size", "bench", "write", "demo", "--size", "much")
}
