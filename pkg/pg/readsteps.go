package pg

import (
	"errors"

	"zeph/pkg/store"
	"zeph/pkg/wire"
)

// readAnswer is what came of the steps of a read.
type readAnswer struct {
	reply *wire.ReadReply
	bulk  []byte
	err   error // the store could not tell
}

// readSteps carries out reads and compares on a stored object. It runs beside the core, and touches nothing
// but the reader and what never changes.
func readSteps(r store.Reader, k store.Key, steps []wire.Step, bulk []byte) *readAnswer {
	p, err := project(r, k)
	if err != nil {
		return &readAnswer{err: err}
	}
	a := &readAnswer{reply: &wire.ReadReply{Version: p.version, Size: p.size, Modified: p.modified}}
	for _, s := range steps {
		var mine []byte
		if s.Op.Uses()&wire.SendsBulk != 0 {
			mine, bulk = bulk[:s.Length], bulk[s.Length:]
		}
		var got []byte
		code := wire.Code(0)
		if s.Op.Uses()&wire.GetsBulk != 0 || s.Op == wire.StepStat {
			if code = p.mustExist(); code == 0 {
				got, code, a.err = p.get(r, k, s)
			}
		} else {
			code = p.compare(&s, mine)
		}
		if a.err != nil {
			return a
		}
		if len(a.bulk)+len(got) > store.MaxWrite {
			got, code = nil, wire.TooLarge
		}
		a.bulk = append(a.bulk, got...)
		a.reply.Results = append(a.reply.Results, wire.Result{Code: code, Length: uint64(len(got))})
		if code != 0 {
			return a
		}
	}
	return a
}

// project reads what writes have to know of an object.
func project(r store.Reader, k store.Key) (projected, error) {
	attrs, info, err := r.Attrs(k)
	if errors.Is(err, store.ErrNotFound) {
		return projected{}, nil
	}
	if err != nil {
		return projected{}, err
	}
	return projected{
		exists: true, size: info.Size, version: wire.PGVersion(info.Version), modified: info.Modified,
		attrs: attrs, rows: info.OmapRows,
	}, nil
}

// get reads part of an object that exists.
func (p *projected) get(r store.Reader, k store.Key, s wire.Step) ([]byte, wire.Code, error) {
	switch s.Op {
	case wire.StepRead:
		n := p.size - min(s.Offset, p.size)
		if s.Length > 0 {
			n = min(n, s.Length)
		}
		if n > store.MaxWrite {
			return nil, wire.TooLarge, nil
		}
		data, _, err := r.Read(nil, k, s.Offset, n)
		return data, 0, err
	case wire.StepGetXattr:
		if value, ok := p.attr(s.Name); ok {
			return value, 0, nil
		}
		return nil, wire.NotFound, nil
	case wire.StepListXattrs:
		var all wire.Pairs
		for _, a := range p.attrs {
			all.Pairs = append(all.Pairs, wire.Pair{Name: a.Name, Value: a.Value})
		}
		return wire.AppendBody(nil, &all), 0, nil
	case wire.StepGetOmap:
		rows, _, err := r.Omap(k, s.Name, store.AfterRow(s.Name), 1)
		if err != nil || len(rows) == 0 {
			return nil, wire.NotFound, err
		}
		return rows[0].Value, 0, nil
	case wire.StepListOmap:
		from := ""
		if s.Name != "" {
			from = store.AfterRow(s.Name)
		}
		rows, more, err := r.Omap(k, from, "", int(min(s.Length, store.MaxPage)))
		all := wire.Pairs{More: more}
		for _, row := range rows {
			all.Pairs = append(all.Pairs, wire.Pair{Name: row.Key, Value: row.Value})
		}
		return wire.AppendBody(nil, &all), 0, err
	}
	return nil, 0, nil
}
