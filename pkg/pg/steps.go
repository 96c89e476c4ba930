package pg

import (
	"slices"

	"zeph/pkg/osdmap"
	"zeph/pkg/store"
	"zeph/pkg/wire"
)

// projected is an object as it will be when all writes under way are done (7.1).
type projected struct {
	exists   bool
	size     uint64
	version  wire.PGVersion
	modified osdmap.UnixMilli
	attrs    []store.Attr
	rows     uint64 // of the omap, at most
}

// maxSteps bounds a request; far below what a transaction takes.
const maxSteps = 1024

// plan carries out steps on a projected object. Either a step fails, and results say which and why; or the steps to
// be logged and sent are returned, with nothing in them that a copy would have to decide.
func (p projected) plan(steps []wire.Step, bulk []byte) (next projected, changes []wire.Step, data []byte, results []wire.Result) {
	next = p
	next.attrs = slices.Clone(p.attrs)
	all, kept := bulk, [][]byte(nil)
	for _, s := range steps {
		var mine []byte
		if s.Op.Uses()&wire.SendsBulk != 0 {
			mine, bulk = bulk[:s.Length], bulk[s.Length:]
		}
		if code := next.step(&s, mine); code != 0 {
			return p, nil, nil, append(results, wire.Result{Code: code})
		}
		results = append(results, wire.Result{})
		switch s.Op {
		case wire.StepExists, wire.StepAbsent, wire.StepIsVersion:
		case wire.StepIsXattr:
			all = nil // what it compared with goes no further
		default:
			changes, kept = append(changes, s), append(kept, mine)
		}
	}
	if all == nil {
		all = slices.Concat(kept...)
	}
	return next, changes, all, nil
}

// step changes the object, and the step into one that needs no deciding; or says why it cannot.
func (p *projected) step(s *wire.Step, data []byte) wire.Code {
	n := uint64(len(data))
	switch s.Op {
	case wire.StepCreate:
		p.exists = true
	case wire.StepAppend:
		s.Op, s.Offset = wire.StepWrite, p.size
		return p.write(s.Offset, n)
	case wire.StepWrite:
		return p.write(s.Offset, n)
	case wire.StepWriteFull:
		if n > store.MaxObject {
			return wire.TooLarge
		}
		p.exists, p.size = true, n
	case wire.StepTruncate:
		if s.Offset > store.MaxObject {
			return wire.TooLarge
		}
		p.exists, p.size = true, s.Offset
	case wire.StepZero, wire.StepClearOmap:
		return p.mustExist()
	case wire.StepRemove:
		if !p.exists {
			return wire.NotFound
		}
		*p = projected{}
	case wire.StepSetXattr:
		return p.setAttr(s.Name, data)
	case wire.StepRemoveXattr:
		if _, ok := p.attr(s.Name); !ok {
			return wire.NotFound
		}
		p.attrs = store.RemoveAttr(p.attrs, s.Name)
	case wire.StepSetOmap:
		if len(s.Name) == 0 {
			return wire.Denied
		}
		if len(s.Name) > store.MaxRowKey || n > store.MaxRowValue || p.rows >= store.MaxOmapRows-1 {
			return wire.TooLarge
		}
		p.exists = true
		p.rows++
	case wire.StepRemoveOmap:
		return p.mustExist()
	default:
		return p.compare(s, data)
	}
	return 0
}

func (p *projected) mustExist() wire.Code {
	if !p.exists {
		return wire.NotFound
	}
	return 0
}

func (p *projected) write(off, n uint64) wire.Code {
	if off > store.MaxObject || off+n > store.MaxObject || n > store.MaxWrite {
		return wire.TooLarge
	}
	p.exists = true
	if n > 0 {
		p.size = max(p.size, off+n)
	}
	return 0
}

func (p *projected) attr(name string) ([]byte, bool) {
	for _, a := range p.attrs {
		if a.Name == name {
			return a.Value, true
		}
	}
	return nil, false
}

func (p *projected) setAttr(name string, value []byte) wire.Code {
	if name == "" {
		return wire.Denied
	}
	attrs := store.SetAttr(slices.Clone(p.attrs), name, value)
	sum := 0
	for _, a := range attrs {
		sum += len(a.Name) + len(a.Value)
	}
	if len(name) > store.MaxAttrName || sum > store.MaxAttrs {
		return wire.TooLarge
	}
	p.exists, p.attrs = true, attrs
	return 0
}

// compare is for the steps that change nothing.
func (p *projected) compare(s *wire.Step, data []byte) wire.Code {
	switch s.Op {
	case wire.StepExists:
		return p.mustExist()
	case wire.StepAbsent:
		if p.exists {
			return wire.Exists
		}
	case wire.StepIsVersion:
		if p.version != s.Version {
			return wire.Mismatch
		}
	case wire.StepIsXattr:
		value, ok := p.attr(s.Name)
		if !ok {
			return wire.NotFound
		}
		if string(value) != string(data) {
			return wire.Mismatch
		}
	default:
		return wire.UnknownStep
	}
	return 0
}

// grows reports whether steps may take more space: what a full cluster refuses (7.4).
func grows(steps []wire.Step) bool {
	return slices.ContainsFunc(steps, func(s wire.Step) bool {
		switch s.Op {
		case wire.StepCreate, wire.StepWrite, wire.StepWriteFull, wire.StepAppend, wire.StepSetXattr, wire.StepSetOmap:
			return true
		}
		return false
	})
}

// deletes reports whether there is no object after the steps, which are changes.
func deletes(changes []wire.Step) bool {
	return len(changes) > 0 && changes[len(changes)-1].Op == wire.StepRemove
}

// addSteps turns changes into operations of the store.
func addSteps(t *store.Txn, k store.Key, changes []wire.Step, bulk []byte) {
	for _, s := range changes {
		var data []byte
		if s.Op.Uses()&wire.SendsBulk != 0 {
			data, bulk = bulk[:s.Length], bulk[s.Length:]
		}
		switch s.Op {
		case wire.StepCreate:
			t.Touch(k)
		case wire.StepWrite:
			if len(data) == 0 {
				t.Touch(k)
			} else {
				t.Write(k, s.Offset, data)
			}
		case wire.StepWriteFull:
			t.WriteFull(k, data)
		case wire.StepTruncate:
			t.Truncate(k, s.Offset)
		case wire.StepZero:
			t.Zero(k, s.Offset, s.Length)
		case wire.StepRemove:
			t.Remove(k)
		case wire.StepSetXattr:
			t.SetAttr(k, s.Name, data)
		case wire.StepRemoveXattr:
			t.RemoveAttr(k, s.Name)
		case wire.StepSetOmap:
			t.SetOmap(k, store.Row{Key: s.Name, Value: data})
		case wire.StepRemoveOmap:
			t.DeleteOmap(k, s.Name, store.AfterRow(s.Name))
		case wire.StepClearOmap:
			t.DeleteOmap(k, "", "")
		}
	}
}

// growthOf is by how much at most changes make an object larger, see store.Txn.
func growthOf(k store.Key, changes []wire.Step, bulk []byte) uint64 {
	var t store.Txn
	addSteps(&t, k, changes, bulk)
	return t.Growth()
}
