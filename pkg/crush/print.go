package crush

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// Text prints the map in the text form, laid out like "crushtool -d" does it; only weights
// may have more digits, as many as reading them back takes. Items without a name are
// written, and where need be declared, by the name that Ceph makes from their id.
// TextLoss says what the text cannot carry.
func (m *Map) Text() []byte {
	p := &printer{
		m:       m,
		types:   make(map[TypeID]string),
		shadows: m.shadowsByOriginal(),
		done:    make(map[ItemID]bool),
	}
	p.line("# begin crush map")
	p.tunables()
	p.line("\n# devices")
	p.devices()
	p.line("\n# types")
	p.declareTypes()
	p.line("\n# buckets")
	for _, b := range m.Buckets {
		p.bucket(b.ID)
	}
	p.line("\n# rules")
	for i := range m.Rules {
		p.rule(&m.Rules[i])
	}
	if len(m.ChooseArgs) > 0 {
		p.line("\n# choose_args")
	}
	for i := range m.ChooseArgs {
		p.chooseArgs(&m.ChooseArgs[i])
	}
	p.line("\n# end crush map")
	return p.out.Bytes()
}

type printer struct {
	m       *Map
	out     bytes.Buffer
	types   map[TypeID]string // as declared
	shadows map[ItemID][]*Bucket
	done    map[ItemID]bool // buckets printed, or being printed
}

// shadowsByOriginal lists the shadows of each bucket by class, in the order of classes.
func (m *Map) shadowsByOriginal() map[ItemID][]*Bucket {
	classes := m.classes()
	shadows := make(map[ItemID][]*Bucket)
	for i := range m.Buckets {
		if b := &m.Buckets[i]; b.IsShadow() {
			shadows[b.ShadowOf] = append(shadows[b.ShadowOf], b)
		}
	}
	for _, of := range shadows {
		slices.SortStableFunc(of, func(a, b *Bucket) int {
			return slices.Index(classes, a.Class) - slices.Index(classes, b.Class)
		})
	}
	return shadows
}

func (p *printer) line(format string, args ...any) {
	fmt.Fprintf(&p.out, format+"\n", args...)
}

func (p *printer) tunables() {
	t, legacy := p.m.Tunables, LegacyTunables()
	unless := legacy.named()
	for i, f := range t.named() {
		if *f.value != *unless[i].value {
			p.line("tunable %s %d", f.name, *f.value)
		}
	}
}

// devices declares the devices of the map, and those it only mentions.
func (p *printer) devices() {
	rest := p.m.Devices
	for i, held := range p.m.Holds() {
		id := ItemID(i)
		switch {
		case len(rest) > 0 && rest[0].ID == id:
			p.line("device %d %s%s", id, p.m.ItemName(id), classSuffix(rest[0].Class))
			rest = rest[1:]
		case held:
			p.line("device %d %s", id, p.m.ItemName(id))
		}
	}
}

func classSuffix(class string) string {
	if class == "" {
		return ""
	}
	return " class " + class
}

// declareTypes declares the types of the map, and those its buckets and rules only mention.
func (p *printer) declareTypes() {
	declare := func(id TypeID) {
		if _, known := p.types[id]; !known {
			p.types[id] = p.m.TypeName(id)
			p.line("type %d %s", id, p.types[id])
		}
	}
	for _, t := range p.m.Types {
		declare(t.ID)
	}
	for _, b := range p.m.Buckets {
		declare(b.Type)
	}
	for _, r := range p.m.Rules {
		for _, s := range r.Steps {
			if s.Op.IsChoose() {
				declare(TypeID(s.Arg2))
			}
		}
	}
}

// bucket prints a bucket after the buckets in it. Shadows follow from the others.
func (p *printer) bucket(id ItemID) {
	b, ok := p.m.Bucket(id)
	if !ok || p.done[id] || b.IsShadow() {
		return
	}
	p.done[id] = true
	for _, it := range b.Items {
		p.bucket(it.ID)
	}
	const stay = "\t\t# do not change unnecessarily"
	p.line("%s %s {", p.types[b.Type], p.m.ItemName(id))
	p.line("\tid %d%s", id, stay)
	for _, s := range p.shadows[id] {
		p.line("\tid %d class %s%s", s.ID, s.Class, stay)
	}
	p.line("\t# weight %.3f", b.Weight().Float())
	p.line("\talg %v%s", b.Alg, algNote(b))
	p.line("\thash %d\t# %v", b.Hash, b.Hash)
	for pos := range b.Items {
		p.item(b, pos)
	}
	p.line("}")
}

// algNote warns of changes that would move more data than they must.
func algNote(b *Bucket) string {
	switch b.Alg {
	case Uniform:
		return fmt.Sprintf("\t# do not change bucket size (%d) unnecessarily", len(b.Items))
	case List:
		return "\t# add new items at the end; do not change order unnecessarily"
	case Tree:
		return "\t# do not change pos for existing items unnecessarily"
	}
	return ""
}

// item prints an item. A bucket without a weight weighs as much as its items do: that
// carries sums which float32 cannot.
func (p *printer) item(b *Bucket, pos int) {
	it := b.Items[pos]
	line := "\titem " + p.m.ItemName(it.ID)
	weight, exact := writeWeight(it.Weight)
	child, isBucket := p.m.Bucket(it.ID)
	implied := !exact && isBucket && child.Weight() == it.Weight
	if !implied {
		line += " weight " + weight
	}
	if b.Alg == Uniform || b.Alg == Tree {
		line += fmt.Sprintf(" pos %d", pos)
	}
	if implied {
		line += "\t# weight " + weight
	}
	p.line("%s", line)
}

func (p *printer) rule(r *Rule) {
	p.line("rule %s {", r.Name)
	p.line("\tid %d", r.ID)
	switch r.Type {
	case Replicated, Erasure:
		p.line("\ttype %v", r.Type)
	default:
		p.line("\ttype %d", r.Type)
	}
	p.line("\tmin_size %d", r.MinSize)
	p.line("\tmax_size %d", r.MaxSize)
	for _, s := range r.Steps {
		p.line("\tstep %s", p.step(s))
	}
	p.line("}")
}

func (p *printer) step(s Step) string {
	switch {
	case s.Op == OpTake:
		return "take " + p.taken(ItemID(s.Arg1))
	case s.Op.IsChoose():
		return fmt.Sprintf("%v %d type %s", s.Op, s.Arg1, p.types[TypeID(s.Arg2)])
	case s.Op == OpNoop || s.Op == OpEmit:
		return s.Op.String()
	}
	return fmt.Sprintf("%v %d", s.Op, s.Arg1)
}

func (p *printer) taken(id ItemID) string {
	if b, ok := p.m.Bucket(id); ok && b.IsShadow() {
		return p.m.ItemName(b.ShadowOf) + classSuffix(b.Class)
	}
	return p.m.ItemName(id)
}

func (p *printer) chooseArgs(set *ChooseArgs) {
	p.line("choose_args %d {", uint64(set.ID))
	for _, a := range set.Args {
		p.line("  {")
		p.line("    bucket_id %d", a.Bucket)
		p.weightSet(a.Weights)
		if len(a.IDs) > 0 {
			p.line("    ids %v", bracketed(a.IDs, func(id ItemID) string { return fmt.Sprint(int32(id)) }))
		}
		p.line("  }")
	}
	p.line("}")
}

func (p *printer) weightSet(set [][]Weight) {
	if len(set) == 0 {
		return
	}
	p.line("    weight_set [")
	for _, weights := range set {
		p.line("      %s", bracketed(weights, func(w Weight) string { s, _ := writeWeight(w); return s }))
	}
	p.line("    ]")
}

func bracketed[T any](all []T, show func(T) string) string {
	var s strings.Builder
	s.WriteString("[ ")
	for _, v := range all {
		s.WriteString(show(v) + " ")
	}
	return s.String() + "]"
}
