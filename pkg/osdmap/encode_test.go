package osdmap

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"testing"

	"zeph/pkg/crush"
)

func TestMapReadsBackAsWritten(t *testing.T) {
	t.Parallel()
	m := richMap(t)
	b := []byte(encoded(t, m))
	read, err := DecodeMap(b)
	if err != nil {
		t.Fatal(err)
	}
	if encoded(t, read) != string(b) {
		t.Error("encodes differently")
	}
	if o, _ := read.OSD(3); o.Store != testBoot(3, 1).Store || len(o.Addrs) != 8 {
		t.Errorf("osd.3 is %+v", o)
	}
	for _, a := range testBoot(3, 1).Addrs {
		o, _ := read.OSD(3)
		if got, ok := o.Addr(a.Name); !ok || got != a.Addr {
			t.Errorf("address %s is %q, want %q", a.Name, got, a.Addr)
		}
	}
}

// richMap has something in every field.
func richMap(t testing.TB) *Map {
	m := next(t, testMap(t, 4, 2), func(c *Change) { richChange(c) })
	return next(t, m, func(c *Change) { c.OSDs[7] = OSDChange{Remove: true} })
}

func richChange(c *Change) {
	nine := int32(9)
	p := testPool(5, "quota")
	p.Quota = Quota{MaxBytes: 1 << 40, MaxObjects: 1 << 20}
	p.ReadLeaseMS = 250
	c.Crush, c.MaxOSD, c.Pools = testCrush(4, 2), &nine, []Pool{p, testPool(4, "plain")}
	c.OSDs[8] = OSDChange{Create: true}
	c.OSDs[7] = OSDChange{Down: true, Goodbye: true, AutoOut: true}
	c.OSDs[6] = OSDChange{Down: true, PrimaryAffinity: weight(crush.One / 2)}
	c.OSDs[5] = OSDChange{UpThru: 2, Weight: weight(crush.One / 3)}
	c.Upmap[PGID{1, 9}] = []OSDID{0, 2, 4}
	c.UpmapItems[PGID{1, 8}] = []UpmapItem{{0, 2}, {4, 6}}
	c.PGTemp[PGID{2, 7}] = []OSDID{1, NoOSD, 3}
	c.PrimaryTemp[PGID{1, 6}] = 2
	c.SetFlags = FlagNoOut | FlagPause
	c.Ratios = &Ratios{700_000, 800_000, 900_000}
}

func TestChangeReadsBackAsWritten(t *testing.T) {
	t.Parallel()
	c := testMap(t, 4, 2).Next(7)
	richChange(c)
	c.RemovedPools = []PoolID{9, 3}
	c.OSDs[9] = OSDChange{Create: true, Up: testBoot(9, 1)}
	c.ClearFlags = FlagNoScrub
	b, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	read, err := DecodeChange(b)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := read.Encode(); err != nil || !bytes.Equal(again, b) {
		t.Errorf("encodes differently: %v", err)
	}
	if read.Pools[0].ID != 4 || read.RemovedPools[0] != 3 || read.OSDs[9].Up.GID != testBoot(9, 1).GID || *read.MaxOSD != 9 {
		t.Errorf("read %+v", read)
	}
}

// The encoding is stored and sent for years: these bytes must never be read otherwise.
func TestEncodingStaysAsItIs(t *testing.T) {
	t.Parallel()
	m := New(testFSID, 1_700_000_000_000)
	c := m.Next(1_700_000_000_050)
	two := int32(2)
	c.MaxOSD, c.SetFlags = &two, FlagNoOut
	c.OSDs[1] = OSDChange{Create: true, Weight: weight(crush.One), Up: &Boot{GID: 0xabcdef, Store: UUID{0x57}, Addrs: []Addr{{"public", "10.0.0.1:6800"}, {"cluster", "10.0.0.1:6801"}}}}
	change, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	m, err = m.Apply(c)
	if err != nil {
		t.Fatal(err)
	}
	const (
		wantChange = "5a43484701a6" +
			"0100" + "0250fe000000000000000000000000000001" + "031b0000018bcfe56832" + // base, fsid, modified
			"0502" + "08a101a3" + // max_osd; osd.1:
			"01f5" + "08a3" + "011a00abcdef" + "025057000000000000000000000000000000" + // created, up: gid, store
			"0382a201667075626c6963026d31302e302e302e313a36383030a20167636c7573746572026d31302e302e302e313a36383031" + // addresses
			"091a00010000" + "0d1880" // weight; flags set
		wantMap = "5a4d415001a9" +
			"0101" + "0250fe000000000000000000000000000001" + "031b0000018bcfe56800" + "041b0000018bcfe56832" + // epoch, fsid, times
			"051880" + "06a3011a000cf850021a000dbba0031a000e7ef0" + // flags, ratios
			"0702" + "08816e636c7573746572207075626c6963" + // max_osd, names of addresses
			"0981a7" + "0101" + "02f5" + "051a00010000" + "085057000000000000000000000000000000" + "091a00abcdef" + "0a01" + // osd.1
			"0f7331302e302e302e313a36383031203a36383030" // its addresses
	)
	if got := hex.EncodeToString(change); got != wantChange {
		t.Errorf("the change is\n%s, want\n%s", got, wantChange)
	}
	if got := hex.EncodeToString([]byte(encoded(t, m))); got != wantMap {
		t.Errorf("the map is\n%s, want\n%s", got, wantMap)
	}
}

func TestDecodeRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	m := richMap(t)
	good := []byte(encoded(t, m))
	change, _ := m.Next(0).Encode()
	edit := func(f func(b []byte) []byte) []byte { return f(slices.Clone(good)) }
	for _, tt := range []struct {
		name string
		b    []byte
		want error
	}{
		{"nothing", nil, ErrMalformed},
		{"magic alone", good[:4], ErrMalformed},
		{"no body", good[:5], ErrMalformed},
		{"a change", change, ErrMalformed},
		{"a version to come", edit(func(b []byte) []byte { b[4] = 2; return b }), ErrVersion},
		{"trailing bytes", append(slices.Clone(good), 0), ErrMalformed},
		{"half of it", good[:len(good)/2], ErrMalformed},
		{"a field to come", append(append([]byte("ZMAP\x01"), 0xa5), append([]byte{0x01, 0, 0x02, 0x50}, append(make([]byte, 16), 3, 0, 4, 0, 0x18, 99, 0)...)...), ErrMalformed},
		{"a field twice", append([]byte("ZMAP\x01"), 0xa2, 1, 0, 1, 0), ErrMalformed},
		{"a number in long form", append(append([]byte("ZMAP\x01"), 0xa4, 1, 0x18, 0, 2, 0x50), append(make([]byte, 16), 3, 0, 4, 0)...), ErrMalformed},
		{"a list without end", append([]byte("ZMAP\x01"), 0xbf, 1, 0, 0xff), ErrMalformed},
		{"a list of a billion", append([]byte("ZMAP\x01"), 0xa1, 9, 0x9a, 0x3b, 0x9a, 0xca, 0), ErrMalformed},
		{"nested without bounds", append([]byte("ZMAP\x01"), bytes.Repeat([]byte{0x81}, 1000)...), ErrMalformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if m, err := DecodeMap(tt.b); m != nil || !errors.Is(err, tt.want) {
				t.Errorf("DecodeMap = %v, %v; want %v", m, err, tt.want)
			}
		})
	}
	if _, err := DecodeChange(good); !errors.Is(err, ErrMalformed) {
		t.Errorf("DecodeChange of a map: %v", err)
	}
	minimal := append(append([]byte("ZMAP\x01"), 0xa4, 1, 0, 2, 0x50), append(make([]byte, 16), 3, 0, 4, 0)...)
	if _, err := DecodeMap(minimal); err != nil {
		t.Errorf("the smallest map: %v", err)
	}
}

// Maps that only a broken or hostile sender makes: well formed, and wrong.
func TestDecodeRefusesInvalidMaps(t *testing.T) {
	t.Parallel()
	for name, breakIt := range map[string]func(*Map){
		"pools out of order":    func(m *Map) { slices.Reverse(m.pools) },
		"pg_temp out of order":  func(m *Map) { m.pgTemp = append(m.pgTemp, m.pgTemp...) },
		"pg_temp of no pool":    func(m *Map) { m.pgTemp[0].Pool = 99 },
		"pg_temp of nobody":     func(m *Map) { m.pgTemp[0].Val = nil },
		"a negative osd":        func(m *Map) { m.primaryTemp[0].Val = -1 },
		"more osds than max":    func(m *Map) { m.maxOSD = 3 },
		"pool_max too low":      func(m *Map) { m.poolMax = 1 },
		"an unknown rule":       func(m *Map) { m.pools[0].Rule = 99 },
		"two pools of one name": func(m *Map) { m.pools[1].Name = m.pools[0].Name },
		"a ratio above 1":       func(m *Map) { m.ratios.Full = Whole + 1 },
		"an unknown flag":       func(m *Map) { m.flags = 1 << 30 },
		"a weight above 1":      func(m *Map) { m.osds[0].Weight = crush.One + 1 },
		"an address twice":      func(m *Map) { m.osds[0].Addrs[1] = m.osds[0].Addrs[0] },
		"billions of pgs": func(m *Map) {
			for i := range m.pools {
				m.pools[i].PGNum = MaxPGs
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := richMap(t)
			breakIt(m)
			b := []byte(encoded(t, m))
			if _, err := DecodeMap(b); !errors.Is(err, ErrMalformed) {
				t.Errorf("DecodeMap: %v", err)
			}
		})
	}
}

// These do not even come out of a broken Map: what is packed does not fit together.
func TestDecodeRefusesWhatDoesNotUnpack(t *testing.T) {
	t.Parallel()
	names := []string{"", "a b"}
	for name, osds := range map[string][]osdWire{
		"an osd twice":                 {{ID: 1}, {ID: 1}},
		"osds out of order":            {{ID: 1}, {ID: 0}},
		"a negative osd":               {{ID: -1}},
		"an osd beyond all bounds":     {{ID: MaxOSDs}},
		"an unknown list of names":     {{ID: 0, AddrNames: 2}},
		"fewer addresses than names":   {{ID: 0}, {ID: 1, AddrNames: 1, Addrs: "h:1"}},
		"an address without a host":    {{ID: 0}, {ID: 1, AddrNames: 1, Addrs: ":1 h:2"}},
		"a host that is said twice":    {{ID: 0}, {ID: 1, AddrNames: 1, Addrs: "h:1 h:2"}},
		"names that the first did not": {{ID: 0, AddrNames: 1, Addrs: "h:1 :2"}},
	} {
		b, err := encode(mapMagic, &mapWire{FSID: testFSID, MaxOSD: 2, AddrNames: names, OSDs: osds})
		if err != nil {
			t.Fatal(err)
		}
		if m, err := DecodeMap(b); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: DecodeMap = %+v, %v", name, m, err)
		}
	}
	good, err := encode(mapMagic, &mapWire{FSID: testFSID, MaxOSD: 2, AddrNames: names, OSDs: []osdWire{{ID: 0}, {ID: 1, AddrNames: 1, Addrs: "h:1 :2"}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := DecodeMap(good); err != nil {
		t.Errorf("one that fits: %v", err)
	}
}

func FuzzDecodeMapNeverPanics(f *testing.F) {
	f.Add([]byte(encoded(f, New(testFSID, 0))))
	f.Add([]byte(encoded(f, testMap(f, 2, 1))))
	f.Add([]byte(encoded(f, richMap(f))))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := DecodeMap(b)
		if err != nil {
			if !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrVersion) {
				t.Fatalf("an error that says neither malformed nor version: %v", err)
			}
			return
		}
		if encoded(t, m) != string(b) {
			t.Fatal("encodes differently")
		}
		if _, err := m.Apply(m.Next(0)); err != nil && m.epoch != 1<<32-1 {
			t.Fatalf("refuses an empty change: %v", err)
		}
	})
}

func FuzzDecodeChangeNeverPanics(f *testing.F) {
	m := testMap(f, 4, 2)
	rich := m.Next(0)
	richChange(rich)
	for _, c := range []*Change{m.Next(0), rich} {
		b, err := c.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := DecodeChange(b)
		if err != nil {
			return
		}
		if again, err := c.Encode(); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("encodes differently: %v", err)
		}
		c.Base, c.FSID = m.Epoch(), m.FSID()
		after, err := m.Apply(c)
		if err != nil {
			return
		}
		if err := after.Validate(); err != nil {
			t.Fatalf("Apply took a change that leaves no valid map: %v", err)
		}
		if _, err := DecodeMap([]byte(encoded(t, after))); err != nil {
			t.Fatalf("the next map does not read back: %v", err)
		}
	})
}
