package crush

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestDumpRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := genMap().Draw(t, "map")
		back, warnings, err := ParseDump(m.Dump())
		if err != nil || warnings != nil {
			t.Fatal(warnings, err)
		}
		same(t, back, m)
	})
}

const smallDump = `{
	"devices": [{"id": 0, "name": "osd.0", "class": "hdd"}, {"id": 1, "name": "device1"}],
	"types": [{"type_id": 0, "name": "osd"}, {"type_id": 1, "name": "host"}],
	"buckets": [{"id": -1, "name": "h", "type_id": 1, "type_name": "host", "weight": 65536, "alg": "straw2",
		"hash": "rjenkins1", "items": [{"id": 0, "weight": 65536, "pos": 0}]},
		{"id": -2, "name": "h~hdd", "type_id": 1, "type_name": "host", "weight": 65536, "alg": "straw2",
		"hash": "rjenkins1", "items": [{"id": 0, "weight": 65536, "pos": 0}]}],
	"rules": [{"rule_id": 0, "rule_name": "r", "type": 1, "steps": [{"op": "take", "item": -2, "item_name": "h~hdd"},
		{"op": "set_chooseleaf_vary_r", "num": 1}, {"op": "choose_firstn", "num": 0, "type": "osd"}, {"op": "emit"}]}],
	"tunables": {"choose_local_tries": 0, "choose_local_fallback_tries": 0, "choose_total_tries": 50,
		"chooseleaf_descend_once": 1, "chooseleaf_vary_r": 1, "chooseleaf_stable": 1, "straw_calc_version": 1,
		"allowed_bucket_algs": 54, "msr_descents": 100, "msr_collision_tries": 100},
	"choose_args": {"-1": [{"bucket_id": -1, "weight_set": [[0.5]], "ids": [3]}], "10": []}
}`

func TestParseDump(t *testing.T) {
	t.Parallel()
	m, warnings, err := ParseDump([]byte(smallDump))
	if err != nil || warnings != nil {
		t.Fatal(warnings, err)
	}
	want := &Map{
		Tunables: DefaultTunables(),
		Devices:  []Device{{0, "osd.0", "hdd"}},
		Types:    []Type{{0, "osd"}, {1, "host"}},
		Buckets: []Bucket{
			{ID: -1, Name: "h", Type: 1, Alg: Straw2, Items: []Item{{0, One}}},
			{ID: -2, Name: "h~hdd", Type: 1, Alg: Straw2, Items: []Item{{0, One}}, ShadowOf: -1, Class: "hdd"},
		},
		Rules: []Rule{{
			Name: "r", Type: Replicated, MinSize: 1, MaxSize: 10,
			Steps: []Step{{Op: OpTake, Arg1: -2}, {Op: OpSetVaryR, Arg1: 1}, {Op: OpChooseFirstn}, {Op: OpEmit}},
		}},
		ChooseArgs: []ChooseArgs{
			{ID: -1, Args: []ChooseArg{{Bucket: -1, Weights: [][]Weight{{One / 2}}, IDs: []ItemID{3}}}},
			{ID: 10},
		},
	}
	same(t, m, want)
}

// TestParseDumpEdits changes one place of a dump: want is a warning or an error.
func TestParseDumpEdits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ old, new, want string }{
		{`"rules": [`, `"rulez": [`, "error dump.rules: missing"},
		{`"choose_args": {"-1": [`, `"choose_args": {"all": [`, "error dump.choose_args[all]: expected the id of a pool, or -1, as the key"},
		{`{"id": 0, "name": "osd.0"`, `{"id": "0", "name": "osd.0"`, `error dump.devices[0].id: expected a whole number from 0 to 1048575, got the string "0"`},
		{`{"id": 0, "name": "osd.0"`, `{"id": 1.5, "name": "osd.0"`, `error dump.devices[0].id: expected a whole number from 0 to 1048575, got the number 1.5`},
		{`"osd.0"`, `"osd 0"`, `error dump.devices[0].name: "osd 0" is no name: expected letters, digits, '-', '_' and '.'`},
		{`"weight": 65536, "pos": 0`, `"weight": 4294967296, "pos": 0`, `error dump.buckets[0].items[0].weight: expected a whole number from -2147483648 to 4294967295, got the number 4294967296`},
		{`"pos": 0`, `"pos": 1`, `error dump.buckets[0].items[0].pos: expected a whole number from 0 to 0, got the number 1`},
		{`"items": [{"id": 0, "weight": 65536, "pos": 0}]`, `"items": 3`, `error dump.buckets[0].items: expected an array, got the number 3`},
		{`"straw2"`, `"straw3"`, `error dump.buckets[0].alg: unknown algorithm "straw3"`},
		{`"rjenkins1"`, `"unknown"`, `error dump.buckets[0].hash: unknown hash "unknown"`},
		{`"h~hdd", "type_id"`, `"i~hdd", "type_id"`, `error dump.buckets[1].name: shadow of "i", which is no bucket`},
		{`"h~hdd", "type_id"`, `"h~h~d", "type_id"`, `error dump.buckets[1].name: "h~d" is no name`},
		{`"emit"`, `"omit"`, `error dump.rules[0].steps[3].op: unknown step "omit"`},
		{`"op": "emit"`, `"opcode": 300, "arg1": 0, "arg2": 0`, `error dump.rules[0].steps[3].opcode: expected`},
		{`"type": "osd"`, `"type": "rack"`, `error dump.rules[0].steps[2].type: type "rack" is not in the dump`},
		{`"tunables": {`, `"tunables": [], "x": {`, `error dump.tunables: expected an object, got an array`},
		{`"choose_local_tries": 0, `, ``, `error dump.tunables.choose_local_tries: missing`},
		{`[[0.5]]`, `[[-0.5]]`, `error dump.choose_args[-1][0].weight_set[0][0]: expected a weight from 0 to below 65536, got the number -0.5`},
		{`[[0.5]]`, `[0.5]`, `error dump.choose_args[-1][0].weight_set[0]: expected an array, got the number 0.5`},
		{`{`, `[`, `error crush dump: invalid character`},
		{`"devices": [`, `"devicez": [], "devices": [`, `warning dump.devicez: unknown key, ignored wherever it appears`},
		{`"pos": 0`, `"pos": 0, "mood": 1`, `warning dump.buckets[0].items[0].mood: unknown key`},
		{`"rule_id": 0`, `"rule_id": 0, "ruleset": 4`, `warning dump.rules[0].ruleset: 4, but rules are found by their id, which is 0`},
		{`"type_name": "host", "weight": 65536`, `"type_name": "host", "weight": 5`, `warning dump.buckets[0].weight: 5, but the items add up to 65536`},
		{`"msr_descents": 100`, `"msr_descents": 7`, `warning dump.tunables.msr_descents: has no effect here`},
		{`"straw_calc_version": 1,`, ``, `warning dump.tunables.straw_calc_version: missing, taken to be 0`},
		{`[[0.5]]`, `[[0.3]]`, `warning dump.choose_args[-1]: 1 weights are no 16.16 numbers and were rounded to the nearest`},
		{`"class": "hdd"`, `"class": "ssd"`, `warning 1 shadow buckets (h~hdd, …) are not what follows`},
		{`"alg": "straw2"`, `"alg": "list"`, `warning choose_args -1: dropped, because bucket "h" is list and not straw2`},
	} {
		edited := strings.Replace(smallDump, c.old, c.new, 1)
		if edited == smallDump {
			t.Fatalf("%s is not in the dump", c.old)
		}
		_, warnings, err := ParseDump([]byte(edited))
		got := "warning " + strings.Join(warnings, "\nwarning ")
		if err != nil {
			got = fmt.Sprintf("error %v", err)
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%s → %s:\ngot  %s\nwant %s", c.old, c.new, got, c.want)
		}
	}
}

// TestDumpKeys: the keys come in the order in which crushtool prints them.
func TestDumpKeys(t *testing.T) {
	t.Parallel()
	for name, src := range vectorMaps(t, "*/*.json") {
		m, _, err := ParseDump(src)
		if err != nil {
			t.Fatal(err)
		}
		var ours, theirs strings.Builder
		for _, x := range []struct {
			out *strings.Builder
			src []byte
		}{{&ours, m.Dump()}, {&theirs, src}} {
			dec := json.NewDecoder(strings.NewReader(string(x.src)))
			for token, err := dec.Token(); err == nil; token, err = dec.Token() {
				fmt.Fprintln(x.out, token)
			}
		}
		if ours.String() != theirs.String() {
			t.Errorf("%s: printed\n%s\nwant\n%s", name, m.Dump(), src)
		}
	}
}
