package osd

import (
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// fetching gets the maps that we lack: changes from whoever spoke of a newer map, or from a monitor; a
// whole map, in parts, where the changes are gone.
type fetching struct {
	busy  bool
	from  *core.Dest    // who spoke of it; nil: ask a monitor
	again time.Duration // not before, after a failure
	asked bool          // a monitor has said what is newest, since the OSD began to join
	whole []byte        // what has come of a whole map
	epoch osdmap.Epoch  // of it; 0: none is being fetched
	any   bool          // the oldest one could not be had: the newest does
	vain  int           // how often in turn monitors had none as new as somebody spoke of
}

// maxVain is how often monitors are asked for a map that they do not have, before whoever spoke of it is
// taken to have been wrong.
const maxVain = 20

const fetchTimeout = 2 * time.Second

// hear notes that there is a map of an epoch, and who has it.
func (c *Core) hear(e osdmap.Epoch, from *core.Dest) {
	if c.maps.tip == nil || e <= c.maps.heard {
		return
	}
	c.maps.heard = e
	c.maps.fetch.again = 0
	if from != nil && from.Entity.Kind() == wire.OSD {
		c.maps.fetch.from = from
	}
	c.fetchMaps()
}

// fetchMaps asks for what is lacking, one question at a time.
func (c *Core) fetchMaps() {
	f := &c.maps.fetch
	if f.busy || c.maps.tip.Map().Epoch() >= c.maps.heard || !c.now.After(f.again) {
		return
	}
	c.askMaps()
}

// askMaps asks for the maps after ours, whether or not there are any.
func (c *Core) askMaps() {
	f := &c.maps.fetch
	if f.busy {
		return
	}
	ask := &wire.GetMaps{After: c.maps.tip.Map().Epoch(), Mons: c.mons.version}
	if f.epoch > 0 {
		ask = &wire.GetMaps{Whole: true, Epoch: f.epoch, Offset: uint64(len(f.whole)), Mons: c.mons.version}
	}
	f.busy = true
	then := func(a core.Answered) { f.busy = false; c.gotMaps(a) }
	if f.from == nil || f.epoch > 0 {
		c.askMonitor(wire.TypeGetMaps, ask, fetchTimeout, then)
		return
	}
	c.call(core.Send{To: *f.from, Class: wire.Control, Type: wire.TypeGetMaps, Body: ask, Reserved: true}, fetchTimeout, then)
}

func (c *Core) gotMaps(a core.Answered) {
	f := &c.maps.fetch
	r, ok := a.Body.(*wire.GetMapsReply)
	if !ok {
		f.any = f.epoch > 0 && refusal(a.Err)
		f.from, f.whole, f.epoch = nil, nil, 0
		f.again = c.now.Mono + 100*time.Millisecond
		return
	}
	if a.From.Entity.Kind() == wire.Mon {
		f.asked = true
		c.newMonmap(&r.Monmap)
		if f.vain++; r.Newest >= c.maps.heard {
			f.vain = 0
		}
		if f.vain >= maxVain {
			f.vain, c.maps.heard = 0, c.maps.tip.Map().Epoch()
		}
	}
	c.maps.heard = max(c.maps.heard, r.Newest)
	tip := c.maps.tip.Map().Epoch()
	switch {
	case f.epoch > 0:
		c.gotPart(r, a.Bulk)
	case tip == 0 && r.Newest > 0 || r.Oldest > tip+1:
		// Our oldest map should be as old as any that others still have.
		f.from, f.whole, f.epoch = nil, nil, max(1, r.Oldest-1)
		if f.any {
			f.epoch = r.Newest
		}
	default:
		c.take(r.Changes, a.From)
	}
	if f.epoch == 0 && c.maps.tip.Map().Epoch() == tip {
		f.from = nil // it had nothing for us
		f.again = c.now.Mono + 100*time.Millisecond
	}
	c.fetchMaps()
	c.joinIfCurrent()
}

// gotPart takes a part of a whole map.
func (c *Core) gotPart(r *wire.GetMapsReply, part []byte) {
	f := &c.maps.fetch
	if r.Epoch != f.epoch || len(part) == 0 {
		f.whole, f.epoch = nil, 0
		return
	}
	f.whole = append(f.whole, part...)
	if uint64(len(f.whole)) < r.Size && len(f.whole) < osdmap.MaxEncodedBytes {
		return
	}
	whole := f.whole
	f.whole, f.epoch = nil, 0
	m, err := c.atlas().Decode(whole)
	if err != nil {
		c.log(core.Error, "bad map", "err", err)
		return
	}
	if m.FSID() != c.super.FSID {
		c.exit(wire.WrongCluster.Errorf("osd.%d belongs to cluster %v, the monitors' is %v", int32(c.cfg.ID), c.super.FSID, m.FSID()))
		return
	}
	if m.Epoch() > c.maps.tip.Map().Epoch() {
		c.jump(m, whole)
	}
}

// serveMaps answers whoever asks for maps, with those in force.
func (c *Core) serveMaps(req core.Received, ask *wire.GetMaps) {
	newest := c.epoch()
	if newest == 0 {
		c.fail(req.Request, wire.Busy.Errorf("osd.%d has no map yet", int32(c.cfg.ID)))
		return
	}
	h := &c.maps.hist
	r := &wire.GetMapsReply{Oldest: min(h.oldest()+1, newest), Newest: newest}
	if !ask.Whole {
		r.Changes = h.after(ask.After, newest, maxChangeBytes)
		c.reply(req.Request, r, nil)
		return
	}
	e := ask.Epoch
	if e == 0 {
		e = newest
	}
	whole, err := c.wholeMap(e)
	if err != nil {
		c.fail(req.Request, wire.NotFound.Errorf("%v", err))
		return
	}
	r.Epoch, r.Size = e, uint64(len(whole))
	from := min(ask.Offset, r.Size)
	c.reply(req.Request, r, whole[from:min(from+maxChangeBytes, r.Size)])
}

// wholeMap is the encoding of a map. The last one asked for is kept, since it is asked for in parts.
func (c *Core) wholeMap(e osdmap.Epoch) ([]byte, error) {
	if c.encoded.epoch == e {
		return c.encoded.bytes, nil
	}
	m, err := c.mapOf(e)
	if err != nil {
		return nil, err
	}
	b, err := m.Encode()
	if err == nil {
		c.encoded.epoch, c.encoded.bytes = e, b
	}
	return b, err
}

func (c *Core) mapOf(e osdmap.Epoch) (*osdmap.Map, error) {
	if e == c.epoch() {
		return c.maps.cur.Map(), nil
	}
	if e > c.epoch() {
		e = c.epoch() + 1<<20 // not in force yet: as if there were none
	}
	return c.maps.hist.at(e)
}

// inform sends a peer that is behind the changes that it lacks, each once (protocol 3.3).
func (c *Core) inform(to core.Dest, has osdmap.Epoch) {
	newest := c.epoch()
	sent := max(has, c.informed[to.Peer])
	if has == 0 || sent >= newest {
		return
	}
	changes := c.maps.hist.after(sent, newest, maxChangeBytes)
	if len(changes) == 0 {
		return // too far back: it asks, and learns
	}
	if len(c.informed) > 4096 {
		clear(c.informed) // some are told again
	}
	c.informed[to.Peer] = sent + osdmap.Epoch(len(changes))
	c.emit(core.Send{To: to, Class: wire.Control, Type: wire.TypeMaps, Epoch: newest, Reserved: true,
		Body: &wire.Maps{Oldest: c.maps.hist.oldest() + 1, Newest: newest, Changes: changes}})
}
