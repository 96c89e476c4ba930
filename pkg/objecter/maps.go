package objecter

import (
	"fmt"
	"strings"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/placement"
	"zeph/pkg/wire"
)

// maps keeps the osdmap: from the monitors, one after the other when one does not answer, and from
// OSDs that find us behind.
type maps struct {
	m       *osdmap.Map // nil: none yet
	mapper  *placement.Mapper
	scratch placement.Scratch
	places  map[osdmap.PGID]placement.Mapping // under m, those that were asked for

	want   osdmap.Epoch // the newest that we heard of
	leader string       // of the monitors, by the last hint
	monmap uint64       // version of the list of monitors that we have; 0: the configuration's
	teller core.Dest    // an OSD that has a newer map than ours

	mon      int    // that is asked
	asking   uint64 // the call under way; 0: none
	asked    time.Duration
	busy     bool          // an answer is being taken in: what is wanted after it is another question
	ofMon    bool          // the one asked is a monitor
	part     *part         // of a whole map, while one is fetched
	wanted   bool          // to be asked for, when the pause is over
	pause    time.Duration // until when
	failures int           // in a row
	lastErr  error
	fresh    time.Duration // our map is as new as a monitor's was then; -1: never asked
}

// part is what there is of a whole map.
type part struct {
	epoch osdmap.Epoch // 0: whichever comes
	bytes []byte
}

// maxPart is how many bytes of JSON or of a whole map an answer of class control brings.
const maxPart = wire.MaxControlFrame - 16<<10

// mapSilence is how long a monitor may take to answer before another one is asked.
const mapSilence = 2 * time.Second

func (o *Objecter) epoch() osdmap.Epoch {
	if o.maps.m == nil {
		return 0
	}
	return o.maps.m.Epoch()
}

// heardOf notes that there is a map of an epoch, and gets it.
func (o *Objecter) heardOf(e osdmap.Epoch) {
	o.maps.want = max(o.maps.want, e)
	if o.maps.want > o.epoch() {
		o.askMaps()
	}
}

// toldBy is heardOf, from an OSD.
func (o *Objecter) toldBy(osd core.Dest, e osdmap.Epoch) {
	if e > o.epoch() {
		o.maps.teller = osd
		o.heardOf(e)
	}
}

// needMap asks for the map if what an operation waits for could be in a newer one.
func (o *Objecter) needMap(op *op) {
	if !o.maps.freshSince(op.begun) || op.need > o.epoch() {
		o.askMaps()
	}
}

// askMaps asks for the changes that we lack, or for a whole map if we have none, unless somebody is
// being asked.
func (o *Objecter) askMaps() {
	ms := &o.maps
	ms.wanted = true
	if ms.asking != 0 || ms.busy || !o.now.After(ms.pause) {
		return
	}
	ms.wanted, ms.asked, ms.ofMon = false, o.now.Mono, true
	s := core.Send{To: o.cfg.Mons[ms.mon], Class: wire.Control, Type: wire.TypeGetMaps}
	if every := len(o.cfg.Mons) + 1; ms.failures%every == every-1 && len(ms.teller.Addrs) > 0 {
		s.To, s.Class, ms.ofMon = ms.teller, wire.Data, false
	}
	ask := &wire.GetMaps{After: o.epoch(), Mons: ms.monmap}
	if ms.m == nil && ms.part == nil {
		ms.part = &part{}
	}
	if p := ms.part; p != nil {
		ask = &wire.GetMaps{Whole: true, Epoch: p.epoch, Offset: uint64(len(p.bytes)), Mons: ms.monmap}
	}
	s.Body = ask
	o.lastID++
	ms.asking = o.call(s, nil, o.lastID, maxPart, mapSilence)
}

// mapsAnswered takes the answer to askMaps.
func (o *Objecter) mapsAnswered(c *call, ev core.Answered) {
	ms := &o.maps
	ms.asking = 0
	reply, ok := ev.Body.(*wire.GetMapsReply)
	if ev.Err == nil && !ok {
		ev.Err = fmt.Errorf("it answers with %T", ev.Body)
	}
	had, err := o.epoch(), ev.Err
	if err == nil {
		ms.busy = true
		err = o.takeReply(reply, ev.Bulk)
		ms.busy = false
	}
	switch behind := o.epoch() < ms.want; {
	case err != nil:
		ms.part = nil
		o.mapsFailed(c, err)
	case ms.part != nil, behind && o.epoch() > had:
		ms.failures = 0
		o.askMaps()
	case behind:
		o.mapsFailed(c, fmt.Errorf("it has osdmap e%d only", reply.Newest))
	default:
		ms.failures, ms.lastErr, ms.wanted = 0, nil, false
		if ms.ofMon {
			ms.fresh = ms.asked
		}
		o.review()
	}
}

func (o *Objecter) takeReply(reply *wire.GetMapsReply, bulk []byte) error {
	ms := &o.maps
	ms.want = max(ms.want, reply.Newest)
	o.newMonmap(&reply.Monmap)
	switch {
	case ms.part != nil:
		return o.takePart(reply, bulk)
	case len(reply.Changes) == 0 && reply.Oldest > o.epoch()+1:
		ms.part = &part{} // we were away for too long
	default:
		o.takeChanges(reply.Changes)
	}
	return nil
}

// mapsFailed turns to the next monitor, after a pause when all have been asked.
func (o *Objecter) mapsFailed(c *call, err error) {
	ms := &o.maps
	ms.lastErr = fmt.Errorf("%v: %w", c.to.Entity, err)
	ms.failures++
	if ms.ofMon {
		ms.mon = (ms.mon + 1) % len(o.cfg.Mons)
	}
	if round := ms.failures / len(o.cfg.Mons); round > 0 {
		const least, most = 50 * time.Millisecond, 500 * time.Millisecond
		ms.pause = o.now.Mono + min(least<<min(round-1, 10), most)
	}
	o.askMaps()
	o.review() // for those who say whom we wait for
}

// takePart adds to a whole map, and takes the map up when it is whole.
func (o *Objecter) takePart(reply *wire.GetMapsReply, bulk []byte) error {
	p := o.maps.part
	if p.epoch == 0 {
		p.epoch = reply.Epoch
	}
	p.bytes = append(p.bytes, bulk...)
	have := uint64(len(p.bytes))
	switch {
	case reply.Epoch != p.epoch || reply.Size < have || reply.Size > osdmap.MaxEncodedBytes || len(bulk) == 0:
		return fmt.Errorf("part of osdmap e%d does not fit: %d bytes of %d", reply.Epoch, have, reply.Size)
	case have < reply.Size:
		return nil
	}
	m, err := osdmap.DecodeMap(p.bytes)
	if err != nil {
		return fmt.Errorf("osdmap e%d: %w", p.epoch, err)
	}
	if fsid := o.cfg.FSID; !fsid.IsZero() && m.FSID() != fsid {
		return fmt.Errorf("osdmap is of cluster %v, not %v", m.FSID(), fsid)
	}
	o.maps.part = nil
	if m.Epoch() <= o.epoch() {
		return nil
	}
	for op := o.ops.first; op != nil; op = op.next {
		op.iv = interval{} // there may have been others in between
	}
	return o.install(m)
}

// takeChanges applies the changes that follow our map, one by one.
func (o *Objecter) takeChanges(changes [][]byte) {
	for _, b := range changes {
		if o.maps.m == nil {
			return // a whole map is on its way
		}
		c, err := osdmap.DecodeChange(b)
		if err == nil && c.Epoch() <= o.epoch() {
			continue
		}
		var m *osdmap.Map
		if err == nil {
			m, err = o.maps.m.Apply(c)
		}
		if err == nil {
			err = o.install(m)
		}
		if err != nil {
			o.emit(core.Log{Level: core.Warn, Message: "change of the osdmap dropped", Args: []any{"epoch", o.epoch(), "err", err}})
			return
		}
	}
}

// install makes a map ours, and sees what it means for each operation.
func (o *Objecter) install(m *osdmap.Map) error {
	mapper, err := placement.New(m)
	if err != nil {
		return err
	}
	o.maps.m, o.maps.mapper = m, mapper
	o.maps.places = map[osdmap.PGID]placement.Mapping{}
	for pg := range o.seen {
		if !m.HasPG(pg) {
			delete(o.seen, pg)
		}
	}
	o.emit(NewMap{Map: m})
	o.review()
	return nil
}

// review looks at every operation under the present map: whether its PG is in a new interval,
// or what it waited for has come.
func (o *Objecter) review() {
	for op := o.ops.first; op != nil; {
		next := op.next
		o.reviewOp(op)
		op = next
	}
}

func (o *Objecter) reviewOp(op *op) {
	if op.kind == monCommand || op.queued {
		return
	}
	if op.sends > 0 {
		if w := o.where(op); w.err == nil && (w.why != "" || w.iv.equal(&op.iv)) {
			o.attempt(op)
			return
		}
	}
	op.tries = 0
	o.again(op)
}

// nextLook is when tendMaps has something to do.
func (ms *maps) nextLook(o *Objecter) time.Duration {
	switch {
	case ms.asking != 0:
		return never
	case ms.wanted:
		return ms.pause
	case o.ops.len > 0:
		return max(ms.asked, o.ops.first.begun) + o.cfg.Poll
	}
	return never
}

// tendMaps asks for what is still wanted, and now and then while the oldest operation does not end: a
// hint may have been lost.
func (o *Objecter) tendMaps() {
	ms := &o.maps
	if ms.asking == 0 && o.now.After(ms.nextLook(o)) {
		o.askMaps()
	}
}

// preferred is the monitor that a command goes to first.
func (ms *maps) preferred(o *Objecter) int {
	for i, m := range o.cfg.Mons {
		if m.Entity.String() == ms.leader {
			return i
		}
	}
	return ms.mon
}

// trouble says whom we ask for maps, and what came of it.
func (ms *maps) trouble(o *Objecter) string {
	if ms.failures < len(o.cfg.Mons) {
		return fmt.Sprintf("asks %v", o.cfg.Mons[ms.mon].Entity)
	}
	var names []string
	for _, m := range o.cfg.Mons {
		names = append(names, m.Entity.String())
	}
	return fmt.Sprintf("no monitor of %s answers (%v)", strings.Join(names, ", "), ms.lastErr)
}
