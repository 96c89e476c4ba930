package crush

import (
	"errors"
	"fmt"
	"slices"
)

// Edits give a changed copy of a map and leave the map as it was. Each ends with the class
// trees rebuilt and the whole map checked.

// ErrUnknownItem: the map holds no device or bucket of that name or id.
var ErrUnknownItem = errors.New("no such device or bucket")

// Location says where something stands: the buckets above it, as in "host=h1 rack=r2". A
// bucket of it that does not exist is made, below the next one up that does.
type Location []Place

// Place is one bucket of a location.
type Place struct{ Type, Name string }

// AddDevice puts a device where the location says, with a name and a class (may be empty).
func (m *Map) AddDevice(d Device, w Weight, at Location) (*Map, error) {
	if d.ID < 0 || d.ID > MaxDeviceID {
		return nil, fmt.Errorf("add device %q: id %d must be 0 to %d", d.Name, d.ID, MaxDeviceID)
	}
	e := editor{m.Clone()}
	if e.holders(d.ID) != nil {
		return nil, fmt.Errorf("add device %q: the map holds device %d already", d.Name, d.ID)
	}
	i, exists := slices.BinarySearchFunc(e.m.Devices, d.ID, func(d Device, id ItemID) int { return int(d.ID - id) })
	if exists {
		e.m.Devices[i] = d
	} else {
		e.m.Devices = slices.Insert(e.m.Devices, i, d)
	}
	if err := e.insert(d.ID, w, at); err != nil {
		return nil, fmt.Errorf("add device %q: %w", d.Name, err)
	}
	return e.done("add device " + d.Name)
}

// Move takes a device or bucket, with all below it, to another location.
func (m *Map) Move(id ItemID, to Location) (*Map, error) {
	e := editor{m.Clone()}
	name := m.ItemName(id)
	w, err := e.weight(id)
	if err != nil {
		return nil, fmt.Errorf("move %s: %w", name, err)
	}
	e.takeOut(id)
	if err := e.insert(id, w, to); err != nil {
		return nil, fmt.Errorf("move %s: %w", name, err)
	}
	return e.done("move " + name)
}

// Reweight gives a device another weight, wherever it is held.
func (m *Map) Reweight(id ItemID, w Weight) (*Map, error) {
	e := editor{m.Clone()}
	holders := e.holders(id)
	if id.IsBucket() {
		return nil, fmt.Errorf("reweight %s: it is a bucket, which weighs what its items weigh", m.ItemName(id))
	}
	if holders == nil {
		return nil, fmt.Errorf("reweight %s: %w", m.ItemName(id), ErrUnknownItem)
	}
	for _, h := range holders {
		e.setWeight(h, id, w)
	}
	return e.done("reweight " + m.ItemName(id))
}

// Remove takes a device out of the map, or a bucket that is empty.
func (m *Map) Remove(id ItemID) (*Map, error) {
	e := editor{m.Clone()}
	name := m.ItemName(id)
	if b, ok := e.m.Bucket(id); ok && len(b.Items) > 0 {
		return nil, fmt.Errorf("remove %s: the bucket still holds %s; move or remove its items first", name, m.ItemName(b.Items[0].ID))
	} else if !ok && e.holders(id) == nil {
		return nil, fmt.Errorf("remove %s: %w", name, ErrUnknownItem)
	}
	e.takeOut(id)
	e.m.Devices = slices.DeleteFunc(e.m.Devices, func(d Device) bool { return d.ID == id })
	e.m.Buckets = slices.DeleteFunc(e.m.Buckets, func(b Bucket) bool { return b.ID == id || id < 0 && b.ShadowOf == id })
	for i := range e.m.ChooseArgs {
		args := &e.m.ChooseArgs[i].Args
		*args = slices.DeleteFunc(*args, func(a ChooseArg) bool { _, ok := e.m.Bucket(a.Bucket); return !ok })
	}
	return e.done("remove " + name)
}

// editor changes its own copy of a map. Weights that change go up to the roots: the weight
// of a bucket in its parent becomes the sum of what it holds.
type editor struct{ m *Map }

func (e *editor) done(what string) (*Map, error) {
	next := e.m.RebuildShadows()
	if err := next.Validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return next, nil
}

// holders are the buckets that hold an item, shadows left out: they are rebuilt.
func (e *editor) holders(id ItemID) []*Bucket {
	var holders []*Bucket
	for i := range e.m.Buckets {
		b := &e.m.Buckets[i]
		if !b.IsShadow() && b.index(id) >= 0 {
			holders = append(holders, b)
		}
	}
	return holders
}

func (b *Bucket) index(id ItemID) int {
	return slices.IndexFunc(b.Items, func(it Item) bool { return it.ID == id })
}

// weight is what an item weighs: a bucket the sum of its items, a device what it is held with.
func (e *editor) weight(id ItemID) (Weight, error) {
	if b, ok := e.m.Bucket(id); ok && !b.IsShadow() {
		return b.Weight(), nil
	}
	holders := e.holders(id)
	if holders == nil {
		return 0, ErrUnknownItem
	}
	return holders[0].Items[holders[0].index(id)].Weight, nil
}

// insert puts an item into the lowest bucket of a location.
func (e *editor) insert(id ItemID, w Weight, at Location) error {
	if len(at) == 0 {
		return errors.New("where to? expected a location such as host=h1 root=default")
	}
	parent, err := e.place(at)
	if err != nil {
		return err
	}
	if e.reaches(id, parent) {
		return fmt.Errorf("%s is below %s", e.m.ItemName(parent), e.m.ItemName(id))
	}
	e.setWeight(e.hang(id, parent), id, w)
	return nil
}

// hang puts an item without weight at the end of a bucket.
func (e *editor) hang(id, parent ItemID) *Bucket {
	b, _ := e.m.Bucket(parent)
	b.Items = append(b.Items, Item{ID: id})
	e.eachArg(parent, func(a *ChooseArg) {
		for p := range a.Weights {
			a.Weights[p] = append(a.Weights[p], 0)
		}
		if len(a.IDs) > 0 {
			a.IDs = append(a.IDs, id)
		}
	})
	return b
}

// place finds the lowest bucket of a location, and makes what is missing of it.
func (e *editor) place(at Location) (ItemID, error) {
	levels := slices.Clone(at)
	for i, p := range levels {
		if p.Name == "" || slices.ContainsFunc(levels[:i], func(other Place) bool { return other.Type == p.Type }) {
			return 0, fmt.Errorf("%s=%s: a location has one name for each type", p.Type, p.Name)
		}
		if t, ok := e.m.TypeNamed(p.Type); !ok || t == 0 {
			return 0, fmt.Errorf("%s=%s: the map has no bucket type %q", p.Type, p.Name, p.Type)
		}
	}
	slices.SortStableFunc(levels, func(a, b Place) int {
		ta, _ := e.m.TypeNamed(a.Type)
		tb, _ := e.m.TypeNamed(b.Type)
		return int(ta - tb)
	})
	lowest, child := ItemID(0), ItemID(0)
	for _, p := range levels {
		id, made, err := e.bucketAt(p)
		if err != nil {
			return 0, err
		}
		if child != 0 {
			e.hang(child, id)
		} else {
			lowest = id
		}
		if !made {
			return lowest, nil
		}
		child = id
	}
	return lowest, nil
}

// bucketAt finds the bucket of a place or makes an empty one.
func (e *editor) bucketAt(p Place) (id ItemID, made bool, err error) {
	t, _ := e.m.TypeNamed(p.Type)
	if id, ok := e.m.ItemNamed(p.Name); ok {
		b, isBucket := e.m.Bucket(id)
		if !isBucket || b.Type != t || b.IsShadow() {
			return 0, false, fmt.Errorf("%s=%s: %s exists and is no %s", p.Type, p.Name, p.Name, p.Type)
		}
		return id, false, nil
	}
	id = -1
	at := 0
	for ; at < len(e.m.Buckets) && e.m.Buckets[at].ID == id; at++ {
		id--
	}
	e.m.Buckets = slices.Insert(e.m.Buckets, at, Bucket{ID: id, Name: p.Name, Type: t, Alg: Straw2})
	return id, true, nil
}

// reaches reports whether to is from or below it.
func (e *editor) reaches(from, to ItemID) bool {
	if from == to {
		return true
	}
	b, ok := e.m.Bucket(from)
	return ok && slices.ContainsFunc(b.Items, func(it Item) bool { return e.reaches(it.ID, to) })
}

// takeOut removes an item from all buckets that hold it.
func (e *editor) takeOut(id ItemID) {
	for holders := e.holders(id); len(holders) > 0; holders = e.holders(id) { // a bucket may hold it twice
		b := holders[0]
		i := b.index(id)
		b.Items = slices.Delete(b.Items, i, i+1)
		e.eachArg(b.ID, func(a *ChooseArg) {
			for p := range a.Weights {
				a.Weights[p] = slices.Delete(a.Weights[p], i, i+1)
			}
			if len(a.IDs) > 0 {
				a.IDs = slices.Delete(a.IDs, i, i+1)
			}
		})
		e.passUp(b)
	}
}

// setWeight gives an item of b a weight, in weight sets too, and passes the sums up. In a
// uniform bucket, as in Ceph, all items take it.
func (e *editor) setWeight(b *Bucket, id ItemID, w Weight) {
	i := b.index(id)
	b.Items[i].Weight = w
	for j := range b.Items {
		if b.Alg == Uniform {
			b.Items[j].Weight = w
		}
	}
	e.eachArg(b.ID, func(a *ChooseArg) {
		for p := range a.Weights {
			a.Weights[p][i] = w
		}
	})
	e.passUp(b)
}

func (e *editor) passUp(b *Bucket) {
	for _, parent := range e.holders(b.ID) {
		i := parent.index(b.ID)
		parent.Items[i].Weight = b.Weight()
		for s := range e.m.ChooseArgs {
			e.passUpSet(&e.m.ChooseArgs[s], parent, i, b)
		}
		e.passUp(parent)
	}
}

// passUpSet sets what one weight set has for item i of parent to its sum for child.
func (e *editor) passUpSet(set *ChooseArgs, parent *Bucket, i int, child *Bucket) {
	a := set.arg(parent.ID)
	if a == nil {
		return
	}
	below := set.arg(child.ID)
	for p := range a.Weights {
		sum := child.Weight()
		if below != nil && len(below.Weights) > 0 {
			sum = 0
			for _, w := range below.Weights[min(p, len(below.Weights)-1)] {
				sum += w
			}
		}
		a.Weights[p][i] = sum
	}
}

func (set *ChooseArgs) arg(bucket ItemID) *ChooseArg {
	i := slices.IndexFunc(set.Args, func(a ChooseArg) bool { return a.Bucket == bucket })
	if i < 0 {
		return nil
	}
	return &set.Args[i]
}

func (e *editor) eachArg(bucket ItemID, do func(*ChooseArg)) {
	for i := range e.m.ChooseArgs {
		if a := e.m.ChooseArgs[i].arg(bucket); a != nil {
			do(a)
		}
	}
}
