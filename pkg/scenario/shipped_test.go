package scenario

import (
	"strings"
	"testing"
)

// TestShipped: what is shipped can be read, has the name of its file, says what it shows, and tells what to look at.
func TestShipped(t *testing.T) {
	t.Parallel()
	names := Shipped()
	if len(names) < 12 {
		t.Errorf("only %d are shipped", len(names))
	}
	for _, name := range names {
		text, err := Text(name)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Parse(name+".yaml", text)
		if err != nil {
			t.Error(err)
			continue
		}
		if s.Name != name || s.About == "" || strings.Contains(s.About, "\n") || len(s.Expect) == 0 || !strings.Contains(string(text), "# What to look at\n") {
			t.Errorf("%s: its name is %q, about %q, it expects %d things", name, s.Name, s.About, len(s.Expect))
		}
	}
	if _, err := Text("flaping-osd"); err == nil || err.Error() != `scenario "flaping-osd": did you mean flapping-osd?` {
		t.Errorf("a name that nobody has: %v", err)
	}
}
