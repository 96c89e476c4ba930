package osd

import (
	"encoding/json"
	"strconv"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// command answers an operator. Those about a PG are for its primary, which does them itself, but for
// "pg query", which any OSD that has the PG answers.
func (c *Core) command(m core.Received, cmd *wire.Command) {
	switch cmd.Name {
	case "osd stats":
		c.answer(m.Request, cmd, c.numbers())
	case "config show":
		var shown Shown
		for _, v := range c.set.list() {
			shown.Settings = append(shown.Settings, ShownSetting(v))
		}
		c.answer(m.Request, cmd, shown)
	default:
		c.pgCommand(m, cmd)
	}
}

func (c *Core) pgCommand(m core.Received, cmd *wire.Command) {
	arg, ok := cmd.Arg("pg")
	if !ok {
		c.fail(m.Request, wire.Denied.Errorf("osd.%d knows no command %q", int32(c.cfg.ID), cmd.Name))
		return
	}
	id, err := osdmap.ParsePGID(arg)
	if err != nil {
		c.fail(m.Request, wire.Denied.Errorf("%v", err))
		return
	}
	s := c.slot(id)
	if s == nil {
		at, _ := c.maps.cur.PG(id)
		c.fail(m.Request, wire.WrongPrimary.Errorf("osd.%d has no pg %v, its primary is %v", int32(c.cfg.ID), id, at.ActingPrimary))
		return
	}
	if cmd.Name == "pg query" {
		c.answer(m.Request, cmd, s.pg.Explain())
		return
	}
	if !s.primary() {
		at, _ := c.maps.cur.PG(id)
		c.fail(m.Request, wire.WrongPrimary.Errorf("pg %v: its primary is %v", id, at.ActingPrimary))
		return
	}
	c.toPG(id, m)
}

// answer sends a value as JSON, from where the question says, as much as an answer takes.
func (c *Core) answer(to core.Request, cmd *wire.Command, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		c.fail(to, wire.Internal.Errorf("%v", err))
		return
	}
	from := 0
	if s, ok := cmd.Arg("offset"); ok {
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 {
			c.fail(to, wire.Denied.Errorf("offset %q: expected a number", s))
			return
		}
		from = min(n, len(b))
	}
	c.reply(to, &wire.CommandReply{Epoch: c.epoch(), Size: uint64(len(b))}, b[from:min(from+maxAnswer, len(b))])
}

const maxAnswer = 512 << 10 // bytes of JSON in one answer

// Shown are the settings in force, for "config show".
type Shown struct {
	Settings []ShownSetting `json:"settings"`
}

// ShownSetting is one of them.
type ShownSetting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Numbers are how an OSD is doing, for "osd stats".
type Numbers struct {
	OSD     osdmap.OSDID `json:"osd"`
	Phase   string       `json:"phase"`
	Epoch   osdmap.Epoch `json:"epoch"`
	Oldest  osdmap.Epoch `json:"oldest_map"`
	PGs     int          `json:"pgs"`
	Leads   int          `json:"primary_pgs"`
	Ops     uint64       `json:"ops"`          // of clients, under way
	Bytes   uint64       `json:"op_bytes"`     // of these
	Done    uint64       `json:"ops_done"`     // since the start
	Refused uint64       `json:"ops_refused"`  // since the start: too many were under way
	Slow    uint32       `json:"slow_ops"`     //
	Waiting int          `json:"waiting"`      // messages that wait for a map
	Local   int          `json:"local_slots"`  // places for recovery that are taken
	Remote  int          `json:"remote_slots"` //
	Size    uint64       `json:"size_bytes"`
	Used    uint64       `json:"used_bytes"`
	Txns    uint64       `json:"txns"`
	Damaged uint64       `json:"damaged_reads"`
	Peers   []PeerState  `json:"peers"`
}

// PeerState is what an OSD thinks of one that it pings.
type PeerState struct {
	OSD     osdmap.OSDID `json:"osd"`
	HeardMS uint64       `json:"heard_ms_ago"`
	RTTUS   uint64       `json:"rtt_us"`
	GraceMS uint64       `json:"grace_ms"`
	Drift   int32        `json:"drift_ppm"`
	Unwell  string       `json:"unwell,omitempty"`
}

func (c *Core) numbers() Numbers {
	n := Numbers{
		OSD: c.cfg.ID, Phase: c.phase.String(), Epoch: c.epoch(), Oldest: c.maps.hist.oldest(), PGs: len(c.order),
		Ops: c.ops.clients, Bytes: c.ops.bytes, Done: c.ops.done, Refused: c.ops.refused, Slow: c.slowOps(),
		Waiting: len(c.waiting.list), Local: len(c.local.held), Remote: len(c.remote.held),
		Size: c.stats.Size, Used: c.stats.Used, Txns: c.stats.Txns, Damaged: c.stats.Damaged,
	}
	for _, s := range c.order {
		if s.primary() {
			n.Leads++
		}
	}
	for _, p := range c.peers {
		state := PeerState{
			OSD: p.id, HeardMS: uint64(millis(c.now.Mono - p.heard)), RTTUS: uint64(p.rtt.Microseconds()),
			GraceMS: uint64(millis(c.grace(p))), Drift: p.drift.parts,
		}
		if p.reported != 0 && p.reason != 0 {
			state.Unwell = p.reason.String()
		}
		n.Peers = append(n.Peers, state)
	}
	return n
}
