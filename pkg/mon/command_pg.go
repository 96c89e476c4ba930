package mon

import (
	"fmt"
	"slices"
	"strings"

	"zeph/pkg/osdmap"
	"zeph/pkg/placement"
	"zeph/pkg/status"
	"zeph/pkg/wire"
)

var pgCommands = map[string]command{
	"pg ls":   {args: "pool osd state", look: pgList},
	"pg dump": {look: pgList},
	"pg map":  {args: "pool object namespace key", look: pgMap},
}

func pgList(l *leader, a args) (any, error) {
	m := l.c.st.m
	list := &status.PGList{PGs: []status.PG{}, Known: l.unknown() == ""}
	var only []osdmap.OSDID
	if a.text("osd") != "" {
		ids, err := args{&wire.Command{Args: []wire.Setting{{Name: "id", Value: a.text("osd")}}}}.known(m)
		if err != nil {
			return nil, err
		}
		only = ids
	}
	if name := a.text("pool"); name != "" {
		if _, ok := m.PoolNamed(name); !ok {
			return nil, wire.NoPool.Errorf("pool %q: there is no such; zeph pool ls lists all", name)
		}
	}
	for pool := range m.Pools() {
		if name := a.text("pool"); name != "" && name != pool.Name {
			continue
		}
		for seed, place := range l.places.table.Pool(pool.ID) {
			pg := l.pgShape(&pool, osdmap.PGID{Pool: pool.ID, Seed: uint32(seed)}, &place)
			if len(only) > 0 && !slices.ContainsFunc(only, func(id osdmap.OSDID) bool { return slices.Contains(pg.Up, id) || slices.Contains(pg.Acting, id) }) {
				continue
			}
			if word := a.text("state"); word == "" || strings.Contains(pg.State, word) {
				list.PGs = append(list.PGs, pg)
			}
		}
	}
	return list, nil
}

// pgShape is what is known of one PG: where it is by the map, how it is by its primary.
func (l *leader) pgShape(pool *osdmap.Pool, pg osdmap.PGID, place *placement.Mapping) status.PG {
	s := status.PG{
		PG: pg.String(), Pool: pool.Name, State: l.pgState(pg), Up: osdList(place.Up), Acting: osdList(place.Acting), Primary: idOrNone(place.ActingPrimary),
		Interval: l.places.start[pg], Blocked: []osdmap.OSDID{}, Version: wire.PGVersion{}.String(),
	}
	p := l.pgs[pg]
	if p == nil {
		return s
	}
	s.Objects, s.Bytes, s.Degraded, s.Misplaced, s.Unfound, s.Damaged = p.Objects, p.Bytes, p.Degraded, p.Misplaced, p.Unfound, p.PGStat.Damaged
	s.ToRecover, s.Cause, s.Version, s.Log, s.Clean, s.Epoch = p.ToRecover, p.Cause, p.Version.String(), p.Log, p.Clean, p.Epoch
	s.Blocked, s.ScrubMS, s.DeepMS = osdList(p.Blocked), osdmap.UnixMilli(p.Scrubbed), osdmap.UnixMilli(p.DeepScrub)
	s.Seconds = int64((l.c.now.Mono - p.since) / second)
	return s
}

// osdList is never null.
func osdList(ids []osdmap.OSDID) []osdmap.OSDID {
	out := make([]osdmap.OSDID, 0, len(ids))
	for _, id := range ids {
		out = append(out, idOrNone(id))
	}
	return out
}

// idOrNone is -1 for none, which people read more easily than 2147483647.
func idOrNone(id osdmap.OSDID) osdmap.OSDID {
	if id == osdmap.NoOSD {
		return -1
	}
	return id
}

// pgMap says where an object is, for clients that cannot work it out themselves.
func pgMap(l *leader, a args) (any, error) {
	m := l.c.st.m
	name, err := a.must("pool")
	if err != nil {
		return nil, err
	}
	pool, ok := m.PoolNamed(name)
	if !ok {
		return nil, wire.NoPool.Errorf("pool %q: there is no such; zeph pool ls lists all", name)
	}
	object, err := a.must("object")
	if err != nil {
		return nil, err
	}
	o := placement.Object{Name: object, Namespace: a.text("namespace"), Key: a.text("key")}
	pg := o.PG(&pool)
	place, ok := l.places.table.PG(pg)
	if !ok {
		return nil, fmt.Errorf("pg %v: not in the map of epoch %d", pg, m.Epoch())
	}
	r := &status.PGMap{
		Epoch: m.Epoch(), Pool: pool.Name, PoolID: pool.ID, Object: object, Namespace: o.Namespace, Hash: o.Hash(&pool), PG: pg.String(), Seed: pg.Seed,
		Up: osdList(place.Up), Acting: osdList(place.Acting), UpPrimary: idOrNone(place.UpPrimary), Primary: idOrNone(place.ActingPrimary),
		PrimaryAddr: map[string]string{},
	}
	if primary, ok := m.OSD(place.ActingPrimary); ok {
		r.PrimaryGID = wire.GID(primary.GID).String()
		for _, ad := range primary.Addrs {
			r.PrimaryAddr[ad.Name] = ad.Addr
		}
	}
	return r, nil
}
