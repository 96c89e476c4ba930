package crush

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// vector is one file of reference mappings, made with Ceph's crushtool 16.2.15.
type vector struct {
	file, mapName string
	rule, count   int
	weights       map[int]Weight
	pool          int64 // -1: x is not hashed with a pool
}

func readVectors(t testing.TB) []vector {
	t.Helper()
	src, err := os.ReadFile("testdata/vectors/VECTORS.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	for line := range strings.Lines(string(src)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		col := strings.Split(strings.TrimRight(line, "\n"), "\t")
		v := vector{file: col[0], mapName: col[1], rule: atoi(t, col[2]), count: atoi(t, col[3]), pool: -1}
		v.weights = make(map[int]Weight)
		for args := strings.Fields(col[4]); len(args) > 0; {
			switch args[0] {
			case "--weight":
				w, err := ParseWeight(args[2])
				if err != nil {
					t.Fatal(err)
				}
				v.weights[atoi(t, args[1])] = w
				args = args[3:]
			case "--pool-id":
				v.pool = int64(atoi(t, args[1]))
				args = args[2:]
			default:
				t.Fatalf("%s: unknown argument %q", v.file, args[0])
			}
		}
		all = append(all, v)
	}
	return all
}

func atoi(t testing.TB, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// lines reads the mappings of a vector file by x.
func (v vector) lines(t testing.TB) []string {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata/vectors", v.file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for sc := bufio.NewScanner(z); sc.Scan(); {
		if strings.HasPrefix(sc.Text(), "CRUSH") {
			lines = append(lines, sc.Text())
		}
	}
	return lines
}

// query asks what crushtool was asked.
func (v vector) query(m *Map) Query {
	q := Query{Rule: RuleID(v.rule), Count: v.count, Reweight: fullWeights(m)}
	for id, w := range v.weights {
		q.Reweight[id] = w
	}
	return q
}

// fullWeights has every device fully in.
func fullWeights(m *Map) []Weight {
	weights := make([]Weight, m.MaxDevices())
	for i := range weights {
		weights[i] = One
	}
	return weights
}

func readMap(t testing.TB, name string) *Map {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("testdata/vectors", name))
	if err != nil {
		t.Fatal(err)
	}
	m, warnings, err := Read(src)
	if err != nil || len(warnings) > 0 {
		t.Fatalf("%s: %v, warnings %q", name, err, warnings)
	}
	return m
}

func newMapper(t testing.TB, m *Map) *Mapper {
	t.Helper()
	mp, err := NewMapper(m)
	if err != nil {
		t.Fatal(err)
	}
	return mp
}

func listOf(items []ItemID) string {
	return strings.ReplaceAll(fmt.Sprint(items), " ", ",")
}

// TestMappingsEqualCeph holds every reference mapping, from both forms of each map.
func TestMappingsEqualCeph(t *testing.T) {
	t.Parallel()
	for _, v := range readVectors(t) {
		for _, ext := range []string{".txt", ".json"} {
			t.Run(v.file+ext, func(t *testing.T) {
				t.Parallel()
				m := readMap(t, v.mapName+ext)
				mp, q := newMapper(t, m), v.query(m)
				lines := v.lines(t)
				if len(lines) != 1024 {
					t.Fatalf("%d lines, want 1024", len(lines))
				}
				var s Scratch
				for x, want := range lines {
					q.X = uint32(x)
					if v.pool >= 0 {
						q.X = Hash2(q.X, uint32(v.pool))
					}
					got := fmt.Sprintf("CRUSH rule %d x %d %s", v.rule, x, listOf(mp.Map(nil, &s, q)))
					if got != want {
						t.Fatalf("\n got %s\nwant %s", got, want)
					}
				}
			})
		}
	}
}

// TestMappingAllocatesNothing holds the promise of Map once its buffers have grown.
func TestMappingAllocatesNothing(t *testing.T) {
	for _, name := range []string{"racks.json", "racks_legacy.json", "list.json", "dc2.json"} {
		m := readMap(t, name)
		mp := newMapper(t, m)
		var s Scratch
		var dst []ItemID
		q := Query{Count: 6, Reweight: fullWeights(m)}
		once := func() {
			q.X++
			for i := range m.Rules {
				q.Rule = m.Rules[i].ID
				dst = mp.Map(dst[:0], &s, q)
			}
		}
		for range 100 {
			once()
		}
		if n := testing.AllocsPerRun(100, once); n != 0 {
			t.Errorf("%s: %v allocations for a mapping by each rule", name, n)
		}
	}
}

// TestUnknownRuleGivesNothing: what was asked for is not there, and nothing panics.
func TestUnknownRuleGivesNothing(t *testing.T) {
	t.Parallel()
	m := readMap(t, "flat10.json")
	mp := newMapper(t, m)
	var s Scratch
	for _, q := range []Query{{Rule: 99, Count: 3}, {Rule: -1, Count: 3}, {Count: 0}, {Count: -1}, {Count: 3}} {
		if got := mp.Map(nil, &s, q); len(got) > 0 {
			t.Errorf("%+v: %v", q, got) // the last has no reweights: every device is out
		}
	}
}

// TestTakeADeviceThatNoBucketHolds: as in Ceph a rule may take any device of the map.
func TestTakeADeviceThatNoBucketHolds(t *testing.T) {
	t.Parallel()
	m := cluster(1, 1, 2)
	m.Devices = append(m.Devices, Device{ID: 7, Name: "osd.7"})
	m.Rules = append(m.Rules, Rule{ID: 9, Type: Replicated, Steps: []Step{{Op: OpTake, Arg1: 7}, {Op: OpEmit}, {Op: OpTake, Arg1: 8}, {Op: OpEmit}}})
	if got := mapAll(t, m, 9, 3, 1, nil)[0]; listOf(got) != "[7]" {
		t.Errorf("%v, want [7]", got)
	}
}
