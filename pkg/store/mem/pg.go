package mem

import (
	"slices"

	"zeph/pkg/osdmap"
	"zeph/pkg/store"
)

// pg is one PG, its objects apart.
type pg struct {
	state  store.PGState
	log    []store.LogEntry
	rows   []store.Row
	broken bool // the record is damaged

	rotten    rotten          // rows
	rottenLog []store.Version // entries
}

func (p *pg) append(entries []store.LogEntry) {
	for _, e := range entries {
		e.Entry = slices.Clone(e.Entry)
		p.log = append(p.log, e)
		p.state.Head = e.Version
	}
}

func (p *pg) trim(to store.Version) {
	at, found := findEntry(p.log, to)
	if found {
		at++
	}
	p.log = slices.Delete(p.log, 0, at)
	p.healLog()
}

func (p *pg) rewind(to store.Version) {
	at, found := findEntry(p.log, to)
	if found {
		at++
	}
	p.log = slices.Delete(p.log, at, len(p.log))
	p.healLog()
	if p.state.Head.Compare(to) > 0 {
		p.state.Head = to
	}
}

// count adds what an object has to the statistics, or takes it off.
func (p *pg) count(o *object, n int) {
	s := &p.state.Stats
	s.Objects += uint64(n)
	s.Bytes += uint64(n) * o.size()
	s.OmapRows += uint64(n) * uint64(len(o.omap))
}

func (s *Store) findPG(id osdmap.PGID) (int, bool) {
	return slices.BinarySearchFunc(s.pgs, id, func(p *pg, id osdmap.PGID) int { return p.state.Span.PG.Compare(id) })
}

// pg finds a PG; nil: there is none.
func (s *Store) pg(id osdmap.PGID) *pg {
	if at, found := s.findPG(id); found {
		return s.pgs[at]
	}
	return nil
}

// owner finds the PG of an object; nil: it has none.
func (s *Store) owner(k store.Key) *pg {
	if at := slices.IndexFunc(s.pgs, func(p *pg) bool { return p.state.Span.Has(k) }); at >= 0 {
		return s.pgs[at]
	}
	return nil
}

func (s *Store) find(k store.Key) (int, bool) {
	return slices.BinarySearchFunc(s.objects, k, func(o *object, k store.Key) int { return o.key.Compare(k) })
}

// object finds an object; nil: there is none.
func (s *Store) object(k store.Key) *object {
	if at, found := s.find(k); found {
		return s.objects[at]
	}
	return nil
}

// state is the store as transactions are held against it.
type state struct{ s *Store }

func (st state) Span(id osdmap.PGID) (store.Span, bool) {
	if p := st.s.pg(id); p != nil {
		return p.state.Span, true
	}
	return store.Span{}, false
}

func (st state) Overlaps(span store.Span) bool {
	return slices.ContainsFunc(st.s.pgs, func(p *pg) bool { return p.state.Span.Overlaps(span) })
}

func (st state) Owner(k store.Key) bool { return st.s.owner(k) != nil }

func (st state) Head(id osdmap.PGID) store.Version {
	if p := st.s.pg(id); p != nil {
		return p.state.Head
	}
	return store.Version{}
}

func (st state) ObjectAttrs(k store.Key) []store.Attr {
	if o := st.s.object(k); o != nil && !o.broken {
		return o.attrs
	}
	return nil
}

func (st state) ObjectRows(k store.Key) uint64 {
	if o := st.s.object(k); o != nil && !o.broken {
		return uint64(len(o.omap))
	}
	return 0
}
