package crush

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// cluster builds racks × hosts × disks of equal weight, with a firstn rule 0 and an indep
// rule 1 over hosts, and the same over racks as rules 2 and 3.
func cluster(racks, hosts, disks int) *Map {
	m := &Map{Tunables: DefaultTunables(), Types: []Type{{0, "osd"}, {1, "host"}, {3, "rack"}, {11, "root"}}}
	root := Bucket{ID: -1, Name: "default", Type: 11, Alg: Straw2}
	m.Buckets = append(m.Buckets, root)
	osd := ItemID(0)
	for r := range racks {
		rack := len(m.Buckets)
		m.Buckets = append(m.Buckets, Bucket{ID: ItemID(-1 - rack), Name: fmt.Sprintf("r%d", r), Type: 3, Alg: Straw2})
		for h := range hosts {
			host := Bucket{ID: ItemID(-1 - len(m.Buckets)), Name: fmt.Sprintf("r%dh%d", r, h), Type: 1, Alg: Straw2}
			for range disks {
				m.Devices = append(m.Devices, Device{ID: osd, Name: fmt.Sprintf("osd.%d", osd)})
				host.Items = append(host.Items, Item{osd, One})
				osd++
			}
			m.Buckets = append(m.Buckets, host)
			m.Buckets[rack].Items = append(m.Buckets[rack].Items, Item{host.ID, host.Weight()})
		}
		m.Buckets[0].Items = append(m.Buckets[0].Items, Item{m.Buckets[rack].ID, m.Buckets[rack].Weight()})
	}
	for i, step := range []Step{
		{OpChooseleafFirstn, 0, 1}, {OpChooseleafIndep, 0, 1}, {OpChooseleafFirstn, 0, 3}, {OpChooseleafIndep, 0, 3},
	} {
		kind := Replicated
		if !step.Op.IsFirstn() {
			kind = Erasure
		}
		m.Rules = append(m.Rules, Rule{ID: RuleID(i), Name: fmt.Sprintf("rule%d", i), Type: kind, MinSize: 1, MaxSize: 10,
			Steps: []Step{{Op: OpTake, Arg1: -1}, step, {Op: OpEmit}}})
	}
	return m
}

// mapAll maps x from 0 to n−1 by one rule.
func mapAll(t testing.TB, m *Map, rule RuleID, count int, n uint32, weights []Weight) [][]ItemID {
	t.Helper()
	mp := newMapper(t, m)
	var s Scratch
	all := make([][]ItemID, n)
	for x := range n {
		all[x] = mp.Map(nil, &s, Query{Rule: rule, X: x, Count: count, Reweight: weights})
	}
	return all
}

// moved counts the copies that are on another device than before, whatever their position.
func moved(before, after [][]ItemID) int {
	n := 0
	for x := range before {
		for _, id := range after[x] {
			if !slices.Contains(before[x], id) {
				n++
			}
		}
	}
	return n
}

// TestAddingADeviceMovesLittle: at most the new device's share of the copies, times the
// levels of the hierarchy, for a weight that grows draws a little at each of them.
func TestAddingADeviceMovesLittle(t *testing.T) {
	t.Parallel()
	before := cluster(4, 4, 4)
	after, err := before.AddDevice(Device{ID: 64, Name: "osd.64"}, One, Location{{"host", "r1h2"}})
	if err != nil {
		t.Fatal(err)
	}
	checkMoves(t, before, after, One)
}

// TestRemovingADeviceMovesLittle is the same the other way round.
func TestRemovingADeviceMovesLittle(t *testing.T) {
	t.Parallel()
	before := cluster(4, 4, 4)
	after, err := before.Remove(37)
	if err != nil {
		t.Fatal(err)
	}
	checkMoves(t, before, after, One)
}

func checkMoves(t *testing.T, before, after *Map, changed Weight) {
	const inputs, copies, levels = 20_000, 3, 3
	all := before.Buckets[0].Weight()
	for rule := RuleID(0); rule < 4; rule++ {
		a := mapAll(t, before, rule, copies, inputs, fullWeights(before))
		b := mapAll(t, after, rule, copies, inputs, fullWeights(after))
		n := moved(a, b)
		share := float64(changed) / float64(max(all, after.Buckets[0].Weight()))
		least := share * inputs * copies
		if float64(n) > levels*least || float64(n) < 0.8*least {
			t.Errorf("rule %d: %d of %d copies moved; the device's share is %.0f, %d levels allow %.0f",
				rule, n, inputs*copies, least, levels, levels*least)
		}
	}
}

// TestSpreadIsRandom: over 1,000 equal devices at 100 placement groups each the deviation
// is about the root of the mean, which is what independent draws give, and Ceph's.
func TestSpreadIsRandom(t *testing.T) {
	t.Parallel()
	const devices, copies, inputs = 1000, 3, 33_333
	for _, hash := range []Hash{RJenkins1, XXHash64} {
		m := cluster(5, 20, 10)
		for i := range m.Buckets {
			m.Buckets[i].Hash = hash
		}
		per := make([]float64, devices)
		for _, mapping := range mapAll(t, m, 0, copies, inputs, fullWeights(m)) {
			for _, id := range mapping {
				per[id]++
			}
		}
		mean := float64(copies*inputs) / devices
		variance := 0.0
		for _, n := range per {
			variance += (n - mean) * (n - mean) / devices
		}
		deviation, root := math.Sqrt(variance), math.Sqrt(mean)
		t.Logf("%v: standard deviation %.2f at mean %.2f, whose root is %.2f", hash, deviation, mean, root)
		if ratio := deviation / root; ratio < 0.85 || ratio > 1.15 {
			t.Errorf("%v: standard deviation %.2f at mean %.2f: %.2f times its root", hash, deviation, mean, ratio)
		}
	}
}

// TestWeightsAreRespected: devices get copies by their weights, within five deviations, when
// one copy is placed; several copies must differ and so bend the shares.
func TestWeightsAreRespected(t *testing.T) {
	t.Parallel()
	const inputs = 100_000
	m := cluster(2, 3, 4)
	for i := range m.Devices {
		var err error
		if m, err = m.Reweight(ItemID(i), One/4+Weight(i)*One/3); err != nil {
			t.Fatal(err)
		}
	}
	per := make([]int, len(m.Devices))
	for _, mapping := range mapAll(t, m, 0, 1, inputs, fullWeights(m)) {
		per[mapping[0]]++
	}
	total := m.Buckets[0].Weight().Float()
	for i, n := range per {
		share := (One/4 + Weight(i)*One/3).Float() / total
		sigma := math.Sqrt(inputs * share * (1 - share))
		if diff := math.Abs(float64(n) - share*inputs); diff > 5*sigma {
			t.Errorf("osd.%d has %d, want %.0f ± %.0f", i, n, share*inputs, sigma)
		}
	}
}

// TestReweightKeepsItsShare: a device at reweight w keeps w of what it had, and what it
// keeps is where it was.
func TestReweightKeepsItsShare(t *testing.T) {
	t.Parallel()
	m := cluster(2, 4, 4)
	weights := fullWeights(m)
	before := mapAll(t, m, 0, 3, 50_000, weights)
	weights[9] = One / 4
	after := mapAll(t, m, 0, 3, 50_000, weights)
	had, kept := 0, 0
	for x := range before {
		if slices.Contains(before[x], 9) {
			had++
		}
		if slices.Contains(after[x], 9) {
			kept++
			if !slices.Contains(before[x], 9) {
				t.Fatalf("x %d: osd.9 takes more at a lower reweight", x)
			}
		}
	}
	if share := float64(kept) / float64(had); share < 0.22 || share > 0.28 {
		t.Errorf("kept %d of %d, want a quarter", kept, had)
	}
}

// TestIndepKeepsPositions: when a device goes out, only positions that lost an item change.
// A position elsewhere may still give way when the newcomer was its own item, which is rare.
func TestIndepKeepsPositions(t *testing.T) {
	t.Parallel()
	m := cluster(4, 4, 4)
	weights := fullWeights(m)
	before := mapAll(t, m, 1, 6, 20_000, weights)
	weights[21] = 0
	after := mapAll(t, m, 1, 6, 20_000, weights)
	lost, shifted := 0, 0
	for x := range before {
		for i, id := range before[x] {
			switch {
			case id == 21:
				lost++
			case after[x][i] != id:
				shifted++
			}
		}
	}
	if lost == 0 || shifted > lost/5 {
		t.Errorf("%d positions lost their device, %d others changed", lost, shifted)
	}
}

// TestFirstnMovesUp: when a device goes out of a replicated mapping, the others stay in it
// and in their order, those behind it move up, and one joins.
func TestFirstnMovesUp(t *testing.T) {
	t.Parallel()
	m := cluster(4, 4, 4)
	weights := fullWeights(m)
	before := mapAll(t, m, 0, 3, 20_000, weights)
	weights[21] = 0
	after := mapAll(t, m, 0, 3, 20_000, weights)
	hit, stayed, up := 0, 0, 0
	for x := range before {
		i := slices.Index(before[x], 21)
		if i < 0 {
			if !slices.Equal(before[x], after[x]) {
				t.Fatalf("x %d: %v became %v without osd.21", x, before[x], after[x])
			}
			continue
		}
		hit++
		rest := slices.Delete(slices.Clone(before[x]), i, i+1)
		common := slices.DeleteFunc(slices.Clone(after[x]), func(id ItemID) bool { return !slices.Contains(rest, id) })
		if slices.Equal(rest, common) {
			stayed++
		}
		if slices.Equal(rest, after[x][:2]) {
			up++
		}
	}
	t.Logf("%d mappings lost osd.21: in %d the others stay in order, in %d they also move up", hit, stayed, up)
	if hit == 0 || stayed < hit*9/10 || up < hit/2 {
		t.Errorf("%d mappings lost osd.21: in %d the others stay in order, in %d they also move up", hit, stayed, up)
	}
}

// TestReplicasNeverShareADomain: with fewer domains than copies, or all but one out, the
// mapping is short (firstn) or has holes (indep), but never doubles a domain.
func TestReplicasNeverShareADomain(t *testing.T) {
	t.Parallel()
	m := cluster(3, 3, 2)
	parents := m.Parents()
	host := func(id ItemID) ItemID { return parents[id][0] }
	rack := func(id ItemID) ItemID { return parents[host(id)][0] }
	for out := range 17 {
		weights := fullWeights(m)
		for i := range out {
			weights[i*7%18] = 0
		}
		for rule := RuleID(0); rule < 4; rule++ {
			domain := host
			if rule >= 2 {
				domain = rack
			}
			for x, mapping := range mapAll(t, m, rule, 5, 200, weights) {
				if firstn := rule%2 == 0; firstn && slices.Contains(mapping, None) || !firstn && len(mapping) != 5 {
					t.Fatalf("rule %d x %d: %v", rule, x, mapping)
				}
				seen := make(map[ItemID]bool)
				for _, id := range mapping {
					if id == None {
						continue
					}
					if weights[id] == 0 {
						t.Fatalf("rule %d x %d: osd.%d is out", rule, x, id)
					}
					if seen[domain(id)] {
						t.Fatalf("rule %d x %d: %v shares %s", rule, x, mapping, m.ItemName(domain(id)))
					}
					seen[domain(id)] = true
				}
			}
		}
	}
}
