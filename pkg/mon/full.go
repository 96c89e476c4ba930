package mon

import (
	"fmt"
	"strings"

	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// fullness sets and clears what the map says of full disks and full pools, from what beacons tell.
type fullness struct {
	set, clear osdmap.Flags
	pools      []osdmap.Pool // with their flags as they should be
	why        string
}

func (*fullness) absorb(_ *leader, other intent) bool { _, same := other.(*fullness); return same }
func (*fullness) cancel(*leader, *wire.Error)         {}

func (f *fullness) plan(l *leader, d *draft) verdict {
	now := l.fullness() // again: the state may have moved on
	if now == nil {
		return done
	}
	err := d.edit(func(c *osdmap.Change) {
		c.SetFlags |= now.set
		c.ClearFlags |= now.clear
	})
	for _, p := range now.pools {
		if current, ok := d.m.Pool(p.ID); ok && err == nil {
			current.Flags = current.Flags&^osdmap.PoolFullQuota | p.Flags&osdmap.PoolFullQuota
			err = d.editPool(current)
		}
	}
	if err != nil {
		return later
	}
	d.note("warn", l.c.entity.String(), now.why)
	return planned
}

// watchFullness looks whether the map's word on fullness is still right.
func (l *leader) watchFullness() {
	if f := l.fullness(); f != nil {
		l.want(f, false)
	}
}

// levels of fullness of an OSD.
const (
	roomy = iota
	near
	backfill
	full
)

// level is how full an OSD is, as it told.
func (l *leader) level(s *osdSoft) int {
	r, b := l.c.st.m.Ratios(), &s.beacon
	if !s.up || b.Size == 0 {
		return roomy
	}
	used := func(ratio osdmap.Ratio) bool {
		return b.Used/100 >= b.Size/100*uint64(ratio)/uint64(osdmap.Whole) && b.Used > 0
	}
	switch {
	case used(r.Full):
		return full
	case used(r.BackfillFull):
		return backfill
	case used(r.NearFull):
		return near
	}
	return roomy
}

// fullness is what has to change; nil: nothing. Flags are cleared only when every OSD has spoken.
func (l *leader) fullness() *fullness {
	f := &fullness{}
	var texts []string
	var count [full + 1]int
	unheard := false
	for _, id := range l.sortedOSDs() {
		s := l.osds[id]
		unheard = unheard || s.up && s.beaconAt == 0
		count[l.level(s)]++
	}
	m := l.c.st.m
	for flag, n := range map[osdmap.Flags]int{osdmap.FlagFull: count[full], osdmap.FlagNearFull: count[near] + count[backfill] + count[full]} {
		switch has := m.Has(flag); {
		case n > 0 && !has:
			f.set |= flag
		case n == 0 && has && !unheard:
			f.clear |= flag
		}
	}
	if f.set != 0 {
		texts = append(texts, fmt.Sprintf("flags %v set: osds at nearfull %d, backfillfull %d, full %d", f.set, count[near], count[backfill], count[full]))
	}
	if f.clear != 0 {
		texts = append(texts, fmt.Sprintf("flags %v cleared: there is room again", f.clear))
	}
	for pool := range m.Pools() {
		if text := l.quota(f, pool); text != "" {
			texts = append(texts, text)
		}
	}
	f.why = strings.Join(texts, "; ")
	if f.why == "" {
		return nil
	}
	return f
}

// quota compares a pool with its quota.
func (l *leader) quota(f *fullness, pool osdmap.Pool) string {
	q, has := pool.Quota, pool.Flags&osdmap.PoolFullQuota != 0
	u := l.poolUse(&pool)
	over := q.MaxBytes > 0 && u.bytes >= q.MaxBytes || q.MaxObjects > 0 && u.objects >= q.MaxObjects
	switch {
	case over && !has:
		pool.Flags |= osdmap.PoolFullQuota
	case !over && has && u.known:
		pool.Flags &^= osdmap.PoolFullQuota
	default:
		return ""
	}
	f.pools = append(f.pools, pool)
	if over {
		return fmt.Sprintf("pool %s has reached its quota: %d bytes, %d objects", pool.Name, u.bytes, u.objects)
	}
	return fmt.Sprintf("pool %s is below its quota again", pool.Name)
}

// use is what a pool holds, each object counted once.
type use struct {
	objects, bytes                        uint64
	degraded, misplaced, unfound, damaged uint64
	known                                 bool // of all its PGs
}

func (l *leader) poolUse(pool *osdmap.Pool) use {
	u := use{known: true}
	for seed := range pool.PGNum {
		p := l.pgs[osdmap.PGID{Pool: pool.ID, Seed: seed}]
		if p == nil {
			u.known = false
			continue
		}
		u.objects += p.Objects
		u.bytes += p.Bytes
		u.degraded += p.Degraded
		u.misplaced += p.Misplaced
		u.unfound += p.Unfound
		u.damaged += p.Damaged
	}
	return u
}
