package osd

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/wire"
)

// falls are when a map said that this OSD is down though it ran. Whoever brought that about does so again if
// nothing has changed: each time that costs two epochs, and all PGs of the OSD peer twice. So one that fell
// asks to be up only when it hears some of the others (Ceph: _is_healthy), and one that falls again and again
// waits longer each time (Ceph ends it after five in ten minutes).
type falls struct {
	at   []time.Duration // within the window, the last one last
	told time.Duration   // when the monitors were last told that it waits
	why  string          // as logged, for this fall
}

const (
	fallWindow = 10 * time.Minute
	freeFalls  = 2                // so many cost nothing
	mostHeld   = 30 * time.Second // between a fall and the next boot, for falling often
	mostAlone  = time.Minute      // the same, for hearing nobody: those that the map has up may be gone themselves
	waitsEvery = 2 * time.Second  // the monitors are told that it waits
	leastHeard = 3                // one in so many of the others has to answer
)

// fell notes a fall.
func (f *falls) fell(now time.Duration) {
	f.at = slices.DeleteFunc(f.at, func(at time.Duration) bool { return now-at > fallWindow })
	f.at = append(f.at, now)
	f.told, f.why = 0, ""
}

// last is when the last fall was.
func (f *falls) last() time.Duration { return f.at[len(f.at)-1] }

// held is for how long the last fall holds the next boot back: not at all for the first ones, then a second,
// and twice as long each time.
func (f *falls) held() time.Duration {
	n := len(f.at) - freeFalls
	if n <= 0 {
		return 0
	}
	return min(time.Second<<min(n-1, 10), mostHeld)
}

// waits reports whether the OSD has to wait before it asks to be up again, and tells why.
func (c *Core) waits() bool {
	why := c.whyWait()
	if why == "" {
		return false
	}
	f := &c.falls
	if c.now.Mono-f.last() < c.set.HeartbeatInterval {
		return true // answers to the first pings are on their way
	}
	if f.why == "" {
		c.cfg.Rare.Sometimes("osd waits before it boots again")
		c.log(core.Warn, "waits before it asks to be up again", "why", why, "epoch", c.epoch())
		f.why = why
	}
	if f.told == 0 || c.now.Mono-f.told >= waitsEvery {
		f.told = max(c.now.Mono, 1)
		c.askMonitor(wire.TypeBoot, &wire.Boot{OSD: c.cfg.ID, GID: c.gid, Store: c.super.Store, Waits: why}, time.Second, func(core.Answered) {})
	}
	return true
}

// whyWait says in words what the OSD waits for; empty: nothing.
func (c *Core) whyWait() string {
	if len(c.falls.at) == 0 {
		return ""
	}
	since := c.now.Mono - c.falls.last()
	if left := c.falls.held() - since; left > 0 {
		return fmt.Sprintf("it went down %d times in %d minutes; asks to be up again in %d s", len(c.falls.at), fallWindow/time.Minute, (left+time.Second-1)/time.Second)
	}
	if since >= mostAlone {
		return ""
	}
	var deaf []string
	for _, p := range c.peers {
		if !p.answered || c.now.Mono-p.heard > c.grace(p) {
			deaf = append(deaf, p.id.String())
		}
	}
	heard := len(c.peers) - len(deaf)
	if heard*leastHeard >= len(c.peers) {
		return ""
	}
	names := strings.Join(deaf[:min(3, len(deaf))], ", ")
	if len(deaf) > 3 {
		names += " …"
	}
	return fmt.Sprintf("it hears %d of %d others that are up (not %s)", heard, len(c.peers), names)
}

// listens reports whether the OSD pings others though it is not up: to see whether it should be.
func (c *Core) listens() bool {
	return c.phase == booting && len(c.falls.at) > 0
}
