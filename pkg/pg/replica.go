package pg

import (
	"slices"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/store"
	"zeph/pkg/wire"
)

// replica is a copy that another OSD leads, in one interval: acting, a target of backfill, or a stray.
type replica struct {
	round      uint64 // of the activation
	activated  bool   // submitted; what follows from the primary may be applied
	lease      wire.PGLease
	early      []earlyWrite // came before the activation
	earlyBytes int
	owed       []core.Request // sub-writes that are applied, and not answered yet
	announced  time.Duration
	batch      uint64             // of backfill, under way
	chunk      uint64             // of scrub, the last one looked at
	from, to   store.Key          // its first key, and the first beyond it
	over       bool               // it is done with: somebody may write to it
	judged     map[store.Key]bool // objects of it that were found wrong
	scrub      place              // of this OSD's, for the primary's scrub
	holds      bool               // a remote slot, asked for by the primary
	granted    bool
	renewed    time.Duration
	incoming   map[store.Key]*incoming
}

type earlyWrite struct {
	r core.Received
	w *wire.SubWrite
}

// maxEarly bounds what waits for an activation, in bytes.
const maxEarly = 32 << 20

// isStray reports whether this copy is neither in up nor acting.
func (pg *PG) isStray() bool { return !pg.isUp(pg.cfg.OSD) && !pg.isActing(pg.cfg.OSD) }

// announceEvery is after how many repeats a stray tells of itself again.
const announceEvery = 4

// announce tells the primary of a copy that it may not know of (11.2). It is repeated while it stays one.
func (pg *PG) announce() {
	if pg.rep == nil || !pg.isStray() || pg.removing != nil || pg.info.Interval.Primary == osdmap.NoOSD {
		return
	}
	pg.rep.announced = pg.now.Mono
	pg.quiet(func() { pg.sayNotify(0) })
}

func (pg *PG) sayNotify(round uint64) {
	pg.say(pg.info.Interval.Primary, wire.Control, wire.TypePGNotify, round, &wire.PGNotify{Info: pg.myInfo(), Bounds: pg.boundsLeft()}, nil)
}

// query answers the primary, once everything that this copy was told to write is on its disk: it might still be
// acknowledged by a primary that is cut off, and must not be unknown to the new one (5.2).
func (pg *PG) query(r core.Received, q *wire.PGQuery) {
	id, _ := pg.osdOf(r.From)
	if id != pg.info.Interval.Primary {
		return
	}
	pg.quiet(func() {
		if !q.Log {
			pg.sayNotify(q.Round)
			return
		}
		l := &wire.PGLog{Info: pg.myInfo()}
		bytes := 0
		for _, e := range pg.log.entries[pg.log.after(q.After):] {
			if bytes > logPage {
				l.More = true
				break
			}
			bytes += 128 + len(e.Object.Name) + len(e.Object.Namespace)
			l.Entries = append(l.Entries, e)
		}
		pg.say(id, wire.Data, wire.TypePGLog, q.Round, l, nil)
	})
}

// logPage is about how many bytes of a log go into one message.
const logPage = 4 << 20

// Absent answers a message about a PG that this OSD neither has nor is mapped to: a question of peering is
// answered with "none", and a pull with "not here", so that nobody waits for it. Interval, round and gids were
// not checked.
func Absent(cfg Config, view View, r core.Received) []core.Effect {
	pg := New(cfg)
	pg.m, pg.place = view.Map, view.Mapping
	switch b := r.Body.(type) {
	case *wire.PGQuery:
		pg.sayAbsent(r, &b.PGHead, wire.Control, wire.TypePGNotify, &wire.PGNotify{None: true})
	case *wire.PGPull:
		pg.sayAbsent(r, &b.PGHead, wire.Bulk, wire.TypePGPush, &wire.PGPush{
			Object: b.Object, Version: b.Need, Pulled: true, Part: b.Part, Absent: true,
		})
	default:
		if r.Request != 0 {
			pg.emit(core.Drop{To: r.Request})
		}
	}
	return pg.out
}

func (pg *PG) sayAbsent(r core.Received, asked *wire.PGHead, class wire.Class, t wire.Type, body interface{ Head() *wire.PGHead }) {
	if id, ok := pg.osdOf(r.From); ok && asked.To == pg.cfg.GID {
		pg.info.Interval.First = asked.Interval
		pg.say(id, class, t, asked.Round, body, nil)
	}
}

// activateReplica makes this copy part of the interval. The same one again is acknowledged again.
func (pg *PG) activateReplica(r core.Received, a *wire.PGActivate) {
	id, _ := pg.osdOf(r.From)
	if pg.rep == nil || id != pg.info.Interval.Primary || pg.isStray() {
		return
	}
	pg.learnBounds(a.Bounds)
	if pg.rep.activated {
		pg.ackActivation(a.Round)
		return
	}
	var t store.Txn
	auth := &pglog{tail: a.Since, entries: a.Entries}
	pg.learnFrom(&a.Info)
	switch {
	case a.Restart:
		pg.replaceLog(&t, auth, a.Dups, a.Info.DupTail)
	case !pg.merge(&t, auth):
		pg.say(id, wire.Data, wire.TypePGActivated, a.Round, &wire.PGActivated{Apart: true, Info: pg.myInfo()}, nil)
		return
	}
	pg.info.LES = pg.info.Interval.First
	pg.putInfo(&t)
	pg.submit(&t, nil)
	pg.rep.activated, pg.rep.round = true, a.Round
	pg.rep.lease = pg.grantLease(r.From, a.Lease) // the bound is noted now, acknowledged with the rest
	pg.ackActivation(a.Round)
	early := pg.rep.early
	pg.rep.early, pg.rep.earlyBytes = nil, 0
	for _, w := range early {
		pg.subWrite(w.r, w.w)
	}
}

func (pg *PG) ackActivation(round uint64) {
	info, list, lease := pg.myInfo(), pg.missing.list(), pg.rep.lease
	pg.quiet(func() {
		s := pg.space()
		pg.say(pg.info.Interval.Primary, wire.Data, wire.TypePGActivated, round, &wire.PGActivated{
			Info: info, Missing: slices.Clone(list), Bounds: pg.boundsLeft(), Lease: lease,
			Used: s.Used, Size: s.Size, Coming: s.Coming, At: s.At,
		}, nil)
	})
}

// gotHistory notes what was reached, and says so once it is on disk.
func (pg *PG) gotHistory(r core.Received, h *wire.PGHistory) {
	id, _ := pg.osdOf(r.From)
	if pg.rep == nil || id != pg.info.Interval.Primary || !pg.rep.activated {
		return
	}
	news := h.HistoryLES > pg.info.HistoryLES || h.LEC > pg.info.LEC || h.Cleared > pg.info.Cleared
	if news || h.Scrubbed > pg.info.Scrubbed || h.DeepScrubbed > pg.info.DeepScrubbed {
		pg.learnFrom(&wire.PGInfo{
			HistoryLES: h.HistoryLES, LEC: h.LEC, Cleared: h.Cleared,
			Scrubbed: h.Scrubbed, DeepScrubbed: h.DeepScrubbed, Inconsistent: h.Inconsistent,
		})
		var t store.Txn
		pg.putInfo(&t)
		pg.submit(&t, nil)
	}
	ack := wire.PGHistoryAck{
		HistoryLES: pg.info.HistoryLES, LEC: pg.info.LEC, Cleared: pg.info.Cleared,
		Scrubbed: pg.info.Scrubbed, DeepScrubbed: pg.info.DeepScrubbed,
	}
	pg.quiet(func() { pg.say(id, wire.Control, wire.TypePGHistoryAck, h.Round, &ack, nil) })
}
