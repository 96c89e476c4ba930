package main

import (
	"context"
	"crypto/sha256"
	"hash"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestStory plays the whole demo, with little data.
func TestStory(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes, for half a minute")
	}
	bin, dir := t.TempDir(), filepath.Join(t.TempDir(), "lab")
	for name, pkg := range map[string]string{"zeph-mon": "zeph/cmd/mon", "zeph-osd": "zeph/cmd/osd"} {
		if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", filepath.Join(bin, name), pkg).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	s := newStory(".", 9<<20)
	err := s.tell(t.Context(), dir)
	if err := s.end(); err != nil {
		t.Error(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	cmdlines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range cmdlines {
		if text, _ := os.ReadFile(path); strings.Contains(string(text), dir+"/") {
			t.Errorf("%s: %q", path, text)
		}
	}
}

func hashOf(text string) hash.Hash {
	h := sha256.New()
	h.Write([]byte(text))
	return h
}

// An object that is not as it was written does not pass.
func TestCheckSeesWhatIsWrong(t *testing.T) {
	var c contents
	c.add("a", content{sum: sum{1}, size: 3})
	if c.compare("a", &counter{hash: hashOf("abc"), n: 3}) == nil {
		t.Error("other bytes passed")
	}
	c.add("b", content{sum: sum(hashOf("abc").Sum(nil)), size: 3})
	if err := c.compare("b", &counter{hash: hashOf("abc"), n: 3}); err != nil {
		t.Error(err)
	}
	if c.read != 1 || c.bytes != 3 {
		t.Errorf("%d objects, %d bytes", c.read, c.bytes)
	}
	for size, want := range map[string]int64{"256M": 256 << 20, "1G": 1 << 30, "4096": 4096, "3K": 3 << 10} {
		if n, err := parseSize(size); err != nil || n != want {
			t.Errorf("%s: %d, %v", size, n, err)
		}
	}
	for _, size := range []string{"", "M", "0", "-1G", "1T", "1.5G"} {
		if _, err := parseSize(size); err == nil {
			t.Errorf("size %q passed", size)
		}
	}
	if err := parallel(context.Background(), []string{"x"}, func(context.Context, string) error { return os.ErrInvalid }); err == nil {
		t.Error("an error got lost")
	}
}
