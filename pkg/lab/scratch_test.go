package lab

import (
	"errors"
	"os"
	"testing"
)

func TestScratch(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	f := &fakeMons{}
	opts := f.options(t, "")
	opts.Mons, opts.OSDs = 1, 1
	start := func() *Scratch {
		s, err := NewScratch(t.Context(), "test", opts)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	there := func(s *Scratch, want bool) {
		t.Helper()
		if _, err := os.Stat(s.Dir()); errors.Is(err, os.ErrNotExist) == want {
			t.Errorf("%s: %v", s.Dir(), err)
		}
	}
	killed, kept := start(), start()
	killed.owner.Close() // as the system does when a process ends
	if err := kept.End(true); err != nil {
		t.Fatal(err)
	}
	lives := start()
	there(killed, false)
	there(kept, true)
	nothingLeft(t, killed.Dir())
	next := start()
	there(lives, true)
	for _, s := range []*Scratch{lives, next} {
		if d := find(t, s.Lab, "osd.0"); d.State != Running {
			t.Errorf("%+v", d)
		}
		if err := s.End(false); err != nil {
			t.Fatal(err)
		}
		there(s, false)
	}
}
