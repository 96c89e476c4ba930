package crush

import "testing"

func TestCheckKeys(t *testing.T) {
	t.Parallel()
	for src, ok := range map[string]bool{
		`{"a": 1, "b": {"a": [{"a": 1}, {"a": "a"}]}, "c": "a"}`: true,
		`[{"a": "b", "b": "b"}, "a", "a"]`:                       true,
		`{"a": {}, "b": [], "c": 1}`:                             true,
		`{"a": 1, "a": 1}`:                                       false,
		`{"x": [1, {"b": [], "c": {}, "b": 2}]}`:                 false,
		`{"a": {"z": 1}, "z": 2, "a": 3}`:                        false,
		`{"a": `:                                                 true, // the reader complains
		``:                                                       true,
	} {
		if err := CheckKeys([]byte(src)); (err == nil) != ok {
			t.Errorf("%s: %v", src, err)
		}
	}
}

// TestBucketsThatMultiplyAreRefused: 40 levels that each hold both of the next are a small
// map with a trillion ways down. Whoever walks it would never end.
func TestBucketsThatMultiplyAreRefused(t *testing.T) {
	t.Parallel()
	m := &Map{Tunables: DefaultTunables(), Devices: []Device{{ID: 0, Name: "osd.0"}}}
	for level := range 40 {
		for i := range 2 {
			b := Bucket{ID: ItemID(-1 - 2*level - i), Type: 1, Alg: Straw2, Items: []Item{{0, One}}}
			if level < 39 {
				b.Items = []Item{{ItemID(-3 - 2*level), 1}, {ItemID(-4 - 2*level), 1}}
			}
			m.Buckets = append(m.Buckets, b)
		}
	}
	if err := m.Validate(); err == nil {
		t.Error("accepted")
	}
	m.Buckets = m.Buckets[40:] // 20 levels: half a million ways
	if err := m.Validate(); err != nil {
		t.Error(err)
	}
}
