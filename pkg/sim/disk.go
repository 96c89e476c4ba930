package sim

import (
	"errors"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/store"
	"zeph/pkg/store/mem"
)

// disk is a node's store with the time it takes: what gathered while one commit ran is the next
// one. It outlives the process; what was not durable does not.
type disk struct {
	n        *Node
	store    *mem.Store
	busy     []core.Submit // not taken by the store yet
	outcomes []*outcome    // in the order of Submit
	writing  bool
	since    time.Duration // when the commit under way began
	durable  time.Duration // when the last one ended
	stuck    bool
	slow     time.Duration // on top of each commit
	waiting  []func()      // what goes on when it is not stuck any more
	life     int           // grows when the process crashes
	failed   bool          // it reported an error: the process ends
	decayed  bool          // what it knows of a PG is damaged
}

type outcome struct {
	token core.Token
	known bool
	err   error
}

func newDisk(n *Node) *disk {
	return &disk{n: n, store: mem.New(mem.Config{Stepped: true})}
}

func (d *disk) crash() {
	keep := 0
	if p := d.store.Pending(); p > 0 {
		keep = d.n.rand.IntN(p + 1)
	}
	d.store.Crash(keep)
	d.busy, d.outcomes, d.writing, d.waiting = nil, nil, false, nil
	d.life++
}

func (d *disk) submit(e core.Submit) {
	d.busy = append(d.busy, e)
	d.feed()
}

// feed hands the store what it takes, in order.
func (d *disk) feed() {
	for len(d.busy) > 0 {
		e := d.busy[0]
		o := &outcome{token: e.Token}
		err := d.store.Submit(e.Txn, func(err error) { o.known, o.err = true, err })
		if errors.Is(err, store.ErrBusy) {
			break
		}
		d.busy[0] = core.Submit{}
		d.busy = d.busy[1:]
		if err != nil {
			o.known, o.err = true, err
		}
		d.outcomes = append(d.outcomes, o)
	}
	d.tell()
	d.commit()
}

// tell passes on the outcomes that are known, in order.
func (d *disk) tell() {
	for len(d.outcomes) > 0 && d.outcomes[0].known {
		o := d.outcomes[0]
		d.outcomes = d.outcomes[1:]
		d.n.run.put(core.Durable{Token: o.token, Err: o.err})
	}
}

// commit begins to make durable what waits, unless a commit is under way.
func (d *disk) commit() {
	n := d.store.Pending()
	if d.writing || n == 0 {
		return
	}
	d.writing, d.since = true, d.n.w.now
	took := d.n.w.cfg.Commit + between(d.n.rand, 0, d.n.w.cfg.Commit) + time.Duration(n)*10*time.Microsecond + d.slow
	d.later(took, func() {
		d.store.Commit(n)
		d.writing, d.durable = false, d.n.w.now
		d.n.w.trace.begin(d.n.w.now, d.n.name, "durable").u("txns", uint64(n)).end(nil)
		d.feed()
	})
}

// later does something after a while, when the disk moves, unless the process has crashed.
func (d *disk) later(after time.Duration, do func()) {
	life := d.life
	d.n.w.After(after, func() {
		switch {
		case d.life != life || d.n.disk != d:
		case d.stuck || d.n.paused:
			d.waiting = append(d.waiting, do)
		default:
			do()
		}
	})
}

// retry does what waited for the disk, or the process, to move.
func (d *disk) retry() {
	if d.stuck || d.n.paused {
		return
	}
	waiting := d.waiting
	d.waiting = nil
	for _, do := range waiting {
		do()
	}
}

func (d *disk) read(r *run, e core.Read) {
	d.later(between(d.n.rand, 5*time.Microsecond, 2*d.n.w.cfg.Commit), func() {
		result := e.Do(d.store)
		d.later(between(d.n.rand, 0, 100*time.Microsecond), func() {
			if r.alive() {
				r.put(core.ReadDone{Token: e.Token, Result: result})
			}
		})
	})
}

// tellStats tells the core how the store is, now and then.
func (d *disk) tellStats(r *run) {
	if !r.alive() {
		return
	}
	r.put(core.StoreStats{Stats: d.stats()})
	d.n.w.After(time.Second, func() { d.tellStats(r) })
}

func (d *disk) stats() store.Stats {
	s := d.store.Stats()
	if d.writing {
		s.Stalled = d.n.w.now - d.since
	}
	return s
}

// Stick makes the node's disk hang until Unstick.
func (n *Node) Stick() {
	n.disk.stuck = true
	n.w.Note(n.name, "disk", "stuck")
}

// Unstick lets it go on.
func (n *Node) Unstick() {
	n.disk.stuck = false
	n.w.Note(n.name, "disk", "moves")
	n.disk.retry()
}

// SlowDisk makes every commit take so much longer.
func (n *Node) SlowDisk(d time.Duration) {
	n.disk.slow = d
	n.w.Note(n.name, "disk", "slower by "+d.String())
}
