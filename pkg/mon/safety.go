package mon

import (
	"fmt"
	"slices"
	"strings"

	"zeph/pkg/osdmap"
	"zeph/pkg/status"
)

// unknown is why the leader cannot say how PGs are; empty: it can.
func (l *leader) unknown() string {
	waiting := l.waiting()
	if len(waiting) == 0 {
		return ""
	}
	return fmt.Sprintf("%v became leader %s ago and waits for what %s have to tell", l.c.entity, tenths(l.c.now.Mono-l.since.Mono), names(waiting))
}

// names lists OSDs for people.
func names(ids []osdmap.OSDID) string {
	var words []string
	for i, id := range ids {
		if i == 8 {
			return strings.Join(words, ", ") + fmt.Sprintf(" and %d more", len(ids)-i)
		}
		words = append(words, id.String())
	}
	return strings.Join(words, ", ")
}

// okToStop says whether every PG would go on serving without some OSDs.
func (l *leader) okToStop(a args) (*status.OkToStop, error) {
	ids, err := a.known(l.c.st.m)
	if err != nil {
		return nil, err
	}
	r := &status.OkToStop{OSDs: ids, Bad: []status.PGRisk{}, Unknown: l.unknown()}
	for pool := range l.c.st.m.Pools() {
		for seed, place := range l.places.table.Pool(pool.ID) {
			pg := osdmap.PGID{Pool: pool.ID, Seed: uint32(seed)}
			without, live := 0, 0
			for _, id := range place.Acting {
				switch {
				case slices.Contains(ids, id):
					without++
				case id != osdmap.NoOSD:
					live++
				}
			}
			if without == 0 {
				continue
			}
			r.PGs++
			if why := l.riskToStop(&pool, pg, live); why != "" {
				r.Bad = append(r.Bad, status.PGRisk{PG: pg.String(), Why: why})
			} else {
				r.Degraded++
			}
		}
	}
	r.OK = len(r.Bad) == 0 && r.Unknown == ""
	return r, nil
}

func (l *leader) riskToStop(pool *osdmap.Pool, pg osdmap.PGID, live int) string {
	state := l.pgState(pg)
	switch {
	case live < int(pool.MinSize):
		return fmt.Sprintf("%d copies would be left, pool %s serves with no fewer than %d", live, pool.Name, pool.MinSize)
	case state != "unknown" && !hasState(state, "active"):
		return "it is " + state + " now"
	case hasState(state, "recovering") || hasState(state, "degraded"):
		return "it is " + state + ": copies that are left may lack objects"
	}
	return ""
}

func (l *leader) safeToDestroy(a args) (*status.SafeToDestroy, error) {
	ids, err := a.known(l.c.st.m)
	if err != nil {
		return nil, err
	}
	return l.safety(ids), nil
}

// safety says whether nobody needs the data of OSDs: no PG is to be on them, none that is not clean
// may come back for what they have, and those that are up hold none.
func (l *leader) safety(ids []osdmap.OSDID) *status.SafeToDestroy {
	r := &status.SafeToDestroy{OSDs: ids, Bad: []status.PGRisk{}, Unknown: l.unknown()}
	down := false
	for _, id := range ids {
		s := l.soft(id)
		down = down || !s.up
		if s.up && s.beacon.Copies > 0 {
			r.Bad = append(r.Bad, status.PGRisk{PG: "-", Why: fmt.Sprintf("%v still holds copies of %d PGs", id, s.beacon.Copies)})
		}
		if o, _ := l.c.st.m.OSD(id); o.GID == 0 {
			down = down && len(ids) > 1 // it never held anything
		}
	}
	for pool := range l.c.st.m.Pools() {
		for seed, place := range l.places.table.Pool(pool.ID) {
			pg := osdmap.PGID{Pool: pool.ID, Seed: uint32(seed)}
			state := l.pgState(pg)
			why := ""
			for _, id := range ids {
				if slices.Contains(place.Up, id) || slices.Contains(place.Acting, id) {
					why = fmt.Sprintf("%v serves it", id)
				}
			}
			if why == "" && down && (!hasState(state, "active") || !hasState(state, "clean")) {
				why = "it is " + state + ", and may need what they have"
			}
			if why != "" {
				r.Bad = append(r.Bad, status.PGRisk{PG: pg.String(), Why: why})
			}
		}
	}
	r.Safe = len(r.Bad) == 0 && r.Unknown == ""
	return r
}

// pgState is the state of a PG as far as is known: what its primary told, unless the PG has moved on.
func (l *leader) pgState(pg osdmap.PGID) string {
	p := l.pgs[pg]
	place, _ := l.places.table.PG(pg)
	switch {
	case p == nil && place.ActingPrimary == osdmap.NoOSD:
		return "stale+unknown"
	case p == nil:
		return "unknown"
	case !l.isUp(p.from, p.gid):
		if place.ActingPrimary != osdmap.NoOSD {
			return "peering" // another one takes over, and has not told yet
		}
		return "stale+" + p.State
	case p.from != place.ActingPrimary || p.Interval < l.places.start[pg] && l.places.start[pg] > l.places.since:
		return "peering"
	}
	return p.State
}

// hasState reports whether a state, such as active+clean, has a word.
func hasState(state, word string) bool {
	for w := range strings.SplitSeq(state, "+") {
		if w == word {
			return true
		}
	}
	return false
}
