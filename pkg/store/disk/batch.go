package disk

import (
	"fmt"
	"slices"

	"go.etcd.io/bbolt"

	"zeph/pkg/osdmap"
	"zeph/pkg/store"
)

// batch is what several transactions make of the store, in one commit of bbolt. Objects and PGs
// are read once and written once, however many transactions change them.
type batch struct {
	tx      *bbolt.Tx
	known   map[osdmap.PGID]*pgRecord // before the batch; not changed
	pgs     map[osdmap.PGID]*pgState  // that the batch touched
	objects map[store.Key]*object     // the same
}

func newBatch(tx *bbolt.Tx, known map[osdmap.PGID]*pgRecord) *batch {
	return &batch{tx, known, make(map[osdmap.PGID]*pgState), make(map[store.Key]*object)}
}

func (b *batch) object(k store.Key) *object {
	o, ok := b.objects[k]
	if !ok {
		o = loadObject(b.tx, k)
		b.objects[k] = o
	}
	return o
}

// add carries out a transaction. A refusal leaves the batch as it was; after any other error
// it is of no more use.
func (b *batch) add(t *store.Txn) (refused, err error) {
	if err := t.Against(b); err != nil {
		return err, nil
	}
	for i := range t.Ops {
		op := &t.Ops[i]
		if op.Kind.OnObject() {
			err = b.applyObject(op)
		} else {
			err = b.applyPG(op)
		}
		if err != nil {
			return nil, fmt.Errorf("operation %d, %v: %w", i, op.Kind, err)
		}
	}
	return nil, nil
}

// applyObject carries out an operation on an object, and keeps its PG's books.
func (b *batch) applyObject(op *store.Op) error {
	o := b.object(op.Key)
	if !o.there && !op.Kind.Makes() || o.broken && op.Kind != store.OpRemove {
		return nil
	}
	p := b.owner(op.Key)
	if p != nil {
		p.dirty = true
		p.recount = p.recount || o.broken // nobody knows what it had
		p.count(o, ^uint64(0))
	}
	if op.Kind == store.OpRemove {
		return o.remove(b.tx)
	}
	o.there, o.dirty = true, true
	err := o.apply(b.tx, op)
	if p != nil {
		p.count(o, 1)
	}
	return err
}

// count adds what an object has to the statistics; with n = −1 it takes it off.
func (p *pgState) count(o *object, n uint64) {
	if o.there && !o.broken {
		s := &p.state.Stats
		s.Objects += n
		s.Bytes += n * o.record.info.Size
		s.OmapRows += n * o.record.info.OmapRows
	}
}

func (o *object) apply(tx *bbolt.Tx, op *store.Op) error {
	r := &o.record
	switch op.Kind {
	case store.OpWrite:
		if len(op.Data) > 0 {
			o.write(tx, op.Off, op.Data, uint64(len(op.Data)))
		}
	case store.OpWriteFull:
		if err := o.truncate(tx, 0); err != nil {
			return err
		}
		o.write(tx, 0, op.Data, uint64(len(op.Data)))
	case store.OpZero:
		return o.zero(tx, op.Off, op.Len)
	case store.OpTruncate:
		return o.truncate(tx, op.Len)
	case store.OpSetAttr:
		r.attrs = store.SetAttr(r.attrs, op.Name, slices.Clone(op.Data))
	case store.OpRemoveAttr:
		r.attrs = store.RemoveAttr(r.attrs, op.Name)
	case store.OpSetOmap:
		return o.setOmap(tx, op.Rows)
	case store.OpDeleteOmap:
		return o.deleteOmap(tx, op.From, op.To)
	case store.OpSetVersion:
		r.info.Version, r.info.Modified = op.Version, op.Modified
	}
	return nil
}

// flush writes all that the batch changed: objects first, for PGs may count them.
func (b *batch) flush() error {
	if err := b.flushObjects(); err != nil {
		return err
	}
	for _, p := range b.pgs {
		if err := p.flush(b.tx); err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) flushObjects() error {
	var dirty []*object
	for _, o := range b.objects {
		if o.dirty {
			dirty = append(dirty, o)
		}
	}
	slices.SortFunc(dirty, func(a, b *object) int { return a.key.Compare(b.key) })
	for _, o := range dirty {
		if err := o.flush(b.tx); err != nil {
			return err
		}
	}
	clear(b.objects)
	return nil
}

// after are the PGs once the batch is durable.
func (b *batch) after() map[osdmap.PGID]*pgRecord {
	for id, p := range b.pgs {
		if p.gone {
			delete(b.known, id)
		} else if p.dirty {
			b.known[id] = &p.pgRecord
		}
	}
	return b.known
}

// The batch is the state that its next transaction is held against.

// Span finds a PG.
func (b *batch) Span(id osdmap.PGID) (store.Span, bool) {
	if p := b.pg(id); p != nil {
		return p.state.Span, true
	}
	return store.Span{}, false
}

// Overlaps reports whether a PG has hashes of the span.
func (b *batch) Overlaps(s store.Span) bool {
	for _, p := range b.pgs {
		if !p.gone && p.state.Span.Overlaps(s) {
			return true
		}
	}
	for id, p := range b.known {
		if b.pgs[id] == nil && p.state.Span.Overlaps(s) {
			return true
		}
	}
	return false
}

// Owner reports whether the object has a PG.
func (b *batch) Owner(k store.Key) bool { return b.owner(k) != nil }

// Head is that of the PG's log.
func (b *batch) Head(id osdmap.PGID) store.Version {
	if p := b.pg(id); p != nil {
		return p.state.Head
	}
	return store.Version{}
}

// ObjectAttrs are those of an object.
func (b *batch) ObjectAttrs(k store.Key) []store.Attr { return b.object(k).record.attrs }

// ObjectRows counts those of an object's omap.
func (b *batch) ObjectRows(k store.Key) uint64 { return b.object(k).record.info.OmapRows }
