package pg

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"time"

	"zeph/pkg/osdmap"
	"zeph/pkg/store"
	"zeph/pkg/wire"
)

// states is a set of what people are shown, in Ceph's words.
type states uint32

const (
	sActive states = 1 << iota
	sPeered
	sPeering
	sActivating
	sDown
	sIncomplete
	sReplica
	sStray
	sRemoving
	sStarting
	sClean
	sWait
	sLaggy
	sRecovering
	sRecoveryWait
	sUndersized
	sDegraded
	sRemapped
	sBackfilling
	sBackfillWait
	sBackfillFull
	sUnfound
	sScrubbing
	sDeep
	sRepair
	sInconsistent
)

var stateNames = [...]string{
	"active", "peered", "peering", "activating", "down", "incomplete", "replica", "stray", "removing", "unknown",
	"clean", "wait", "laggy", "recovering", "recovery_wait", "undersized", "degraded", "remapped",
	"backfilling", "backfill_wait", "backfill_toofull", "recovery_unfound", "scrubbing", "deep", "repair", "inconsistent",
}

// String is Ceph's form: active+clean.
func (s states) String() string {
	var names []string
	for ; s != 0; s &= s - 1 {
		names = append(names, stateNames[bits.TrailingZeros32(uint32(s))])
	}
	return strings.Join(names, "+")
}

// State is how the PG is, in Ceph's words: active+clean.
func (pg *PG) State() string { return pg.states().String() }

func (pg *PG) states() states {
	switch {
	case pg.removing != nil || pg.gone:
		return sRemoving
	case pg.pri == nil && pg.m == nil || pg.era == 0:
		return sStarting
	case pg.pri == nil && pg.isStray():
		return sStray
	case pg.pri == nil:
		return sReplica
	}
	s := pg.leading()
	iv := &pg.info.Interval
	if len(iv.Acting) < int(iv.Size) {
		s |= sUndersized
	}
	if pg.isRemapped() {
		s |= sRemapped
	}
	if pg.info.Inconsistent > 0 {
		s |= sInconsistent
	}
	return s | pg.pri.scrub.states()
}

func (pg *PG) leading() states {
	p := pg.pri
	switch p.phase {
	case down:
		return sDown
	case incomplete:
		return sIncomplete
	case activating:
		return sActivating
	case active:
	default:
		return sPeering
	}
	s := sActive
	switch {
	case pg.peered():
		s = sPeered
	case pg.olderLeases() > 0:
		s |= sWait
	case pg.lagsBehind(pg.now.Mono):
		s |= sLaggy
	}
	if pg.clean() {
		return s | sClean
	}
	if len(pg.acting()) < int(pg.info.Interval.Size) || pg.someMissing() {
		s |= sDegraded
	}
	return s | pg.healing()
}

// healing is what recovery does, or waits for.
func (pg *PG) healing() states {
	r := &pg.pri.recovery
	var s states
	if len(r.unfound) > 0 {
		s |= sUnfound
	}
	if pg.someMissing() {
		if r.slots.granted || len(r.active) > 0 {
			s |= sRecovering
		} else {
			s |= sRecoveryWait
		}
	}
	for _, q := range pg.members() {
		switch {
		case !q.target || !q.activated || !q.info.Incomplete:
		case q.slot.granted && r.slots.granted && !pg.m.Has(osdmap.FlagNoBackfill):
			s |= sBackfilling
		case pg.now.Mono < q.slot.refused:
			s |= sBackfillFull
		default:
			s |= sBackfillWait
		}
	}
	if s&sBackfilling != 0 {
		s &^= sBackfillWait
	}
	return s
}

// Peers lists the OSDs that the PG talks to now: whom the OSD should ping.
func (pg *PG) Peers() []osdmap.OSDID {
	if pg.m == nil || pg.gone {
		return nil
	}
	var ids []osdmap.OSDID
	add := func(id osdmap.OSDID) {
		if id != pg.cfg.OSD && id != osdmap.NoOSD && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	for _, id := range pg.info.Interval.Up {
		add(id)
	}
	for _, m := range pg.acting() {
		add(m.OSD)
	}
	if pg.pri != nil {
		for _, q := range pg.pri.peers {
			add(q.id)
		}
	}
	slices.Sort(ids)
	return ids
}

// Stat are the PG's numbers, for the beacon of its primary.
func (pg *PG) Stat() wire.PGStat {
	s := wire.PGStat{
		PG: wire.PG(pg.cfg.PG), State: pg.State(), Epoch: pg.Epoch(), Interval: pg.info.Interval.First,
		Up: slices.Clone(pg.info.Interval.Up), Acting: osdsOf(pg.acting()), Version: pg.info.LastUpdate,
		Clean: pg.neededFrom(), Objects: pg.stats.Objects, Bytes: pg.stats.Bytes,
		Damaged: pg.info.Inconsistent, Log: uint64(len(pg.log.entries)),
		ReadOps: pg.counts.readOps, ReadBytes: pg.counts.readBytes, WriteOps: pg.counts.writeOps, WriteBytes: pg.counts.writeBytes,
		Recovered: pg.counts.recovered, Scrubbed: pg.info.Scrubbed, DeepScrub: pg.info.DeepScrubbed,
	}
	if pg.pri == nil {
		return s
	}
	s.Blocked = slices.Clone(pg.pri.blocked)
	s.Unfound = uint64(len(pg.pri.recovery.unfound))
	s.Degraded, s.Misplaced = pg.lacking()
	if s.Objects > 0 {
		s.ToRecover = (s.Degraded + s.Misplaced) * (s.Bytes / s.Objects)
	}
	if s.Degraded+s.Misplaced > 0 {
		s.Cause = pg.cause
		if s.Cause == "" { // the PG began here with this interval
			s.Cause = fmt.Sprintf("epoch %d: up %v", s.Interval, s.Up)
		}
	}
	if pg.info.Damaged {
		s.Anew = append(s.Anew, pg.cfg.OSD)
	}
	for _, q := range pg.pri.peers {
		if pg.isDamagedAt(q.id) {
			s.Anew = append(s.Anew, q.id)
		}
	}
	return s
}

// neededFrom is the oldest epoch whose map somebody may need for this PG (3.4).
func (pg *PG) neededFrom() osdmap.Epoch {
	switch {
	case pg.clean():
		return pg.Epoch()
	case pg.info.LEC > 0:
		return pg.info.LEC
	}
	return pg.info.Created
}

// lacking counts copies of objects that are lacking, and those that are only not where they should be.
func (pg *PG) lacking() (degraded, misplaced uint64) {
	iv := &pg.info.Interval
	degraded = uint64(pg.missing.len())
	short := max(0, int(iv.Size)-len(iv.Acting))
	for _, q := range pg.members() {
		degraded += uint64(q.missing.len())
		if !q.target || !q.info.Incomplete {
			continue
		}
		left := pg.stats.Objects
		if q.backfill != nil {
			left -= min(left, q.backfill.passed)
		}
		if short > 0 { // a copy that is being made up for
			short--
			degraded += left
		} else {
			misplaced += left
		}
	}
	return degraded + uint64(short)*pg.stats.Objects, misplaced
}

const statsEvery = time.Second

// statsDue is when the store should be asked again what the PG holds: never, unless something was written since.
func (pg *PG) statsDue() time.Duration {
	if pg.statsOf == pg.submits {
		return noTime
	}
	return pg.statsRead + statsEvery
}

// readStats asks the store what the PG holds, now and then.
func (pg *PG) readStats() {
	if pg.now.Mono < pg.statsDue() {
		return
	}
	pg.statsRead = pg.now.Mono
	id, of := pg.cfg.PG, pg.submits-uint64(len(pg.order))
	pg.read(func(r store.Reader) any {
		st, err := r.PG(id)
		if err != nil {
			return nil
		}
		return st.Stats
	}, func(res any) {
		if st, ok := res.(store.PGStats); ok {
			pg.stats, pg.statsOf = st, of
		}
	})
}
