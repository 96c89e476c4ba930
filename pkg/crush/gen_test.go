package crush

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"
)

// genMap draws a valid map that the text form carries whole: names for everything, weights
// that a float32 holds (or sums), shadows that follow from the classes.
func genMap() *rapid.Generator[*Map] { return rapid.Custom(drawMap) }

func drawMap(t *rapid.T) *Map {
	g := &mapGen{T: t, m: &Map{Tunables: DefaultTunables()}}
	if g.bool("legacy") {
		g.m.Tunables = LegacyTunables()
	}
	g.m.Tunables.TotalTries = g.upTo("tries", 100)
	g.m.Types = []Type{{0, "osd"}, {1, "host"}, {3, "rack"}, {11, "root"}}
	g.classes = [][]string{{""}, {"", "hdd"}, {"hdd", "ssd"}, {"nvme", "hdd", "", "ssd"}}[g.upTo("classes", 3)]
	g.devices()
	g.level("host", 1, 4, g.deviceIDs())
	g.level("rack", 3, 3, g.ids(1))
	g.level("root", 11, 2, append(g.ids(3), g.ids(1)...))
	g.m.sort()
	g.rules()
	g.m = g.m.RebuildShadows()
	g.takeShadows()
	g.chooseArgs()
	g.m = g.m.RebuildShadows()
	for i := range g.m.ChooseArgs {
		g.m.ChooseArgs[i].drop(tooHeavy)
	}
	return g.m
}

// tooHeavy finds sums that a float32 may not hold. (In a bucket they would be left out.)
func tooHeavy(a ChooseArg) bool {
	return slices.ContainsFunc(a.Weights, func(ws []Weight) bool { return len(ws) > 0 && slices.Max(ws) >= 256*One })
}

type mapGen struct {
	*rapid.T
	m       *Map
	classes []string
	nextID  ItemID
}

func (g *mapGen) upTo(what string, n int) int { return rapid.IntRange(0, n).Draw(g.T, what) }
func (g *mapGen) bool(what string) bool       { return rapid.Bool().Draw(g.T, what) }

func (g *mapGen) devices() {
	id := ItemID(0)
	for range g.upTo("devices", 12) {
		id += ItemID(g.upTo("gap", 2)) / 2
		d := Device{ID: id, Name: fmt.Sprintf("osd.%d", id), Class: g.classes[g.upTo("class", len(g.classes)-1)]}
		g.m.Devices = append(g.m.Devices, d)
		id++
	}
}

func (g *mapGen) deviceIDs() []ItemID {
	var ids []ItemID
	for _, d := range g.m.Devices {
		ids = append(ids, d.ID)
	}
	return ids
}

func (g *mapGen) ids(typ TypeID) []ItemID {
	var ids []ItemID
	for _, b := range g.m.Buckets {
		if b.Type == typ {
			ids = append(ids, b.ID)
		}
	}
	return ids
}

// level adds buckets of a type, each with some of the items.
func (g *mapGen) level(name string, typ TypeID, most int, from []ItemID) {
	for i := range g.upTo(name+"s", most) {
		g.nextID -= 1 + ItemID(g.upTo("skip", 3))/3
		b := Bucket{ID: g.nextID, Name: fmt.Sprintf("%s%d", name, i), Type: typ, Alg: Alg(2 + g.upTo("alg", 3))}
		if len(g.classes) == 1 && g.bool("uniform") { // Ceph makes no shadows of these
			b.Alg = Uniform
		}
		for _, id := range from {
			if g.bool("hold") {
				b.Items = append(b.Items, Item{id, g.weight(id)})
			}
		}
		for i := range b.Items {
			if b.Alg == Uniform {
				b.Items[i].Weight = min(max(1, b.Items[0].Weight), 100*One) // crushtool dies of 0
			}
		}
		g.m.Buckets = append(g.m.Buckets, b)
	}
}

func (g *mapGen) weight(id ItemID) Weight {
	if id.IsBucket() && g.bool("sum") {
		for i := range g.m.Buckets {
			if b := &g.m.Buckets[i]; b.ID == id {
				return b.Weight()
			}
		}
	}
	return Weight(g.upTo("weight", int(maxTextDeviceWeight)))
}

func (g *mapGen) rules() {
	items := append(append(g.ids(1), g.ids(11)...), g.deviceIDs()...)
	if len(items) == 0 {
		return
	}
	ops := []Op{OpChooseFirstn, OpChooseIndep, OpChooseleafFirstn, OpChooseleafIndep}
	sets := []Op{OpSetChooseTries, OpSetChooseleafTries, OpSetLocalTries, OpSetLocalFallback, OpSetVaryR, OpSetStable}
	for i := range 1 + g.upTo("rules", 2) {
		r := Rule{ID: RuleID(2 * i), Name: fmt.Sprintf("rule-%d", i), Type: Replicated, MinSize: 1, MaxSize: g.upTo("size", 255)}
		if g.bool("erasure") {
			r.Type = Erasure
		}
		for range g.upTo("sets", 2) {
			r.Steps = append(r.Steps, Step{Op: sets[g.upTo("set", len(sets)-1)], Arg1: int32(g.upTo("to", 31))})
		}
		take := items[g.upTo("take", len(items)-1)]
		r.Steps = append(r.Steps, Step{Op: OpTake, Arg1: int32(take)})
		for range g.upTo("chooses", 2) {
			r.Steps = append(r.Steps, Step{
				Op:   ops[g.upTo("choose", len(ops)-1)],
				Arg1: int32(g.upTo("num", 6) - 3),
				Arg2: int32(g.m.Types[g.upTo("type", len(g.m.Types)-1)].ID),
			})
		}
		r.Steps = append(r.Steps, Step{Op: OpEmit})
		g.m.Rules = append(g.m.Rules, r)
	}
}

// takeShadows lets some rules take the shadow of what they took.
func (g *mapGen) takeShadows() {
	shadows := g.m.shadowsByOriginal()
	for _, r := range g.m.Rules {
		for i, s := range r.Steps {
			if of := shadows[ItemID(s.Arg1)]; s.Op == OpTake && len(of) > 0 && g.bool("shadow") {
				r.Steps[i].Arg1 = int32(of[g.upTo("which", len(of)-1)].ID)
			}
		}
	}
}

func (g *mapGen) chooseArgs() {
	for _, id := range []int64{DefaultChooseArgs, 3, 12} {
		if !g.bool("weight set") {
			continue
		}
		set := ChooseArgs{ID: id}
		for _, b := range g.m.Buckets {
			if arg := g.chooseArg(b); len(arg.Weights)+len(arg.IDs) > 0 && b.Alg == Straw2 && !b.IsShadow() {
				set.Args = append(set.Args, arg)
			}
		}
		g.m.ChooseArgs = append(g.m.ChooseArgs, set)
	}
}

func (g *mapGen) chooseArg(b Bucket) ChooseArg {
	arg := ChooseArg{Bucket: b.ID}
	for range g.upTo("positions", 2) {
		weights := make([]Weight, len(b.Items))
		for i := range weights {
			weights[i] = Weight(g.upTo("set weight", 1<<18))
		}
		arg.Weights = append(arg.Weights, weights)
	}
	if g.bool("ids") {
		for range b.Items {
			arg.IDs = append(arg.IDs, ItemID(g.upTo("id", 99)-50))
		}
	}
	return arg
}
