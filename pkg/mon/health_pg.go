package mon

import (
	"fmt"
	"slices"

	"zeph/pkg/osdmap"
	"zeph/pkg/status"
)

// mostDetail is how many PGs a check lists.
const mostDetail = 50

// eachPG walks the PGs with their states.
func (l *leader) eachPG(visit func(pool *osdmap.Pool, pg osdmap.PGID, state string)) {
	for pool := range l.c.st.m.Pools() {
		for seed := range pool.PGNum {
			pg := osdmap.PGID{Pool: pool.ID, Seed: seed}
			visit(&pool, pg, l.pgState(pg))
		}
	}
}

func checkAvailability(l *leader) *status.Check {
	c := &status.Check{
		Code: "PG_AVAILABILITY", Severity: status.Warn,
		Why:  "operations on objects of these PGs wait until they serve again",
		Next: []string{"start the OSDs that they wait for", "zeph pg query PG says why one does not serve"},
	}
	n, cramped := 0, 0
	waiting := len(l.waiting()) > 0
	l.eachPG(func(pool *osdmap.Pool, pg osdmap.PGID, state string) {
		if hasState(state, "active") && !hasState(state, "stale") || waiting && state == "unknown" {
			return
		}
		if l.isCramped(pool.ID) {
			cramped++
		}
		if n++; n > mostDetail {
			return
		}
		place, _ := l.places.table.PG(pg)
		text := fmt.Sprintf("pg %v of %s is %s, acting %v", pg, pool.Name, state, osdList(place.Acting))
		if p := l.pgs[pg]; p != nil && len(p.Blocked) > 0 {
			text += ", waits for " + names(p.Blocked)
		}
		if hasState(state, "peered") && len(place.Acting) < int(pool.MinSize) {
			text += fmt.Sprintf(": %s there, and min_size is %d", areThere(len(place.Acting)), pool.MinSize)
		}
		if hasState(state, "down") || hasState(state, "incomplete") {
			c.Severity = status.Err
		}
		c.Detail = append(c.Detail, text)
	})
	if n == 0 {
		return nil
	}
	if cramped == n {
		c.Next[0] = "their pool has more copies than places: see POOL_TOO_FEW_PLACES"
	}
	c.Summary = fmt.Sprintf("%s not serving", counted(n, "PG"))
	return c
}

func areThere(copies int) string {
	if copies == 1 {
		return "1 copy is"
	}
	return fmt.Sprintf("%d copies are", copies)
}

func checkDegraded(l *leader) *status.Check {
	c := &status.Check{
		Code: "PG_DEGRADED", Severity: status.Warn,
		Why:  "no data is lost, but with one failure more some PGs may stop serving; copies are made anew by themselves where there is a place for them",
		Next: []string{"wait: zeph status says how far recovery is"},
	}
	if slices.ContainsFunc(l.osdCounts().Down, func(g status.Going) bool { return g.In }) {
		c.Next = append(c.Next, "start the OSD that is down, which is quicker than making its data anew")
	}
	n, cramped, copies := 0, 0, uint64(0)
	l.eachPG(func(pool *osdmap.Pool, pg osdmap.PGID, state string) {
		if !hasState(state, "degraded") && !hasState(state, "undersized") {
			return
		}
		lacking := uint64(0)
		if p := l.pgs[pg]; p != nil {
			lacking = p.Degraded
		}
		copies += lacking
		if l.isCramped(pool.ID) {
			cramped++
		}
		if n++; n <= mostDetail {
			place, _ := l.places.table.PG(pg)
			text := fmt.Sprintf("pg %v of %s is %s, acting %v", pg, pool.Name, state, osdList(place.Acting))
			if lacking > 0 {
				text += ", " + copiesText(lacking) + " lacking"
			}
			c.Detail = append(c.Detail, text)
		}
	})
	if n == 0 {
		return nil
	}
	if cramped == n {
		c.Next = []string{"their pool has more copies than places: see POOL_TOO_FEW_PLACES"}
	}
	all := l.pgCounts().Copies
	if copies == 0 { // there are no objects in them, or they are being made anew at this moment
		c.Summary = counted(n, "PG") + " with fewer copies than they should have"
		return c
	}
	c.Summary = fmt.Sprintf("%d/%d copies of objects missing (%s %%) in %s", copies, all, status.Share(copies, all).Percent(), counted(n, "PG"))
	return c
}

func copiesText(n uint64) string {
	if n == 1 {
		return "1 copy"
	}
	return fmt.Sprintf("%d copies", n)
}

func checkUnfound(l *leader) *status.Check {
	c := &status.Check{
		Code: "OBJECT_UNFOUND", Severity: status.Err,
		Why:  "no OSD that can be reached has the newest version of these objects; operations on them wait",
		Next: []string{"start OSDs that are down: one may have them", "zeph pg unfound list PG", "gone for good? zeph pg unfound revert PG goes back to older versions, delete gives the objects up"},
	}
	total := uint64(0)
	l.eachPG(func(pool *osdmap.Pool, pg osdmap.PGID, _ string) {
		if p := l.pgs[pg]; p != nil && p.Unfound > 0 {
			total += p.Unfound
			c.Detail = append(c.Detail, fmt.Sprintf("pg %v of %s: %d unfound", pg, pool.Name, p.Unfound))
		}
	})
	if total == 0 {
		return nil
	}
	c.Summary = fmt.Sprintf("%s unfound in %s", counted(int(total), "object"), counted(len(c.Detail), "PG"))
	return c
}

func checkDamaged(l *leader) *status.Check {
	c := &status.Check{
		Code: "PG_DAMAGED", Severity: status.Err,
		Why:  "scrub found copies that differ; reads are right as long as one copy is",
		Next: []string{"zeph pg list-inconsistent PG says which", "zeph pg repair PG mends them from a copy that is right"},
	}
	total := uint64(0)
	l.eachPG(func(pool *osdmap.Pool, pg osdmap.PGID, state string) {
		p := l.pgs[pg]
		if p == nil || p.PGStat.Damaged == 0 && !hasState(state, "inconsistent") {
			return
		}
		total += p.PGStat.Damaged
		c.Detail = append(c.Detail, fmt.Sprintf("pg %v of %s is %s: %d objects", pg, pool.Name, state, p.PGStat.Damaged))
	})
	if len(c.Detail) == 0 {
		return nil
	}
	c.Summary = fmt.Sprintf("%s inconsistent in %s", counted(int(total), "object"), counted(len(c.Detail), "PG"))
	return c
}

// checkAnew names copies of PGs that their OSD could not read when it started (protocol 5.11).
func checkAnew(l *leader) *status.Check {
	c := &status.Check{
		Code: "PG_COPY_DAMAGED", Severity: status.Warn,
		Why:  "what their OSDs keep of these PGs did not check when they started: a disk, its cable or memory fails. Until such a copy is filled anew it counts as if it were not there",
		Next: []string{"wait: it is filled from the other copies by itself", "look at the disk's own counters (SMART); zeph osd drain it, then replace it"},
	}
	stuck := osdmap.NoOSD
	l.eachPG(func(pool *osdmap.Pool, pg osdmap.PGID, state string) {
		p := l.pgs[pg]
		if p == nil || len(p.Anew) == 0 {
			return
		}
		text := fmt.Sprintf("pg %v of %s is %s: the copy of %s is damaged", pg, pool.Name, state, names(p.Anew))
		switch {
		case hasState(state, "active"):
			text += ", and is filled anew from the others"
		case hasState(state, "down"), hasState(state, "incomplete"):
			stuck = p.Anew[0]
			text += ", and may have had acknowledged writes that no OSD within reach has"
		}
		c.Detail = append(c.Detail, text)
	})
	if len(c.Detail) == 0 {
		return nil
	}
	if stuck != osdmap.NoOSD {
		c.Severity = status.Err
		c.Next[0] = fmt.Sprintf("start the OSDs that these PGs wait for; there are none? zeph osd lost %d --yes gives that copy up, and what only it had", int32(stuck))
	}
	c.Summary = "damaged copies of " + counted(len(c.Detail), "PG")
	c.Detail = most(c.Detail)
	return c
}

func checkPoolFull(l *leader) *status.Check {
	c := &status.Check{
		Code: "POOL_FULL", Severity: status.Warn, Why: "writes to these pools are refused",
		Next: []string{"remove objects: deletes still work", "raise the quota: zeph pool quota POOL --bytes SIZE"},
	}
	for p := range l.c.st.m.Pools() {
		if p.Flags&(osdmap.PoolFullQuota|osdmap.PoolFull) != 0 {
			u := l.poolUse(&p)
			c.Detail = append(c.Detail, fmt.Sprintf("pool %s holds %d bytes, %d objects; its quota is %s bytes, %s objects",
				p.Name, u.bytes, u.objects, limit(p.Quota.MaxBytes), limit(p.Quota.MaxObjects)))
		}
	}
	if len(c.Detail) == 0 {
		return nil
	}
	c.Summary = counted(len(c.Detail), "pool") + " full by quota"
	return c
}

func checkSize(l *leader) *status.Check {
	c := &status.Check{
		Code: "POOL_NO_REDUNDANCY", Severity: status.Warn, Why: "with one disk the only copy of something is lost",
	}
	for p := range l.c.st.m.Pools() {
		if p.Size == 1 {
			c.Detail = append(c.Detail, fmt.Sprintf("pool %s has size 1", p.Name))
			c.Next = append(c.Next, "zeph pool set "+p.Name+" size 3")
		}
	}
	if len(c.Detail) == 0 {
		return nil
	}
	c.Summary = counted(len(c.Detail), "pool") + " without a second copy"
	return c
}
