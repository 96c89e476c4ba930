package mon

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"zeph/pkg/crush"
	"zeph/pkg/osdmap"
	"zeph/pkg/status"
	"zeph/pkg/wire"
)

var crushCommands = map[string]command{
	"crush dump":   {look: func(l *leader, _ args) (any, error) { return json.RawMessage(l.c.st.m.Crush().Dump()), nil }},
	"crush add":    {args: "name weight location class", change: crushAdd},
	"crush move":   {args: "name location", change: crushMove},
	"crush weight": {args: "name weight", change: crushReweight},
	"crush rm":     {args: "name", change: crushRemove},

	"crush rule ls":                {look: func(l *leader, _ args) (any, error) { return rules(l.c.st.m), nil }},
	"crush rule create-replicated": {args: "name root type class", change: ruleCreate},
	"crush rule rm":                {args: "name", change: ruleRemove},
}

func (a args) location() (crush.Location, error) {
	text, err := a.must("location")
	if err != nil {
		return nil, err
	}
	return parseLocation(strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' }))
}

// item finds a device or bucket by the argument name.
func (a args) item(m *crush.Map) (crush.ItemID, error) {
	name, err := a.must("name")
	if err != nil {
		return 0, err
	}
	id, ok := m.ItemNamed(name)
	if !ok {
		return 0, notFound("%q: the crush map holds no such osd or bucket", name)
	}
	return id, nil
}

// setCrush makes a CRUSH map the draft's. Rules must go on to serve the pools that use them: Apply sees to it.
func (d *draft) setCrush(m *crush.Map) error {
	return d.edit(func(c *osdmap.Change) { c.Crush = m })
}

// crushAdd gives an OSD a place, or another one; of a bucket only the place can be given.
func crushAdd(l *leader, d *draft, a args) (outcome, error) {
	name, err := a.must("name")
	if err != nil {
		return outcome{}, err
	}
	at, err := a.location()
	if err != nil {
		return outcome{}, err
	}
	m := d.m.Crush()
	id, isOSD := osdNamed(name)
	if !isOSD {
		return crushMove(l, d, a)
	}
	if !d.m.Exists(id) {
		return outcome{}, notFound("%v: there is no such osd; zeph osd new makes one", id)
	}
	w, err := a.weight("weight")
	if err != nil {
		return outcome{}, err
	}
	if l.tree.of(m).held(id) {
		if m, err = m.Move(crush.ItemID(id), at); err == nil {
			m, err = m.Reweight(crush.ItemID(id), w)
		}
	} else {
		m, err = m.AddDevice(crush.Device{ID: crush.ItemID(id), Name: id.String(), Class: a.text("class")}, w, at)
	}
	if err != nil {
		return outcome{}, err
	}
	return outcome{text: fmt.Sprintf("%v is at %s with weight %v", id, a.text("location"), w)}, d.setCrush(m)
}

func osdNamed(name string) (osdmap.OSDID, bool) {
	digits, ok := strings.CutPrefix(name, "osd.")
	if !ok {
		return 0, false
	}
	n := 0
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' || n > osdmap.MaxOSDs {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return osdmap.OSDID(n), digits != "" && n < osdmap.MaxOSDs
}

func crushMove(_ *leader, d *draft, a args) (outcome, error) {
	id, err := a.item(d.m.Crush())
	if err != nil {
		return outcome{}, err
	}
	at, err := a.location()
	if err != nil {
		return outcome{}, err
	}
	next, err := d.m.Crush().Move(id, at)
	if err != nil {
		return outcome{}, err
	}
	return outcome{text: a.text("name") + " is at " + a.text("location")}, d.setCrush(next)
}

func crushReweight(_ *leader, d *draft, a args) (outcome, error) {
	id, err := a.item(d.m.Crush())
	if err != nil {
		return outcome{}, err
	}
	w, err := a.weight("weight")
	if err != nil {
		return outcome{}, err
	}
	if was, ok := crushWeight(d.m.Crush(), osdmap.OSDID(id)); ok && was == w {
		return outcome{text: fmt.Sprintf("%s has weight %v already", a.text("name"), w), quiet: true}, nil
	}
	next, err := d.m.Crush().Reweight(id, w)
	if err != nil {
		return outcome{}, err
	}
	return outcome{text: fmt.Sprintf("%s has weight %v", a.text("name"), w)}, d.setCrush(next)
}

func crushRemove(_ *leader, d *draft, a args) (outcome, error) {
	id, err := a.item(d.m.Crush())
	if err != nil {
		return outcome{}, err
	}
	if osd := osdmap.OSDID(id); id.IsDevice() && d.m.IsUp(osd) && d.m.IsIn(osd) {
		return outcome{}, fmt.Errorf("%v is up and in: drain it first (zeph osd drain %d)", osd, int32(osd))
	}
	next, err := d.m.Crush().Remove(id)
	if err != nil {
		return outcome{}, err
	}
	return outcome{text: a.text("name") + " is gone from the crush map"}, d.setCrush(next)
}

func ruleCreate(_ *leader, d *draft, a args) (outcome, error) {
	name, err := a.must("name")
	if err != nil {
		return outcome{}, err
	}
	m := d.m.Crush().Clone()
	if r, ok := m.RuleNamed(name); ok {
		return outcome{}, wire.Exists.Errorf("rule %q exists already, with id %d", name, r.ID)
	}
	root, kind := or(a.text("root"), rootName), or(a.text("type"), "host")
	top, ok := m.ItemNamed(root)
	if !ok || !top.IsBucket() {
		return outcome{}, notFound("root %q: the crush map has no such bucket", root)
	}
	typ, ok := m.TypeNamed(kind)
	if !ok {
		return outcome{}, notFound("type %q: the crush map has no such type of bucket", kind)
	}
	if class := a.text("class"); class != "" {
		if top, ok = m.RebuildShadows().ItemNamed(root + "~" + class); !ok {
			return outcome{}, notFound("class %q: no osd below %s has it", class, root)
		}
		m = m.RebuildShadows()
	}
	id := crush.RuleID(0)
	at := 0
	for ; at < len(m.Rules) && m.Rules[at].ID == id; at++ {
		id++
	}
	if id > crush.MaxRuleID {
		return outcome{}, errors.New("there are as many rules as there can be")
	}
	m.Rules = append(m.Rules[:at:at], append([]crush.Rule{replicatedRule(id, name, top, typ)}, m.Rules[at:]...)...)
	return outcome{text: fmt.Sprintf("rule %s puts each copy on another %s below %s", name, kind, root)}, d.setCrush(m)
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func ruleRemove(_ *leader, d *draft, a args) (outcome, error) {
	name, err := a.must("name")
	if err != nil {
		return outcome{}, err
	}
	r, ok := d.m.Crush().RuleNamed(name)
	if !ok {
		return outcome{}, notFound("rule %q: there is no such", name)
	}
	for p := range d.m.Pools() {
		if p.Rule == r.ID {
			return outcome{}, fmt.Errorf("rule %s is in use by pool %s: give that another one first (zeph pool set %s rule RULE)", name, p.Name, p.Name)
		}
	}
	m := d.m.Crush().Clone()
	for i := range m.Rules {
		if m.Rules[i].ID == r.ID {
			m.Rules = append(m.Rules[:i:i], m.Rules[i+1:]...)
			break
		}
	}
	return outcome{text: "rule " + name + " is gone"}, d.setCrush(m.RebuildShadows())
}

func rules(m *osdmap.Map) *status.Rules {
	list := &status.Rules{Rules: []status.Rule{}}
	c := m.Crush()
	for _, r := range c.Rules {
		one := status.Rule{ID: int32(r.ID), Name: r.Name, Type: r.Type.String(), Steps: []string{}, Pools: []string{}}
		for _, s := range r.Steps {
			one.Steps = append(one.Steps, stepText(c, s))
		}
		for p := range m.Pools() {
			if p.Rule == r.ID {
				one.Pools = append(one.Pools, p.Name)
			}
		}
		list.Rules = append(list.Rules, one)
	}
	return list
}

func stepText(c *crush.Map, s crush.Step) string {
	switch {
	case s.Op == crush.OpTake:
		return "take " + c.ItemName(crush.ItemID(s.Arg1))
	case s.Op.IsChoose():
		return fmt.Sprintf("%v %d type %s", s.Op, s.Arg1, c.TypeName(crush.TypeID(s.Arg2)))
	case s.Op == crush.OpEmit || s.Op == crush.OpNoop:
		return s.Op.String()
	}
	return fmt.Sprintf("%v %d", s.Op, s.Arg1)
}
