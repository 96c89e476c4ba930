package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestConvertThereAndBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	for _, args := range [][]string{
		{"crush", "compile", "testdata/maps/sets.txt", "--out", path("a.zcrush")},
		{"crush", "decompile", path("a.zcrush"), "--to", "json", "--out", path("a.json")},
		{"crush", "compile", path("a.json"), "--out", path("b.zcrush")},
		{"crush", "decompile", path("b.zcrush"), "--out", path("b.txt")},
	} {
		if _, stderr, code := zeph(args...); code != 0 || stderr != "" {
			t.Fatalf("zeph %q: exit code %d: %s", args, code, stderr)
		}
	}
	mustEqual(t, path("b.zcrush"), path("a.zcrush"))
	mustEqual(t, path("b.txt"), "testdata/maps/sets.txt")

	stdout, _, _ := zeph("crush", "compile", "testdata/maps/sets.txt")
	if want := read(t, path("a.zcrush")); stdout != string(want) {
		t.Errorf("compile to stdout gives %d bytes, to a file %d", len(stdout), len(want))
	}
	if left, _ := filepath.Glob(path(".*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// A file that is replaced keeps its mode; a link to it stays a link.
func TestConvertReplacesTheFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "map")
	link := file + ".link"
	if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Base(file), link); err != nil {
		t.Fatal(err)
	}
	if _, stderr, code := zeph("crush", "decompile", "testdata/maps/sets.txt", "--out", link); code != 0 {
		t.Fatal(stderr)
	}
	mustEqual(t, file, "testdata/maps/sets.txt")
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v, %v", info.Mode(), err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600; %v", info.Mode(), err)
	}
}

func TestConvertKeepsTheOldFileOnError(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "map")
	if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, code := zeph("crush", "compile", "testdata/maps/bad_syntax.txt", "--out", file); code != exitFailed {
		t.Errorf("exit code %d, want %d", code, exitFailed)
	}
	if got := read(t, file); string(got) != "old" {
		t.Errorf("the file now holds %q", got)
	}
}

func TestConvertIntoDevice(t *testing.T) {
	t.Parallel()
	if _, stderr, code := zeph("crush", "compile", "testdata/maps/sets.txt", "--out", os.DevNull); code != 0 {
		t.Fatal(stderr)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Fatalf("%s was replaced: %v, %v", os.DevNull, info.Mode(), err)
	}
}

func TestNoBinaryOnTerminal(t *testing.T) {
	t.Parallel()
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no terminal to be had: ", err)
	}
	defer terminal.Close()
	var stderr bytes.Buffer
	if code := run(t.Context(), []string{"crush", "compile", "testdata/maps/sets.txt"}, terminal, &stderr); code != exitFailed {
		t.Errorf("exit code %d, want %d", code, exitFailed)
	}
	const want = "zeph: stdout: a terminal cannot show a binary map\n  say --out FILE, or --to text\n"
	if stderr.String() != want {
		t.Errorf("stderr %q, want %q", stderr.String(), want)
	}
	null, err := os.Create(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if isTerminal(null) {
		t.Errorf("%s is taken for a terminal", os.DevNull)
	}
}

func mustEqual(t *testing.T, got, want string) {
	t.Helper()
	if !bytes.Equal(read(t, got), read(t, want)) {
		t.Errorf("%s differs from %s", got, want)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
