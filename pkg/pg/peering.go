package pg

import (
	"fmt"
	"slices"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// startPeering is the begin of an interval that this OSD leads.
func (pg *PG) startPeering() {
	pg.pri = &primary{round: 1, since: pg.now.Mono, writes: writes{byAsker: map[wire.Asker]*op{}}}
	pg.advance()
}

// advance takes peering as far as it goes with what is known now. It is called whenever something was learnt, and on
// every tick.
func (pg *PG) advance() {
	for {
		before := pg.pri.phase
		switch before {
		case getInfo, down, incomplete, waitActing:
			pg.choose()
		case getLog:
			pg.askLog()
		case waitUpThru:
			pg.awaitUpThru()
		case activating:
			pg.awaitActivation()
		case active:
			pg.reconsider()
		}
		if pg.pri.phase == before {
			return
		}
	}
}

// myInfo is what this copy says of itself.
func (pg *PG) myInfo() wire.PGInfo {
	info := pg.info
	info.Epoch = pg.Epoch()
	info.Missing = uint64(pg.missing.len())
	info.Objects, info.Bytes = pg.stats.Objects, pg.stats.Bytes
	return info
}

// copies are all that was heard, this copy included, in the order of their ids.
func (pg *PG) copies() []candidate {
	mine := pg.myInfo()
	all := []candidate{{pg.cfg.OSD, &mine}}
	for _, q := range pg.pri.peers {
		if q.info != nil && !q.none {
			all = append(all, candidate{q.id, q.info})
		}
	}
	slices.SortFunc(all, func(a, b candidate) int { return int(a.osd) - int(b.osd) })
	return all
}

type candidate struct {
	osd  osdmap.OSDID
	info *wire.PGInfo
}

// ---- GetInfo

// choose asks whom it must, and decides whose log counts and who should be acting.
func (pg *PG) choose() {
	p := pg.pri
	need := pg.learnHistory()
	for _, id := range pg.info.Interval.Up {
		pg.addPeer(id)
	}
	for _, m := range pg.acting() {
		pg.addPeer(m.OSD)
	}
	for _, iv := range need {
		for _, m := range iv.Acting {
			if pg.there(m) {
				pg.addPeer(m.OSD)
			}
		}
	}
	if waiting := pg.askInfos(); len(waiting) > 0 {
		p.blocked, p.why = waiting, "they have not said yet what they have"
		if p.phase != waitActing {
			pg.toPhase(getInfo)
		}
		if down, iv := pg.unanswerable(need); len(down) > 0 {
			pg.isDown(down, iv)
		}
		return
	}
	if downs, iv := pg.unanswerable(need); len(downs) > 0 {
		pg.isDown(downs, iv)
		return
	}
	pg.assumeForLost(need)
	auth, ok := pg.authoritative()
	if !ok {
		p.blocked, p.why = nil, "no copy is both complete and as new as what was once active"
		pg.sometimes("pg is incomplete")
		pg.toPhase(incomplete)
		return
	}
	p.blocked, p.why = nil, ""
	p.auth = authority{osd: auth.osd, info: *auth.info, asked: never}
	want := pg.chooseActing(auth)
	if !pg.isWant(want) {
		p.want, p.why = want, fmt.Sprintf("%v should be in charge", want)
		if p.phase != waitActing {
			p.wanted = never
		}
		pg.toPhase(waitActing)
		pg.askTemp()
		return
	}
	p.want = nil
	pg.toPhase(getLog)
}

func (pg *PG) isDown(downs []osdmap.OSDID, iv wire.PGInterval) {
	pg.pri.blocked = downs
	pg.pri.why = fmt.Sprintf("epochs %d to %d may have been written to, and none of their OSDs answers", iv.First, iv.Last)
	pg.sometimes("pg is down")
	for _, id := range downs {
		if pg.isDamagedAt(id) {
			pg.pri.why += fmt.Sprintf("; the copy of %v is damaged: only zeph osd lost, and a new store, give it up", id)
		}
	}
	pg.toPhase(down)
}

// there reports whether a member of a past interval is up, on the store that it had (1.2).
func (pg *PG) there(m wire.PGMember) bool {
	o, ok := pg.m.OSD(m.OSD)
	return ok && o.Up && o.Store == m.Store
}

// learnHistory gathers what the copies know of the past, and returns the intervals that may have written and are not
// superseded by a later one that is known to have been active (5.3).
func (pg *PG) learnHistory() []wire.PGInterval {
	for _, c := range pg.copies() {
		pg.learnFrom(c.info)
	}
	var need []wire.PGInterval
	for _, iv := range pg.info.Past {
		if iv.Wrote && iv.Last >= pg.info.HistoryLES && iv.Last >= pg.info.LEC {
			need = append(need, iv)
		}
	}
	return need
}

// learnFrom takes over the history in another copy's info, in memory: it is written with the next info.
func (pg *PG) learnFrom(info *wire.PGInfo) {
	pg.info.HistoryLES = max(pg.info.HistoryLES, info.HistoryLES)
	pg.info.LEC = max(pg.info.LEC, info.LEC)
	pg.info.Cleared = max(pg.info.Cleared, info.Cleared)
	if info.Scrubbed > pg.info.Scrubbed {
		pg.info.Scrubbed, pg.info.Inconsistent = info.Scrubbed, info.Inconsistent
	}
	pg.info.DeepScrubbed = max(pg.info.DeepScrubbed, info.DeepScrubbed)
	past := slices.Clone(pg.info.Past)
	for _, iv := range info.Past {
		has := func(own wire.PGInterval) bool { return iv.First <= own.Last && own.First <= iv.Last }
		if !slices.ContainsFunc(past, has) && iv.Last < pg.info.Interval.First {
			past = append(past, iv)
		}
	}
	slices.SortFunc(past, func(a, b wire.PGInterval) int { return int(a.First) - int(b.First) })
	pg.info.Past = slices.DeleteFunc(past, func(iv wire.PGInterval) bool { return iv.Last < pg.info.Cleared })
}

// askInfos asks all that have not answered, and names them.
func (pg *PG) askInfos() []osdmap.OSDID {
	var waiting []osdmap.OSDID
	for _, q := range pg.pri.peers {
		if q.info != nil {
			continue
		}
		waiting = append(waiting, q.id)
		if pg.due(q.asked) {
			q.asked = pg.now.Mono
			pg.say(q.id, wire.Control, wire.TypePGQuery, pg.pri.round, &wire.PGQuery{}, nil)
		}
	}
	return waiting
}

// unanswerable finds an interval of which nobody answers, nor can: it names those that would have to come back.
// One whose members were all given up since it began is no reason to wait.
func (pg *PG) unanswerable(need []wire.PGInterval) ([]osdmap.OSDID, wire.PGInterval) {
	for _, iv := range need {
		answered, lost := pg.answers(&iv)
		if answered || lost {
			continue
		}
		var downs []osdmap.OSDID
		for _, m := range iv.Acting {
			if pg.there(m) && !pg.isDamagedAt(m.OSD) {
				downs = nil
				break
			}
			if !pg.isLost(m, iv.First) {
				downs = append(downs, m.OSD)
			}
		}
		if len(downs) > 0 {
			return downs, iv
		}
	}
	return nil, wire.PGInterval{}
}

// answers reports whether a member of an interval has answered, and whether none can because all were lost.
func (pg *PG) answers(iv *wire.PGInterval) (answered, lost bool) {
	lost = true
	for _, m := range iv.Acting {
		if pg.isDamagedAt(m.OSD) { // it knows nothing of it any more
			lost = lost && pg.isLost(m, iv.First)
			continue
		}
		if m.OSD == pg.cfg.OSD && m.Store == pg.cfg.Store {
			return true, false
		}
		if q := pg.peerOf(m.OSD); q != nil && q.store == m.Store && q.info != nil {
			return true, false
		}
		lost = lost && pg.isLost(m, iv.First)
	}
	return false, lost
}

// isDamagedAt reports whether an OSD has said that its copy could not be read.
func (pg *PG) isDamagedAt(id osdmap.OSDID) bool {
	if id == pg.cfg.OSD {
		return pg.info.Damaged
	}
	q := pg.peerOf(id)
	return q != nil && q.info != nil && q.info.Damaged
}

// isLost reports whether a member's data was given up after an interval began, or the OSD is no more.
func (pg *PG) isLost(m wire.PGMember, first osdmap.Epoch) bool {
	o, ok := pg.m.OSD(m.OSD)
	return !ok || o.LostAt > first
}

// assumeForLost bounds the leases of intervals nobody can tell us about (6.3).
func (pg *PG) assumeForLost(need []wire.PGInterval) {
	for _, iv := range need {
		if answered, _ := pg.answers(&iv); answered || slices.Contains(pg.pri.bounded, iv.First) {
			continue
		}
		pg.pri.bounded = append(pg.pri.bounded, iv.First)
		pg.assumeLease(&iv)
	}
}

// authoritative chooses the copy whose log counts (5.5).
func (pg *PG) authoritative() (candidate, bool) {
	all := pg.copies()
	bar := pg.info.HistoryLES
	for _, c := range all {
		if !c.info.Incomplete {
			bar = max(bar, c.info.LES)
		}
	}
	var best candidate
	for _, c := range all {
		if c.info.Incomplete || c.info.LES < bar {
			continue
		}
		if best.info == nil || pg.better(c, best) {
			best = c
		}
	}
	return best, best.info != nil
}

func (pg *PG) better(a, b candidate) bool {
	if c := a.info.LastUpdate.Compare(b.info.LastUpdate); c != 0 {
		return c > 0
	}
	if c := a.info.LogTail.Compare(b.info.LogTail); c != 0 {
		return c < 0 // it can bring more others up to date
	}
	return a.osd == pg.cfg.OSD
}

// usable reports whether a copy can be acting: complete, and its log meets the authoritative one (5.8).
func (pg *PG) usable(id osdmap.OSDID, auth candidate) bool {
	if id == auth.osd {
		return true
	}
	if slices.Contains(pg.pri.apart, id) || !pg.m.IsUp(id) {
		return false
	}
	if q := pg.peerOf(id); q != nil && q.activated {
		return !q.info.Incomplete // it has had every entry since
	}
	for _, c := range pg.copies() {
		if c.osd == id {
			return !c.info.Incomplete && c.info.LastUpdate.Compare(auth.info.LogTail) >= 0
		}
	}
	// a member that says it has none begins with an empty copy, which the whole log makes complete
	q := pg.peerOf(id)
	return q != nil && q.info != nil && q.none && (pg.isUp(id) || pg.isActing(id)) && auth.info.LogTail.IsZero()
}

// chooseActing names who should be acting: up first, then acting, then strays, as many as the pool wants; the primary is
// up's first if it can be, else the authoritative copy (10.6).
func (pg *PG) chooseActing(auth candidate) []osdmap.OSDID {
	up := pg.info.Interval.Up
	first := auth.osd
	if len(up) > 0 && pg.usable(up[0], auth) {
		first = up[0]
	}
	want := []osdmap.OSDID{first}
	add := func(id osdmap.OSDID) {
		if len(want) < int(pg.info.Interval.Size) && !slices.Contains(want, id) && pg.usable(id, auth) {
			want = append(want, id)
		}
	}
	for _, id := range up {
		add(id)
	}
	for _, m := range pg.acting() {
		add(m.OSD)
	}
	for _, c := range pg.copies() {
		add(c.osd)
	}
	return want
}

// isWant reports whether those are acting already.
func (pg *PG) isWant(want []osdmap.OSDID) bool {
	have := osdsOf(pg.acting())
	if len(want) != len(have) || want[0] != pg.info.Interval.Primary {
		return false
	}
	for _, id := range want {
		if !slices.Contains(have, id) {
			return false
		}
	}
	return true
}

// askTemp asks the monitors for those we want, or for the end of a pg_temp when they are up's own (10.6).
func (pg *PG) askTemp() {
	p := pg.pri
	if p.want == nil || !pg.due(p.wanted) {
		return
	}
	p.wanted = pg.now.Mono
	ask := p.want
	if slices.Equal(ask, pg.info.Interval.Up) {
		ask = nil
	}
	pg.emit(WantTemp{PG: pg.cfg.PG, Interval: pg.info.Interval.First, OSDs: ask})
}

// notify is a copy's answer, or a stray that announces itself.
func (pg *PG) notify(r core.Received, n *wire.PGNotify) {
	id, ok := pg.osdOf(r.From)
	if pg.pri == nil || !ok {
		return
	}
	if n.Round != 0 && n.Round != pg.pri.round {
		return
	}
	q := pg.addPeer(id)
	if q == nil {
		return
	}
	pg.learnBounds(n.Bounds)
	if q.acts() {
		return // it is known better
	}
	if q.info == nil || q.none != n.None || q.info.LastUpdate != n.Info.LastUpdate {
		pg.retryUnfound()
	}
	q.info, q.none = &n.Info, n.None
	pg.advance()
}

// ---- GetLog

// askLog gets the authoritative log, unless it is our own.
func (pg *PG) askLog() {
	p := pg.pri
	a := &p.auth
	mine := pg.info.LastUpdate == a.info.LastUpdate && pg.info.LogTail.Compare(a.info.LogTail) <= 0
	if a.osd == pg.cfg.OSD || mine && !pg.info.Incomplete {
		a.log, a.have = pg.log, true
	}
	if a.have {
		if _, ok := common(&pg.log, &a.log); !ok {
			pg.isApart(pg.cfg.OSD)
			pg.toPhase(getInfo)
			return
		}
		pg.toPhase(waitUpThru)
		return
	}
	if pg.due(a.asked) {
		a.asked = pg.now.Mono
		after := wire.PGVersion{}
		if len(a.log.entries) > 0 {
			after = a.log.head()
		}
		pg.say(a.osd, wire.Control, wire.TypePGQuery, p.round, &wire.PGQuery{Log: true, After: after}, nil)
	}
}

// isApart notes a copy whose log turned out not to meet: it cannot be acting.
func (pg *PG) isApart(id osdmap.OSDID) {
	if !slices.Contains(pg.pri.apart, id) {
		pg.sometimes("pg finds a log that does not meet its own")
		pg.pri.apart = append(pg.pri.apart, id)
	}
}

// gotLog takes a page of the authoritative log.
func (pg *PG) gotLog(r core.Received, l *wire.PGLog) {
	id, _ := pg.osdOf(r.From)
	if pg.pri == nil || pg.pri.phase != getLog || l.Round != pg.pri.round || id != pg.pri.auth.osd {
		return
	}
	a := &pg.pri.auth
	if len(a.log.entries) == 0 {
		a.log.tail = l.Info.LogTail
	}
	for _, e := range l.Entries {
		if e.Version.Compare(a.log.head()) > 0 {
			a.log.entries = append(a.log.entries, e)
		}
	}
	a.info, a.asked = l.Info, never
	a.have = !l.More
	pg.advance()
}

// ---- WaitUpThru

// awaitUpThru waits until the map shows that we were up when the interval began: else nobody could tell later that
// it may have written (4.2, H10). An interval too small to serve needs no such proof.
func (pg *PG) awaitUpThru() {
	first := pg.info.Interval.First
	o, _ := pg.m.OSD(pg.cfg.OSD)
	if o.UpThru >= first || len(pg.acting()) < int(pg.info.Interval.MinSize) {
		pg.activate()
		return
	}
	if pg.due(pg.pri.upThru) || pg.pri.upThru == 0 {
		pg.pri.upThru = pg.now.Mono
		pg.emit(WantUpThru{PG: pg.cfg.PG, Epoch: first})
	}
}

// reconsider asks for other OSDs in charge when better ones have appeared: a returning full copy ends
// undersized (5.9), and up that has been recovered takes over from pg_temp.
func (pg *PG) reconsider() {
	if pg.rests() {
		pg.pri.want = nil
		return
	}
	mine := pg.myInfo()
	want := pg.chooseActing(candidate{pg.cfg.OSD, &mine})
	if pg.isWant(want) {
		pg.pri.want = nil
		return
	}
	if pg.pri.want == nil {
		pg.pri.wanted = never
	}
	pg.pri.want = want
	pg.askTemp()
}

// rests reports whether it is plain that nobody else should be acting: up are, all of them, and none lacks the past. Most
// PGs are like this at most times, and the question is asked at every tick.
func (pg *PG) rests() bool {
	iv := &pg.info.Interval
	if len(iv.Up) != int(iv.Size) || len(iv.Acting) != len(iv.Up) || iv.Up[0] != iv.Primary || iv.Primary != pg.cfg.OSD {
		return false
	}
	for i, id := range iv.Up {
		if iv.Acting[i].OSD != id {
			return false
		}
		if id == pg.cfg.OSD {
			continue
		}
		q := pg.peerOf(id)
		if q == nil || !q.activated || q.info.Incomplete || slices.Contains(pg.pri.apart, id) || !pg.m.IsUp(id) {
			return false
		}
	}
	return true
}
