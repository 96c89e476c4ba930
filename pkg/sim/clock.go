package sim

import "time"

// clock is a node's: it began somewhere, and runs a little faster or slower than the world's.
type clock struct {
	start time.Duration // the world's time when it began
	base  time.Duration // what it showed then
	ppm   int64         // how much faster it runs, in parts per million
	wall  time.Duration // what the wall clock adds to the world's time
}

// mono is what the clock shows at a time of the world.
func (c *clock) mono(now time.Duration) time.Duration {
	d := int64(now - c.start)
	return c.base + time.Duration(d+d/1_000_000*c.ppm+d%1_000_000*c.ppm/1_000_000)
}

// when is the first time of the world at which the clock shows at least mono.
func (c *clock) when(mono time.Duration) time.Duration {
	d := int64(mono - c.base)
	if d <= 0 {
		return c.start
	}
	at := c.start + time.Duration(d-d/1_000_000*c.ppm)
	for c.mono(at) < mono {
		at += max(1, mono-c.mono(at))
	}
	for step := time.Duration(1 << 40); step > 0; step >>= 1 {
		for at-step >= c.start && c.mono(at-step) >= mono {
			at -= step
		}
	}
	return at
}
