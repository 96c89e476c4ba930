package world

import (
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
)

var started = time.Now()

func sinceStart() time.Duration { return time.Since(started) }

// clock tells a core the time. Its monotonic half never falls.
type clock struct {
	read func() time.Duration
	last time.Duration
}

func (c *clock) mono() time.Duration {
	c.last = max(c.last, c.read())
	return c.last
}

func (c *clock) now() core.Time {
	return core.Time{Mono: c.mono(), Wall: osdmap.UnixMilli(time.Now().UnixMilli())}
}
