package objecter

import (
	"fmt"
	"slices"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/placement"
	"zeph/pkg/wire"
)

// interval tells the intervals of a PG apart (protocol 4.1), as far as the map does.
type interval struct {
	up, acting         []osdmap.OSDID
	upPrimary, primary osdmap.OSDID
	gid                uint64 // of the primary's run

	size, minSize, pgCount, lease uint32
}

func (iv *interval) equal(other *interval) bool {
	return iv.primary == other.primary && iv.gid == other.gid && iv.upPrimary == other.upPrimary &&
		iv.size == other.size && iv.minSize == other.minSize && iv.pgCount == other.pgCount && iv.lease == other.lease &&
		slices.Equal(iv.up, other.up) && slices.Equal(iv.acting, other.acting)
}

// where is what the present map says of an operation: whom to ask; or why to wait; or why there
// is nothing to ask for.
type where struct {
	to  core.Dest
	iv  interval
	why string
	is  wire.Code // what sort of reason, if one has a code
	err error
}

func waits(format string, args ...any) where { return where{why: fmt.Sprintf(format, args...)} }

// where looks an operation up in the map.
func (o *Objecter) where(op *op) where {
	m := o.maps.m
	switch {
	case m == nil:
		return waits("no osdmap yet: %s", o.maps.trouble(o))
	case op.need > m.Epoch():
		return waits("osdmap e%d, ours is e%d: %s", op.need, m.Epoch(), o.maps.trouble(o))
	case op.kind == osdCommand && op.pg == (osdmap.PGID{}):
		return o.whereOSD(op.osd)
	}
	pool, w := o.wherePool(op)
	if w != nil {
		return *w
	}
	if op.kind == write || op.kind == read {
		op.pg = op.obj.PG(pool)
	}
	if why, is := held(op, m, pool); why != "" {
		return where{why: why, is: is}
	}
	if op.pg.Seed >= pool.PGNum {
		return where{err: wire.Denied.Errorf("pool '%s' has only %d PGs: there is no %v", pool.Name, pool.PGNum, op.pg)}
	}
	at := o.maps.place(pool, op.pg)
	if at.ActingPrimary == osdmap.NoOSD || !m.IsUp(at.ActingPrimary) {
		return waits("pg %v of pool '%s' has no OSD that is up", op.pg, pool.Name)
	}
	w = ptr(o.whereOSD(at.ActingPrimary))
	w.iv.up, w.iv.acting, w.iv.upPrimary = at.Up, at.Acting, at.UpPrimary
	w.iv.size, w.iv.minSize, w.iv.pgCount, w.iv.lease = pool.Size, pool.MinSize, pool.PGNum, pool.LeaseMS()
	return *w
}

func ptr[T any](v T) *T { return &v }

func (o *Objecter) whereOSD(id osdmap.OSDID) where {
	osd, ok := o.maps.m.OSD(id)
	switch {
	case !ok:
		return where{err: wire.Denied.Errorf("%v is not in the map", id)}
	case !osd.Up:
		return waits("%v is down", id)
	}
	e, err := wire.ParseEntity(id.String())
	if err != nil {
		panic(err)
	}
	return where{
		to: core.Dest{Peer: core.Peer{Entity: e, GID: wire.GID(osd.GID)}, Addrs: osd.Addrs},
		iv: interval{primary: id, gid: osd.GID},
	}
}

// wherePool finds an operation's pool, by name only once. That there is none is believed only of a
// map that a monitor gave after the operation began.
func (o *Objecter) wherePool(op *op) (*osdmap.Pool, *where) {
	if op.need > o.epoch() {
		return nil, ptr(waits("osdmap e%d, ours is e%d: %s", op.need, o.epoch(), o.maps.trouble(o)))
	}
	if op.pool.ID == 0 {
		if pool, ok := o.maps.m.PoolNamed(op.pool.Name); ok {
			op.pool = Pool{ID: pool.ID, Name: pool.Name}
			return &pool, nil
		}
		if o.maps.freshSince(op.begun) {
			return nil, &where{err: wire.NoPool.Errorf("'%s'", op.pool.Name)}
		}
		return nil, ptr(waits("whether there is a pool '%s': %s", op.pool.Name, o.maps.trouble(o)))
	}
	pool, ok := o.maps.m.Pool(op.pool.ID)
	switch {
	case ok:
		return &pool, nil
	case op.pool.ID <= o.maps.m.PoolMax(), o.maps.freshSince(op.begun): // an id is never used again
		return nil, &where{err: wire.NoPool.Errorf("pool %d%s is gone", op.pool.ID, named(op.pool.Name))}
	}
	return nil, ptr(waits("whether there is a pool %d: %s", op.pool.ID, o.maps.trouble(o)))
}

func named(name string) string {
	if name == "" {
		return ""
	}
	return " ('" + name + "')"
}

// held is why the map holds an operation back; empty if it does not.
func held(op *op, m *osdmap.Map, pool *osdmap.Pool) (string, wire.Code) {
	switch {
	case op.kind == read && m.Has(osdmap.FlagPauseRead):
		return "the cluster is paused for reads (flag pauserd)", 0
	case op.kind != write:
		return "", 0
	case m.Has(osdmap.FlagPauseWrite):
		return "the cluster is paused for writes (flag pausewr)", 0
	case !op.grows():
		return "", 0
	case m.Has(osdmap.FlagFull):
		return "the cluster is full", wire.Full
	case pool.Flags&osdmap.PoolFullQuota != 0:
		return fmt.Sprintf("pool '%s' is full by its quota", pool.Name), wire.Full
	case pool.Flags&osdmap.PoolFull != 0:
		return fmt.Sprintf("pool '%s' is full", pool.Name), wire.Full
	}
	return "", 0
}

// place is where a PG is under the present map.
func (ms *maps) place(pool *osdmap.Pool, pg osdmap.PGID) placement.Mapping {
	at, ok := ms.places[pg]
	if !ok {
		at = ms.mapper.Map(&ms.scratch, pool, pg)
		ms.places[pg] = at
	}
	return at
}

// freshSince reports whether our map is as new as one that a monitor had after a moment.
func (ms *maps) freshSince(at time.Duration) bool { return ms.m != nil && ms.fresh >= at }
