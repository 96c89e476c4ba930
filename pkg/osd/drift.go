package osd

import "time"

// drift measures by how much a peer's clock runs faster than ours, from the clock in its pongs. A pong
// was made at some moment between the ping's sending and its own arrival, so a rate is as uncertain as
// the delays are long, and gets better with the time between two pongs.
type drift struct {
	mine, theirs time.Duration // clocks at the first pong, as far as is known
	doubt        time.Duration // about mine, at that pong
	parts        int32         // per million, as far as it is certain
}

const (
	driftAfter  = 10 * time.Second // a rate over less says nothing
	driftWindow = 5 * time.Minute  // then the measurement begins anew
	driftLeast  = 1000             // per million: less is not worth a word
)

func (d *drift) sample(sent, rtt time.Duration, clock uint64) {
	if clock == 0 {
		return
	}
	mine, theirs := sent+rtt/2, time.Duration(clock)*time.Microsecond
	over := mine - d.mine
	if d.theirs == 0 || over > driftWindow || theirs < d.theirs {
		d.mine, d.theirs, d.doubt = mine, theirs, rtt/2
		return
	}
	if over < driftAfter {
		return
	}
	parts := perMillion(theirs-d.theirs-over, over)
	doubt := perMillion(d.doubt+rtt/2, over)
	switch {
	case parts > 0:
		parts = max(0, parts-doubt)
	default:
		parts = min(0, parts+doubt)
	}
	d.parts = 0
	if parts >= driftLeast || parts <= -driftLeast {
		d.parts = int32(max(-1<<30, min(1<<30, parts)))
	}
}

// perMillion is how many millionths of a whole a part is; microseconds do, and do not overflow.
func perMillion(part, whole time.Duration) int64 {
	us := min(int64(part/time.Microsecond), 1<<42)
	return us * 1_000_000 / int64(whole/time.Microsecond)
}
