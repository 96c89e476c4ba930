package crush

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// TestParseText holds us to what crushtool 16 makes of texts that its own -d never prints.
func TestParseText(t *testing.T) {
	t.Parallel()
	dumps := vectorMaps(t, "text/*.json")
	for name, src := range vectorMaps(t, "text/*.txt") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, _, err := ParseText(src)
			if err != nil {
				t.Fatal(err)
			}
			dump := dumps[strings.TrimSuffix(name, ".txt")+".json"]
			sameJSON(t, m.Dump(), dump)
			back, _, err := ParseDump(dump)
			if err != nil {
				t.Fatal(err)
			}
			same(t, back, m)
		})
	}
}

// TestCrushtoolText: the dumps of TestParseText are crushtool's.
func TestCrushtoolText(t *testing.T) {
	t.Parallel()
	tool, dir := crushtool(t), t.TempDir()
	dumps := vectorMaps(t, "text/*.json")
	for name, src := range vectorMaps(t, "text/*.txt") {
		dump, complaint, ok := compileAndDump(t, tool, dir, src)
		if !ok {
			t.Fatalf("%s: %s", name, complaint)
		}
		sameJSON(t, dump, dumps[strings.TrimSuffix(name, ".txt")+".json"])
	}
}

const head = `device 0 osd.0 class hdd
device 1 osd.1
type 0 osd
type 1 host
type 2 root
`

func rule(steps string) string {
	return "host h { alg straw2 item osd.0 }\nrule x { id 0 type replicated min_size 1 max_size 10\n" + steps + " step emit }"
}

// badTexts are refused with a message that contains want. Where ours is set, crushtool
// takes the text.
var badTexts = []struct {
	name, text, want string
	ours             bool
}{
	{name: "keyword", text: "bucket", want: `6:7: expected the name of a bucket (letters, digits, '-', '_', '.'), got the end of the text`},
	{name: "letters", text: "host a~b {", want: `6:6: expected the name of a bucket (letters, digits, '-', '_', '.'), got "a~b"`},
	{name: "tunable", text: "tunable choose_nothing 1", want: `6:9: unknown tunable "choose_nothing"`},
	{name: "late device", text: "host h { alg straw2 } device 3 osd.3", want: `6:32: expected "{", got "osd.3"`},
	{name: "bucket like device", text: "host osd.0 { alg straw2 }", want: `6:1: bucket "osd.0": the name is taken`},
	{name: "type", text: "rack r { alg straw2 }", want: `6:1: bucket "r": type "rack" is not declared`},
	{name: "no alg", text: "host h { id -1 item osd.0 }", want: `6:16: expected "alg", got "item"`},
	{name: "alg", text: "host h { alg straw3 }", want: `6:14: unknown algorithm "straw3"`},
	{name: "hash first", text: "host h { hash 0 alg straw2 }", want: `expected "alg", got "hash"`},
	{name: "hash", text: "host h { alg straw2 hash 7 }", want: `expected a hash function from 0 to 1, got "7"`, ours: true},
	{name: "positive id", text: "host h { id 1 alg straw2 }", want: `6:13: expected a bucket id from -1048576 to -1, got "1"`},
	{name: "id too low", text: "host h { id -1048577 alg straw2 }", want: `got "-1048577"`, ours: true},
	{name: "id twice", text: "host h { id -1 alg straw2 } host i { id -1 alg straw2 }", want: `6:29: bucket "i": id -1 is taken`},
	{name: "class twice", text: "host h { id -1 class a id -2 class a alg straw2 }", want: `bucket "h": class "a" has an id already`},
	{name: "item", text: "host h { alg straw2 item osd.9 }", want: `6:26: item "osd.9" of bucket "h" is not declared before it`},
	{name: "self", text: "host h { alg straw2 item h }", want: `item "h" of bucket "h" is not declared`},
	{name: "each other", text: "root r { alg straw2 item h } host h { alg straw2 item r }", want: `buckets "r" and "h" hold each other`},
	{name: "forward twice", text: "root r { alg straw2 item a item b } host a { alg straw2 } host b { alg straw2 }", want: `item "a" of bucket "r" is not declared before it`},
	{name: "weight", text: "host h { alg straw2 item osd.0 weight 1x }", want: `6:39: expected a weight such as 1.500, got "1x"`},
	{name: "weight hex", text: "host h { alg straw2 item osd.0 weight 0x1 }", want: `expected a weight`},
	{name: "weight nan", text: "host h { alg straw2 item osd.0 weight nan }", want: `expected a weight`},
	{name: "heavy device", text: "host h { alg straw2 item osd.0 weight 100.0001 }", want: `item "osd.0": weight 100.0001: at most 100 is allowed`},
	{name: "heavy bucket", text: "host h { alg straw2 } root r { alg straw2 item h weight 65535.5 }", want: `at most 65535 is allowed`},
	{name: "negative", text: "host h { alg straw2 } root r { alg straw2 item h weight -1 }", want: `weight -1: must be 0 or more`, ours: true},
	{name: "sum", text: "host h { alg straw2 } root r { alg straw2 item h weight 65535 item h weight 1 }", want: `the weights of bucket "r" add up to more than 65535`},
	{name: "uniform", text: "host h { alg uniform item osd.0 weight 1 item osd.1 weight 2 }", want: `number 2 has 2.000 and the first 1.000`},
	{name: "pos twice", text: "host h { alg straw2 item osd.0 pos 0 item osd.1 pos 0 }", want: `6:43: item "osd.1": position 0 of bucket "h" is taken`},
	{name: "pos beyond", text: "host h { alg straw2 item osd.0 pos 1 }", want: `position 1, but bucket "h" has only 1 items`},
	{name: "pos before weight", text: "host h { alg straw2 item osd.0 pos 0 weight 2 }", want: `expected "}", got "weight"`},
	{name: "device id", text: "device 1048576 big", want: `6:8: expected a device id from 0 to 1048575, got "1048576"`, ours: true},
	{name: "device name", text: "device 7 osd.1", want: `6:10: device "osd.1" is declared twice`},
	{name: "late bucket", text: rule("step take h") + " host i { alg straw2 }", want: `8:25: expected a rule, choose_args or the end (buckets come before rules), got "host"`},
	{name: "rule type", text: "rule x { id 0 type raid min_size 1 max_size 2 step emit }", want: `6:20: expected the type of a rule (replicated, erasure or a number), got "raid"`},
	{name: "rule id", text: "rule x { id 256 type erasure min_size 1 max_size 2 step emit }", want: `expected a rule id from 0 to 255, got "256"`, ours: true},
	{name: "rule size", text: "rule x { id 0 type erasure min_size 1 max_size 256 step emit }", want: `expected a pool size from 0 to 255, got "256"`, ours: true},
	{name: "sizes swapped", text: "rule x { id 0 type erasure max_size 1 min_size 2 step emit }", want: `expected "step" or "}", got "min_size"`},
	{name: "rule name", text: rule("") + "rule x { id 1 type erasure min_size 1 max_size 2 step emit }", want: `rule "x": the name is taken`},
	{name: "rule id twice", text: rule("") + "rule y { id 0 type erasure min_size 1 max_size 2 step emit }", want: `rule "y": id 0 is taken`},
	{name: "step", text: rule("step fly"), want: `8:6: unknown step "fly": expected one of choose firstn`},
	{name: "mode", text: rule("step choose best 0 type host"), want: `expected one of firstn, indep, got "best"`},
	{name: "step type", text: rule("step choose firstn 0 type rack"), want: `type "rack" is not declared`},
	{name: "take", text: rule("step take i"), want: `8:11: step take i: no such item`},
	{name: "take class", text: rule("step take h class ssd"), want: `step take h class ssd: no device is of this class`},
	{name: "take device", text: rule("step take osd.0 class hdd"), want: `a device has no shadow`},
	{name: "args bucket", text: rule("") + "choose_args 0 { { bucket_id -9 } }", want: `choose_args 0: bucket -9 does not exist`},
	{name: "args twice", text: rule("") + "choose_args 0 { } choose_args 0 { }", want: `choose_args 0: appears twice`},
	{name: "args ids", text: rule("") + "choose_args 0 { { bucket_id -1 ids [ 1 2 ] } }", want: `bucket "h" has 1 items, but here are 2 ids`},
	{name: "args weights", text: rule("") + "choose_args 0 { { bucket_id -1 weight_set [ [ ] ] } }", want: `bucket "h" has 1 items, but here are 0 weights`},
	{name: "args order", text: rule("") + "choose_args 0 { { bucket_id -1 ids [ 1 ] weight_set [ [ 1 ] ] } }", want: `expected "}", got "weight_set"`},
	{name: "args negative", text: rule("") + "choose_args 0 { { bucket_id -1 weight_set [ [ -1 ] ] } }", want: `weight -1: must be 0 or more`, ours: true},
	{name: "after args", text: rule("") + "choose_args 0 { } rule y { id 1 type erasure step emit }", want: `expected a bucket, a rule, choose_args or the end (in this order), got "rule"`},
	{name: "open", text: "host h { alg straw2", want: `6:20: expected "}", got the end of the text`},
}

func TestParseTextErrors(t *testing.T) {
	t.Parallel()
	for _, c := range badTexts {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := ParseText([]byte(head + c.text))
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s\ngot error %v\nwant %q", c.text, err, c.want)
			}
		})
	}
}

func TestCrushtoolRefusesToo(t *testing.T) {
	t.Parallel()
	tool, dir := crushtool(t), t.TempDir()
	for _, c := range badTexts {
		if _, _, ok := compileAndDump(t, tool, dir, []byte(head+c.text)); ok != c.ours {
			t.Errorf("%s: crushtool takes it: %v", c.text, ok)
		}
	}
}

func TestParseTextWarnings(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"device 0 other type 1 node":                    `line 1:10: device 0: the name "other" replaces "osd.0"`,
		"type 1 node":                                   `type 1: the name "node" replaces "host"`,
		"host h { id -1 alg straw2 }":                   `device classes have no shadow trees, because there is no rule`,
		"host h { alg uniform item osd.0 }":             `shadow`,
		rule("") + "choose_args 0 { { bucket_id -1 } }": `choose_args 0: nothing is said of bucket -1`,
	} {
		_, warnings, err := ParseText([]byte(head + text))
		if err != nil || !strings.Contains(fmt.Sprint(warnings), strings.TrimPrefix(want, "line 1:10: ")) {
			t.Errorf("%s: warnings %q, error %v, want %q", text, warnings, err, want)
		}
	}
}

// TestParseTextMore: what newer releases of Ceph print, and what only we do.
func TestParseTextMore(t *testing.T) {
	t.Parallel()
	text := head + `host h { alg straw2 hash xxhash64 item osd.0 }
		rule x { id 1 type 4 step noop step take h step emit }
		rule y { id 2 type erasure }
		choose_args -1 { { bucket_id -1 ids [ 5 ] } }`
	m, _, err := ParseText([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if m.Buckets[0].Hash != XXHash64 || m.Rules[0].Type != 4 || m.Rules[0].MaxSize != 10 || m.ChooseArgs[0].ID != DefaultChooseArgs {
		t.Errorf("got %+v", m)
	}
	back, _, err := ParseText(m.Text())
	if err != nil {
		t.Fatal(err)
	}
	same(t, back, m)
	const want = `[bucket "h": Ceph has no hash xxhash64 rule "x": crushtool does not compile type 4 ` +
		`rule "x" step 0: crushtool does not compile noop rule "y": crushtool does not compile a rule without steps]`
	if loss := fmt.Sprint(m.TextLoss()); loss != want {
		t.Errorf("loss %s, want %s", loss, want)
	}
}
