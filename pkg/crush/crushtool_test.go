package crush

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// crushtool is Ceph's own compiler of maps. Without it a test is skipped, except in CI.
func crushtool(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("crushtool")
	if err == nil {
		return path
	}
	if os.Getenv("CI") != "" {
		t.Fatal("crushtool is missing: install Debian's ceph-base")
	}
	t.Skip("crushtool is missing: install Debian's ceph-base to compare with Ceph")
	return ""
}

// compileAndDump lets crushtool compile a text and dump the result. Not ok: it refused.
func compileAndDump(t tester, tool, dir string, text []byte) (dump []byte, complaint string, ok bool) {
	t.Helper()
	in, out := filepath.Join(dir, "map.txt"), filepath.Join(dir, "map.bin")
	if err := os.WriteFile(in, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.Command(tool, "-c", in, "-o", out).CombinedOutput(); err != nil {
		return nil, string(said), false
	}
	dump, err := exec.Command(tool, "-i", out, "--dump").Output()
	if err != nil {
		t.Fatalf("crushtool --dump: %v", err)
	}
	return dump, "", true
}

func TestCrushtoolVectors(t *testing.T) {
	t.Parallel()
	tool := crushtool(t)
	for name, src := range vectorMaps(t, "vectors/*.txt") {
		m := parseText(t, src)
		dump, complaint, ok := compileAndDump(t, tool, t.TempDir(), m.Text())
		if !ok {
			t.Fatalf("%s: %s", name, complaint)
		}
		sameJSON(t, m.Dump(), dump)
	}
}

func TestCrushtoolGenerated(t *testing.T) {
	t.Parallel()
	tool, dir := crushtool(t), t.TempDir()
	for seed := range 12 {
		m := genMap().Example(seed)
		dump, complaint, ok := compileAndDump(t, tool, dir, m.Text())
		if !ok {
			t.Fatalf("seed %d: crushtool refuses\n%s%s", seed, m.Text(), complaint)
		}
		sameJSON(t, m.Dump(), dump)
		back, warnings, err := ParseDump(dump)
		if err != nil || warnings != nil {
			t.Fatalf("seed %d: %v %v", seed, warnings, err)
		}
		same(t, back, m)
		decompiled, err := exec.Command(tool, "-d", filepath.Join(dir, "map.bin")).Output()
		if err != nil {
			t.Fatal(err)
		}
		sameLayout(t, m.Text(), decompiled)
	}
}

// TestCrushtoolRebuild gives the devices of a host another class and has both sides
// rebuild the shadow trees.
func TestCrushtoolRebuild(t *testing.T) {
	t.Parallel()
	tool, dir := crushtool(t), t.TempDir()
	for seed := range 12 {
		m := balanced(genMap().Example(seed))
		host, ok := m.ItemNamed("host0")
		if !ok || len(m.Rules) == 0 {
			continue
		}
		if _, complaint, ok := compileAndDump(t, tool, dir, m.Text()); !ok {
			t.Fatalf("seed %d: crushtool refuses\n%s%s", seed, m.Text(), complaint)
		}
		bin := filepath.Join(dir, "map.bin")
		// crushtool rebuilds first and sets classes then, so it takes two runs.
		for _, args := range [][]string{{"--set-subtree-class", "host0", "tape"}, {}} {
			args = append([]string{"-i", bin, "--rebuild-class-roots", "-o", bin}, args...)
			if out, err := exec.Command(tool, args...).CombinedOutput(); err != nil {
				t.Fatalf("seed %d: %v: %s", seed, err, out)
			}
		}
		dump, err := exec.Command(tool, "-i", bin, "--dump").Output()
		if err != nil {
			t.Fatal(err)
		}
		next := m.Clone()
		b, _ := next.Bucket(host)
		for _, it := range b.Items {
			d, _ := next.Device(it.ID)
			d.Class = "tape"
		}
		sameJSON(t, next.RebuildShadows().Dump(), dump)
		if t.Failed() {
			t.Fatalf("seed %d:\n%s", seed, m.Text())
		}
	}
}

// balanced gives every bucket a weight set with one position, as Ceph's balancer does. In
// the shadows of others Ceph has zeros: where a bucket has no weight set it reads past the
// end of an array, and of several positions it adds up the last one only.
func balanced(m *Map) *Map {
	m = m.Clone()
	set := ChooseArgs{ID: DefaultChooseArgs}
	for i := range m.Buckets {
		b := &m.Buckets[i]
		b.Alg = Straw2
		weights := make([]Weight, 0, len(b.Items))
		for _, it := range b.Items {
			weights = append(weights, it.Weight/2)
		}
		if !b.IsShadow() {
			set.Args = append(set.Args, ChooseArg{Bucket: b.ID, Weights: [][]Weight{weights}})
		}
	}
	m.ChooseArgs = []ChooseArgs{set}
	return m.RebuildShadows()
}

// sameLayout fails unless two texts say the same in the same places, numbers aside.
func sameLayout(t tester, a, b []byte) {
	t.Helper()
	ours, theirs := strings.Split(string(a), "\n"), strings.Split(string(b), "\n")
	for i := range min(len(ours), len(theirs)) {
		if noDigits(ours[i]) != noDigits(theirs[i]) {
			t.Errorf("line %d: %q, of crushtool %q", i+1, ours[i], theirs[i])
		}
	}
	if len(ours) != len(theirs) {
		t.Errorf("%d lines, of crushtool %d", len(ours), len(theirs))
	}
}

// noDigits keeps what a line says apart from numbers, and from a sum that it leaves out.
func noDigits(line string) string {
	s := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '.' {
			return -1
		}
		return r
	}, line)
	if s, found := strings.CutSuffix(s, "\t# weight "); found {
		return s + " weight "
	}
	return s
}
