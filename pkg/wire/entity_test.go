package wire

import (
	"strings"
	"testing"
)

func TestParseEntity(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		want Kind // 0: refused
	}{
		{"mon.a", Mon},
		{"osd.3", OSD},
		{"client.admin", Client},
		{"client.rgw.eu-1", Client},
		{"client." + strings.Repeat("x", 25), Client},
		{"client." + strings.Repeat("x", 26), 0},
		{"", 0},
		{"osd", 0},
		{"osd.", 0},
		{".3", 0},
		{"OSD.3", 0},
		{"mds.a", 0},
		{"osd.3 ", 0},
		{"osd.\n", 0},
		{"osd.\x7f", 0},
		{"client.é", 0},
		{"osd.3\x00", 0},
		{"osd.\x003", 0},
	} {
		e, err := ParseEntity(tt.name)
		switch {
		case (err == nil) != (tt.want != 0):
			t.Errorf("ParseEntity(%q): %v", tt.name, err)
		case err == nil && (e.String() != tt.name || e.Kind() != tt.want):
			t.Errorf("ParseEntity(%q) is %q of kind %v", tt.name, e, e.Kind())
		case err != nil && e != Entity{}:
			t.Errorf("ParseEntity(%q) refuses and gives %q", tt.name, e)
		}
	}
}

func TestKindOfStrangeNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "osd", "osd.", ".x", "kind 1.x", "mds.a"} {
		var e Entity
		copy(e[:], name)
		if k := e.Kind(); k != 0 {
			t.Errorf("%q is of kind %v", name, k)
		}
	}
}
