package osdmap

import (
	"bytes"
	"slices"

	"zeph/pkg/crush"
)

// Diff is the Change that Apply must have been given to make of one map the next. It means
// something only for neighbours in one history; between any others nothing is promised.
func Diff(before, after *Map) *Change {
	c := before.Next(after.modified)
	if !sameCrush(before.crush, after.crush) {
		c.Crush = after.crush
	}
	if after.maxOSD != before.maxOSD {
		c.MaxOSD = &after.maxOSD
	}
	c.SetFlags = after.flags &^ before.flags
	c.ClearFlags = before.flags &^ after.flags
	if after.ratios != before.ratios {
		c.Ratios = &after.ratios
	}
	for _, p := range after.pools {
		if old := before.pool(p.ID); old == nil || *old != p {
			c.Pools = append(c.Pools, p)
		}
	}
	for _, p := range before.pools {
		if after.pool(p.ID) == nil {
			c.RemovedPools = append(c.RemovedPools, p.ID)
		}
	}
	for id := range OSDID(max(len(before.osds), len(after.osds))) {
		old, now := before.osd(id), after.osd(id)
		if old == now {
			continue // shared, or neither exists
		}
		if d := diffOSD(old, now); d != (OSDChange{}) {
			c.OSDs[id] = d
		}
	}
	diffTable(c.Upmap, before.upmap, after.upmap, slices.Equal, nil)
	diffTable(c.UpmapItems, before.upmapItems, after.upmapItems, slices.Equal, nil)
	diffTable(c.PGTemp, before.pgTemp, after.pgTemp, slices.Equal, nil)
	diffTable(c.PrimaryTemp, before.primaryTemp, after.primaryTemp, func(a, b OSDID) bool { return a == b }, NoOSD)
	return c
}

// sameCrush compares the content: maps that were decoded apart share no memory.
func sameCrush(a, b *crush.Map) bool {
	if a == b || a == nil || b == nil {
		return a == b
	}
	x, errX := encodeCrush(a)
	y, errY := encodeCrush(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

func diffOSD(old, now *OSD) OSDChange {
	if now == nil {
		return OSDChange{Remove: true}
	}
	c := OSDChange{Create: old == nil}
	if old == nil {
		old = newOSD()
	}
	c.Destroy = now.Destroyed && !old.Destroyed
	c.Lost = now.LostAt != old.LostAt
	c.Down = old.Up && !now.Up
	c.Goodbye = now.Goodbye && !old.Goodbye
	if now.Up && !old.Up {
		c.Up = &Boot{GID: now.GID, Store: now.Store, Addrs: now.Addrs}
	}
	if now.OldWeight != 0 && old.OldWeight == 0 {
		c.AutoOut = true
	} else if now.Weight != old.Weight || now.OldWeight != old.OldWeight {
		c.Weight = &now.Weight
	}
	if now.PrimaryAffinity != old.PrimaryAffinity {
		c.PrimaryAffinity = &now.PrimaryAffinity
	}
	if now.UpThru != old.UpThru {
		c.UpThru = now.UpThru
	}
	return c
}

func diffTable[V any](edits map[PGID]V, before, after pgTable[V], equal func(V, V) bool, none V) {
	old := before.byPG()
	for pg, v := range after.all() {
		if was, ok := old[pg]; !ok || !equal(was, v) {
			edits[pg] = v
		}
		delete(old, pg)
	}
	for pg := range old {
		edits[pg] = none
	}
}
