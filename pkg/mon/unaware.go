package mon

import (
	"fmt"
	"time"

	"zeph/pkg/osdmap"
)

// removal is a monitor's, asked for while OSDs do not know yet whom to turn to without it.
type removal struct {
	asker
	args  args
	until time.Duration
}

// unawareFor is how long a removal waits for OSDs to hear of the newest monmap: a client has that much
// patience with one answer, and OSDs send beacons more often.
const unawareFor = 2 * time.Second

// unaware are the OSDs at work that do not have the newest monmap, as far as they told. A leader that is new
// has to be told first.
func (l *leader) unaware() []osdmap.OSDID {
	var list []osdmap.OSDID
	for _, id := range l.sortedOSDs() {
		s := l.osds[id]
		if s.up && s.beacon.Mons < l.c.st.monsVersion && !l.c.now.After(max(s.beaconAt, l.since.Mono, s.upAt)+fresh) {
			list = append(list, id)
		}
	}
	return list
}

// whenAware carries out a removal once all OSDs know who the monitors are: who knows only monitors that are
// gone has lost the cluster. It is false if that is the case now.
func (l *leader) whenAware(a asker, args args) bool {
	if args.yes("force") || len(l.unaware()) == 0 {
		return false
	}
	l.removals = append(l.removals, removal{a, args, l.c.now.Mono + unawareFor})
	return true
}

// retryRemovals looks at removals that wait.
func (l *leader) retryRemovals() {
	list := l.removals
	l.removals = nil
	for _, r := range list {
		switch unaware := l.unaware(); {
		case len(unaware) == 0:
			monRemove(l, r.asker, r.args)
		case l.c.now.After(r.until):
			l.c.fail(r.asker, denied(r.args.cmd, fmt.Errorf("%v does not know yet of all monitors that stay: say it again in a moment, or with --force; then it may need a new start", unaware[0])))
		default:
			l.removals = append(l.removals, r)
		}
	}
}
