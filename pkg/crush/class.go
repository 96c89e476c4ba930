package crush

import (
	"cmp"
	"fmt"
	"slices"
)

// maxClasses bounds how often the hierarchy is repeated: once for each class.
const maxClasses = 64

// shadowKey names a shadow by what it is: the bucket it repeats, for one device class.
type shadowKey struct {
	of    ItemID
	class string
}

// RebuildShadows makes the shadow trees anew after a change of devices, classes, buckets
// or weights, as Ceph does whenever a class changes. Shadows that were there keep their
// ids. Classes that no device has and no rule takes from end. The weight sets of shadows
// follow from those of the buckets they repeat; their ids, as in Ceph, do not.
//
// Shadows aside the map must be valid. Where Ceph cannot make a shadow (of a uniform
// bucket that is not empty) the trees stay incomplete, as they do in Ceph; a rule that
// takes from what is missing then makes the result invalid.
func (m *Map) RebuildShadows() *Map { return m.rebuildShadows(m.liveClasses()) }

// rebuildShadows does so for the given classes.
func (m *Map) rebuildShadows(classes []string) *Map {
	next := m.Clone()
	known := make(map[shadowKey]ItemID)
	shadow := make(map[ItemID]bool)
	for _, b := range m.Buckets {
		if b.IsShadow() {
			known[shadowKey{b.ShadowOf, b.Class}] = b.ID
			shadow[b.ID] = true
		}
	}
	next.Buckets = slices.DeleteFunc(next.Buckets, func(b Bucket) bool { return shadow[b.ID] })
	for i := range next.ChooseArgs {
		next.ChooseArgs[i].drop(func(a ChooseArg) bool { return shadow[a.Bucket] })
	}
	_ = addShadows(next, classes, known) // see above
	next.sort()
	return next
}

// classes lists the device classes of the map: by their first device, and then those that
// only have shadows left. So does a text map number them that names devices first.
func (m *Map) classes() []string {
	var all []string
	seen := map[string]bool{"": true}
	note := func(class string) {
		if !seen[class] {
			seen[class] = true
			all = append(all, class)
		}
	}
	for _, d := range m.Devices {
		note(d.Class)
	}
	for _, b := range m.Buckets {
		note(b.Class)
	}
	return all
}

// liveClasses leaves out the classes that no device has and no rule takes from.
func (m *Map) liveClasses() []string {
	live := make(map[string]bool)
	for _, d := range m.Devices {
		live[d.Class] = true
	}
	for _, r := range m.Rules {
		for _, s := range r.Steps {
			if b, ok := m.Bucket(ItemID(s.Arg1)); ok && s.Op == OpTake {
				live[b.Class] = true
			}
		}
	}
	return slices.DeleteFunc(m.classes(), func(class string) bool { return !live[class] })
}

// addShadows adds the trees of the classes, in this order, to a map that has none: under
// each root, the one with the lowest id first, depth first. Ids that known does not give
// are the highest free ones. It leaves in known the ids of all shadows it made, and after
// an error, like Ceph, those made so far.
func addShadows(m *Map, classes []string, known map[shadowKey]ItemID) error {
	if len(classes) > maxClasses {
		return fmt.Errorf("%d device classes: at most %d are allowed", len(classes), maxClasses)
	}
	s := newShadower(m, known)
	defer s.finish(known)
	roots := m.Roots()
	slices.Sort(roots)
	for _, root := range roots {
		for _, class := range classes {
			if _, err := s.shadow(root, class); err != nil {
				return err
			}
		}
	}
	return nil
}

// shadower repeats buckets.
type shadower struct {
	m       *Map
	byID    map[ItemID]*Bucket
	classOf map[ItemID]string
	known   map[shadowKey]ItemID
	used    map[ItemID]bool // ids given or known
	free    ItemID          // no id above it is free
	made    map[shadowKey]int
	shadows []shadowBucket // a shadow comes after those it holds
}

type shadowBucket struct {
	Bucket
	from []int // index in the original of each item
}

func newShadower(m *Map, known map[shadowKey]ItemID) *shadower {
	s := &shadower{
		m:       m,
		byID:    make(map[ItemID]*Bucket),
		classOf: make(map[ItemID]string),
		known:   known,
		used:    make(map[ItemID]bool),
		free:    -1,
		made:    make(map[shadowKey]int),
	}
	for i := range m.Buckets {
		s.byID[m.Buckets[i].ID] = &m.Buckets[i]
		s.used[m.Buckets[i].ID] = true
	}
	for _, d := range m.Devices {
		s.classOf[d.ID] = d.Class
	}
	for _, id := range known {
		s.used[id] = true
	}
	return s
}

// shadow makes the shadow of a bucket, after those of the buckets in it. The result is
// its index.
func (s *shadower) shadow(of ItemID, class string) (int, error) {
	key := shadowKey{of, class}
	if i, done := s.made[key]; done {
		return i, nil
	}
	orig := s.byID[of]
	b := shadowBucket{Bucket: Bucket{
		Name:     s.m.ItemName(of) + "~" + class,
		Type:     orig.Type,
		Alg:      orig.Alg,
		Hash:     orig.Hash,
		ShadowOf: of,
		Class:    class,
	}}
	for i, it := range orig.Items {
		if it.ID.IsBucket() {
			child, err := s.shadow(it.ID, class)
			if err != nil {
				return 0, err
			}
			it = Item{s.shadows[child].ID, s.shadows[child].Weight()}
		} else if s.classOf[it.ID] != class {
			continue
		}
		b.Items = append(b.Items, it)
		b.from = append(b.from, i)
	}
	if b.Alg == Uniform && len(b.Items) > 0 {
		return 0, fmt.Errorf("bucket %q: a uniform bucket cannot have a shadow with items in it", s.m.ItemName(of))
	}
	var err error
	if b.ID, err = s.idFor(key); err != nil {
		return 0, fmt.Errorf("bucket %q: %w", b.Name, err)
	}
	s.byID[b.ID] = &b.Bucket
	s.made[key] = len(s.shadows)
	s.shadows = append(s.shadows, b)
	return s.made[key], nil
}

func (s *shadower) idFor(key shadowKey) (ItemID, error) {
	if id, ok := s.known[key]; ok {
		if other, taken := s.byID[id]; taken {
			return 0, fmt.Errorf("id %d is that of bucket %q", id, other.Name)
		}
		return id, nil
	}
	for ; s.free >= MinBucketID; s.free-- {
		if !s.used[s.free] {
			s.free--
			return s.free + 1, nil
		}
	}
	return 0, fmt.Errorf("no bucket id is free down to %d", MinBucketID)
}

// finish puts the shadows into the map, and their weights into its weight sets.
func (s *shadower) finish(known map[shadowKey]ItemID) {
	clear(known)
	for i := range s.m.ChooseArgs {
		s.weigh(&s.m.ChooseArgs[i])
	}
	for _, b := range s.shadows {
		known[shadowKey{b.ShadowOf, b.Class}] = b.ID
		s.m.Buckets = append(s.m.Buckets, b.Bucket)
	}
}

// weigh gives a shadow the weights that a set has for its original: a device its own, a
// bucket the sum of what the set has for the shadow, else the plain weight. (Ceph sums up
// only the last of several positions, and takes 0 for a bucket that the set leaves out.)
func (s *shadower) weigh(set *ChooseArgs) {
	args := make(map[ItemID]ChooseArg)
	for _, a := range set.Args {
		args[a.Bucket] = a
	}
	for _, b := range s.shadows {
		orig := args[b.ShadowOf]
		if len(orig.Weights) == 0 {
			continue
		}
		arg := ChooseArg{Bucket: b.ID}
		for pos, weights := range orig.Weights {
			own := make([]Weight, len(b.Items))
			for i, it := range b.Items {
				switch child := args[it.ID]; {
				case it.ID.IsDevice():
					own[i] = weights[b.from[i]]
				case len(child.Weights) == 0:
					own[i] = it.Weight
				default:
					own[i] = sum(child.Weights[min(pos, len(child.Weights)-1)])
				}
			}
			arg.Weights = append(arg.Weights, own)
		}
		args[b.ID] = arg
		set.Args = append(set.Args, arg)
	}
}

// drop leaves out some buckets. Where nothing stays the list is nil, as in a new map.
func (set *ChooseArgs) drop(which func(ChooseArg) bool) {
	set.Args = slices.DeleteFunc(set.Args, which)
	if len(set.Args) == 0 {
		set.Args = nil
	}
}

func sum(weights []Weight) Weight {
	var all Weight
	for _, w := range weights {
		all += w
	}
	return all
}

// sort puts everything into the order that Map promises.
func (m *Map) sort() {
	slices.SortFunc(m.Devices, func(a, b Device) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(m.Types, func(a, b Type) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(m.Buckets, func(a, b Bucket) int { return cmp.Compare(b.ID, a.ID) })
	slices.SortFunc(m.Rules, func(a, b Rule) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(m.ChooseArgs, func(a, b ChooseArgs) int { return cmp.Compare(a.ID, b.ID) })
	for i := range m.ChooseArgs {
		slices.SortFunc(m.ChooseArgs[i].Args, func(a, b ChooseArg) int { return cmp.Compare(b.Bucket, a.Bucket) })
	}
}
