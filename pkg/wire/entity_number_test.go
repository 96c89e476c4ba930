package wire

import "testing"

func TestEntityNumber(t *testing.T) {
	for _, c := range []struct {
		name string
		n    int32
		ok   bool
	}{{"osd.0", 0, true}, {"osd.3", 3, true}, {"osd.134217728", 134217728, true}, {"osd.x", 0, false}, {"osd.3x", 0, false},
		{"osd.99999999999999", 0, false}, {"mon.3", 0, false}, {"client.osd.3", 0, false}} {
		e, err := ParseEntity(c.name)
		if err != nil {
			t.Fatal(err)
		}
		if n, ok := e.Number(OSD); n != c.n || ok != c.ok {
			t.Errorf("%s: %d %v, want %d %v", c.name, n, ok, c.n, c.ok)
		}
		if c.ok && Numbered(OSD, c.n) != e {
			t.Errorf("%s: made %v", c.name, Numbered(OSD, c.n))
		}
	}
	var nobody Entity
	if _, ok := nobody.Number(OSD); ok {
		t.Error("nobody has a number")
	}
	copy(nobody[:], "osd.00000000000000000000000000000000000000")
	if n, ok := nobody.Number(OSD); ok {
		t.Errorf("a name without an end has the number %d", n)
	}
}
