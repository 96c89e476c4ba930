package mem

import (
	"context"
	"fmt"

	"zeph/pkg/store"
)

// Verify reads all of an object.
func (s *Store) Verify(k store.Key) (store.Verified, error) {
	o, err := s.get(k)
	if err != nil {
		return store.Verified{}, err
	}
	v := store.Verified{Info: o.stat(), Data: store.Digest(0, o.data)}
	for _, a := range o.attrs {
		v.Attrs = store.DigestRow(v.Attrs, a.Name, a.Value)
	}
	for _, r := range o.omap {
		v.Omap = store.DigestRow(v.Omap, r.Key, r.Value)
	}
	for off := uint64(0); ; {
		e := o.corrupt(off, o.size())
		if e == nil {
			break
		}
		v.Damage = append(v.Damage, e)
		off = e.Off + e.Len
	}
	for _, key := range o.rows {
		v.Damage = append(v.Damage, &store.CorruptError{Part: store.PartOmap, Key: k, Why: "row " + key + ": made so"})
	}
	s.damaged += uint64(len(v.Damage))
	return v, nil
}

// Fsck reports damage, and statistics that are not those of the objects.
func (s *Store) Fsck(_ context.Context, depth store.Depth, report func(store.Finding)) error {
	if s.dead != "" {
		return s.deadError()
	}
	for _, o := range s.objects {
		if o.broken {
			report(store.Finding{Part: store.PartObject, Key: o.key, Text: o.brokenError().Error()})
			continue
		}
		if o.key.Pool > 0 && s.owner(o.key) == nil {
			report(store.Finding{Part: store.PartObject, Key: o.key, Text: "belongs to no pg"})
		}
		if e := o.corrupt(0, o.size()); e != nil && depth == store.Deep {
			report(store.Finding{Part: store.PartData, Key: o.key, Text: e.Error()})
		}
		for _, key := range o.rows {
			report(store.Finding{Part: store.PartOmap, Key: o.key, Text: "row " + key + ": made so"})
		}
	}
	for _, p := range s.pgs {
		s.fsckPG(p, report)
	}
	return nil
}

func (s *Store) fsckPG(p *pg, report func(store.Finding)) {
	id := p.state.Span.PG
	if p.broken {
		report(store.Finding{Part: store.PartPG, PG: id, Text: "made so"})
		return
	}
	for _, key := range p.rotten {
		report(store.Finding{Part: store.PartRows, PG: id, Text: "row " + key + ": made so"})
	}
	for _, v := range p.rottenLog {
		report(store.Finding{Part: store.PartLog, PG: id, Text: "entry " + v.String() + ": made so"})
	}
	var counted pg
	for _, o := range s.objects {
		if p.state.Span.Has(o.key) {
			counted.count(o, +1)
		}
	}
	if got, want := p.state.Stats, counted.state.Stats; got != want {
		report(store.Finding{Part: store.PartPG, PG: id, Text: fmt.Sprintf("statistics are %+v, its objects give %+v", got, want)})
	}
}
