package crush

import (
	"fmt"
	"reflect"
	"slices"
)

// TextLoss lists what the text form cannot carry: where the map that ParseText makes of
// Text differs from this one, and what crushtool would not compile. For most maps that is
// nothing.
func (m *Map) TextLoss() []string {
	loss := m.notForCrushtool()
	back, _, err := ParseText(m.Text())
	if err != nil {
		return append(loss, fmt.Sprintf("the text cannot be read back: %v", err))
	}
	return append(loss, m.differences(back)...)
}

// notForCrushtool lists what only Zeph reads.
func (m *Map) notForCrushtool() []string {
	var loss []string
	note := func(format string, args ...any) { loss = append(loss, fmt.Sprintf(format, args...)) }
	for i := range m.Buckets {
		b := &m.Buckets[i]
		if b.Hash != RJenkins1 && !b.IsShadow() {
			note("bucket %q: Ceph has no hash %v", m.ItemName(b.ID), b.Hash)
		}
		if b.Alg == Uniform && len(b.Items) > 0 && b.Weight() == 0 {
			note("bucket %q: crushtool fails on a uniform bucket of weight 0", m.ItemName(b.ID))
		}
	}
	for _, r := range m.Rules {
		if r.Type != Replicated && r.Type != Erasure {
			note("rule %q: crushtool does not compile type %d", r.Name, r.Type)
		}
		if len(r.Steps) == 0 {
			note("rule %q: crushtool does not compile a rule without steps", r.Name)
		}
		for i, s := range r.Steps {
			if s.Op == OpNoop {
				note("rule %q step %d: crushtool does not compile noop", r.Name, i)
			}
		}
	}
	return loss
}

// differences lists what another map has otherwise than this one, or lacks.
func (m *Map) differences(other *Map) []string {
	var list []string
	note := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	if m.Tunables != other.Tunables {
		note("tunables: %+v becomes %+v", m.Tunables, other.Tunables)
	}
	for _, d := range m.Devices {
		if o, ok := other.Device(d.ID); !ok || *o != d {
			note("device %d: name %q or class %q is lost", d.ID, d.Name, d.Class)
		}
	}
	for i := range m.Buckets {
		b := &m.Buckets[i]
		o, ok := other.Bucket(b.ID)
		if !ok {
			note("bucket %d %q is lost", b.ID, b.Name)
			continue
		}
		list = append(list, m.bucketDifferences(b, o)...)
	}
	for i := range m.Rules {
		r := &m.Rules[i]
		if o, ok := other.Rule(r.ID); !ok || !reflect.DeepEqual(r, o) {
			note("rule %d %q is lost or changes", r.ID, r.Name)
		}
	}
	for i := range m.ChooseArgs {
		list = append(list, m.argDifferences(&m.ChooseArgs[i], other)...)
	}
	return list
}

func (m *Map) argDifferences(set *ChooseArgs, other *Map) []string {
	i := slices.IndexFunc(other.ChooseArgs, func(o ChooseArgs) bool { return o.ID == set.ID })
	if i < 0 {
		return []string{fmt.Sprintf("weight set %d is lost", set.ID)}
	}
	args := make(map[ItemID]ChooseArg)
	for _, a := range other.ChooseArgs[i].Args {
		args[a.Bucket] = a
	}
	var list []string
	for _, a := range set.Args {
		if !reflect.DeepEqual(a, args[a.Bucket]) {
			list = append(list, fmt.Sprintf("weight set %d: what it has for bucket %q is lost or becomes what a float32 can hold",
				set.ID, m.ItemName(a.Bucket)))
		}
	}
	return list
}

func (m *Map) bucketDifferences(b, o *Bucket) []string {
	var list []string
	note := func(format string, args ...any) {
		list = append(list, fmt.Sprintf("bucket %q: ", m.ItemName(b.ID))+fmt.Sprintf(format, args...))
	}
	if b.Name != o.Name || b.Type != o.Type || b.Alg != o.Alg || b.Hash != o.Hash {
		note("becomes %q, type %d, %v, %v", o.Name, o.Type, o.Alg, o.Hash)
	}
	if b.ShadowOf != o.ShadowOf || b.Class != o.Class || len(b.Items) != len(o.Items) {
		note("is no shadow that follows from the devices and their classes")
		return list
	}
	for i, it := range b.Items {
		if to := o.Items[i]; to != it {
			note("item %s weight %v becomes %s weight %v", m.ItemName(it.ID), it.Weight, m.ItemName(to.ID), to.Weight)
		}
	}
	return list
}
