package sim

import (
	"slices"

	"zeph/pkg/osdmap"
	"zeph/pkg/store"
	"zeph/pkg/wire"
)

// What follows is the budget of faults (protocol 18): per placement group and interval that may have written, one honest
// copy stays able to answer. No more may be demanded, and no less is.

// loseOne takes an OSD away for good: the first that can be lost, from one on. It may be that none can.
func (c *Cluster) loseOne(from int) {
	for i := range c.osds {
		if id := (from + i) % len(c.osds); c.losable(id) {
			c.lost, c.gone[id] = id, true
			c.osds[id].Crash(true)
			return
		}
	}
	c.w.Note("nemesis", "ends", "no osd can be lost")
}

// losable reports whether an OSD may go for good: no placement group waits for its word, and everything that was
// acknowledged, and everything that others have yet to be given, is on some other disk, too. With few copies it may not be: a write under way overwrites the acknowledged value on one,
// another member has yet to be recovered, and then the third is all there is.
func (c *Cluster) losable(id int) bool {
	return c.budget && !c.vouchesAlone(id) && c.backedUp(id, sameVersion) // without budget a copy has been destroyed already
}

// sameVersion and noOlder say what counts as a copy of a version elsewhere: a newer one may still be undone, but the
// monitors may let an OSD go that has nothing which the others have not passed.
func sameVersion(has, wanted store.Version) bool { return has == wanted }
func noOlder(has, wanted store.Version) bool     { return has.Compare(wanted) >= 0 }

// backedUp is the part of losable that is about objects.
func (c *Cluster) backedUp(id int, counts func(has, wanted store.Version) bool) bool {
	for _, name := range c.objects() {
		if v, known := c.acked[name]; known && !v.removed && !c.elsewhere(id, c.keyOf(name), v.version, counts) {
			return false
		}
	}
	for other, o := range c.osds {
		for _, pg := range c.pgs() {
			for _, m := range missingOn(o, pg) {
				key := store.Key{Pool: pg.Pool, Hash: m.Object.Hash, Namespace: m.Object.Namespace, Name: m.Object.Name}
				if other != id && !m.Delete && !c.elsewhere(id, key, m.Need, counts) {
					return false
				}
			}
		}
	}
	return true
}

// elsewhere reports whether some other OSD has an object at a version that counts.
func (c *Cluster) elsewhere(than int, key store.Key, v wire.PGVersion, counts func(has, wanted store.Version) bool) bool {
	for id, o := range c.osds {
		if id != than && !c.gone[id] {
			if info, err := o.Store().Stat(key); err == nil && counts(info.Version, store.Version(v)) {
				return true
			}
		}
	}
	return false
}

// missingOn are the objects that an OSD's log of a placement group has and its disk lacks.
func missingOn(o *Node, id osdmap.PGID) []wire.PGMissing {
	rows, _, err := o.Store().Rows(id, "missing/", "missing0", 0)
	if err != nil {
		return nil // it has no copy
	}
	var all []wire.PGMissing
	for _, row := range rows {
		var m wire.PGMissing
		if err := wire.ParseBody(row.Value, &m, false); err != nil {
			panic("sim: " + err.Error())
		}
		all = append(all, m)
	}
	return all
}

// vouchesAlone reports whether an OSD is the only one left of an interval of some placement group that may have written
// and is not superseded: without its word the group is down, and rightly (protocol 5.3).
func (c *Cluster) vouchesAlone(id int) bool {
	return slices.ContainsFunc(c.pgs(), func(one osdmap.PGID) bool {
		pool, _ := c.state().Map().Pool(one.Pool)
		place := c.mapping(one)
		acting := slices.DeleteFunc(slices.Clone(place.Acting), func(o osdmap.OSDID) bool { return !c.state().Map().IsUp(o) })
		if len(acting) >= int(pool.MinSize) && !c.othersOf(acting, id) {
			return true
		}
		var past []wire.PGInterval
		var started osdmap.Epoch // by what is known without it
		for other := range c.osds {
			if h := c.historyOn(other, one); h != nil && !c.gone[other] {
				past = append(past, h.Past...)
				if h.Interval.MinSize > 0 && len(h.Interval.Acting) >= int(h.Interval.MinSize) {
					past = append(past, h.Interval)
					past[len(past)-1].Last, past[len(past)-1].Wrote = c.state().Epoch(), true
				}
				if other != id {
					started = max(started, h.HistoryLES, h.LEC)
				}
			}
		}
		return slices.ContainsFunc(past, func(iv wire.PGInterval) bool {
			var members []osdmap.OSDID
			for _, m := range iv.Acting {
				if m.Store == c.stores[m.OSD] {
					members = append(members, m.OSD)
				}
			}
			return iv.Wrote && iv.Last >= started && slices.Contains(members, osdmap.OSDID(id)) && !c.othersOf(members, id)
		})
	})
}

// othersOf reports whether somebody is left of some OSDs without one.
func (c *Cluster) othersOf(of []osdmap.OSDID, id int) bool {
	return slices.ContainsFunc(of, func(o osdmap.OSDID) bool { return o >= 0 && int(o) != id && !c.gone[o] })
}

// historyOn is what an OSD knows of a placement group's past, or its disk does while it is down; nil: nothing.
func (c *Cluster) historyOn(id int, one osdmap.PGID) *wire.PGInfo {
	if core := c.osdCore(osdmap.OSDID(id)); core != nil {
		if p := core.PG(one); p != nil {
			return p.History()
		}
		return nil
	}
	state, err := c.osds[id].Store().PG(one)
	var info wire.PGInfo
	if err != nil || wire.ParseBody(state.Info, &info, false) != nil {
		return nil
	}
	return &info
}
