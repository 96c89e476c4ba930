package crush

import (
	"bytes"
	"fmt"
	"testing"
)

// TestMappingsEqualCrushtool holds what the reference vectors leave out to crushtool: every
// bucket kind, each tunable away from its profile, weight sets, rules that set tunables,
// and buckets that are empty, without weight, or in the way of devices.
func TestMappingsEqualCrushtool(t *testing.T) {
	t.Parallel()
	tool := crushtool(t)
	for _, c := range []struct {
		name   string
		change func(*Map)
	}{
		{"straw2", func(*Map) {}},
		{"straw", algs(Straw)},
		{"straw v0", func(m *Map) { algs(Straw)(m); m.Tunables.StrawCalc = 0 }},
		{"tree", algs(Tree)},
		{"list", algs(List)},
		{"uniform", func(m *Map) { even(m); algs(Uniform)(m) }},
		{"legacy", func(m *Map) { m.Tunables = LegacyTunables() }},
		{"legacy uniform", func(m *Map) { even(m); algs(Uniform)(m); m.Tunables = LegacyTunables() }},
		{"local tries", func(m *Map) { m.Tunables.LocalTries, m.Tunables.TotalTries = 2, 3 }},
		{"local fallback", func(m *Map) { m.Tunables.LocalFallbackTries, m.Tunables.TotalTries = 2, 3 }},
		{"one local fallback", func(m *Map) { m.Tunables.LocalFallbackTries = 1 }},
		{"a device in two hosts", func(m *Map) { m.Buckets[4].Items = append(m.Buckets[4].Items, Item{2, 5 * One}) }},
		{"few tries", func(m *Map) { m.Tunables.TotalTries = 1 }},
		{"descend again", func(m *Map) { m.Tunables.DescendOnce, m.Tunables.TotalTries = 0, 2 }},
		{"vary_r 0", func(m *Map) { m.Tunables.VaryR = 0 }},
		{"vary_r 4", func(m *Map) { m.Tunables.VaryR = 4 }},
		{"not stable", func(m *Map) { m.Tunables.Stable = 0 }},
		{"weight set", func(m *Map) { m.ChooseArgs = []ChooseArgs{weightSet(m, 1, false)} }},
		{"weight set of 3 positions", func(m *Map) { m.ChooseArgs = []ChooseArgs{weightSet(m, 3, false)} }},
		{"weight set with ids", func(m *Map) { m.ChooseArgs = []ChooseArgs{weightSet(m, 2, true)} }},
		{"a device beside racks", func(m *Map) { m.Buckets[0].Items[1] = Item{11, 4 * One} }},
		{"an empty host", func(m *Map) { m.Buckets[3].Items = nil }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := uneven()
			c.change(m)
			compareToCrushtool(t, tool, m)
		})
	}
}

// uneven is 3 racks × 3 hosts × 4 devices of many weights, with rules of every kind.
func uneven() *Map {
	m := cluster(3, 3, 4)
	for i := len(m.Buckets) - 1; i >= 0; i-- {
		for j := range m.Buckets[i].Items {
			if it := &m.Buckets[i].Items[j]; it.ID.IsDevice() {
				it.Weight = Weight(it.ID*5%7) * One / 2 // some weigh nothing, some the same
			} else {
				b, _ := m.Bucket(it.ID)
				it.Weight = b.Weight()
			}
		}
	}
	for i, steps := range [][]Step{
		{{OpChooseFirstn, 0, 0}},
		{{OpChooseIndep, 0, 0}},
		{{OpChooseFirstn, 2, 3}, {OpChooseleafFirstn, 2, 1}},
		{{OpChooseIndep, 3, 3}, {OpChooseleafIndep, 2, 1}},
		{{OpChooseFirstn, 0, 3}, {OpChooseFirstn, 2, 1}, {OpChooseFirstn, 1, 0}},
		{{OpChooseleafFirstn, -2, 3}, {Op: OpEmit}, {OpTake, -1, 0}, {OpChooseleafIndep, 0, 1}},
		{{OpSetChooseTries, 2, 0}, {OpSetChooseleafTries, 3, 0}, {OpChooseleafFirstn, 0, 1}},
		{{OpSetChooseTries, 3, 0}, {OpSetChooseleafTries, 2, 0}, {OpChooseleafIndep, 0, 1}},
		{{OpSetLocalTries, 1, 0}, {OpSetLocalFallback, 2, 0}, {OpSetChooseTries, 4, 0}, {OpChooseleafFirstn, 0, 3}},
		{{OpSetLocalTries, 0, 0}, {OpSetLocalFallback, 0, 0}, {OpSetVaryR, 0, 0}, {OpSetStable, 0, 0}, {OpChooseleafFirstn, 0, 1}},
		{{OpSetVaryR, 3, 0}, {OpSetStable, 1, 0}, {OpChooseleafFirstn, 0, 1}},
		{{OpTake, 5, 0}},
		{{OpChooseleafFirstn, 0, 0}},
		{{OpSetChooseTries, 2, 0}, {OpChooseleafIndep, 0, 0}},
		{{OpTake, 5, 0}, {Op: OpEmit}, {OpTake, -1, 0}, {OpChooseleafFirstn, 0, 1}, {Op: OpEmit}, {Op: OpEmit}},
	} {
		steps = append([]Step{{OpTake, -1, 0}}, append(steps, Step{Op: OpEmit})...)
		m.Rules = append(m.Rules, Rule{ID: RuleID(4 + i), Name: fmt.Sprintf("more%d", i), Type: Replicated, MinSize: 1, MaxSize: 10, Steps: steps})
	}
	for i := range m.Rules {
		m.Rules[i].MaxSize = 7 // crushtool asks for 1 to 7 devices
	}
	return m
}

func algs(alg Alg) func(*Map) {
	return func(m *Map) {
		for i := range m.Buckets {
			m.Buckets[i].Alg = alg
		}
	}
}

// even gives all items of a bucket the same weight.
func even(m *Map) {
	for i := range m.Buckets {
		for j := range m.Buckets[i].Items {
			m.Buckets[i].Items[j].Weight = One
		}
	}
}

// weightSet is a default one that differs at each position. Some buckets keep their weights.
func weightSet(m *Map, positions int, ids bool) ChooseArgs {
	set := ChooseArgs{ID: DefaultChooseArgs}
	for i := range m.Buckets {
		b := &m.Buckets[i]
		if i%4 == 3 {
			continue
		}
		arg := ChooseArg{Bucket: b.ID}
		for p := range positions {
			weights := make([]Weight, len(b.Items))
			for j := range weights {
				weights[j] = Weight((p*3+j*5+i)%7) * One
			}
			arg.Weights = append(arg.Weights, weights)
		}
		if ids {
			for j := range b.Items {
				arg.IDs = append(arg.IDs, ItemID(100+10*i+j))
			}
		}
		set.Args = append(set.Args, arg)
	}
	return set
}

// compareToCrushtool maps by every rule, some devices out or partly so.
func compareToCrushtool(t *testing.T, tool string, m *Map) {
	t.Helper()
	dir := t.TempDir()
	if _, complaint, ok := compileAndDump(t, tool, dir, m.Text()); !ok {
		t.Fatal(complaint)
	}
	out := toolTest(t, tool, dir, "--min-x", "0", "--max-x", "39", "--weight", "1", "0", "--weight", "6", "0.5", "--weight", "20", "0.01")
	mp, weights := newMapper(t, m), fullWeights(m)
	weights[1], weights[6], weights[20] = 0, One/2, One/100
	var s Scratch
	seen := 0
	for line := range bytes.Lines(out) {
		var q Query
		var rest string
		if n, _ := fmt.Sscanf(string(line), "CRUSH rule %d x %d %s", &q.Rule, &q.X, &rest); n != 3 {
			continue
		}
		q.Count, q.Reweight, q.WeightSet = 1+seen/40%7, weights, mp.WeightSet(0)
		if got := listOf(mp.Map(nil, &s, q)); got != rest {
			t.Errorf("rule %d x %d, %d wanted: %s, of crushtool %s", q.Rule, q.X, q.Count, got, rest)
		}
		seen++
	}
	if want := len(m.Rules) * 7 * 40; seen != want {
		t.Errorf("%d mappings of crushtool, want %d", seen, want)
	}
}

// TestProfilesAreCephs: crushtool recognises each of our profiles by its name.
func TestProfilesAreCephs(t *testing.T) {
	t.Parallel()
	tool := crushtool(t)
	for _, p := range profiles {
		m := cluster(1, 1, 2)
		m.Tunables = p.tunables
		dump, complaint, ok := compileAndDump(t, tool, t.TempDir(), m.Text())
		if !ok {
			t.Fatal(complaint)
		}
		if want := fmt.Sprintf(`"profile": %q`, p.name); !bytes.Contains(dump, []byte(want)) {
			t.Errorf("no %s in\n%s", want, dump)
		}
	}
}
