package crush

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

// Validate names everything that is wrong with the map; nil means NewMapper accepts it.
func (m *Map) Validate() error {
	v := validator{m: m, depth: make(map[ItemID]int), paths: make(map[ItemID]int)}
	v.tunables()
	v.names()
	for i := range m.Buckets {
		v.bucket(&m.Buckets[i])
	}
	if len(v.errs) == 0 { // a search for loops needs items that exist
		for i := range m.Buckets {
			v.below(m.Buckets[i].ID, 1)
		}
	}
	for i := range m.Rules {
		v.rule(&m.Rules[i])
	}
	for i := range m.ChooseArgs {
		if i > 0 && m.ChooseArgs[i-1].ID >= m.ChooseArgs[i].ID {
			v.fail("weight set %d: appears twice or out of order", m.ChooseArgs[i].ID)
		}
		v.args(&m.ChooseArgs[i])
	}
	return errors.Join(v.errs...)
}

type validator struct {
	m     *Map
	errs  []error
	depth map[ItemID]int // levels below a bucket; -1 while it is being measured
	paths map[ItemID]int // ways down from a bucket to a device, or an empty bucket
}

func (v *validator) fail(format string, args ...any) {
	const enough = 20 // of a thoroughly broken map the first complaints do
	if len(v.errs) < enough {
		v.errs = append(v.errs, fmt.Errorf(format, args...))
	}
}

func (v *validator) tunables() {
	t := v.m.Tunables
	for _, f := range []struct {
		name string
		val  int
		most int
	}{
		{"choose_local_tries", t.LocalTries, maxLocal},
		{"choose_local_fallback_tries", t.LocalFallbackTries, maxLocal},
		{"choose_total_tries", t.TotalTries, maxTries},
		{"chooseleaf_descend_once", t.DescendOnce, 1},
		{"chooseleaf_vary_r", t.VaryR, 31},
		{"chooseleaf_stable", t.Stable, 1},
		{"straw_calc_version", t.StrawCalc, 255},
		{"allowed_bucket_algs", t.AllowedAlgs, math.MaxInt32},
	} {
		if f.val < 0 || f.val > f.most {
			v.fail("tunable %s %d: must be 0 to %d", f.name, f.val, f.most)
		}
	}
}

// names checks that ids ascend (so that they can be searched) and that names are unique.
func (v *validator) names() {
	seen := make(map[string]ItemID)
	once := func(name string, id ItemID) {
		if other, dup := seen[name]; dup && name != "" {
			v.fail("name %q: both item %d and item %d", name, other, id)
		}
		seen[name] = id
	}
	for i, d := range v.m.Devices {
		v.name("device", d.Name)
		v.name("class", d.Class)
		if d.ID < 0 || d.ID > MaxDeviceID {
			v.fail("device %q: id %d must be 0 to %d", d.Name, d.ID, MaxDeviceID)
		}
		if i > 0 && v.m.Devices[i-1].ID >= d.ID {
			v.fail("device %q: id %d appears twice or out of order", d.Name, d.ID)
		}
		once(d.Name, d.ID)
	}
	for i, b := range v.m.Buckets {
		name := b.Name
		if b.IsShadow() {
			v.name("class", b.Class)
			name = strings.TrimSuffix(name, "~"+b.Class)
		}
		v.name("bucket", name)
		if b.ID > -1 || b.ID < MinBucketID {
			v.fail("bucket %q: id %d must be -1 down to %d", b.Name, b.ID, MinBucketID)
		}
		if i > 0 && v.m.Buckets[i-1].ID <= b.ID {
			v.fail("bucket %q: id %d appears twice or out of order", b.Name, b.ID)
		}
		once(b.Name, b.ID)
	}
	types := make(map[string]bool)
	for i, t := range v.m.Types {
		v.name("type", t.Name)
		if t.ID < 0 || i > 0 && v.m.Types[i-1].ID >= t.ID {
			v.fail("type %q: id %d is negative, appears twice or out of order", t.Name, t.ID)
		}
		if types[t.Name] {
			v.fail("type %q: name appears twice", t.Name)
		}
		types[t.Name] = true
	}
	rules := make(map[string]bool)
	for i, r := range v.m.Rules {
		v.name("rule", r.Name)
		if r.ID < 0 || r.ID > MaxRuleID || i > 0 && v.m.Rules[i-1].ID >= r.ID {
			v.fail("rule %q: id %d must be 0 to %d, ascending, once", r.Name, r.ID, MaxRuleID)
		}
		if r.Name != "" && rules[r.Name] {
			v.fail("rule %q: name appears twice", r.Name)
		}
		rules[r.Name] = true
	}
}

// name checks that a name can stand in a text map. Some things may have none.
func (v *validator) name(what, name string) {
	if name != "" && !validName(name) {
		v.fail("%s %q: a name is made of letters, digits, '-', '_' and '.'", what, name)
	}
}

func (v *validator) bucket(b *Bucket) {
	if b.Type < 1 || b.Type > math.MaxUint16 {
		v.fail("bucket %q: type %d must be 1 to 65535 (0 is the device)", b.Name, b.Type)
	}
	if !b.Alg.valid() {
		v.fail("bucket %q: unknown algorithm %d", b.Name, b.Alg)
	}
	if !b.Hash.valid() {
		v.fail("bucket %q: unknown hash %d", b.Name, b.Hash)
	}
	if b.ShadowOf != 0 {
		if _, ok := v.m.Bucket(b.ShadowOf); !ok || b.Class == "" {
			v.fail("bucket %q: is a shadow of no bucket or no class", b.Name)
		}
	}
	if len(b.Items) > MaxItems {
		v.fail("bucket %q: %d items, at most %d are allowed", b.Name, len(b.Items), MaxItems)
	}
	var sum uint64
	for _, it := range b.Items {
		sum += uint64(it.Weight)
		if it.ID < 0 {
			if _, ok := v.m.Bucket(it.ID); !ok {
				v.fail("bucket %q: item %d is no bucket of this map", b.Name, it.ID)
			}
		} else if it.ID > MaxDeviceID {
			v.fail("bucket %q: item %d: device ids end at %d", b.Name, it.ID, MaxDeviceID)
		}
		if b.Alg == Uniform && it.Weight != b.Items[0].Weight {
			v.fail("bucket %q: a uniform bucket needs equal weights, %s has %v and %s has %v",
				b.Name, v.m.ItemName(b.Items[0].ID), b.Items[0].Weight, v.m.ItemName(it.ID), it.Weight)
		}
	}
	if sum > math.MaxUint32 {
		v.fail("bucket %q: its weights add up to %d, more than 65535", b.Name, sum>>16)
	}
}

// below measures the levels under a bucket and refuses loops. Buckets may share items, but
// not so that the ways down become too many to walk.
func (v *validator) below(id ItemID, level int) int {
	if id >= 0 || level > MaxDepth {
		return 0
	}
	if d, seen := v.depth[id]; seen {
		if d < 0 {
			v.fail("bucket %q holds itself, directly or through another", v.m.ItemName(id))
			return 0
		}
		return d
	}
	v.depth[id] = -1
	deepest, paths := 0, 0
	b, _ := v.m.Bucket(id)
	for _, it := range b.Items {
		deepest = max(deepest, v.below(it.ID, level+1))
		paths = min(maxPaths+1, paths+max(1, v.paths[it.ID]))
	}
	v.depth[id], v.paths[id] = deepest+1, paths
	if paths > maxPaths {
		v.fail("bucket %q: more than %d ways lead down from it", b.Name, maxPaths)
	}
	if deepest+1 == MaxDepth {
		v.fail("bucket %q: more than %d levels below it", b.Name, MaxDepth-1)
	}
	return deepest + 1
}

func (v *validator) rule(r *Rule) {
	if len(r.Steps) > MaxSteps {
		v.fail("rule %q: %d steps, at most %d are allowed", r.Name, len(r.Steps), MaxSteps)
	}
	set := newSettings(v.m.Tunables)
	work := 0
	for i, s := range r.Steps {
		set.set(s)
		switch {
		case opNames[s.Op] == "":
			v.fail("rule %q step %d: unknown instruction %d", r.Name, i, s.Op)
		case s.Op == OpTake:
			v.take(r, i, ItemID(s.Arg1))
		case s.Op.IsChoose():
			work += v.choose(r, i, s, &set)
		default:
			v.setting(r, i, s)
		}
	}
	if work > maxWork {
		v.fail("rule %q: could descend %d times for one input, at most %d are allowed", r.Name, work, maxWork)
	}
}

// choose checks a choose step and says how many descents it can take below one bucket: one
// for each try of each item, and with chooseleaf those below what each of them finds.
func (v *validator) choose(r *Rule, step int, s Step, set *settings) int {
	if s.Arg1 < -maxChoose || s.Arg1 > maxChoose {
		v.fail("rule %q step %d: cannot choose %d items, at most %d", r.Name, step, s.Arg1, maxChoose)
	}
	if s.Arg2 < 0 {
		v.fail("rule %q step %d: type %d does not exist", r.Name, step, s.Arg2)
	}
	items := int(s.Arg1)
	if items <= 0 {
		items = usualItems
	}
	work := items * set.tries
	if s.Op.IsLeaf() {
		work *= set.triesBelow(s.Op)
	}
	return work
}

func (v *validator) setting(r *Rule, step int, s Step) {
	most := int32(maxTries)
	switch s.Op {
	case OpSetVaryR:
		most = 31
	case OpSetLocalTries, OpSetLocalFallback:
		most = maxLocal
	}
	if s.Arg1 > most {
		v.fail("rule %q step %d: %s %d: must be at most %d", r.Name, step, s.Op, s.Arg1, most)
	}
}

func (v *validator) take(r *Rule, step int, id ItemID) {
	if id < 0 {
		if _, ok := v.m.Bucket(id); !ok {
			v.fail("rule %q step %d: takes bucket %d, which does not exist", r.Name, step, id)
		}
	} else if id > MaxDeviceID {
		v.fail("rule %q step %d: takes device %d, ids end at %d", r.Name, step, id, MaxDeviceID)
	}
}

func (v *validator) args(set *ChooseArgs) {
	for i, a := range set.Args {
		b, ok := v.m.Bucket(a.Bucket)
		switch {
		case !ok:
			v.fail("weight set %d: bucket %d does not exist", set.ID, a.Bucket)
			continue
		case i > 0 && set.Args[i-1].Bucket <= a.Bucket:
			v.fail("weight set %d: bucket %d appears twice or out of order", set.ID, a.Bucket)
		case len(a.IDs) != 0 && len(a.IDs) != len(b.Items):
			v.fail("weight set %d: bucket %q has %d items and %d ids", set.ID, b.Name, len(b.Items), len(a.IDs))
		case len(a.Weights) > maxSetSlots:
			v.fail("weight set %d: bucket %q has %d positions, at most %d are allowed", set.ID, b.Name, len(a.Weights), maxSetSlots)
		}
		for _, ws := range a.Weights {
			if len(ws) != len(b.Items) {
				v.fail("weight set %d: bucket %q has %d items and %d weights", set.ID, b.Name, len(b.Items), len(ws))
			}
		}
	}
}
