package crush

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestBinaryRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := genMap().Draw(t, "map")
		bin, err := m.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var back Map
		if err := back.UnmarshalBinary(bin); err != nil {
			t.Fatal(err)
		}
		same(t, &back, m)
	})
}

func TestUnmarshalErrors(t *testing.T) {
	t.Parallel()
	bin, err := parseText(t, []byte(twoClasses)).MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	swap := func(old, new string) []byte {
		if !bytes.Contains(bin, []byte(old)) {
			t.Fatalf("%x is not in %x", old, bin)
		}
		return bytes.Replace(bin, []byte(old), []byte(new), 1)
	}
	const (
		start   = magic + "\x01"
		nothing = "\x01\x88\x00\x00\x00\x00\x00\x00\x00\x00" // key 1, tunables that are all 0
	)
	for name, c := range map[string]struct {
		src  []byte
		want string
	}{
		"empty":          {nil, `expected it to start with "ZCRU" and a version`},
		"magic only":     {[]byte(magic), `expected it to start with "ZCRU" and a version`},
		"version":        {swap(start, magic+"\x02"), "version 2, expected 1"},
		"short":          {bin[:len(bin)-1], "EOF"},
		"trailing":       {append(bytes.Clone(bin), 0), "extraneous data"},
		"unknown key":    {swap(start+"\xa6", start+"\xa7\x09\x00"), "unknown field"},
		"key twice":      {[]byte(start + "\xa2" + nothing + nothing), "duplicate"},
		"endless":        {[]byte(start + "\xbf" + nothing + "\xff"), "indefinite"},
		"longer number":  {swap(start+"\xa6\x01", start+"\xa6\x18\x01"), "deterministic"},
		"huge array":     {[]byte(start + "\xa1\x04\x9a\xff\xff\xff\xff"), "array"},
		"empty list":     {[]byte(start + "\xa2" + nothing + "\x02\x80"), "deterministic"},
		"deep":           {[]byte(start + strings.Repeat("\x81", 100)), "nested"},
		"not utf-8":      {swap("osd.1", "osd.\xff"), "UTF-8"},
		"duplicate name": {swap("osd.1", "osd.0"), `name "osd.0": both item 0 and item 1`},
	} {
		var m Map
		err := m.UnmarshalBinary(c.src)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %v, want %s", name, err, c.want)
		}
	}
}

func TestMarshalInvalid(t *testing.T) {
	t.Parallel()
	m := Map{Buckets: []Bucket{{ID: 1, Name: "b", Type: 1, Alg: Straw2}}}
	if _, err := m.MarshalBinary(); err == nil || !strings.Contains(err.Error(), "encode crush map") {
		t.Errorf("got %v", err)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]string{
		"\x00\x00\x01\x00\x10":   "compiled Ceph map: decompile it first with crushtool -d",
		"\x08\x07\x00\x00":       "binary of an unknown kind",
		"ZCRU\x09":               "decode crush map: version 9, expected 1",
		" \n{":                   "crush dump: unexpected EOF",
		"# text\nhost":           `line 2:5: expected the name of a bucket`,
		"type 1 host host h {} ": "expected \"alg\"",
	} {
		if _, _, err := Read([]byte(src)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got error %v, want %s", src, err, want)
		}
	}
	m, _, err := Read([]byte("# nothing"))
	if err != nil || fmt.Sprint(*m) != fmt.Sprint(Map{Tunables: LegacyTunables()}) {
		t.Errorf("got %v, %v", m, err)
	}
}
