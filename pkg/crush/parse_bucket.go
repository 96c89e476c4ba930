package crush

import (
	"fmt"
	"math"
	"slices"
)

// Limits of crushtool on the weights that a text states.
const (
	maxTextDeviceWeight = 100 * One
	maxTextBucketWeight = 65535 * One
)

// bucketDecl is a bucket as written. Buckets are built only when all are read: which ids
// are free depends on all of them, and so does their order.
type bucketDecl struct {
	at       position
	typeName string
	name     string
	id       ItemID // 0: to be given
	shadows  []shadowDecl
	alg      Alg
	hash     Hash
	items    []itemDecl
}

type shadowDecl struct {
	class string
	id    ItemID
}

type itemDecl struct {
	at       position
	name     string
	weight   Weight
	weighted bool
	pos      int // -1: the next free one
}

// buckets reads all buckets and builds them.
func (p *textParser) buckets() {
	var decls []*bucketDecl
	for p.tok.text != "" && p.tok.text != "rule" && p.tok.text != "choose_args" {
		decls = append(decls, p.bucketDecl())
	}
	if p.err != nil {
		return
	}
	if err := swapForward(decls); err != nil {
		p.abort(err)
		return
	}
	for _, d := range decls {
		if err := p.build(d); err != nil {
			p.abort(err)
			return
		}
	}
}

func (p *textParser) bucketDecl() *bucketDecl {
	d := &bucketDecl{at: p.tok.at}
	d.typeName = p.name("the type of a bucket, or a rule").text
	d.name = p.name("the name of a bucket").text
	p.expect("{")
	for p.accept("id") {
		p.bucketID(d)
	}
	p.expect("alg")
	alg := p.name("an algorithm")
	var ok bool
	if d.alg, ok = AlgNamed(alg.text); !ok {
		p.failAt(alg.at, "unknown algorithm %v: expected uniform, list, tree, straw or straw2", alg)
	}
	for p.accept("hash") {
		d.hash = p.hash()
	}
	for p.tok.text == "item" {
		d.items = append(d.items, p.itemDecl())
	}
	p.expect("}")
	return d
}

func (p *textParser) bucketID(d *bucketDecl) {
	id := ItemID(p.number("a bucket id", MinBucketID, -1))
	p.used[id] = true
	if !p.accept("class") {
		d.id = id
		return
	}
	class := p.class()
	if slices.ContainsFunc(d.shadows, func(s shadowDecl) bool { return s.class == class.text }) {
		p.failAt(class.at, "bucket %q: class %v has an id already", d.name, class)
		return
	}
	d.shadows = append(d.shadows, shadowDecl{class.text, id})
}

// hash reads a hash function, by the number crushtool writes or by name.
func (p *textParser) hash() Hash {
	if h, ok := HashNamed(p.tok.text); ok {
		p.next()
		return h
	}
	return Hash(p.number("a hash function", 0, int64(len(hashNames)-1)))
}

func (p *textParser) itemDecl() itemDecl {
	p.expect("item")
	it := itemDecl{at: p.tok.at, pos: -1}
	it.name = p.name("the name of an item").text
	if p.accept("weight") {
		it.weight, it.weighted = p.weight(), true
	}
	if p.accept("pos") {
		it.pos = int(p.number("a position", 0, MaxItems))
	}
	return it
}

// swapForward puts a bucket behind an item of it that is declared later by letting the
// two swap places. That is all crushtool does: it mends simple cases, and in others the
// item is still unknown when its holder is built.
func swapForward(decls []*bucketDecl) error {
	place := make(map[string]int) // where each was written; crushtool never updates it
	for i, d := range decls {
		place[d.name] = i
	}
	written := slices.Clone(decls)
	for i, d := range written {
		var later []int
		for _, it := range d.items {
			if j, ok := place[it.name]; ok && j > i {
				later = append(later, j)
			}
		}
		slices.Sort(later)
		for _, j := range slices.Compact(later) {
			if other := written[j]; other.holds(d.name) {
				return other.at.errorf("buckets %q and %q hold each other", d.name, other.name)
			}
			a, b := place[d.name], j
			decls[a], decls[b] = decls[b], decls[a]
		}
	}
	return nil
}

func (d *bucketDecl) holds(name string) bool {
	return slices.ContainsFunc(d.items, func(it itemDecl) bool { return it.name == name })
}

// build adds the declared bucket to the map.
func (p *textParser) build(d *bucketDecl) error {
	typ, ok := p.types[d.typeName]
	if !ok {
		return d.at.errorf("bucket %q: type %q is not declared", d.name, d.typeName)
	}
	if _, dup := p.items[d.name]; dup {
		return d.at.errorf("bucket %q: the name is taken", d.name)
	}
	b := Bucket{Name: d.name, Type: typ, Alg: d.alg, Hash: d.hash}
	var err error
	if b.Items, err = p.place(d); err != nil {
		return err
	}
	if b.ID, err = p.bucketIDFor(d); err != nil {
		return err
	}
	p.items[b.Name] = b.ID
	p.sums[b.ID] = b.Weight()
	for _, s := range d.shadows {
		p.shadowIDs[shadowKey{b.ID, s.class}] = s.id
	}
	p.m.Buckets = append(p.m.Buckets, b)
	return nil
}

// place lays the items out: those with a position there, the others in the gaps.
func (p *textParser) place(d *bucketDecl) ([]Item, error) {
	taken := make(map[int]bool)
	for _, it := range d.items {
		if it.pos >= len(d.items) {
			return nil, it.at.errorf("item %q: position %d, but bucket %q has only %d items", it.name, it.pos, d.name, len(d.items))
		}
		if it.pos >= 0 && taken[it.pos] {
			return nil, it.at.errorf("item %q: position %d of bucket %q is taken", it.name, it.pos, d.name)
		}
		taken[it.pos] = true
	}
	var items []Item
	if len(d.items) > 0 {
		items = make([]Item, len(d.items))
	}
	var sum uint64
	gap := 0
	for _, it := range d.items {
		item, err := p.item(d, it)
		if err != nil {
			return nil, err
		}
		if sum += uint64(item.Weight); sum > math.MaxUint32 {
			return nil, it.at.errorf("item %q: the weights of bucket %q add up to more than 65535", it.name, d.name)
		}
		pos := it.pos
		if pos < 0 {
			for taken[gap] {
				gap++
			}
			pos = gap
			gap++
		}
		items[pos] = item
	}
	return items, uniform(d, items)
}

func (p *textParser) item(d *bucketDecl, it itemDecl) (Item, error) {
	id, ok := p.items[it.name]
	if !ok {
		return Item{}, it.at.errorf("item %q of bucket %q is not declared before it", it.name, d.name)
	}
	if !it.weighted {
		if id.IsDevice() {
			return Item{id, One}, nil
		}
		return Item{id, p.sums[id]}, nil
	}
	most := Weight(maxTextDeviceWeight)
	if id.IsBucket() {
		most = maxTextBucketWeight
	}
	if it.weight > most {
		return Item{}, it.at.errorf("item %q: weight %v: at most %d is allowed", it.name, it.weight, most/One)
	}
	return Item{id, it.weight}, nil
}

func uniform(d *bucketDecl, items []Item) error {
	for i, it := range items {
		if d.alg == Uniform && it.Weight != items[0].Weight {
			return d.at.errorf("bucket %q: the items of a uniform bucket need equal weights, number %d has %v and the first %v",
				d.name, i+1, it.Weight, items[0].Weight)
		}
	}
	return nil
}

// bucketIDFor is the id the text gives, or else the highest that it mentions nowhere.
func (p *textParser) bucketIDFor(d *bucketDecl) (ItemID, error) {
	if d.id == 0 {
		id, err := p.freeID()
		if err != nil {
			return 0, d.at.errorf("bucket %q: %v", d.name, err)
		}
		return id, nil
	}
	if _, dup := p.sums[d.id]; dup {
		return 0, d.at.errorf("bucket %q: id %d is taken", d.name, d.id)
	}
	return d.id, nil
}

func (p *textParser) freeID() (ItemID, error) {
	for ; p.free >= MinBucketID; p.free-- {
		if !p.used[p.free] {
			p.free--
			return p.free + 1, nil
		}
	}
	return 0, fmt.Errorf("no bucket id is free down to %d", MinBucketID)
}
