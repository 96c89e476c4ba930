package pg

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/store"
	"zeph/pkg/wire"
)

// scrubber compares the copies of a PG, chunk by chunk (12.1): light scrub their versions, sizes and attributes, deep
// scrub every byte of them, from the disk. The rest of the machine knows of it only that it may lock objects
// against writes, wants ticks, and shows states.
//
//	choosing ─▶ draining ─▶ comparing ─▶ repairing ─▶ choosing …
//	what is     writes to   what each    wrong copies are told that
//	next        it end      acting has   they lack the object
//
// Which copy is right: the one with the authoritative version (the log's, else the highest recorded) whose checksums
// hold. A primary is no better than others (12.2, H29). Right copies that differ leave it to people to decide.
type scrubber struct {
	step   scrubStep
	deep   bool
	repair bool
	chunk  uint64
	from   store.Key // the chunk is what lies after it
	to     store.Key // up to here
	end    bool      // to the PG's end
	first  bool      // no chunk is done yet
	asked  bool      // it should begin
	itself bool      // because it is due: nobody asked
	urgent bool      // clients wait for it
	place  reservation
	copies []scrubCopy
	orders []*repairOrder
	found  []Inconsistency // of this run
	last   []Inconsistency // of the last whole one, and what a light one cannot see of those before
	mended uint64
}

type scrubStep uint8

const (
	scrubIdle scrubStep = iota
	scrubChoosing
	scrubDraining
	scrubComparing
	scrubRepairing
)

// scrubCopy is what one acting copy has of the chunk.
type scrubCopy struct {
	osd     osdmap.OSDID
	heard   bool
	asked   time.Duration
	objects map[store.Key]wire.PGScrubObj
}

// repairOrder tells a copy about a wrong object.
type repairOrder struct {
	osd    osdmap.OSDID
	key    store.Key
	need   wire.PGVersion
	delete bool
	asked  time.Duration
}

// Inconsistency is an object whose copies are not all right.
type Inconsistency struct {
	Object   string         `json:"object"`
	Version  string         `json:"version"` // the authoritative one
	Wrong    []WrongCopy    `json:"wrong"`
	Right    []osdmap.OSDID `json:"right"`
	Repaired bool           `json:"repaired"`
	Why      string         `json:"why,omitempty"` // it cannot be repaired
	key      store.Key
	lost     bool // no copies make a whole one
	deep     bool // found by reading all
}

// WrongCopy is a copy that is not what it should be.
type WrongCopy struct {
	OSD    osdmap.OSDID `json:"osd"`
	What   string       `json:"what"`
	Offset uint64       `json:"offset,omitempty"`
	Length uint64       `json:"length,omitempty"`
}

// scrubChunk is how many objects of the primary's make a chunk; scrubChunkDeep, where every byte is read.
const (
	scrubChunk     = 64
	scrubChunkDeep = 8
)

func (s *scrubber) states() states {
	if s.step == scrubIdle && (!s.asked || s.itself) {
		return 0
	}
	st := sScrubbing
	if s.deep {
		st |= sDeep
	}
	if s.repair {
		st |= sRepair
	}
	return st
}

// scrubCommand begins a scrub, or tells what the last one found.
func (pg *PG) scrubCommand(to core.Request, c *wire.Command) {
	s := &pg.pri.scrub
	switch c.Name {
	case "pg list-inconsistent":
		pg.listInconsistent(to)
		return
	case "pg scrub", "pg deep-scrub", "pg repair":
	default:
		pg.fail(to, wire.NoHandler.Errorf("%q", c.Name))
		return
	}
	if s.itself && s.step < scrubRepairing { // what somebody asks for goes before
		pg.endScrub(false)
	}
	if s.step != scrubIdle || s.asked {
		pg.fail(to, wire.Denied.Errorf("pg %v is being scrubbed already", pg.cfg.PG))
		return
	}
	pg.askScrub(c.Name != "pg scrub", c.Name == "pg repair")
	pg.answerJSON(to, fmt.Sprintf("pg %v: %s begins", pg.cfg.PG, strings.TrimPrefix(c.Name, "pg ")), struct{}{})
}

func (pg *PG) askScrub(deep, repair bool) {
	s := &pg.pri.scrub
	s.asked, s.itself, s.deep, s.repair = true, false, deep, repair
}

// scrubLocks reports whether writes to an object have to wait for a chunk.
func (pg *PG) scrubLocks(k store.Key) bool {
	s := &pg.pri.scrub
	return s.step >= scrubDraining && s.holds(k)
}

func (s *scrubber) holds(k store.Key) bool {
	return (s.first || k.Compare(s.from) > 0) && (s.end || k.Compare(s.to) <= 0)
}

// tickScrub takes a scrub on, and repeats what has no answer.
func (pg *PG) tickScrub() {
	s := &pg.pri.scrub
	if s.step != scrubIdle {
		pg.keepScrubPlaces()
		if s.itself && !pg.mayScrub(s.deep) {
			pg.endScrub(false)
			return
		}
	}
	switch s.step {
	case scrubIdle:
		pg.planScrub()
		switch {
		case !s.asked || pg.pri.phase != active || pg.someMissing():
			pg.freeScrubPlaces()
		case pg.placedForScrub():
			s.asked, s.first, s.found, s.mended = false, true, nil, 0
			s.from, _ = pg.span().Bounds()
			pg.tell("pg scrub begins", "deep", s.deep, "repair", s.repair)
			pg.chooseChunk()
		}
	case scrubDraining:
		pg.drainChunk()
	case scrubComparing:
		pg.askChunk()
	case scrubRepairing:
		pg.orderRepairs()
	}
}

// chooseChunk finds what is next here.
func (pg *PG) chooseChunk() {
	s := &pg.pri.scrub
	s.step = scrubChoosing
	chunk := pg.nextChunk()
	from, to := pg.span().Bounds()
	if !s.first {
		from = s.from.Next()
	}
	n := scrubChunk
	if s.deep {
		n = scrubChunkDeep
	}
	type page struct {
		items []store.Item
		more  bool
		err   error
	}
	pg.read(func(r store.Reader) any {
		items, more, err := r.List(from, to, n)
		return page{items, more, err}
	}, func(res any) {
		got := res.(page)
		if s.step != scrubChoosing || s.chunk != chunk {
			return // of a scrub that was cut off
		}
		if got.err != nil {
			pg.endScrub(false)
			return
		}
		s.end, s.to = !got.more, s.from
		if len(got.items) > 0 {
			s.to = got.items[len(got.items)-1].Key
		}
		s.step = scrubDraining
		pg.drainChunk()
	})
}

// nextChunk is a number that is never used again in this interval.
func (pg *PG) nextChunk() uint64 {
	pg.pri.recovery.batches++
	pg.pri.scrub.chunk = pg.pri.recovery.batches
	return pg.pri.scrub.chunk
}

// drainChunk waits until no write to the chunk is under way.
func (pg *PG) drainChunk() {
	s := &pg.pri.scrub
	if slices.ContainsFunc(pg.pri.writes.flight, func(w *write) bool { return s.holds(w.key) }) {
		return
	}
	s.step = scrubComparing
	chunk := pg.nextChunk()
	s.copies = []scrubCopy{{osd: pg.cfg.OSD}}
	for _, q := range pg.members() {
		if !q.target {
			s.copies = append(s.copies, scrubCopy{osd: q.id, asked: never})
		}
	}
	from, to := s.bounds(pg.span())
	deep := s.deep
	pg.read(func(r store.Reader) any { return scrubRange(r, from, to, deep) }, func(res any) {
		if s.chunk == chunk {
			pg.heardChunk(pg.cfg.OSD, res)
		}
	})
	pg.askChunk()
}

func (s *scrubber) bounds(span store.Span) (from, to store.Key) {
	from, to = span.Bounds()
	if !s.first {
		from = s.from.Next()
	}
	if !s.end {
		to = s.to.Next()
	}
	return from, to
}

func (pg *PG) askChunk() {
	s := &pg.pri.scrub
	from := wire.Cursor{}
	if !s.first {
		from = cursorAt(s.from)
	}
	for i := range s.copies {
		c := &s.copies[i]
		if c.heard || c.osd == pg.cfg.OSD || pg.now.Mono < c.asked+4*pg.set.Repeat {
			continue
		}
		c.asked = pg.now.Mono
		pg.say(c.osd, wire.Control, wire.TypePGScrub, pg.pri.round, &wire.PGScrub{
			Chunk: s.chunk, From: from, To: cursorAt(s.to), End: s.end, Deep: s.deep,
		}, nil)
	}
}

// scrubRange is what a copy has of a chunk, or an error. It runs beside the core.
func scrubRange(r store.Reader, from, to store.Key, deep bool) any {
	items, ok := listAll(r, from, to).([]store.Item)
	if !ok {
		return nil
	}
	objects := make([]wire.PGScrubObj, 0, len(items))
	for _, it := range items {
		o := wire.PGScrubObj{Object: objectOf(it.Key), Version: wire.PGVersion(it.Info.Version), Size: it.Info.Size, Rows: it.Info.OmapRows}
		if it.Damaged {
			o.Damage = []wire.PGDamage{{Part: store.PartObject.String()}}
		} else if deep {
			v, err := r.Verify(it.Key)
			if err != nil {
				o.Damage = []wire.PGDamage{{Part: store.PartObject.String()}}
			}
			o.Attrs, o.Data, o.Omap = v.Attrs, v.Data, v.Omap
			for _, d := range v.Damage {
				o.Damage = append(o.Damage, wire.PGDamage{Part: d.Part.String(), Offset: d.Off, Length: d.Len})
			}
		} else {
			attrs, _, err := r.Attrs(it.Key)
			if err != nil {
				o.Damage = []wire.PGDamage{{Part: store.PartObject.String()}}
			}
			for _, a := range attrs {
				o.Attrs = store.DigestRow(o.Attrs, a.Name, a.Value)
			}
		}
		objects = append(objects, o)
	}
	return objects
}

func (pg *PG) scrubbed(r core.Received, a *wire.PGScrubbed) {
	id, _ := pg.osdOf(r.From)
	if pg.pri == nil || a.Round != pg.pri.round || a.Chunk != pg.pri.scrub.chunk || pg.pri.scrub.step != scrubComparing {
		return
	}
	if a.Failed {
		pg.endScrub(false)
		return
	}
	pg.heardChunk(id, a.Objects)
}

// heardChunk takes what a copy has; with the last one the copies are compared.
func (pg *PG) heardChunk(id osdmap.OSDID, res any) {
	s := &pg.pri.scrub
	objects, ok := res.([]wire.PGScrubObj)
	if !ok {
		pg.endScrub(false)
		return
	}
	waiting := false
	for i := range s.copies {
		c := &s.copies[i]
		if c.osd == id && !c.heard {
			c.heard, c.objects = true, map[store.Key]wire.PGScrubObj{}
			for _, o := range objects {
				c.objects[pg.keyOf(o.Object)] = o
			}
		}
		waiting = waiting || !c.heard
	}
	if waiting {
		return
	}
	all := map[store.Key]bool{}
	for _, c := range s.copies {
		for k := range c.objects {
			all[k] = true
		}
	}
	for _, k := range sortedKeys(all) {
		pg.judge(k)
	}
	s.step = scrubRepairing
	pg.orderRepairs()
}

// judge finds which copies of an object are right.
func (pg *PG) judge(k store.Key) {
	s := &pg.pri.scrub
	want, deleted := pg.shouldBe(k)
	in := Inconsistency{Object: k.String(), key: k, Version: want.String(), deep: s.deep}
	var right []wire.PGScrubObj
	for _, c := range s.copies {
		o, there := c.objects[k]
		wrong := WrongCopy{OSD: c.osd}
		switch {
		case deleted && !there, !deleted && there && o.Version == want && len(o.Damage) == 0:
			in.Right = append(in.Right, c.osd)
			right = append(right, o)
			continue
		case deleted:
			wrong.What = "it was deleted"
		case !there:
			wrong.What = "lacks it"
		case len(o.Damage) > 0:
			wrong.What, wrong.Offset, wrong.Length = o.Damage[0].Part+" damaged", o.Damage[0].Offset, o.Damage[0].Length
		default:
			wrong.What = fmt.Sprintf("has version %v", o.Version)
		}
		in.Wrong = append(in.Wrong, wrong)
	}
	if len(in.Wrong) == 0 && alikeObjects(right) {
		return
	}
	switch {
	case len(right) == 0 && !together(s.copies, k, want):
		in.Why, in.lost = "no copy is right", true
	case !alikeObjects(right):
		in.Why = "copies of one version differ, and all check"
	case s.repair:
		in.Repaired = true
		for _, w := range in.Wrong {
			s.orders = append(s.orders, &repairOrder{osd: w.OSD, key: k, need: want, delete: deleted, asked: never})
		}
	}
	pg.warn("pg found an inconsistent object", "object", k.String(), "wrong", fmt.Sprint(in.Wrong), "why", in.Why)
	s.found = append(s.found, in)
}

// together reports whether copies that are all damaged have each block whole in one of them. Then they make a whole
// object together (8.3).
func together(copies []scrubCopy, k store.Key, want wire.PGVersion) bool {
	var left []wire.PGDamage // what is damaged in all of them so far
	some := false
	for _, c := range copies {
		o, there := c.objects[k]
		if !there || o.Version != want || slices.ContainsFunc(o.Damage, func(d wire.PGDamage) bool { return d.Part == store.PartObject.String() }) {
			continue
		}
		if !some {
			left, some = o.Damage, true
			continue
		}
		left = damagedInBoth(left, o.Damage)
	}
	return some && len(left) == 0
}

// damagedInBoth is what two copies have damaged both. Of an omap it is not known which rows are.
func damagedInBoth(a, b []wire.PGDamage) []wire.PGDamage {
	var both []wire.PGDamage
	for _, x := range a {
		for _, y := range b {
			from, to := max(x.Offset, y.Offset), min(x.Offset+x.Length, y.Offset+y.Length)
			if x.Part == y.Part && (from < to || x.Part != store.PartData.String()) {
				both = append(both, wire.PGDamage{Part: x.Part, Offset: from, Length: to - from})
			}
		}
	}
	return both
}

func alikeObjects(all []wire.PGScrubObj) bool {
	for _, o := range all {
		if a := all[0]; o.Size != a.Size || o.Attrs != a.Attrs || o.Data != a.Data || o.Omap != a.Omap || o.Rows != a.Rows {
			return false
		}
	}
	return true
}

// shouldBe is the authoritative version of an object: the log's, else the highest recorded. A lost write leaves an
// old version whose checksums hold.
func (pg *PG) shouldBe(k store.Key) (v wire.PGVersion, deleted bool) {
	obj := objectOf(k)
	for i := len(pg.log.entries) - 1; i >= 0; i-- {
		if e := &pg.log.entries[i]; e.Object == obj {
			return e.Version, e.Delete
		}
	}
	for _, c := range pg.pri.scrub.copies {
		if o, there := c.objects[k]; there && o.Version.Compare(v) > 0 {
			v = o.Version
		}
	}
	return v, false
}

// orderRepairs tells copies about their wrong objects; recovery does the rest. The chunk stays locked until all have
// noted it, so no write comes between (10.1).
func (pg *PG) orderRepairs() {
	s := &pg.pri.scrub
	for _, o := range slices.Clone(s.orders) {
		if o.osd == pg.cfg.OSD {
			var t store.Txn
			pg.noteWrong(&t, o.key, o.need, o.delete)
			pg.submit(&t, nil)
			pg.endOrder(o)
			continue
		}
		if pg.now.Mono >= o.asked+2*pg.set.Repeat {
			o.asked = pg.now.Mono
			pg.say(o.osd, wire.Control, wire.TypePGRepair, pg.pri.round, &wire.PGRepair{
				Chunk: s.chunk, Object: objectOf(o.key), Need: o.need, Delete: o.delete,
			}, nil)
		}
	}
	if len(s.orders) > 0 {
		return
	}
	if s.end {
		pg.endScrub(true)
		return
	}
	s.from, s.first = s.to, false
	pg.chooseChunk()
	pg.runAll()
}

func (pg *PG) endOrder(o *repairOrder) {
	s := &pg.pri.scrub
	s.orders = slices.DeleteFunc(s.orders, func(other *repairOrder) bool { return other == o })
	s.mended++
}

// noteWrong makes an object one that is missing, or removes what should not be there.
func (pg *PG) noteWrong(t *store.Txn, k store.Key, need wire.PGVersion, del bool) {
	if del {
		t.Remove(k)
		return
	}
	pg.changeMissing(t, map[store.Key]*wire.PGMissing{k: damagedHere(k, need)})
	if pg.rep != nil {
		delete(pg.rep.incoming, k)
	}
	if o := pg.objects[k]; o != nil {
		o.known = false
	}
}

// endScrub ends a scrub: whole, or cut off.
func (pg *PG) endScrub(whole bool) {
	s := &pg.pri.scrub
	again := pg.learnSchedule().again
	if whole {
		s.keepUnseen()
		s.last = s.found
		left := uint64(0)
		if again && !s.deep {
			left = pg.info.Inconsistent // an earlier primary's, which are looked for again
		}
		broken := map[store.Key]bool{}
		for _, in := range s.found {
			if !in.Repaired {
				left++
			}
			if in.lost {
				broken[in.key] = true
			}
		}
		pg.pri.recovery.broken = broken
		pg.info.Inconsistent = left
		pg.info.Scrubbed = max(uint64(pg.now.Wall), pg.info.Scrubbed+1) // the newest counts, whatever clocks say
		if s.deep {
			pg.info.DeepScrubbed = pg.info.Scrubbed
		}
		for _, q := range pg.members() {
			q.historySent = never
		}
		var t store.Txn
		pg.putInfo(&t)
		pg.submit(&t, nil)
		pg.tell("pg scrub ends", "deep", s.deep, "inconsistent", len(s.found), "copies_repaired", s.mended)
	}
	pg.scrubEnded(whole)
	pg.freeScrubPlaces()
	*s = scrubber{last: s.last}
	pg.pri.recovery.mending = nil
	pg.runAll()
}

// keepUnseen takes over what an earlier scrub found by reading everything, and a light one cannot see.
func (s *scrubber) keepUnseen() {
	if s.deep {
		return
	}
	for _, in := range s.last {
		is := func(other Inconsistency) bool { return other.key == in.key }
		if in.deep && !in.Repaired && !slices.ContainsFunc(s.found, is) {
			s.found = append(s.found, in)
		}
	}
}

// ---- the copy's side

func (pg *PG) scrubAsked(r core.Received, q *wire.PGScrub) {
	id, _ := pg.osdOf(r.From)
	if pg.rep == nil || !pg.rep.activated || id != pg.info.Interval.Primary || q.Round != pg.rep.round || q.Chunk < pg.rep.chunk {
		return
	}
	from, to := pg.span().Bounds()
	if q.From != (wire.Cursor{}) {
		from = keyAt(pg.cfg.PG.Pool, q.From).Next()
	}
	if !q.End {
		to = keyAt(pg.cfg.PG.Pool, q.To).Next()
	}
	if rep := pg.rep; q.Chunk > rep.chunk {
		rep.chunk, rep.from, rep.to, rep.over, rep.judged = q.Chunk, from, to, false, nil
	}
	pg.quiet(func() {
		pg.read(func(r store.Reader) any { return scrubRange(r, from, to, q.Deep) }, func(res any) {
			objects, ok := res.([]wire.PGScrubObj)
			pg.say(id, wire.Data, wire.TypePGScrubbed, q.Round, &wire.PGScrubbed{Chunk: q.Chunk, Objects: objects, Failed: !ok}, nil)
		})
	})
}

// repairAsked notes that an object here is wrong, unless it was written to since the chunk was looked at.
func (pg *PG) repairAsked(r core.Received, q *wire.PGRepair) {
	id, _ := pg.osdOf(r.From)
	if pg.rep == nil || !pg.rep.activated || id != pg.info.Interval.Primary || q.Round != pg.rep.round {
		return
	}
	k := pg.keyOf(q.Object)
	ack := &wire.PGRepaired{Chunk: q.Chunk, Object: q.Object}
	switch {
	case q.Chunk != pg.rep.chunk || pg.rep.over:
		ack.Refused = true
	case !pg.rep.judged[k]:
		if pg.rep.judged == nil {
			pg.rep.judged = map[store.Key]bool{}
		}
		pg.rep.judged[k] = true
		var t store.Txn
		pg.noteWrong(&t, k, q.Need, q.Delete)
		pg.submit(&t, nil)
	}
	pg.quiet(func() { pg.say(id, wire.Control, wire.TypePGRepaired, q.Round, ack, nil) })
}

// repairNoted ends an order: from now on the copy lacks the object, and recovery brings it.
func (pg *PG) repairNoted(r core.Received, a *wire.PGRepaired) {
	id, _ := pg.osdOf(r.From)
	if pg.pri == nil || a.Round != pg.pri.round || a.Chunk != pg.pri.scrub.chunk {
		return
	}
	q, k := pg.peerOf(id), pg.keyOf(a.Object)
	for _, o := range slices.Clone(pg.pri.scrub.orders) {
		if o.osd != id || o.key != k || q == nil {
			continue
		}
		if a.Refused {
			pg.pri.scrub.notRepaired(k)
		} else if !o.delete {
			q.missing.set(k, wire.PGMissing{Object: a.Object, Need: o.need})
		}
		pg.endOrder(o)
	}
	if pg.pri.scrub.step == scrubRepairing {
		pg.orderRepairs()
	}
}

// notRepaired is for an object that a copy did not take for wrong any more.
func (s *scrubber) notRepaired(k store.Key) {
	for i := range s.found {
		if s.found[i].key == k {
			s.found[i].Repaired = false
		}
	}
	s.mended--
}

// wroteTo notes that an object was written to. The primary holds writes back until all orders about a chunk are noted, so
// one to any object of it says that it is done with; an order that comes after that is void.
func (r *replica) wroteTo(k store.Key) {
	if !r.over && k.Compare(r.from) >= 0 && k.Compare(r.to) < 0 {
		r.over, r.judged = true, nil
	}
}
