package sim

import (
	"fmt"
	"strings"
	"testing"

	"zeph/pkg/scenario"
)

// TestScenarios runs what is shipped: it shows what its comments say, and all that it expects comes true.
func TestScenarios(t *testing.T) {
	t.Parallel()
	for _, name := range scenario.Shipped() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := scenario.Text(name)
			if err != nil {
				t.Fatal(err)
			}
			s, err := scenario.Parse(name+".yaml", text)
			if err != nil {
				t.Fatal(err)
			}
			r := Run(Options{Seed: 1, Scenario: s})
			for _, v := range r.Violations {
				t.Errorf("at %v: %s: %s", v.At, v.What, v.Text)
			}
			var story strings.Builder
			for _, l := range r.Story {
				fmt.Fprintf(&story, "%8.2f s  %-6s  %s\n", l.At.Seconds(), l.Who, l.Text)
			}
			if t.Failed() || testing.Verbose() {
				t.Logf("available %d ‰, gap %v, healed %v, %+v, replay: zeph sim run --seed 1 --scenario %s\n%s", r.Available, r.Gap, r.Healing, r.Counts, name, story.String())
			}
		})
	}
}
