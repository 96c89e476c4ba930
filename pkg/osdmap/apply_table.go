package osdmap

import (
	"fmt"
	"slices"
)

// applyTables changes what is kept for single PGs. It runs last: it needs the new pools and OSDs.
func (m *Map) applyTables(c *Change) (err error) {
	if len(c.RemovedPools) > 0 {
		m.dropGonePGs()
	}
	if m.upmap, err = edit(m, c, m.upmap, cloneLists(c.Upmap), isEmpty, m.checkMapping); err != nil {
		return fmt.Errorf("pg_upmap %w", err)
	}
	if m.upmapItems, err = edit(m, c, m.upmapItems, cloneLists(c.UpmapItems), isEmpty, m.checkItems); err != nil {
		return fmt.Errorf("pg_upmap_items %w", err)
	}
	if m.pgTemp, err = edit(m, c, m.pgTemp, cloneLists(c.PGTemp), isEmpty, m.checkMapping); err != nil {
		return fmt.Errorf("pg_temp %w", err)
	}
	if m.primaryTemp, err = edit(m, c, m.primaryTemp, c.PrimaryTemp, isNoOSD, m.checkPrimary); err != nil {
		return fmt.Errorf("primary_temp %w", err)
	}
	return nil
}

// edit is a table after edits; check sees those that are not empty. They are checked in
// order of their PGs, so that an error is the same everywhere.
func edit[V any](m *Map, c *Change, t pgTable[V], edits map[PGID]V, empty func(V) bool, check func(*Pool, V) error) (pgTable[V], error) {
	rows := tableOf(edits)
	for i := range rows {
		pg, gone := rows[i].pg(), empty(rows[i].Val)
		p := m.pool(pg.Pool)
		switch {
		case p == nil && gone && slices.Contains(c.RemovedPools, pg.Pool):
			continue // it went with its pool
		case p == nil:
			return nil, fmt.Errorf("%v: %w %d", pg, ErrUnknownPool, pg.Pool)
		case pg.Seed >= p.PGNum:
			return nil, fmt.Errorf("%v: pool %d %q has %d pgs: %w", pg, p.ID, p.Name, p.PGNum, ErrUnknownPG)
		case gone:
			continue
		}
		if err := check(p, rows[i].Val); err != nil {
			return nil, fmt.Errorf("%v: %w", pg, err)
		}
	}
	return t.with(rows, empty), nil
}

// dropGonePGs forgets what is kept for PGs that are no more.
func (m *Map) dropGonePGs() {
	m.upmap = m.upmap.only(m.HasPG)
	m.upmapItems = m.upmapItems.only(m.HasPG)
	m.pgTemp = m.pgTemp.only(m.HasPG)
	m.primaryTemp = m.primaryTemp.only(m.HasPG)
}

func isEmpty[T any](list []T) bool { return len(list) == 0 }

func isNoOSD(id OSDID) bool { return id == NoOSD }

// cloneLists keeps the map from sharing memory with a Change that its maker may write to.
func cloneLists[T any](edits map[PGID][]T) map[PGID][]T {
	own := make(map[PGID][]T, len(edits))
	for pg, list := range edits {
		own[pg] = slices.Clone(list)
	}
	return own
}

// checkMapping wants different, known OSDs; where positions count there may be holes.
func (m *Map) checkMapping(p *Pool, osds []OSDID) error {
	if !slices.ContainsFunc(osds, func(id OSDID) bool { return id != NoOSD }) {
		return invalid("there is no osd in it")
	}
	if len(osds) > int(p.Size) {
		return invalid("%d osds, but the pool has size %d", len(osds), p.Size)
	}
	for i, id := range osds {
		if id == NoOSD && !p.CanShift() {
			continue
		}
		if !m.Exists(id) {
			return fmt.Errorf("osd %d: %w", id, ErrUnknownOSD)
		}
		if slices.Contains(osds[:i], id) {
			return invalid("%v appears twice", id)
		}
	}
	return nil
}

// checkItems wants known OSDs, none moved twice, and none that gets two positions.
func (m *Map) checkItems(p *Pool, items []UpmapItem) error {
	if len(items) > int(p.Size) {
		return invalid("%d items, but the pool has size %d", len(items), p.Size)
	}
	for i, it := range items {
		for _, id := range []OSDID{it.From, it.To} {
			if !m.Exists(id) {
				return fmt.Errorf("osd %d: %w", id, ErrUnknownOSD)
			}
		}
		clash := func(other UpmapItem) bool { return other.From == it.From || other.To == it.To }
		if it.From == it.To || slices.ContainsFunc(items[:i], clash) {
			return invalid("%v to %v: is no move, or repeats an osd", it.From, it.To)
		}
	}
	return nil
}

func (m *Map) checkPrimary(_ *Pool, id OSDID) error {
	if !m.Exists(id) {
		return fmt.Errorf("osd %d: %w", id, ErrUnknownOSD)
	}
	return nil
}
