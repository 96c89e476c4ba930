package scenario

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

const whole = `# everything once
name: all-of-it
about: |
  What it shows,
  in two lines.
cluster:
  mons: 3
  osds: 6
  hosts: 3
  racks: 3
  pools:
    - {name: a, pg_num: 4, size: 3, min_size: 2, failure_domain: rack}
    - name: b
      size: 2
settings: {osd_heartbeat_grace: 1s, mon_osd_down_out_interval: 1m30s}
workload:
  writers: 3
  rate: 100
  append: 12.5 %
seconds: 40
faults:
  - {kind: crash, every: 3s}
steps:
  - {at: 1s, do: kill, osd: 3, for: 1.5s}
  - {after: 2s, do: cut, on: primary of pg 1.0, from: others, way: in, until: health says OSD_DOWN}
  - when: pg 2.7 not active
    within: 10s
    do: pause
    on: [the leader, osd.2]
  - {at: 10s, do: fill, osd: [1, 2], to: 97 %}
  - {do: check, that: all pgs not clean}
end: lost
expect:
  - healthy within 30s
  - available at least 99.5 %
  - health says OSD_DOWN while osd.3 not up
`

func TestParse(t *testing.T) {
	t.Parallel()
	s, err := Parse("f.yaml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	if s.About != "What it shows,\nin two lines." || s.OSDs != 6 || s.PGs != 4 || s.Pools[1].PGs != 8 || s.DownOut != 90*time.Second || s.Lease != 400*time.Millisecond {
		t.Errorf("got %+v", s)
	}
	if w := s.Workload; w.Think != 2*time.Second*3/100 || w.Append != 12_50 || w.Readers != 0 {
		t.Errorf("workload %+v", w)
	}
	if s.Expect[1].Share != 99_50 || s.Faults[0].Every != 3*time.Second || s.End != Lost {
		t.Errorf("expect %v, faults %v, end %s", s.Expect, s.Faults, s.End)
	}
	for i, want := range []string{
		"kill osd.3 for 1.5s", "cut primary of pg 1.0 from others, in only until health OSD_DOWN", "pause the leader, osd.2",
		"fill osd.1, osd.2 to 97 %", "check that all pgs not clean",
	} {
		if got := s.Steps[i].String(); got != want {
			t.Errorf("step %d: %q, want %q", i, got, want)
		}
	}
	if s.Steps[2].Line != 26 || s.Steps[2].When.String() != "pg 2.7 not active" || s.Steps[2].Within != 10*time.Second {
		t.Errorf("step 2: %+v", s.Steps[2])
	}
	if err := s.CanRunOn(Sim); err != nil {
		t.Error(err)
	}
}

// TestProblems: everything is named at once, with its place, and with what may have been meant.
func TestProblems(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, want string }{
		{"", "1:1: the file is empty"},
		{"- a", "1:1: expected keys and values"},
		{"name: [a", "1:7: no YAML: "},
		{"name: a\nclutser: {}\n", `2:1: unknown key "clutser": did you mean cluster?`},
		{"cluster: {odss: 3, size: x}\n", `1:11: unknown key "odss" in cluster: did you mean osds?|1:26: size: "x": expected a number`},
		{"clutser: {}\nsteps:\n  - {do: kil}\n  - {do: kill, osd: one}", `1:1: unknown key "clutser"|3:6: verb "kil": did you mean kill?|4:16: osd "one": expected a number`},
		{"zzzzzz: 1", `1:1: unknown key "zzzzzz": expected one of: name, about, swarm, cluster`},
		{"seconds: -1", `1:10: seconds: "-1": expected a number`},
		{"cluster: {read_lease_interval: 5}", `1:32: read_lease_interval: "5": expected a length of time`},
		{"cluster: {read_lease_interval: 1.23456s}", "expected a length of time"},
		{"cluster: {read_lease_interval: 99ms}", "read_lease_interval 99ms: expected 100ms to 1m"},
		{"cluster: {mons: 2}\nend: well", "1:11: 2 monitors: expected an odd number up to 9|2:1: end \"well\": expected one of"},
		{"cluster:\n  pools: [{size: 9}]\n  size: 3", "2:3: pools, and pg_num, size or min_size beside them"},
		{"cluster: {pools: [{failure_domain: rack}]}", "1:20: failure_domain rack: the cluster has no racks"},
		{"steps:\n  - {at: 5s, do: kil, osd: 1}", `2:14: verb "kil": did you mean kill?`},
		{"steps:\n  - {at: 5s, do: kill}", "2:14: kill: on is missing"},
		{"steps:\n  - {at: 5s, do: kill, osd: 7}\n  - {at: 4s, do: wait}", "2:5: osd.7: there are 5 osds|3:6: at 4s: a step above is at 5s"},
		{"steps: [{do: kill, osd: x}]", `osd "x": expected a number`},
		{"steps: [{do: kill, on: osd 3}]", `1:24: target "osd 3": expected one of: osd.N, mon.X`},
		{"steps: [{do: wait, on: osd.3, to: x}]", `wait: it takes no on|wait: it takes no to`},
		{"steps: [{do: cut, mon: a, for: 1s, until: all pgs clean}]", "for and until: expected one of them"},
		{"steps: [{do: out, mon: a, at: 1s, after: 1s}]", "out: mon.a is nobody to do that to|at, after and when: expected one of them"},
		{"steps: [{do: check, that: pg 1.0 actve}]", `state "actve": did you mean active?`},
		{"steps: [{do: check, that: pg 1.9 active}]", "pg 1.9: pools are numbered from 1 on, and there are 1; groups of pool 1 go from 1.0 to 1.7"},
		{"steps: [{do: check, that: moon full}]", `condition "moon full": expected such as: pg 1.0 active`},
		{"steps: [{do: strike, random: quake}]", `fault "quake": expected one of: acklag, `},
		{"steps: [{do: fill, osd: 1, to: 3 pieces}]", `expected a share of the disk`},
		{"steps: [{do: scrub, on: pg x}]", `pg "x": expected such as 1.0`},
		{"cluster: {size: 9}", "1:11: size 9: expected 1 to 5, the number of hosts"},
		{"faults: [{kind: crahs}]", `fault "crahs": did you mean crash?`},
		{"expect: [all is well]", `claim "all is well": expected one of: healthy within …`},
		{"expect: [health says X]", "expected: health says CODE while CONDITION"},
		{"expect: [available at least 101 %]", "expected a share from 0 to 100 %"},
		{"workload: {writers: 0, readers: 0, objects: 1}\nname: A", `2:1: name "A": expected small letters`},
		{"name: a\n---\nname: b", "a second document"},
		{"name: a\nname: b", "no YAML: "},
		{"name: &x a", "expected one value"},
	} {
		_, err := Parse("f", []byte(tt.text))
		var p *Problems
		if !errors.As(err, &p) {
			t.Errorf("%q: %v", tt.text, err)
			continue
		}
		text := ""
		for _, one := range p.List {
			text += fmt.Sprintf("%d:%d: %s\n", one.Line, one.Column, one.Text)
		}
		for want := range strings.SplitSeq(tt.want, "|") {
			if !strings.Contains(text, want) {
				t.Errorf("%q:\n%s lacks %q", tt.text, text, want)
			}
		}
	}
}

func TestCaret(t *testing.T) {
	t.Parallel()
	_, err := Parse("f.yaml", []byte("cluster:\n  osds: 3\n  mosn: 1\n"))
	want := "f.yaml:3:3: unknown key \"mosn\" in cluster: did you mean mons?\n      mosn: 1\n      ^"
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

// FuzzParse: nothing that is no scenario does more than to be refused, with a place that the file has.
func FuzzParse(f *testing.F) {
	f.Add(whole)
	f.Add("a: [&x {b: *x}]\n? c\n: !!t |\n  d")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse("f", []byte(text))
		var p *Problems
		if (s == nil) == (err == nil) || err != nil && !errors.As(err, &p) {
			t.Fatalf("%v, %v", s, err)
		}
		_ = fmt.Sprint(err)
		if err == nil && !s.Swarm {
			if err := s.Validate(); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestTables(t *testing.T) {
	t.Parallel()
	for i := range Verbs {
		if i > 0 && Verbs[i].Name <= Verbs[i-1].Name {
			t.Errorf("%s is out of order", Verbs[i].Name)
		}
	}
	for _, r := range Roles {
		text := strings.NewReplacer(".N", ".3", ".X", ".b", "rack N", "rack r1", "host N", "host h1", "N of", "two of", "pg P", "pg 1.a").Replace(string(r))
		got, err := ParseTarget(text)
		if err != nil || got.Role != r || got.String() != text {
			t.Errorf("%q: %v (%s), %v", text, got, got.Role, err)
		}
	}
}

func TestCanRunOn(t *testing.T) {
	t.Parallel()
	s, err := Parse("f", []byte("faults: [{kind: hles}]\nsteps:\n  - {do: kill, osd: 1}\n  - {do: hang, osd: 1}"))
	if err != nil {
		t.Fatal(err)
	}
	want := "line 4: hang: target lab cannot do that; those that can: sim\nfault hles: target lab cannot do that; those that can: sim"
	if err := s.CanRunOn(Lab); err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}
