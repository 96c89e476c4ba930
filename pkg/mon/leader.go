package mon

import (
	"slices"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// leader is what a monitor does, and knows, while it leads. It begins with nothing but the state, and
// all of it goes with the term (protocol 15.5).
type leader struct {
	c     *Core
	term  uint64
	ready bool // everything of earlier terms has been applied here
	since core.Time

	queue     []intent
	inflight  *draft
	gathering bool
	goingIdle bool

	asked   []question // that wait for a barrier
	passing bool       // a barrier is under way

	stepped time.Duration // when the core last moved
	osds    map[osdmap.OSDID]*osdSoft
	pgs     map[osdmap.PGID]*pgSoft
	cleans  cleans // of all of them
	mons    map[string]*monSoft
	checks  map[string]sinceThen
	moved   map[string]*moving
	io      ioMeters
	places  places
	tree    tree
	pages   []page
	watch   healthWatch
	causes  map[osdmap.Epoch]string

	changing map[wire.Asker][]asker // who waits for a change of the members, by request
	removals []removal              // that wait

	cramped struct { // of an epoch
		epoch osdmap.Epoch
		pools []cramped
	}
	beaconsHeld string // why silent OSDs stay up; empty: they do not
}

func newLeader(c *Core, term uint64) *leader {
	return &leader{
		c: c, term: term, since: c.now, stepped: c.now.Mono,
		osds: make(map[osdmap.OSDID]*osdSoft), pgs: make(map[osdmap.PGID]*pgSoft), mons: make(map[string]*monSoft),
		checks: make(map[string]sinceThen), moved: make(map[string]*moving), causes: make(map[osdmap.Epoch]string),
		changing: make(map[wire.Asker][]asker),
	}
}

// begin waits until the state holds everything of earlier terms. Leadership may have been announced
// before (protocol 17).
func (l *leader) begin() {
	if l.ready {
		return
	}
	l.c.barrier(func(p core.Proposed) {
		switch {
		case l.c.lead != l:
		case p.Outcome == core.Committed:
			l.takeOffice()
		default:
			l.c.timer(leaderKey{l.term, "again"}, 50*time.Millisecond)
		}
	})
}

func (l *leader) takeOffice() {
	if l.ready {
		return
	}
	l.ready, l.since = true, l.c.now
	l.applied()
	if l.c.st.m == nil {
		l.want(&beginning{}, true)
	}
	l.flush()
	l.pass()
}

// end tells everybody who waits that nothing happened; those of the draft under way wait on.
func (l *leader) end() {
	for _, in := range l.queue {
		in.cancel(l, l.c.noLeader())
	}
	for _, q := range l.asked {
		l.c.fail(q.asker, l.c.noLeader())
	}
	for _, r := range l.removals {
		l.c.fail(r.asker, l.c.noLeader())
	}
	l.queue, l.asked, l.removals = nil, nil, nil
}

// ask takes a request that is the leader's.
func (l *leader) ask(a asker, body any) {
	if cmd, ok := body.(*wire.Command); ok {
		l.command(a, cmd)
		return
	}
	if !l.ready || l.c.st.m == nil {
		l.c.fail(a, wire.NoQuorum.Errorf("%v leads since a moment ago and is not ready", l.c.entity))
		return
	}
	switch body := body.(type) {
	case *wire.Boot:
		switch {
		case !l.speaks(a, body.OSD):
		case body.Waits != "":
			l.waits(a, body)
		default:
			l.want(&boot{asker: a, ask: body}, true)
		}
	case *wire.UpThru:
		if l.speaks(a, body.OSD) {
			l.want(&upThru{askers: []asker{a}, osd: body.OSD, gid: body.GID, want: body.Want}, true)
		}
	case *wire.Goodbye:
		if l.speaks(a, body.OSD) {
			l.want(&goodbye{asker: a, osd: body.OSD, gid: body.GID}, true)
		}
	case *wire.PGTemp:
		if l.speaks(a, body.OSD) {
			l.want(&pgTemp{asker: a, ask: body}, false)
		}
	case *wire.Failure:
		if l.speaks(a, body.OSD) {
			l.failure(a, body)
		}
	case *wire.Beacon:
		if l.speaks(a, body.OSD) {
			l.beacon(a, body)
		}
	}
}

// speaks refuses what one OSD says in the name of another.
func (l *leader) speaks(a asker, id osdmap.OSDID) bool {
	if a.entity.String() == id.String() {
		return true
	}
	l.c.fail(a, wire.Denied.Errorf("%v cannot speak for %v", a.entity, id))
	return false
}

// applied is when the state has moved on.
func (l *leader) applied() {
	if l.c.st.m == nil || !l.ready {
		return
	}
	l.places.follow(l.c.st)
	l.watchOSDs()
	l.forgetPGs()
}

func (l *leader) tick() {
	if !l.ready || l.c.st.m == nil {
		return
	}
	l.retryRemovals()
	l.judge()
	l.lateBeacons()
	l.putOut()
	l.watchFullness()
	l.trim()
	l.watchHealth()
}

// afterPause forgives what came about while this core itself stood still: beacons and withdrawals may wait
// in the inbox behind this step.
func (l *leader) afterPause() {
	pause := l.c.now.Mono - l.stepped - tickEvery
	l.stepped = l.c.now.Mono
	if pause > time.Second {
		l.since.Mono = l.c.now.Mono
		for _, o := range l.osds {
			o.reports = nil
			if o.downAt != 0 {
				o.downAt += pause
			}
		}
	}
}

// question waits for proof that this monitor still leads: its answer is made when that is there
// (protocol 14.3).
type question struct {
	asker
	answer func() // replies, or fails
}

func (l *leader) question(a asker, answer func()) {
	l.asked = append(l.asked, question{a, answer})
	l.pass()
}

// refuse answers with a considered no. It needs the same proof: a leader of the past might refuse what the
// cluster would take.
func (l *leader) refuse(a asker, err *wire.Error) {
	l.question(a, func() { l.c.fail(a, err) })
}

// pass issues one barrier for all questions that wait.
func (l *leader) pass() {
	if l.passing || len(l.asked) == 0 || !l.ready {
		return
	}
	asked := l.asked
	l.asked, l.passing = nil, true
	l.c.barrier(func(p core.Proposed) {
		l.passing = false
		for _, q := range asked {
			if p.Outcome == core.Committed {
				q.answer()
			} else {
				l.c.fail(q.asker, l.c.noLeader())
			}
		}
		if l.c.lead == l {
			l.pass()
		}
	})
}

// sortedOSDs are the OSDs that something is known of, in order.
func (l *leader) sortedOSDs() []osdmap.OSDID {
	ids := make([]osdmap.OSDID, 0, len(l.osds))
	for id := range l.osds {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}
