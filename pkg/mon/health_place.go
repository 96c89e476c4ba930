package mon

import (
	"fmt"

	"zeph/pkg/osdmap"
	"zeph/pkg/status"
)

// checkNoPlace names PGs for whose copies CRUSH finds too few OSDs, though none is down that is in: those that could
// hold them are out. What they hold stays where it is as long as that OSD runs. (Ceph shows such PGs as remapped, for
// ever, and says nothing.)
func checkNoPlace(l *leader) *status.Check {
	m := l.c.st.m
	var out []osdmap.OSDID
	for id, o := range m.OSDs() {
		if o.Weight > 0 && o.Up {
			continue
		}
		if w, held := crushWeight(m.Crush(), id); !held || w == 0 {
			continue
		}
		if o.Weight > 0 {
			return nil // a copy has its place there: see OSD_DOWN
		}
		out = append(out, id)
	}
	if len(out) == 0 {
		return nil // the hierarchy itself is too small: see POOL_TOO_FEW_PLACES
	}
	c := &status.Check{
		Code: "PG_NO_PLACE", Severity: status.Warn,
		Why:  "CRUSH finds no OSD that is in for the other copies; what OSDs that are out still hold of them stays there, and is not made anew when they stop",
		Next: []string{fmt.Sprintf("let OSDs in again that are out: %s (zeph osd in %d)", names(out), int32(out[0])), "add OSDs where the rule could choose them"},
	}
	n := 0
	for pool := range m.Pools() {
		if l.isCramped(pool.ID) {
			continue
		}
		for seed, place := range l.places.table.Pool(pool.ID) {
			up := 0
			for _, id := range place.Up {
				if id != osdmap.NoOSD {
					up++
				}
			}
			if up >= int(pool.Size) {
				continue
			}
			if n++; n <= mostDetail {
				pg := osdmap.PGID{Pool: pool.ID, Seed: uint32(seed)}
				c.Detail = append(c.Detail, fmt.Sprintf("pg %v of %s: %d of %d copies have a place, up %v, acting %v", pg, pool.Name, up, pool.Size, osdList(place.Up), osdList(place.Acting)))
			}
		}
	}
	if n == 0 {
		return nil
	}
	c.Summary = fmt.Sprintf("%s with more copies than places that are in", counted(n, "PG"))
	return c
}
