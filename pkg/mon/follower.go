package mon

import (
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// monSoft is what the leader knows of another monitor.
type monSoft struct {
	at    time.Duration
	epoch osdmap.Epoch
	skew  int64 // milliseconds that its clock is ahead
	hears []wire.HeardMon
}

// follower notes that another monitor is well.
func (l *leader) follower(a asker, f *wire.Follow) {
	if a.entity == entityOf(f.Name) {
		l.mons[f.Name] = &monSoft{l.c.now.Mono, f.Epoch, int64(f.Clock) - int64(l.c.now.Wall), f.Hears}
	}
	l.c.reply(a, &wire.Followed{Term: l.term, Epoch: l.c.st.Epoch()}, nil)
}

// monHeard reports whether a monitor is there: this one, or one that said so in the last seconds. A leader
// that is new gives them time.
func (l *leader) monHeard(name string) bool {
	if name == l.c.cfg.Name {
		return true
	}
	at := l.since.Mono
	if s := l.mons[name]; s != nil {
		at = max(at, s.at)
	}
	return !l.c.now.After(at + fresh)
}

// heir is the monitor to hand leadership to: the one that was heard last.
func (l *leader) heir() (heir core.Member, ok bool) {
	last := time.Duration(-1)
	for _, m := range l.c.members {
		if s := l.mons[m.Name]; s != nil && m.Voter && m.Name != l.c.cfg.Name && s.at > last && l.monHeard(m.Name) {
			heir, ok, last = m, true, s.at
		}
	}
	return heir, ok
}
