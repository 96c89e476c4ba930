package main

import (
	"io"
	"os"
	"testing"
)

// TestSlice runs a small trial of every 17th corner; as there are six features and six
// profiles, that goes through all of them.
func TestSlice(t *testing.T) {
	tools, err := findTools()
	if err != nil && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	all := corners()
	for i := 0; i < len(all); i += 17 {
		id := trialID{all[i], i % 3} // each third reads the map another way
		t.Run(id.String(), func(t *testing.T) {
			t.Parallel()
			s := sweep{seed: 1, draws: 20_000, tools: tools, save: t.ArtifactDir(), progress: io.Discard}
			compared, _, err := s.trial(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			for shape, n := range compared {
				if n == 0 {
					t.Errorf("no mapping by %s was compared", shapes[shape])
				}
			}
		})
	}
}

func TestParseTrial(t *testing.T) {
	t.Parallel()
	for _, c := range corners() {
		id := trialID{c, 7}
		if got, err := parseTrial(id.String()); err != nil || got != id {
			t.Errorf("parseTrial(%q) = %v, %v", id, got, err)
		}
	}
	for _, bad := range []string{"", "straw2/jewel/plain", "straw2/jewel/plain/x", "straw3/jewel/plain/1", "uniform/jewel/classes/1"} {
		if _, err := parseTrial(bad); err == nil {
			t.Errorf("parseTrial(%q): no error", bad)
		}
	}
}
