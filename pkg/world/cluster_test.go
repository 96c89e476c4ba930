package world

import (
	"strings"
	"testing"

	"zeph/pkg/osdmap"
)

func TestClusterFile(t *testing.T) {
	t.Parallel()
	const text = `fsid: 6f1c0a52-3a0c-4cc8-b1f0-6f4f2c1f8a11
mons:
  a: {control: "tcp://127.0.0.1:41001", bulk: "tcp://127.0.0.1:41002", hints: "tcp://127.0.0.1:41003", store: 0a000000-0000-0000-0000-000000000001}
  b: {control: "tcp://127.0.0.1:41004"}
`
	c, err := ParseCluster([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(c.Encode()); got != text {
		t.Errorf("it encodes as\n%s", got)
	}
	a, _ := c.Mon("a")
	if len(c.Mons) != 2 || a.Control != "tcp://127.0.0.1:41001" || a.Store != (osdmap.UUID{0: 0x0a, 15: 1}) {
		t.Errorf("%+v", c)
	}
	if d := c.Dests()[1]; d.Entity.String() != "mon.b" || len(d.Addrs) != 1 {
		t.Errorf("%+v", d)
	}
}

func TestClusterFileThatMakesNoSense(t *testing.T) {
	t.Parallel()
	const fsid = "fsid: 6f1c0a52-3a0c-4cc8-b1f0-6f4f2c1f8a11\n"
	for text, want := range map[string]string{
		"":                                     "fsid",
		"fsid: x\n":                            "uuid",
		fsid:                                   "there is none",
		fsid + "mons: {a: {}}\n":               "control address is missing",
		fsid + "mons: {a: {contrl: x}}\n":      "unknown field",
		fsid + "mons: {'a b': {control: x}}\n": "entity",
		fsid + "mons: {a: {control: x, store: y}}\n": "store: uuid",
		fsid + "mons: [1]\n":                         "sequence",
	} {
		if _, err := ParseCluster([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want something about %q", text, err, want)
		}
	}
}
