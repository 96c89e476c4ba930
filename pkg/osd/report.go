package osd

import (
	"time"

	"zeph/pkg/core"
	"zeph/pkg/wire"
)

// judge reports a peer that is unwell to the leader, each second until the map says that it is down, and
// takes that back when it is well again (protocol 15.2). There is one report for each run of a peer,
// whatever failed to reach it, how often ever.
func (c *Core) judge(p *peer) {
	if c.phase != up {
		return
	}
	reason, since := c.unwell(p)
	switch {
	case reason == 0 && p.reported != 0:
		if p.reason != 0 {
			c.log(core.Info, "peer is well again", "peer", p.id, "epoch", c.epoch())
		}
		p.reported, p.reason = 0, 0
		c.failure(p, true)
	case reason != 0 && (p.reported == 0 || reason != p.reason || c.now.Mono-p.reported >= time.Second):
		if p.reported == 0 || reason != p.reason {
			c.log(core.Warn, "peer is unwell", "peer", p.id, "reason", reason, "for", c.now.Mono-since, "epoch", c.epoch())
		}
		p.reported, p.reason, p.since = max(c.now.Mono, 1), reason, since
		c.failure(p, false)
	}
}

func (c *Core) failure(p *peer, withdraw bool) {
	f := &wire.Failure{OSD: c.cfg.ID, GID: c.gid, Target: p.id, TargetGID: p.gid, Withdraw: withdraw}
	if !withdraw {
		f.Reason, f.For = p.reason, millis(c.now.Mono-p.since)
	}
	c.askMonitor(wire.TypeFailure, f, time.Second, func(a core.Answered) {
		if withdraw && a.Err != nil && !refusal(a.Err) && p.reported == 0 && c.peer(p.id) == p {
			p.reported = 1 // say it again at the next turn
		}
		if done, ok := a.Body.(*wire.Done); ok {
			c.hear(done.Epoch, nil)
		}
	})
}

func millis(d time.Duration) wire.Millis {
	return wire.Millis(min(d/time.Millisecond, 1<<32-1))
}

// unheard lists the peers that are unwell, for the beacon.
func (c *Core) unheard() []wire.Unheard {
	var list []wire.Unheard
	for _, p := range c.peers {
		if p.reported != 0 && p.reason != 0 {
			list = append(list, wire.Unheard{OSD: p.id, Reason: p.reason, For: millis(c.now.Mono - p.since)})
		}
	}
	return list
}
