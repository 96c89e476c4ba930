package osd

import (
	"time"

	"zeph/pkg/wire"
)

const (
	turnHeard = 16 // peers that a beacon tells of in turn
	slowHeard = 16 // and at most so many that answer slowly
)

// hears chooses whom the leader is told of that this OSD hears: who answers slowly, and others in turn. Who
// is unwell goes with every beacon anyhow (unheard).
func (c *Core) hears() []wire.Heard {
	var list []wire.Heard
	slow, turn := 0, 0
	b := &c.beacons
	for i := range c.peers {
		at := (b.peer + i) % len(c.peers)
		p := c.peers[at]
		switch {
		case !p.answered || p.reported != 0 && p.reason != 0:
			continue
		case p.rtt >= c.set.HeartbeatGrace/8 && slow < slowHeard:
			slow++
		case turn < turnHeard:
			turn++
		default:
			continue
		}
		list = append(list, wire.Heard{OSD: p.id, RTT: micros(p.rtt), Last: micros(p.last), Age: millis(c.now.Mono - p.heard)})
	}
	if len(c.peers) > 0 {
		b.peer = (b.peer + turnHeard) % len(c.peers)
	}
	return list
}

func micros(d time.Duration) uint32 { return uint32(min(d/time.Microsecond, 1<<32-1)) }
