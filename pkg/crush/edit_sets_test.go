package crush

import (
	"reflect"
	"slices"
	"testing"
)

// withSet is racks, hosts and devices under a weight set of two positions with ids: every
// weight at the first position, twice that at the second. Host r0h0 has just the first.
func withSet() *Map {
	m := cluster(2, 2, 2)
	set := ChooseArgs{ID: 5}
	for _, b := range m.Buckets {
		arg := ChooseArg{Bucket: b.ID, Weights: make([][]Weight, 2)}
		for _, it := range b.Items {
			arg.Weights[0] = append(arg.Weights[0], it.Weight)
			arg.Weights[1] = append(arg.Weights[1], 2*it.Weight)
			arg.IDs = append(arg.IDs, it.ID+100)
		}
		if b.Name == "r0h0" {
			arg.Weights = arg.Weights[:1]
		}
		set.Args = append(set.Args, arg)
	}
	m.ChooseArgs = []ChooseArgs{set}
	return m
}

// TestEditsFollowInWeightSets: an edit gives its weight at every position, and the sums of
// each position go up to the root; what comes has its own id, what goes takes its id along.
func TestEditsFollowInWeightSets(t *testing.T) {
	t.Parallel()
	m := withSet()
	for _, c := range []struct {
		name string
		edit func() (*Map, error)
		want map[string][][]Weight // in units
		ids  map[string][]ItemID
	}{
		{"reweight", func() (*Map, error) { return m.Reweight(0, 4*One) },
			map[string][][]Weight{"r0h0": {{4, 1}}, "r0": {{5, 2}, {5, 4}}, "default": {{7, 4}, {9, 8}}}, nil},
		{"add", func() (*Map, error) {
			return m.AddDevice(Device{ID: 8, Name: "osd.8"}, 3*One, Location{{"host", "r0h1"}})
		}, map[string][][]Weight{"r0h1": {{1, 1, 3}, {2, 2, 3}}, "r0": {{2, 5}, {4, 7}}, "default": {{7, 4}, {11, 8}}},
			map[string][]ItemID{"r0h1": {102, 103, 8}}},
		{"remove", func() (*Map, error) { return m.Remove(2) },
			map[string][][]Weight{"r0h1": {{1}, {2}}, "r0": {{2, 1}, {4, 2}}, "default": {{3, 4}, {6, 8}}},
			map[string][]ItemID{"r0h1": {103}}},
		{"move", func() (*Map, error) { return m.Move(-3, Location{{"rack", "r1"}}) },
			map[string][][]Weight{"r0": {{2}, {4}}, "r1": {{2, 2, 2}, {4, 4, 2}}, "default": {{2, 6}, {4, 10}}},
			map[string][]ItemID{"r0": {96}, "r1": {94, 93, -3}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			next, err := c.edit()
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range next.ChooseArgs[0].Args {
				b, _ := next.Bucket(a.Bucket)
				for _, ws := range a.Weights {
					for i := range ws {
						ws[i] /= One
					}
				}
				if want, ok := c.want[b.Name]; ok && !reflect.DeepEqual(a.Weights, want) {
					t.Errorf("%s: weights %d, want %d", b.Name, a.Weights, want)
				}
				if want, ok := c.ids[b.Name]; ok && !slices.Equal(a.IDs, want) {
					t.Errorf("%s: ids %v, want %v", b.Name, a.IDs, want)
				}
			}
		})
	}
}

// TestEditsOfRareShape: a device held twice, a location from the top down, names that are
// taken by something else, and a weight set that ends with its bucket.
func TestEditsOfRareShape(t *testing.T) {
	t.Parallel()
	m := cluster(2, 2, 2)
	twice := m.Clone()
	twice.Buckets[2].Items = append(twice.Buckets[2].Items, Item{7, One})
	next, err := twice.Reweight(7, 3*One)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range next.Parents()[7] {
		b, _ := next.Bucket(h)
		if b.Items[b.index(7)].Weight != 3*One {
			t.Errorf("%s holds osd.7 with %v", b.Name, b.Items[b.index(7)].Weight)
		}
	}
	if next.Buckets[0].Weight() != 13*One {
		t.Errorf("the root weighs %v, want 13", next.Buckets[0].Weight())
	}

	next, err = m.AddDevice(Device{ID: 8, Name: "osd.8"}, One, Location{{"root", "default"}, {"rack", "r9"}, {"host", "h9"}})
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for id := ItemID(8); len(next.Parents()[id]) > 0; {
		id = next.Parents()[id][0]
		b, _ := next.Bucket(id)
		names = append(names, b.Name)
		if b.Alg != Straw2 || b.Hash != RJenkins1 {
			t.Errorf("%s draws by %v and %v", b.Name, b.Alg, b.Hash)
		}
	}
	if !slices.Equal(names, []string{"h9", "r9", "default"}) || next.Buckets[0].Weight() != 9*One {
		t.Errorf("osd.8 is in %v, the root weighs %v", names, next.Buckets[0].Weight())
	}

	classes := m.Clone()
	classes.Devices[0].Class = "ssd"
	classes = classes.RebuildShadows()
	for _, at := range []Location{{{"host", "r0"}}, {{"host", "osd.1"}}, {{"host", "r0h0~ssd"}}, {{"osd", "osd.1"}}} {
		if _, err := classes.AddDevice(Device{ID: 8, Name: "osd.8"}, One, at); err == nil {
			t.Errorf("%v: accepted", at)
		}
	}

	empty := withSet()
	for _, id := range []ItemID{0, 1, -3} {
		if empty, err = empty.Remove(id); err != nil {
			t.Fatal(err)
		}
	}
	if _, ok := empty.Device(0); ok || empty.ChooseArgs[0].arg(-3) != nil {
		t.Error("a removed device or the weights of a removed host are still there")
	}
}
