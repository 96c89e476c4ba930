package sim

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"strings"
	"testing"
	"time"
)

// lines checks that each is JSON.
type lines struct {
	t *testing.T
	n int
}

func (l *lines) Write(line []byte) (int, error) {
	l.n++
	if !json.Valid(line) || line[len(line)-1] != '\n' {
		l.t.Errorf("no JSON: %s", line)
	}
	return len(line), nil
}

func TestTraceLines(t *testing.T) {
	t.Parallel()
	l := &lines{t: t}
	Run(Options{Seed: 17, Seconds: 2, Faults: []string{"isolate"}, Trace: l, Detail: true})
	if l.n < 1000 {
		t.Errorf("%d lines", l.n)
	}
	for _, s := range []string{"", "plain", `"\`, "a\nb\x01\x7f", "ü…", "\xff"} {
		var back string
		if err := json.Unmarshal(appendString(nil, s), &back); err != nil || back != strings.ToValidUTF8(s, "\ufffd") {
			t.Errorf("%q became %q, %v", s, back, err)
		}
	}
}

// TestDiagram: both forms show the messages of an object, a fault, and nothing of other objects.
func TestDiagram(t *testing.T) {
	t.Parallel()
	d := &Diagram{Title: "a <title>", Object: "reg.0"}
	r := Run(Options{Seed: 17, OSDs: 4, PGs: 1, Seconds: 3, Objects: 2, Faults: []string{"crash"}, Trace: d,
		Strikes: []Strike{{Kind: "crash", Number: 1, At: time.Second}}})
	if !r.OK {
		t.Fatal(r.Violations)
	}
	svg, mermaid := string(d.SVG()), string(d.Mermaid())
	for what, picture := range map[string]string{"svg": svg, "mermaid": mermaid} {
		for _, want := range []string{"osd.0", "write reg.0", "crash", "fault crash/1"} {
			if !strings.Contains(picture, want) {
				t.Errorf("%s: %q is not in it", what, want)
			}
		}
		if strings.Contains(picture, "write reg.1") || len(picture) > 1<<20 {
			t.Errorf("%s: another object is in it, or it is large: %d bytes", what, len(picture))
		}
	}
	for x := xml.NewDecoder(strings.NewReader(svg)); ; {
		if _, err := x.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// TestAround: what is shown of a violation is about its object.
func TestAround(t *testing.T) {
	t.Parallel()
	o := Options{Seed: 17, OSDs: 4, PGs: 2, Seconds: 3, Objects: 4, Faults: []string{"crash"}}
	got := Around(o, &Violation{At: 4 * time.Second, Object: "reg.1", PG: "1.0"}, 50)
	if len(got) != 50 {
		t.Errorf("%d lines", len(got))
	}
	about := 0
	for _, line := range got {
		if strings.Contains(line, `"object":"reg.1"`) {
			about++
		} else if strings.Contains(line, `"object":`) {
			t.Errorf("of another object: %s", line)
		}
		if timeOf([]byte(line)) > 4*time.Second {
			t.Errorf("after the violation: %s", line)
		}
	}
	if about == 0 {
		t.Error("nothing about the object")
	}
}
