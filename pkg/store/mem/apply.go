package mem

import (
	"fmt"
	"slices"

	"zeph/pkg/store"
)

// apply carries out one operation. Against has let it pass, so it can.
func (s *Store) apply(op *store.Op) {
	if op.Kind.OnObject() {
		s.applyObject(op)
		return
	}
	if op.Kind == store.OpMakePG {
		s.makePG(op)
		return
	}
	p := s.pg(op.PG)
	switch op.Kind {
	case store.OpSetInfo:
		p.state.Info = slices.Clone(op.Data)
		p.broken = false
	case store.OpAppendLog:
		p.append(op.Entries)
	case store.OpTrimLog:
		p.trim(op.Version)
	case store.OpRewindLog:
		p.rewind(op.Version)
	case store.OpSetRows:
		p.rows = setRows(p.rows, op.Rows)
		p.rotten.heal(op.Rows)
	case store.OpDeleteRows:
		p.rows = deleteRows(p.rows, op.From, op.To)
		p.rotten.healRange(op.From, op.To)
	case store.OpRemovePG:
		s.removePG(p, int(op.Count))
	default:
		panic(fmt.Sprintf("mem: apply: %v", op.Kind))
	}
}

func (s *Store) makePG(op *store.Op) {
	if at, found := s.findPG(op.PG); !found {
		s.pgs = slices.Insert(s.pgs, at, &pg{state: store.PGState{Span: store.SpanOf(op.PG, op.Count)}})
	}
}

func (s *Store) removePG(p *pg, n int) {
	from, to := p.state.Span.Bounds()
	lo, _ := s.find(from)
	hi, _ := s.find(to)
	end := min(lo+n, hi)
	for _, o := range s.objects[lo:end] {
		p.count(o, -1)
		s.used -= o.cost()
	}
	s.objects = slices.Delete(s.objects, lo, end)
	if end == hi {
		at, _ := s.findPG(p.state.Span.PG)
		s.pgs = slices.Delete(s.pgs, at, at+1)
	}
}

// applyObject carries out an operation on an object, and keeps the books.
func (s *Store) applyObject(op *store.Op) {
	at, found := s.find(op.Key)
	if !found {
		if !op.Kind.Makes() {
			return
		}
		s.objects = slices.Insert(s.objects, at, &object{key: op.Key})
	}
	o, p := s.objects[at], s.owner(op.Key)
	if found {
		s.used -= o.cost()
		if p != nil {
			p.count(o, -1)
		}
	}
	if op.Kind == store.OpRemove {
		s.objects = slices.Delete(s.objects, at, at+1)
		return
	}
	if !o.broken {
		o.apply(op)
	}
	s.used += o.cost()
	if p != nil {
		p.count(o, +1)
	}
}

func (o *object) apply(op *store.Op) {
	switch op.Kind {
	case store.OpTouch:
	case store.OpWrite:
		o.write(op.Off, op.Data)
	case store.OpWriteFull:
		o.data, o.bad = slices.Clone(op.Data), nil
	case store.OpZero:
		o.zero(op.Off, op.Len)
	case store.OpTruncate:
		o.truncate(op.Len)
	case store.OpSetAttr:
		o.attrs = store.SetAttr(o.attrs, op.Name, slices.Clone(op.Data))
	case store.OpRemoveAttr:
		o.attrs = store.RemoveAttr(o.attrs, op.Name)
	case store.OpSetOmap:
		o.omap = setRows(o.omap, op.Rows)
		o.rows.heal(op.Rows)
	case store.OpDeleteOmap:
		o.omap = deleteRows(o.omap, op.From, op.To)
		o.rows.healRange(op.From, op.To)
	case store.OpSetVersion:
		o.info.Version, o.info.Modified = op.Version, op.Modified
	default:
		panic(fmt.Sprintf("mem: apply: %v", op.Kind))
	}
}
