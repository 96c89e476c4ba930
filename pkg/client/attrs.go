package client

import (
	"context"
	"iter"

	"zeph/pkg/wire"
)

// Xattrs are an object's attributes.
func (p Pool) Xattrs(ctx context.Context, name string) (map[string][]byte, error) {
	h, _, err := p.readHead(ctx, name)
	if err == nil && !h.exists() {
		err = ErrNotFound
	}
	if err != nil {
		return nil, p.fail("read attributes of", name, err)
	}
	attrs := make(map[string][]byte, len(h.attrs))
	for _, a := range h.attrs {
		attrs[a.Name] = a.Value
	}
	return attrs, nil
}

// GetXattr is the value of an attribute.
func (p Pool) GetXattr(ctx context.Context, name, attr string) ([]byte, error) {
	err := checkAttr(attr)
	var parts [][]byte
	if err == nil {
		_, parts, err = p.read(ctx, name, withName(wire.StepGetXattr, attr, nil))
	}
	if err != nil {
		return nil, p.fail("read attribute '"+attr+"' of", name, err)
	}
	return parts[0], nil
}

// SetXattr sets an attribute, and makes the object if there is none.
func (p Pool) SetXattr(ctx context.Context, name, attr string, value []byte) error {
	_, err := p.Apply(ctx, name, new(Write).SetXattr(attr, value))
	return err
}

// RemoveXattr removes an attribute.
func (p Pool) RemoveXattr(ctx context.Context, name, attr string) error {
	_, err := p.Apply(ctx, name, new(Write).RemoveXattr(attr))
	return err
}

// GetOmap is the value of a key of an object's omap.
func (p Pool) GetOmap(ctx context.Context, name, key string) ([]byte, error) {
	_, parts, err := p.read(ctx, name, withName(wire.StepGetOmap, key, nil))
	if err != nil {
		return nil, p.fail("read omap key '"+key+"' of", name, err)
	}
	return parts[0], nil
}

// SetOmap sets keys of an object's omap, all at once, and makes the object if there is none.
func (p Pool) SetOmap(ctx context.Context, name string, rows map[string][]byte) error {
	w := new(Write)
	for _, key := range sortedKeys(rows) {
		w.SetOmap(key, rows[key])
	}
	_, err := p.Apply(ctx, name, w)
	return err
}

// RemoveOmap removes keys of an object's omap, all at once.
func (p Pool) RemoveOmap(ctx context.Context, name string, keys ...string) error {
	w := new(Write)
	for _, key := range keys {
		w.RemoveOmap(key)
	}
	_, err := p.Apply(ctx, name, w)
	return err
}

// Row is a key of an omap with its value.
type Row struct {
	Key   string
	Value []byte
}

// Omap walks an object's omap after a key, in order of the keys. It is read page by page: rows that change
// meanwhile may be seen or not. It ends at the first error.
func (p Pool) Omap(ctx context.Context, name, after string) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for {
			_, parts, err := p.read(ctx, name, one(wire.Step{Op: wire.StepListOmap, Name: after}, nil))
			var page wire.Pairs
			if err == nil {
				err = wire.ParseBody(parts[0], &page, false)
			}
			if err != nil {
				yield(Row{}, p.fail("list the omap of", name, err))
				return
			}
			for _, row := range page.Pairs {
				if !yield(Row{row.Name, row.Value}, nil) {
					return
				}
				after = row.Name
			}
			if !page.More || len(page.Pairs) == 0 {
				return
			}
		}
	}
}
