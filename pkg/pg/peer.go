package pg

import (
	"cmp"
	"slices"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// phase is how far a primary is.
type phase uint8

const (
	getInfo phase = iota
	down          // nobody answers of an interval that may have written
	incomplete
	waitActing // other OSDs should be in charge
	getLog
	waitUpThru
	activating
	active // or peered, where acting is smaller than min_size
)

var phaseNames = [...]string{"getinfo", "down", "incomplete", "wait acting", "getlog", "wait up_thru", "activating", "active"}

// String is for people.
func (p phase) String() string { return phaseNames[p] }

// primary is what the leading OSD knows in one interval.
type primary struct {
	round uint64
	phase phase
	since time.Duration // in this phase
	peers []*peer       // by id, without ourselves
	apart []osdmap.OSDID

	blocked []osdmap.OSDID // whom we wait for
	why     string         // for people
	bounded []osdmap.Epoch // first epochs of intervals nobody can answer for, whose leases we assumed

	auth     authority
	want     []osdmap.OSDID // who should be acting; nil: as it is
	wanted   time.Duration  // when that was last asked for
	upThru   time.Duration  // the same for up_thru
	selfDone bool           // our own activation is durable

	leases leases
	waited bool // for older leases, once

	writes   writes
	recovery recovery
	history  historyState
	scrub    scrubber
	schedule schedule
	commands []core.Request // of operators, that wait for the store
}

// authority is the copy whose log counts.
type authority struct {
	osd   osdmap.OSDID
	info  wire.PGInfo
	log   pglog
	asked time.Duration
	have  bool // the log is whole
}

// peer is another OSD, as the primary sees it in one interval.
type peer struct {
	id    osdmap.OSDID
	gid   wire.GID
	store osdmap.UUID

	info  *wire.PGInfo // accepted, of this run in this interval; nil: not heard
	none  bool         // it has no copy
	asked time.Duration

	// of members: acting, or targets of backfill
	target    bool
	activate  *wire.PGActivate
	sent      time.Duration // the activation
	activated bool
	missing   missing
	complete  wire.PGVersion
	acked     wire.PGVersion // on its disk
	next      wire.PGVersion // newest sub-write sent, in this go
	gen       uint64         // counts goes
	stalled   bool           // a sub-write failed: go on at the next tick
	under     uint64         // growth that it has not acknowledged

	historyAcked wire.PGHistoryAck
	historySent  time.Duration
	backfill     *backfill
	slot         slotState
	scrubSlot    slotState
}

// acts reports whether the peer has to acknowledge writes, as acting or as a target.
func (p *peer) acts() bool { return p.activate != nil }

// peerOf finds a peer.
func (pg *PG) peerOf(id osdmap.OSDID) *peer {
	at, found := pg.findPeer(id)
	if !found {
		return nil
	}
	return pg.pri.peers[at]
}

func (pg *PG) findPeer(id osdmap.OSDID) (int, bool) {
	return slices.BinarySearchFunc(pg.pri.peers, id, func(p *peer, id osdmap.OSDID) int { return cmp.Compare(p.id, id) })
}

// addPeer makes an OSD one that is asked, if it is up.
func (pg *PG) addPeer(id osdmap.OSDID) *peer {
	if id == pg.cfg.OSD || id == osdmap.NoOSD {
		return nil
	}
	at, found := pg.findPeer(id)
	if found {
		return pg.pri.peers[at]
	}
	o, ok := pg.m.OSD(id)
	if !ok || !o.Up {
		return nil
	}
	p := &peer{id: id, gid: wire.GID(o.GID), store: o.Store, missing: newMissing(), asked: never}
	pg.pri.peers = slices.Insert(pg.pri.peers, at, p)
	return p
}

// never is before any time that a request could have been sent.
const never = -time.Hour

// due reports whether something that was asked for at a time should be asked for again (2.3).
func (pg *PG) due(asked time.Duration) bool {
	return pg.now.Mono >= asked+pg.set.Repeat || pg.now.Mono > asked && pg.buggify(2)
}

// refreshPeers drops what was heard from runs that the map does not have any more: an answer counts only
// of the present incarnation (5.3, H13).
func (pg *PG) refreshPeers() {
	p := pg.pri
	before := slices.Clone(p.peers)
	p.peers = slices.DeleteFunc(p.peers, func(q *peer) bool {
		o, ok := pg.m.OSD(q.id)
		return !ok || !o.Up || wire.GID(o.GID) != q.gid
	})
	for _, q := range before {
		if pg.peerOf(q.id) != q {
			pg.forgiveUnder(q)
		}
	}
	if p.phase == getLog && p.auth.osd != pg.cfg.OSD && pg.peerOf(p.auth.osd) == nil {
		pg.toPhase(getInfo)
	}
}

func (pg *PG) toPhase(ph phase) {
	if pg.pri.phase != ph {
		pg.pri.phase, pg.pri.since = ph, pg.now.Mono
	}
}

// members are the peers that take part in the interval.
func (pg *PG) members() []*peer {
	out := make([]*peer, 0, 8) // on the stack: callers have this inlined
	for _, q := range pg.pri.peers {
		if q.acts() {
			out = append(out, q)
		}
	}
	return out
}
