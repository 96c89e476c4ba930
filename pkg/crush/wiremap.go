package crush

// wireMap is the body. Fields keep their keys for ever; a new field takes a new key and a
// new version, for a reader refuses keys it does not know.
type wireMap struct {
	Tunables   wireTunables     `cbor:"1,keyasint"`
	Devices    []wireDevice     `cbor:"2,keyasint,omitempty"`
	Types      []wireType       `cbor:"3,keyasint,omitempty"`
	Buckets    []wireBucket     `cbor:"4,keyasint,omitempty"`
	Rules      []wireRule       `cbor:"5,keyasint,omitempty"`
	ChooseArgs []wireChooseArgs `cbor:"6,keyasint,omitempty"`
}

type wireTunables struct {
	_                  struct{} `cbor:",toarray"`
	LocalTries         int
	LocalFallbackTries int
	TotalTries         int
	DescendOnce        int
	VaryR              int
	Stable             int
	StrawCalc          int
	AllowedAlgs        int
}

type wireDevice struct {
	_     struct{} `cbor:",toarray"`
	ID    ItemID
	Name  string
	Class string
}

type wireType struct {
	_    struct{} `cbor:",toarray"`
	ID   TypeID
	Name string
}

type wireBucket struct {
	ID       ItemID     `cbor:"1,keyasint"`
	Name     string     `cbor:"2,keyasint,omitempty"`
	Type     TypeID     `cbor:"3,keyasint"`
	Alg      Alg        `cbor:"4,keyasint"`
	Hash     Hash       `cbor:"5,keyasint,omitempty"`
	Items    []wireItem `cbor:"6,keyasint,omitempty"`
	ShadowOf ItemID     `cbor:"7,keyasint,omitempty"`
	Class    string     `cbor:"8,keyasint,omitempty"`
}

type wireItem struct {
	_      struct{} `cbor:",toarray"`
	ID     ItemID
	Weight Weight
}

type wireRule struct {
	ID      RuleID     `cbor:"1,keyasint"`
	Name    string     `cbor:"2,keyasint,omitempty"`
	Type    RuleType   `cbor:"3,keyasint"`
	MinSize int        `cbor:"4,keyasint"`
	MaxSize int        `cbor:"5,keyasint"`
	Steps   []wireStep `cbor:"6,keyasint,omitempty"`
}

type wireStep struct {
	_    struct{} `cbor:",toarray"`
	Op   Op
	Arg1 int32
	Arg2 int32
}

type wireChooseArgs struct {
	_    struct{} `cbor:",toarray"`
	ID   int64
	Args []wireChooseArg
}

type wireChooseArg struct {
	Bucket  ItemID     `cbor:"1,keyasint"`
	Weights [][]Weight `cbor:"2,keyasint,omitempty"`
	IDs     []ItemID   `cbor:"3,keyasint,omitempty"`
}

func newWireMap(m *Map) wireMap {
	t := m.Tunables
	w := wireMap{Tunables: wireTunables{
		LocalTries:         t.LocalTries,
		LocalFallbackTries: t.LocalFallbackTries,
		TotalTries:         t.TotalTries,
		DescendOnce:        t.DescendOnce,
		VaryR:              t.VaryR,
		Stable:             t.Stable,
		StrawCalc:          t.StrawCalc,
		AllowedAlgs:        t.AllowedAlgs,
	}}
	w.Devices = each(m.Devices, func(d Device) wireDevice { return wireDevice{ID: d.ID, Name: d.Name, Class: d.Class} })
	w.Types = each(m.Types, func(t Type) wireType { return wireType{ID: t.ID, Name: t.Name} })
	w.Buckets = each(m.Buckets, func(b Bucket) wireBucket {
		return wireBucket{b.ID, b.Name, b.Type, b.Alg, b.Hash, each(b.Items, func(it Item) wireItem {
			return wireItem{ID: it.ID, Weight: it.Weight}
		}), b.ShadowOf, b.Class}
	})
	w.Rules = each(m.Rules, func(r Rule) wireRule {
		return wireRule{r.ID, r.Name, r.Type, r.MinSize, r.MaxSize, each(r.Steps, func(s Step) wireStep {
			return wireStep{Op: s.Op, Arg1: s.Arg1, Arg2: s.Arg2}
		})}
	})
	w.ChooseArgs = each(m.ChooseArgs, func(set ChooseArgs) wireChooseArgs {
		return wireChooseArgs{ID: set.ID, Args: each(set.Args, func(a ChooseArg) wireChooseArg { return wireChooseArg(a) })}
	})
	return w
}

func (w *wireMap) toMap() *Map {
	t := w.Tunables
	m := &Map{Tunables: Tunables{
		LocalTries:         t.LocalTries,
		LocalFallbackTries: t.LocalFallbackTries,
		TotalTries:         t.TotalTries,
		DescendOnce:        t.DescendOnce,
		VaryR:              t.VaryR,
		Stable:             t.Stable,
		StrawCalc:          t.StrawCalc,
		AllowedAlgs:        t.AllowedAlgs,
	}}
	m.Devices = each(w.Devices, func(d wireDevice) Device { return Device{d.ID, d.Name, d.Class} })
	m.Types = each(w.Types, func(t wireType) Type { return Type{t.ID, t.Name} })
	m.Buckets = each(w.Buckets, func(b wireBucket) Bucket {
		return Bucket{
			ID: b.ID, Name: b.Name, Type: b.Type, Alg: b.Alg, Hash: b.Hash,
			Items:    each(b.Items, func(it wireItem) Item { return Item{it.ID, it.Weight} }),
			ShadowOf: b.ShadowOf, Class: b.Class,
		}
	})
	m.Rules = each(w.Rules, func(r wireRule) Rule {
		return Rule{
			ID: r.ID, Name: r.Name, Type: r.Type,
			Steps:   each(r.Steps, func(s wireStep) Step { return Step{s.Op, s.Arg1, s.Arg2} }),
			MinSize: r.MinSize, MaxSize: r.MaxSize,
		}
	})
	m.ChooseArgs = each(w.ChooseArgs, func(set wireChooseArgs) ChooseArgs {
		return ChooseArgs{set.ID, each(set.Args, func(a wireChooseArg) ChooseArg { return ChooseArg(a) })}
	})
	return m
}

// each converts a list; an empty one becomes nil, as in the map's other forms.
func each[A, B any](all []A, convert func(A) B) []B {
	if len(all) == 0 {
		return nil
	}
	out := make([]B, len(all))
	for i, a := range all {
		out[i] = convert(a)
	}
	return out
}
