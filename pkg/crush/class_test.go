package crush

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

func TestRebuildIsStable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := genMap().Draw(t, "map").RebuildShadows()
		if again := m.RebuildShadows(); !reflect.DeepEqual(again, m) {
			t.Fatalf("differences: %v", m.differences(again))
		}
		if err := m.Validate(); err != nil {
			t.Fatal(err)
		}
	})
}

// twoClasses has a host of each class, and a rule that keeps the class "tape" alive.
const twoClasses = `device 0 osd.0 class hdd
device 1 osd.1 class ssd
type 1 host
type 2 root
host a { id -2 id -7 class tape alg straw2 item osd.0 weight 2 item osd.1 weight 3 }
host b { id -3 alg straw2 item osd.0 weight 5 }
root r { id -1 alg straw2 item a item b }
rule x { id 0 type replicated min_size 1 max_size 10 step take r class tape step emit }
choose_args 4 { { bucket_id -1 weight_set [ [ 9 9 ] [ 8 8 ] ] } { bucket_id -2 weight_set [ [ 1.5 2.5 ] ] ids [ 7 8 ] } }
`

func TestRebuildShadows(t *testing.T) {
	t.Parallel()
	m := parseText(t, []byte(twoClasses))
	m.Devices[1].Class = "hdd"
	before := m.Clone()
	next := m.RebuildShadows()
	if !reflect.DeepEqual(m, before) {
		t.Error("the map was changed")
	}
	if err := next.Validate(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b", "r"} {
		if _, ok := next.ItemNamed(name + "~ssd"); ok {
			t.Errorf("%s~ssd is there, but no device is of class ssd", name)
		}
		for _, class := range []string{"~hdd", "~tape"} {
			was, _ := m.ItemNamed(name + class)
			if is, ok := next.ItemNamed(name + class); !ok || is != was {
				t.Errorf("%s%s has id %d, had %d", name, class, is, was)
			}
		}
	}
	// Host a has weights in the set, b has none: there its plain ones count. The set of r
	// has two positions, that of a just one, which serves both.
	want := map[string][][]Weight{
		"a~hdd":  {{3 * One / 2, 5 * One / 2}},
		"a~tape": {{}},
		"r~hdd":  {{4 * One, 5 * One}, {4 * One, 5 * One}},
		"r~tape": {{0, 0}, {0, 0}},
	}
	for _, a := range next.ChooseArgs[0].Args {
		b, _ := next.Bucket(a.Bucket)
		if b.IsShadow() && !reflect.DeepEqual(a.Weights, want[b.Name]) {
			t.Errorf("weights of %s: %v, want %v", b.Name, a.Weights, want[b.Name])
		}
		delete(want, b.Name)
	}
	if len(want) != 0 {
		t.Errorf("no weights for %v", want)
	}
}

// TestManyClasses: a text of 60 kB must not make a million shadows.
func TestManyClasses(t *testing.T) {
	t.Parallel()
	m := &Map{Tunables: DefaultTunables(), Types: []Type{{1, "host"}}}
	for id := range ItemID(maxClasses + 1) {
		m.Devices = append(m.Devices, Device{id, defaultItemName(id), "class" + defaultItemName(id)})
	}
	m.Buckets = []Bucket{{ID: -1, Name: "h", Type: 1, Alg: Straw2}}
	if n := len(m.RebuildShadows().Buckets); n != 1 {
		t.Errorf("%d buckets, want the one without its shadows", n)
	}
}
