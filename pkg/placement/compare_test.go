package placement

import (
	"slices"
	"testing"

	"zeph/pkg/crush"
)

// TestAlgorithmsPlaceDistinctNodes: every algorithm gives as many different nodes as were
// asked for, or all there are.
func TestAlgorithmsPlaceDistinctNodes(t *testing.T) {
	t.Parallel()
	algos, err := Algorithms(small(t).Crush(), 0)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range algos {
		if a.Name() != AlgorithmNames()[i] {
			t.Errorf("algorithm %d is %s, by name %s", i, a.Name(), AlgorithmNames()[i])
		}
		for x := range uint32(500) {
			for _, n := range []int{1, 3, 5} {
				got := a.Place(nil, x, n)
				sorted := slices.Sorted(slices.Values(got))
				if len(got) != n || len(slices.Compact(sorted)) != n {
					t.Fatalf("%s: x %d: %v, want %d nodes", a.Name(), x, got, n)
				}
			}
		}
	}
}

// TestCompareTellsThemApart: what the comparison is for. CRUSH alone keeps failure domains
// apart; modulo moves nearly everything; rendezvous moves the least.
func TestCompareTellsThemApart(t *testing.T) {
	t.Parallel()
	scores, err := Trial{Map: small(t).Crush(), Rule: 0, Copies: 3, Inputs: 5000}.Run(goOn)
	if err != nil {
		t.Fatal(err)
	}
	by := make(map[string]Score)
	for _, s := range scores {
		by[s.Algorithm] = s
		if s.Add.Least > s.Add.Moved || s.Remove.Least > s.Remove.Moved || s.Add.Least == 0 || s.Remove.Least == 0 || s.Spread < 0 || s.Most < 1 {
			t.Errorf("%+v", s)
		}
	}
	if by["crush"].Shared != 0 || by["rendezvous"].Shared == 0 || by["modulo"].Shared == 0 {
		t.Error("only CRUSH knows failure domains")
	}
	if m := by["modulo"].Add; m.Moved < 10_000 {
		t.Errorf("modulo moves %d of 15000 copies", m.Moved)
	}
	if r := by["rendezvous"].Add; float64(r.Moved) > 1.3*float64(r.Least) {
		t.Errorf("rendezvous moves %d copies, %d would do", r.Moved, r.Least)
	}
	if c := by["crush"].Add; c.Moved > 3*c.Least {
		t.Errorf("CRUSH moves %d copies, %d would do, in 3 levels", c.Moved, c.Least)
	}
}

func TestCompareNeedsDevices(t *testing.T) {
	t.Parallel()
	m := small(t).Crush()
	if _, err := (Trial{Map: m, Rule: 9, Copies: 3, Inputs: 10}).Run(goOn); err == nil {
		t.Error("a rule that does not exist")
	}
	for id := range crush.ItemID(17) {
		var err error
		if m, err = m.Reweight(id, 0); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := (Trial{Map: m, Rule: 0, Copies: 3, Inputs: 10}).Run(goOn); err == nil {
		t.Error("a cluster of one device")
	}
}

// TestWhyEndsInTheMapping: the accepted items of the last choose step are the raw mapping.
func TestWhyEndsInTheMapping(t *testing.T) {
	t.Parallel()
	m := small(t)
	mp, err := New(m)
	if err != nil {
		t.Fatal(err)
	}
	for pool := range m.Pools() {
		if pool.Name == "two" {
			continue // two choose steps emit
		}
		for _, name := range []string{"a", "b", "cat.jpg", "日本語"} {
			e, err := mp.Why(&pool, Object{Name: name})
			if err != nil {
				t.Fatal(err)
			}
			got := make([]crush.ItemID, len(e.Mapping.Raw))
			for _, s := range e.Steps {
				for _, ev := range s.Events {
					if j := ev.Judgement; j != nil && j.Leaf && j.Verdict == crush.Accepted {
						got[j.Position] = j.Item
					}
					if d := ev.Draw; d != nil {
						longest := slices.MinFunc(d.Straws, func(a, b crush.Straw2Draw) int { return int(a.Quotient) - int(b.Quotient) })
						if longest.Item != d.Winner {
							t.Fatalf("%d won, %d has the longest straw", d.Winner, longest.Item)
						}
					}
				}
			}
			for i, id := range e.Mapping.Raw {
				if got[i] != crush.ItemID(id) {
					t.Fatalf("%s/%s: told %v, mapped %v", pool.Name, name, got, e.Mapping.Raw)
				}
			}
		}
	}
}

func goOn() error { return nil }
