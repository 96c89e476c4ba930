package zmq_test

import (
	"encoding/hex"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// somebodies are bodies with all that a body may have in it.
var somebodies = []any{
	&wire.Hello{Class: wire.Bulk, FSID: osdmap.UUID{1, 2, 3}, Features: 1 << 63, Max: 1 << 20, Window: 1 << 32, To: "osd.3", ToGID: 1<<64 - 1, Software: "zéph 1.0"},
	&wire.Welcome{Session: wire.SessionID{9}, Max: 23, Window: 24, Replies: 65536},
	&wire.Note{Text: strings.Repeat("long ", 100)},
	&wire.SubWrite{
		Target:   wire.Target{PG: wire.PG{Pool: 1, Seed: 255}, Namespace: "n", Key: "k", Object: "o"},
		Modified: -500, Steps: []wire.Step{{Op: wire.StepWrite, Offset: 256, Length: 1 << 40}, {Op: wire.StepSetXattr, Name: "x"}}, EntryOnly: true,
	},
	&wire.SubWrite{},
	wire.Mismatch.Errorf("the attribute has another value"),
}

// nobodies are no CBOR that a message may have.
var nobodies = map[string]string{
	"nothing":            "",
	"cut short":          "a101",
	"a length cut short": "19ff",
	"text cut short":     "a101636162",
	"bytes behind":       "a000",
	"a key twice":        "a201000101",
	"without end":        "bf0100ff",
	"a tag":              "c100",
	"null":               "f6",
	"a fraction":         "f93c00",
	"no UTF-8":           "a10161ff",
	"a huge array":       "9bffffffffffffffff",
	"nested too deeply":  strings.Repeat("81", 50) + "00",
	"a map as a key":     "a1a000",
}

// Python's encoding of bodies is ours, byte for byte, and what is none is refused by both.
func TestBodiesInPython(t *testing.T) {
	var in, want strings.Builder
	for _, b := range somebodies {
		text := hex.EncodeToString(wire.AppendBody(nil, b))
		fmt.Fprintln(&in, text)
		fmt.Fprintln(&want, text)
	}
	for what, text := range nobodies {
		b, err := hex.DecodeString(text)
		if err != nil || wire.ParseBody(b, new(wire.Note), false) == nil {
			t.Errorf("%s is a body to us: %v", what, err)
		}
		fmt.Fprintln(&in, text)
		fmt.Fprintln(&want, "malformed")
	}
	cmd := exec.Command(pythonWithLibzmq(t), "-B", "testdata/zephbodies.py")
	cmd.Stdin = strings.NewReader(in.String())
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	asked, got, expected := strings.Split(in.String(), "\n"), strings.Split(string(out), "\n"), strings.Split(want.String(), "\n")
	for i := range expected {
		if i >= len(got) || got[i] != expected[i] {
			t.Fatalf("%q became %q, want %q", asked[i], got[min(i, len(got)-1)], expected[i])
		}
	}
}
