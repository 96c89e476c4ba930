package client

import (
	"context"
	"iter"
	"strings"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/objecter"
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// ListOptions say what to list.
type ListOptions struct {
	Prefix string // only names that begin so
}

// List walks the objects of the pool's namespace, in the order of their hashes. It is read page by page: objects
// that come or go meanwhile may be seen or not; all others are, once. It ends at the first error.
//
// An object that looks empty may be one in pieces, or only the note of a Put: those are looked at one by one, beside
// each other, so Infos tell the true size. They have a Sum only if they are striped.
func (p Pool) List(ctx context.Context, opt ListOptions) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		for page, err := range p.pages(ctx, &wire.List{Namespace: p.ns}) {
			var infos []Info
			if err == nil {
				infos, err = p.look(ctx, page, opt.Prefix)
			}
			if err != nil {
				yield(Info{}, err)
				return
			}
			for _, info := range infos {
				if !yield(info, nil) {
					return
				}
			}
		}
	}
}

// pages walks the listings of all PGs of the pool.
func (p Pool) pages(ctx context.Context, what *wire.List) iter.Seq2[[]wire.Listed, error] {
	return func(yield func([]wire.Listed, error) bool) {
		m, err := p.c.Map(ctx, MapOptions{})
		if err != nil {
			yield(nil, err)
			return
		}
		pool, ok := m.Pool(p.id)
		if !ok {
			yield(nil, p.fail("list", "", wire.NoPool.Errorf("'%s'", p.name)))
			return
		}
		for seed := range pool.PGNum {
			var from wire.Cursor
			for more := true; more; {
				d, err := p.c.do(ctx, func(tok core.Token, timeout time.Duration) core.Event {
					return objecter.List{Token: tok, PG: osdmap.PGID{Pool: p.id, Seed: seed},
						Namespace: what.Namespace, All: what.All, From: from, Timeout: timeout}
				})
				if err != nil {
					yield(nil, p.fail("list", "", err))
					return
				}
				page := d.Body.(*wire.ListReply)
				if !yield(page.Objects, nil) {
					return
				}
				from, more = page.Next, page.More
			}
		}
	}
}

// look makes Infos of a page.
func (p Pool) look(ctx context.Context, page []wire.Listed, prefix string) ([]Info, error) {
	infos := make([]Info, len(page))
	team := newTeam(ctx, 4*p.c.cfg.Parallel)
	for i, o := range page {
		if !strings.HasPrefix(o.Name, prefix) {
			continue
		}
		if o.Size > 0 {
			infos[i] = Info{Name: o.Name, Size: o.Size, Version: o.Version, Modified: time.UnixMilli(int64(o.Modified))}
			continue
		}
		ok := team.start(func(ctx context.Context) error {
			h, _, err := p.readHead(ctx, o.Name)
			if err == nil && h.exists() {
				infos[i] = h.info(o.Name)
			}
			return err
		})
		if !ok {
			break
		}
	}
	if err := team.wait(); err != nil {
		return nil, p.fail("list", "", err)
	}
	return infos[:compact(infos)], nil
}

// compact moves the Infos that have a name to the front, and says how many there are.
func compact(infos []Info) int {
	n := 0
	for _, info := range infos {
		if info.Name != "" {
			infos[n] = info
			n++
		}
	}
	return n
}
