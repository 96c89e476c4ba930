package store

import (
	"fmt"
	"slices"

	"zeph/pkg/osdmap"
)

// State is what a transaction is held against when its turn comes. Of what is not there the
// methods answer nothing; of what is damaged, what they know.
type State interface {
	Span(pg osdmap.PGID) (Span, bool) // of a PG that is there
	Overlaps(s Span) bool             // whether some PG does
	Owner(k Key) bool                 // whether there is a PG for the object
	Head(pg osdmap.PGID) Version      // of its log
	ObjectAttrs(k Key) []Attr
	ObjectRows(k Key) uint64 // how many its omap has
}

// Against refuses a transaction that contradicts the state: ErrConflict, or ErrTooBig for objects
// that would outgrow a limit. One that it lets pass can be carried out to its end.
// Stores ask it before they change anything; the transaction has passed Check.
func (t *Txn) Against(s State) error {
	j := judge{state: s}
	for i := range t.Ops {
		if err := j.allow(&t.Ops[i]); err != nil {
			return fmt.Errorf("operation %d, %v: %w", i, t.Ops[i].Kind, err)
		}
	}
	return nil
}

// judge follows what a transaction does to the state, as far as later operations depend on it.
type judge struct {
	state State
	made  []Span
	heads map[osdmap.PGID]Version
	attrs map[Key][]Attr
	rows  map[Key]uint64
}

func (j *judge) allow(op *Op) error {
	if op.Kind.OnObject() {
		if op.Key.Pool > 0 && !j.state.Owner(op.Key) && !j.madeFor(op.Key) {
			return fmt.Errorf("object %v: no pg for it: %w", op.Key, ErrConflict)
		}
		return j.allowObject(op)
	}
	if op.Kind == OpMakePG {
		return j.makePG(op)
	}
	if _, there := j.state.Span(op.PG); !there && !j.hasMade(op.PG) {
		return fmt.Errorf("pg %v: there is none: %w", op.PG, ErrConflict)
	}
	switch op.Kind {
	case OpAppendLog:
		return j.append(op)
	case OpRewindLog:
		if j.head(op.PG).Compare(op.Version) > 0 {
			j.setHead(op.PG, op.Version)
		}
	}
	return nil
}

func (j *judge) makePG(op *Op) error {
	span := SpanOf(op.PG, op.Count)
	had, there := j.state.Span(op.PG)
	for _, s := range j.made {
		if s.PG == op.PG {
			had, there = s, true
		}
	}
	if there && had == span {
		return nil
	}
	if there || j.state.Overlaps(span) || slices.ContainsFunc(j.made, span.Overlaps) {
		return fmt.Errorf("pg %v of %d: another pg has hashes of it: %w", op.PG, op.Count, ErrConflict)
	}
	j.made = append(j.made, span)
	return nil
}

func (j *judge) madeFor(k Key) bool {
	return slices.ContainsFunc(j.made, func(s Span) bool { return s.Has(k) })
}

func (j *judge) hasMade(pg osdmap.PGID) bool {
	return slices.ContainsFunc(j.made, func(s Span) bool { return s.PG == pg })
}

func (j *judge) append(op *Op) error {
	if len(op.Entries) == 0 {
		return nil
	}
	if first, head := op.Entries[0].Version, j.head(op.PG); first.Compare(head) <= 0 {
		return fmt.Errorf("pg %v: entry %v, the log's head is %v: %w", op.PG, first, head, ErrConflict)
	}
	j.setHead(op.PG, op.Entries[len(op.Entries)-1].Version)
	return nil
}

func (j *judge) head(pg osdmap.PGID) Version {
	if v, ok := j.heads[pg]; ok {
		return v
	}
	return j.state.Head(pg)
}

func (j *judge) setHead(pg osdmap.PGID, v Version) {
	if j.heads == nil {
		j.heads = make(map[osdmap.PGID]Version)
	}
	j.heads[pg] = v
}

// allowObject counts attributes exactly, rows as if each that is set were new and none deleted.
func (j *judge) allowObject(op *Op) error {
	switch op.Kind {
	case OpRemove:
		j.setAttrs(op.Key, nil)
		j.setRows(op.Key, 0)
	case OpSetAttr:
		attrs := SetAttr(slices.Clone(j.attrsOf(op.Key)), op.Name, op.Data)
		if n := attrBytes(attrs); n > MaxAttrs {
			return fmt.Errorf("object %v: %w", op.Key, limit("attributes", n, MaxAttrs))
		}
		j.setAttrs(op.Key, attrs)
	case OpRemoveAttr:
		j.setAttrs(op.Key, RemoveAttr(slices.Clone(j.attrsOf(op.Key)), op.Name))
	case OpSetOmap:
		n := j.rowsOf(op.Key) + uint64(len(op.Rows))
		if n > MaxOmapRows {
			return fmt.Errorf("object %v: %w", op.Key, limit("an omap", n, MaxOmapRows))
		}
		j.setRows(op.Key, n)
	}
	return nil
}

func (j *judge) attrsOf(k Key) []Attr {
	if attrs, ok := j.attrs[k]; ok {
		return attrs
	}
	return j.state.ObjectAttrs(k)
}

func (j *judge) setAttrs(k Key, attrs []Attr) {
	if j.attrs == nil {
		j.attrs = make(map[Key][]Attr)
	}
	j.attrs[k] = attrs
}

func (j *judge) rowsOf(k Key) uint64 {
	if n, ok := j.rows[k]; ok {
		return n
	}
	return j.state.ObjectRows(k)
}

func (j *judge) setRows(k Key, n uint64) {
	if j.rows == nil {
		j.rows = make(map[Key]uint64)
	}
	j.rows[k] = n
}
