package crush

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestEditsEqualCeph makes each edit here and with crushtool and compares the maps.
func TestEditsEqualCeph(t *testing.T) {
	t.Parallel()
	tool := crushtool(t)
	host := Location{{"host", "host1"}, {"root", "default"}}
	for _, c := range []struct {
		name string
		args []string
		edit func(*Map) (*Map, error)
	}{
		{"add", []string{"--add-item", "39", "2.5", "osd.39", "--loc", "host", "host1", "--loc", "root", "default"},
			func(m *Map) (*Map, error) { return m.AddDevice(Device{ID: 39, Name: "osd.39"}, 5*One/2, host) }},
		{"add to a new host", []string{"--add-item", "39", "2.5", "osd.39", "--loc", "host", "fresh", "--loc", "root", "default"},
			func(m *Map) (*Map, error) {
				return m.AddDevice(Device{ID: 39, Name: "osd.39"}, 5*One/2, Location{{"host", "fresh"}, {"root", "default"}})
			}},
		{"reweight", []string{"--reweight-item", "osd.7", "9.5"},
			func(m *Map) (*Map, error) { return m.Reweight(7, 19*One/2) }},
		{"remove", []string{"--remove-item", "osd.7"},
			func(m *Map) (*Map, error) { return m.Remove(7) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, name := range []string{"classes.txt", "dc2.txt"} {
				before := readMap(t, name)
				if name == "dc2.txt" && !strings.HasPrefix(c.name, "re") {
					continue // it has no host1
				}
				dir := t.TempDir()
				if _, complaint, ok := compileAndDump(t, tool, dir, before.Text()); !ok {
					t.Fatal(complaint)
				}
				edited := filepath.Join(dir, "edited")
				args := append([]string{"-i", filepath.Join(dir, "map.bin"), "-o", edited}, c.args...)
				if out, err := exec.Command(tool, args...).CombinedOutput(); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
				dump, err := exec.Command(tool, "-i", edited, "--dump").Output()
				if err != nil {
					t.Fatal(err)
				}
				theirs, _, err := ParseDump(dump)
				if err != nil {
					t.Fatal(err)
				}
				ours, err := c.edit(before)
				if err != nil {
					t.Fatal(err)
				}
				sameMappings(t, ours, theirs)
			}
		})
	}
}

// sameMappings compares what two maps do. (Ids that Ceph and Zeph give to new shadows may
// differ where nothing draws by them, so the maps themselves are not compared.)
func sameMappings(t *testing.T, a, b *Map) {
	t.Helper()
	for _, r := range a.Rules {
		x := mapAll(t, a, r.ID, 3, 2000, fullWeights(a))
		y := mapAll(t, b, r.ID, 3, 2000, fullWeights(b))
		for i := range x {
			if !slices.Equal(x[i], y[i]) {
				t.Fatalf("rule %s x %d: %v here, %v after crushtool's edit\n%s\n%s", r.Name, i, x[i], y[i], a.Text(), b.Text())
			}
		}
	}
}

// TestMovesWhatCephMoves: what an added device moves is exactly what crushtool's mappings
// of the two maps say.
func TestMovesWhatCephMoves(t *testing.T) {
	t.Parallel()
	tool := crushtool(t)
	before := cluster(3, 3, 3)
	after, err := before.AddDevice(Device{ID: 27, Name: "osd.27"}, 2*One, Location{{"host", "r1h1"}})
	if err != nil {
		t.Fatal(err)
	}
	const inputs = 2000
	ours := moved(mapAll(t, before, 0, 3, inputs, fullWeights(before)), mapAll(t, after, 0, 3, inputs, fullWeights(after)))
	theirs := moved(toolMappings(t, tool, before, inputs), toolMappings(t, tool, after, inputs))
	if ours != theirs || ours == 0 {
		t.Errorf("%d copies move, with crushtool %d", ours, theirs)
	}
}

func toolMappings(t *testing.T, tool string, m *Map, inputs int) [][]ItemID {
	t.Helper()
	dir := t.TempDir()
	if _, complaint, ok := compileAndDump(t, tool, dir, m.Text()); !ok {
		t.Fatal(complaint)
	}
	out := toolTest(t, tool, dir, "--rule", "0", "--num-rep", "3", "--min-x", "0", "--max-x", strconv.Itoa(inputs-1))
	var all [][]ItemID
	for line := range bytes.Lines(out) {
		_, list, ok := strings.Cut(string(line), "[")
		if !ok || !strings.HasPrefix(string(line), "CRUSH") {
			continue
		}
		var mapping []ItemID
		for word := range strings.SplitSeq(strings.TrimRight(list, "]\n"), ",") {
			mapping = append(mapping, ItemID(atoi(t, word)))
		}
		all = append(all, mapping)
	}
	if len(all) != inputs {
		t.Fatalf("%d mappings, want %d", len(all), inputs)
	}
	return all
}

// toolTest runs crushtool --test on map.bin in dir. Its output goes to a file: into a pipe
// whose reader is slow it loses lines.
func toolTest(t *testing.T, tool, dir string, args ...string) []byte {
	t.Helper()
	path := filepath.Join(dir, "mappings")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(tool, append([]string{"-i", filepath.Join(dir, "map.bin"), "--test", "--show-mappings"}, args...)...)
	cmd.Stdout, cmd.Stderr = f, f
	if err := errors.Join(cmd.Run(), f.Close()); err != nil {
		t.Fatal(err)
	}
	out, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestEditsLeaveTheMap: an edit gives another map; readers of the old one notice nothing.
func TestEditsLeaveTheMap(t *testing.T) {
	t.Parallel()
	src, err := os.ReadFile("testdata/vectors/classes.txt")
	if err != nil {
		t.Fatal(err)
	}
	m := parseText(t, append(src, "choose_args 1 { { bucket_id -2 weight_set [ [ 1 1 1 1 1 1 1 ] ] } }\n"...))
	before := m.Text()
	for _, edit := range []func() (*Map, error){
		func() (*Map, error) {
			return m.AddDevice(Device{ID: 50, Name: "osd.50", Class: "ssd"}, One, Location{{"host", "host0"}})
		},
		func() (*Map, error) { return m.Move(3, Location{{"host", "host2"}}) },
		func() (*Map, error) { return m.Reweight(3, 0) },
		func() (*Map, error) { return m.Remove(0) },
	} {
		next, err := edit()
		if err != nil {
			t.Error(err)
			continue
		}
		if bytes.Equal(next.Text(), before) {
			t.Error("an edit changed nothing")
		}
		if !bytes.Equal(m.Text(), before) {
			t.Fatal("an edit changed the map it was made from")
		}
		if err := next.Validate(); err != nil {
			t.Error(err)
		}
	}
}

// TestMoveThereAndBack: moving a host away and back restores all weights.
func TestMoveThereAndBack(t *testing.T) {
	t.Parallel()
	m := cluster(3, 2, 2)
	id, _ := m.ItemNamed("r0h0")
	away, err := m.Move(id, Location{{"rack", "r2"}})
	if err != nil {
		t.Fatal(err)
	}
	back, err := away.Move(id, Location{{"rack", "r0"}, {"root", "default"}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range m.Buckets {
		if a, b := m.Buckets[i].Weight(), back.Buckets[i].Weight(); a != b {
			t.Errorf("%s weighs %v, weighed %v", m.Buckets[i].Name, b, a)
		}
	}
	if r2, _ := away.Bucket(m.Buckets[0].Items[2].ID); r2.Weight() != 6*One {
		t.Errorf("rack r2 weighs %v with three hosts of two", r2.Weight())
	}
}

func TestEditsRefuse(t *testing.T) {
	t.Parallel()
	m := cluster(2, 2, 2)
	root, host := ItemID(-1), m.Buckets[2].ID
	for name, err := range map[string]error{
		"a device twice":       second(m.AddDevice(Device{ID: 0, Name: "twin"}, One, Location{{"host", "r0h0"}})),
		"a name twice":         second(m.AddDevice(Device{ID: 90, Name: "osd.1"}, One, Location{{"host", "r0h0"}})),
		"a negative id":        second(m.AddDevice(Device{ID: -4, Name: "neg"}, One, Location{{"host", "r0h0"}})),
		"no place":             second(m.AddDevice(Device{ID: 90, Name: "osd.90"}, One, nil)),
		"an unknown type":      second(m.AddDevice(Device{ID: 90, Name: "osd.90"}, One, Location{{"shelf", "s"}})),
		"a place of no type":   second(m.AddDevice(Device{ID: 90, Name: "osd.90"}, One, Location{{"host", "r0"}})),
		"a bucket into itself": second(m.Move(root, Location{{"rack", "r0"}})),
		"too much weight":      second(m.Reweight(0, 0xffffffff)),
		"a bucket's weight":    second(m.Reweight(host, One)),
		"a full bucket":        second(m.Remove(host)),
	} {
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := m.Remove(77); !errors.Is(err, ErrUnknownItem) {
		t.Errorf("remove nobody: %v", err)
	}
	if _, err := m.Move(77, Location{{"rack", "r0"}}); !errors.Is(err, ErrUnknownItem) {
		t.Errorf("move nobody: %v", err)
	}
}

func second(_ *Map, err error) error { return err }
