package crush

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Dump prints the map as JSON, as "crushtool --dump" and "ceph osd crush dump" do: weights
// are whole numbers in 16.16, except those of choose_args, which pass through a float32.
// Ids below the largest device id that no device has appear as devices without class, and
// type 0 appears even if it has no name.
func (m *Map) Dump() []byte {
	d := dumpMap{
		Devices:    m.dumpDevices(),
		Types:      m.dumpTypes(),
		Buckets:    make([]dumpBucket, 0, len(m.Buckets)),
		Rules:      make([]dumpRule, 0, len(m.Rules)),
		Tunables:   m.dumpTunables(),
		ChooseArgs: make(dumpSets, 0, len(m.ChooseArgs)),
	}
	for i := range m.Buckets {
		d.Buckets = append(d.Buckets, m.dumpBucket(&m.Buckets[i]))
	}
	for i := range m.Rules {
		d.Rules = append(d.Rules, m.dumpRule(&m.Rules[i]))
	}
	for _, set := range m.ChooseArgs {
		d.ChooseArgs = append(d.ChooseArgs, newDumpSet(set))
	}
	out, err := json.MarshalIndent(d, "", "    ")
	if err != nil {
		panic(fmt.Sprintf("crush: Dump: %v", err)) // plain structs of numbers and strings
	}
	return append(out, '\n')
}

type dumpMap struct {
	Devices    []dumpDevice `json:"devices"`
	Types      []dumpType   `json:"types"`
	Buckets    []dumpBucket `json:"buckets"`
	Rules      []dumpRule   `json:"rules"`
	Tunables   dumpTunables `json:"tunables"`
	ChooseArgs dumpSets     `json:"choose_args"`
}

type dumpDevice struct {
	ID    ItemID `json:"id"`
	Name  string `json:"name"`
	Class string `json:"class,omitempty"`
}

type dumpType struct {
	ID   TypeID `json:"type_id"`
	Name string `json:"name"`
}

type dumpBucket struct {
	ID       ItemID     `json:"id"`
	Name     string     `json:"name,omitempty"`
	Type     TypeID     `json:"type_id"`
	TypeName string     `json:"type_name"`
	Weight   int32      `json:"weight"` // signed, as Ceph prints it: negative from 32768.0 on
	Alg      string     `json:"alg"`
	Hash     string     `json:"hash"`
	Items    []dumpItem `json:"items"`
}

type dumpItem struct {
	ID     ItemID `json:"id"`
	Weight int32  `json:"weight"`
	Pos    int    `json:"pos"`
}

type dumpRule struct {
	ID      RuleID     `json:"rule_id"`
	Name    string     `json:"rule_name,omitempty"`
	Ruleset RuleID     `json:"ruleset"`
	Type    RuleType   `json:"type"`
	MinSize int        `json:"min_size"`
	MaxSize int        `json:"max_size"`
	Steps   []dumpStep `json:"steps"`
}

// dumpStep has the fields of all kinds of step; each uses a few.
type dumpStep struct {
	Op       string  `json:"op,omitempty"`
	Item     *int32  `json:"item,omitempty"`
	ItemName *string `json:"item_name,omitempty"`
	Num      *int32  `json:"num,omitempty"`
	Type     *string `json:"type,omitempty"`
	Opcode   Op      `json:"opcode,omitempty"` // of a step that Ceph's dump has no name for
	Arg1     *int32  `json:"arg1,omitempty"`
	Arg2     *int32  `json:"arg2,omitempty"`
}

type dumpSet struct {
	id   int64
	args []dumpArg
}

type dumpArg struct {
	Bucket  ItemID      `json:"bucket_id"`
	Weights [][]float64 `json:"weight_set,omitempty"`
	IDs     []ItemID    `json:"ids,omitempty"`
}

// dumpSets prints as an object whose keys ascend as numbers.
type dumpSets []dumpSet

func (sets dumpSets) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, set := range sets {
		if i > 0 {
			out.WriteByte(',')
		}
		args, err := json.Marshal(set.args)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&out, `"%d":%s`, set.id, args)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// dumpDevices lists every id up to the largest that is declared or held.
func (m *Map) dumpDevices() []dumpDevice {
	n := m.MaxDevices()
	all := make([]dumpDevice, 0, n)
	for id := range ItemID(n) {
		d := dumpDevice{ID: id, Name: defaultItemName(id)}
		if known, ok := m.Device(id); ok {
			d.Name, d.Class = m.ItemName(id), known.Class
		}
		all = append(all, d)
	}
	return all
}

// dumpTypes lists the types, and before them that of devices if it has no name.
func (m *Map) dumpTypes() []dumpType {
	all := make([]dumpType, 0, len(m.Types)+1)
	if len(m.Types) > 0 && m.Types[0].ID != 0 {
		all = append(all, dumpType{Name: defaultTypeName(0)})
	}
	for _, t := range m.Types {
		all = append(all, dumpType(t))
	}
	return all
}

func (m *Map) dumpBucket(b *Bucket) dumpBucket {
	d := dumpBucket{
		ID:       b.ID,
		Name:     b.Name,
		Type:     b.Type,
		TypeName: m.TypeName(b.Type),
		Weight:   int32(b.Weight()),
		Alg:      b.Alg.String(),
		Hash:     b.Hash.String(),
		Items:    make([]dumpItem, 0, len(b.Items)),
	}
	for pos, it := range b.Items {
		d.Items = append(d.Items, dumpItem{it.ID, int32(it.Weight), pos})
	}
	return d
}

func (m *Map) dumpRule(r *Rule) dumpRule {
	d := dumpRule{
		ID:      r.ID,
		Name:    r.Name,
		Ruleset: r.ID,
		Type:    r.Type,
		MinSize: r.MinSize,
		MaxSize: r.MaxSize,
		Steps:   make([]dumpStep, 0, len(r.Steps)),
	}
	for _, s := range r.Steps {
		d.Steps = append(d.Steps, m.dumpStep(s))
	}
	return d
}

func (m *Map) dumpStep(s Step) dumpStep {
	name, named := dumpOpNames[s.Op]
	switch {
	case !named:
		return dumpStep{Opcode: s.Op, Arg1: &s.Arg1, Arg2: &s.Arg2}
	case s.Op == OpTake:
		item := m.ItemName(ItemID(s.Arg1))
		return dumpStep{Op: name, Item: &s.Arg1, ItemName: &item}
	case s.Op.IsChoose():
		typ := m.TypeName(TypeID(s.Arg2))
		return dumpStep{Op: name, Num: &s.Arg1, Type: &typ}
	case s.Op == OpNoop || s.Op == OpEmit:
		return dumpStep{Op: name}
	}
	return dumpStep{Op: name, Num: &s.Arg1}
}

// dumpOpNames are the steps that Ceph's dump has names for; others appear by number.
var dumpOpNames = map[Op]string{
	OpNoop:               "noop",
	OpTake:               "take",
	OpChooseFirstn:       "choose_firstn",
	OpChooseIndep:        "choose_indep",
	OpEmit:               "emit",
	OpChooseleafFirstn:   "chooseleaf_firstn",
	OpChooseleafIndep:    "chooseleaf_indep",
	OpSetChooseTries:     "set_choose_tries",
	OpSetChooseleafTries: "set_chooseleaf_tries",
}

func newDumpSet(set ChooseArgs) dumpSet {
	d := dumpSet{id: set.ID, args: make([]dumpArg, 0, len(set.Args))}
	for _, a := range set.Args {
		arg := dumpArg{Bucket: a.Bucket, IDs: a.IDs}
		for _, weights := range a.Weights {
			floats := make([]float64, 0, len(weights))
			for _, w := range weights {
				floats = append(floats, float64(float32(w)/float32(One)))
			}
			arg.Weights = append(arg.Weights, floats)
		}
		d.args = append(d.args, arg)
	}
	return d
}
