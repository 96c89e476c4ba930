package crush

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// tester is what helpers need of a test, or of a check by rapid.
type tester interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Fatal(args ...any)
}

// vectorMaps are maps as the Ceph tools print them.
func vectorMaps(t tester, pattern string) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no testdata/%s: %v", pattern, err)
	}
	maps := make(map[string][]byte)
	for _, path := range paths {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		maps[filepath.Base(path)] = src
	}
	return maps
}

func parseText(t tester, src []byte) *Map {
	t.Helper()
	m, warnings, err := ParseText(src)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range warnings {
		t.Errorf("warning: %s", w)
	}
	return m
}

// same fails unless both maps are equal, and says where they are not.
func same(t tester, got, want *Map) {
	t.Helper()
	if reflect.DeepEqual(got, want) {
		return
	}
	t.Errorf("maps differ: %v", want.differences(got))
	g, w := string(got.Text()), string(want.Text())
	if g != w {
		t.Errorf("got\n%s\nwant\n%s", g, w)
	}
}

func sameJSON(t tester, got, want []byte) {
	t.Helper()
	var g, w any
	if err := json.Unmarshal(got, &g); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(want, &w); err != nil {
		t.Fatal(err)
	}
	for _, d := range jsonDifferences("", g, w) {
		t.Errorf("%s", d)
	}
}

// jsonDifferences lists where two decoded JSON values differ.
func jsonDifferences(path string, got, want any) []string {
	switch want := want.(type) {
	case map[string]any:
		if got, ok := got.(map[string]any); ok && len(got) == len(want) {
			var all []string
			for key := range want {
				all = append(all, jsonDifferences(path+"."+key, got[key], want[key])...)
			}
			return all
		}
	case []any:
		if got, ok := got.([]any); ok && len(got) == len(want) {
			var all []string
			for i := range want {
				all = append(all, jsonDifferences(fmt.Sprintf("%s[%d]", path, i), got[i], want[i])...)
			}
			return all
		}
	}
	if reflect.DeepEqual(got, want) {
		return nil
	}
	return []string{fmt.Sprintf("%s: got %v, want %v", path, got, want)}
}

func TestVectorsText(t *testing.T) {
	t.Parallel()
	for name, src := range vectorMaps(t, "vectors/*.txt") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := parseText(t, src)
			if text := m.Text(); !bytes.Equal(text, src) {
				t.Errorf("printed\n%s\nwant\n%s", text, src)
			}
			if loss := m.TextLoss(); loss != nil {
				t.Errorf("loss: %v", loss)
			}
		})
	}
}

func TestVectorsDump(t *testing.T) {
	t.Parallel()
	texts := vectorMaps(t, "vectors/*.txt")
	for name, src := range vectorMaps(t, "vectors/*.json") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, warnings, err := ParseDump(src)
			if err != nil || warnings != nil {
				t.Fatal(warnings, err)
			}
			sameJSON(t, m.Dump(), src)
			same(t, m, parseText(t, texts[strings.TrimSuffix(name, ".json")+".txt"]))
			if again := m.RebuildShadows(); !reflect.DeepEqual(again, m) {
				t.Errorf("rebuilding the shadows changes the map: %v", m.differences(again))
			}
		})
	}
}

func TestVectorsBinary(t *testing.T) {
	t.Parallel()
	for name, src := range vectorMaps(t, "vectors/*.txt") {
		m := parseText(t, src)
		bin, err := m.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d bytes of text, %d of binary", name, len(src), len(bin))
		for _, form := range [][]byte{src, bin, m.Dump()} {
			back, _, err := Read(form)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			same(t, back, m)
		}
	}
}
