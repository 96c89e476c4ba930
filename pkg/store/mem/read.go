package mem

import (
	"fmt"
	"slices"

	"zeph/pkg/osdmap"
	"zeph/pkg/store"
)

// get finds an object that can be read.
func (s *Store) get(k store.Key) (*object, error) {
	if s.dead != "" {
		return nil, s.deadError()
	}
	o := s.object(k)
	if o == nil {
		return nil, fmt.Errorf("object %v: %w", k, store.ErrNotFound)
	}
	if o.broken {
		s.damaged++
		return nil, o.brokenError()
	}
	return o, nil
}

// getPG finds a PG.
func (s *Store) getPG(id osdmap.PGID) (*pg, error) {
	if s.dead != "" {
		return nil, s.deadError()
	}
	if p := s.pg(id); p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("pg %v: %w", id, store.ErrNotFound)
}

// Read appends bytes of an object to dst.
func (s *Store) Read(dst []byte, k store.Key, off, n uint64) ([]byte, store.Info, error) {
	o, err := s.get(k)
	if err != nil {
		return dst, store.Info{}, err
	}
	off = min(off, o.size())
	end := off + min(n, o.size()-off)
	if e := o.corrupt(off, end); e != nil {
		s.damaged++
		return dst, store.Info{}, e
	}
	return append(dst, o.data[off:end]...), o.stat(), nil
}

// Stat says what an object is.
func (s *Store) Stat(k store.Key) (store.Info, error) {
	o, err := s.get(k)
	if err != nil {
		return store.Info{}, err
	}
	return o.stat(), nil
}

// Attrs are the attributes of an object.
func (s *Store) Attrs(k store.Key) ([]store.Attr, store.Info, error) {
	o, err := s.get(k)
	if err != nil {
		return nil, store.Info{}, err
	}
	attrs := slices.Clone(o.attrs)
	for i := range attrs {
		attrs[i].Value = slices.Clone(attrs[i].Value)
	}
	return attrs, o.stat(), nil
}

// Omap lists rows of an object.
func (s *Store) Omap(k store.Key, from, to string, max int) ([]store.Row, bool, error) {
	o, err := s.get(k)
	if err != nil {
		return nil, false, err
	}
	return s.rottenPage(o.rows, store.CorruptError{Part: store.PartOmap, Key: k}, o.omap, from, to, max)
}

// List lists objects.
func (s *Store) List(from, to store.Key, max int) ([]store.Item, bool, error) {
	if s.dead != "" {
		return nil, false, s.deadError()
	}
	lo, _ := s.find(from)
	hi, _ := s.find(to)
	var items []store.Item
	page := store.NewPage(max)
	for ; lo < hi && !page.Full(); lo++ {
		o := s.objects[lo]
		item := store.Item{Key: o.key, Info: o.stat()}
		if o.broken {
			item.Info, item.Damaged = store.Info{}, true
		}
		items = append(items, item)
		page.Add(len(o.key.Namespace) + len(o.key.Name))
	}
	return items, lo < hi, nil
}

// PGs are all PGs.
func (s *Store) PGs() ([]osdmap.PGID, error) {
	if s.dead != "" {
		return nil, s.deadError()
	}
	var ids []osdmap.PGID
	for _, p := range s.pgs {
		ids = append(ids, p.state.Span.PG)
	}
	return ids, nil
}

// PG says what a PG is.
func (s *Store) PG(id osdmap.PGID) (store.PGState, error) {
	p, err := s.getPG(id)
	if err != nil {
		return store.PGState{}, err
	}
	if p.broken {
		s.damaged++
		e := &store.CorruptError{Part: store.PartPG, PG: id, Why: "made so"}
		return store.PGState{Span: p.state.Span}, e
	}
	state := p.state
	state.Info = slices.Clone(state.Info)
	state.Stats.LogEntries = uint64(len(p.log))
	return state, nil
}

// LogAfter lists a log forwards.
func (s *Store) LogAfter(id osdmap.PGID, v store.Version, max int) (entries []store.LogEntry, more bool, err error) {
	p, err := s.getPG(id)
	if err != nil {
		return nil, false, err
	}
	at, found := findEntry(p.log, v)
	if found {
		at++
	}
	page := store.NewPage(max)
	for ; at < len(p.log) && !page.Full(); at++ {
		entries = append(entries, copied(p.log[at]))
		page.Add(len(p.log[at].Entry))
	}
	if err := s.rotIn(p, entries); err != nil {
		return nil, false, err
	}
	return entries, at < len(p.log), nil
}

// LogBefore lists a log backwards.
func (s *Store) LogBefore(id osdmap.PGID, v store.Version, max int) (entries []store.LogEntry, more bool, err error) {
	p, err := s.getPG(id)
	if err != nil {
		return nil, false, err
	}
	at, _ := findEntry(p.log, v)
	page := store.NewPage(max)
	for ; at > 0 && !page.Full(); at-- {
		entries = append(entries, copied(p.log[at-1]))
		page.Add(len(p.log[at-1].Entry))
	}
	if err := s.rotIn(p, entries); err != nil {
		return nil, false, err
	}
	return entries, at > 0, nil
}

func copied(e store.LogEntry) store.LogEntry {
	e.Entry = slices.Clone(e.Entry)
	return e
}

// Rows lists a PG's own rows.
func (s *Store) Rows(id osdmap.PGID, from, to string, max int) ([]store.Row, bool, error) {
	p, err := s.getPG(id)
	if err != nil {
		return nil, false, err
	}
	return s.rottenPage(p.rotten, store.CorruptError{Part: store.PartRows, PG: id}, p.rows, from, to, max)
}
