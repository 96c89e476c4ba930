package sim

import (
	"slices"
	"testing"
	"time"
)

// TestSpelledOut: a run whose strikes and operations are listed, as its report does, is the same run.
func TestSpelledOut(t *testing.T) {
	t.Parallel()
	asked := Options{Seed: 17, Seconds: 6, Faults: []string{"crash", "client", "isolate", "cut"}}
	drawn := Run(asked)
	if len(drawn.Strikes) < 3 || len(drawn.Begun) < 10 {
		t.Fatalf("%d strikes, %d operations", len(drawn.Strikes), len(drawn.Begun))
	}
	o := asked
	o.Ops = drawn.Begun
	for _, s := range drawn.Strikes {
		o.Strikes = append(o.Strikes, *s)
	}
	listed := Run(o)
	if !slices.Equal(listed.Begun, drawn.Begun) {
		t.Errorf("operations:\n%v\n%v", listed.Begun, drawn.Begun)
	}
	same := func(a, b *Strike) bool { return a.String() == b.String() && slices.Equal(a.Did, b.Did) }
	if !slices.EqualFunc(listed.Strikes, drawn.Strikes, same) {
		t.Errorf("strikes:\n%v\n%v", listed.Strikes, drawn.Strikes)
	}
	for _, s := range drawn.Strikes {
		t.Log(s, s.Did)
	}
}

// TestStrikesStandAlone: what a strike draws does not depend on those before it.
func TestStrikesStandAlone(t *testing.T) {
	t.Parallel()
	did := func(strikes ...Strike) []string {
		r := Run(Options{Seed: 3, OSDs: 5, Seconds: 6, Strikes: strikes, Ops: []Op{}, End: "healed"})
		return r.Strikes[len(r.Strikes)-1].Did
	}
	pause := Strike{Kind: "pause", Number: 2, At: 2 * time.Second}
	alone, second := did(pause), did(Strike{Kind: "hang", Number: 1, At: time.Second}, pause)
	if len(alone) != 2 || !slices.Equal(alone, second) {
		t.Errorf("alone %v, after another %v", alone, second)
	}
}

func TestEventNames(t *testing.T) {
	t.Parallel()
	s := Strike{Kind: "crash", Number: 3, At: 2*time.Second + 512345678}
	if got, err := ParseStrike(s.String()); err != nil || got.String() != "crash/3@2.512345678s" {
		t.Errorf("%v, %v", got, err)
	}
	for _, d := range []time.Duration{0, 1, 631461, 24431843, time.Second, 62*time.Second + 5, time.Hour + 3*time.Millisecond} {
		if got, ok := parseTime(d.String()); !ok || got != d {
			t.Errorf("%v became %v", d, got)
		}
	}
	op := Op{Client: "w0", Number: 17, At: time.Millisecond}
	if got, err := ParseOp(op.String()); err != nil || got != op {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"", "crash", "crash/1", "crash/0@1s", "crash/1@-1s", "flood/1@1s", "/1@1s", "crash/1@x"} {
		if _, err := ParseStrike(bad); err == nil {
			t.Errorf("%q passed", bad)
		}
	}
}
