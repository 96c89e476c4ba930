package osd

import (
	"container/heap"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/crush"
	"zeph/pkg/osdmap"
	"zeph/pkg/placement"
	"zeph/pkg/store/mem"
	"zeph/pkg/wire"
)

// mini is a small cluster in virtual time: OSD cores, memory for disks, links that keep their order, and
// one monitor that believes every report. Package sim does all that better; this one needs no real monitor.
type mini struct {
	t      *testing.T
	atlas  *atlas
	now    time.Duration
	queue  events
	seq    uint64
	osds   []*miniOSD
	reqs   core.Request
	asked  map[core.Request]func(body any, bulk []byte, err error)
	ids    uint64
	failed map[osdmap.OSDID]map[osdmap.OSDID]bool // target → who reports it
	stats  map[osdmap.PGID]wire.PGStat
	logs   strings.Builder
	set    Settings // of OSDs that start from now on
	pgs    uint32   // of the pool
}

type miniOSD struct {
	id    osdmap.OSDID
	core  *Core
	store *mem.Store
	gid   wire.GID
	life  int
	exit  error
	ended bool
	turn  time.Duration // of the last step
}

type event struct {
	at  time.Duration
	seq uint64
	do  func()
}

type events []event

func (q events) Len() int { return len(q) }
func (q events) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].seq < q[j].seq
}
func (q events) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *events) Push(x any)   { *q = append(*q, x.(event)) }
func (q *events) Pop() any {
	e := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return e
}

func newMini(t *testing.T, osds int) *mini {
	m := &mini{t: t, pgs: 8, atlas: newAtlas(t, osds, 1), asked: map[core.Request]func(any, []byte, error){},
		failed: map[osdmap.OSDID]map[osdmap.OSDID]bool{}, stats: map[osdmap.PGID]wire.PGStat{}}
	for id := range osdmap.OSDID(osds) {
		s := mem.New(mem.Config{Stepped: true, Size: 1 << 40})
		if err := s.Submit(Mkfs(testFSID, id, storeOf(id)), func(error) {}); err != nil {
			t.Fatal(err)
		}
		s.Commit(1)
		o := &miniOSD{id: id, store: s}
		m.osds = append(m.osds, o)
		m.start(o)
	}
	return m
}

const (
	miniHop  = 200 * time.Microsecond
	miniDisk = time.Millisecond
)

func (m *mini) after(d time.Duration, do func()) {
	m.seq++
	heap.Push(&m.queue, event{m.now + d, m.seq, do})
}

func (m *mini) start(o *miniOSD) {
	o.life++
	o.ended, o.exit = false, nil
	o.store.Crash(0)
	mon, _ := wire.ParseEntity("mon.a")
	o.core = New(Config{ID: o.id, FSID: testFSID, Seed: uint64(1000*o.life) + uint64(o.id),
		Mons: []core.Dest{{Peer: core.Peer{Entity: mon}}}, Addrs: addrs(o.id), Settings: m.set})
	m.step(o, core.StoreStats{Stats: o.store.Stats()})
	m.tellStats(o, o.life)
}

// tellStats tells an OSD how its store is, now and then.
func (m *mini) tellStats(o *miniOSD, life int) {
	m.after(200*time.Millisecond, func() {
		if o.life == life {
			m.step(o, core.StoreStats{Stats: o.store.Stats()})
			m.tellStats(o, life)
		}
	})
}

func (m *mini) kill(o *miniOSD) {
	o.life++
	o.core = nil
	for _, other := range m.osds {
		for class := range wire.NumClasses {
			m.post(other, core.SessionReset{From: core.Peer{Entity: Entity(o.id), GID: o.gid}, Class: class, Session: sessionOf(o, class)})
		}
	}
}

func sessionOf(o *miniOSD, c wire.Class) uint64 {
	return uint64(o.life)<<16 | uint64(o.id)<<8 | uint64(c)
}

func (m *mini) step(o *miniOSD, ev core.Event) {
	if o.core == nil || o.ended {
		return
	}
	life := o.life
	o.turn = m.now
	for _, e := range o.core.Step(core.Time{Mono: m.now, Wall: osdmap.UnixMilli(m.now / time.Millisecond)}, ev) {
		if o.life == life {
			m.effect(o, e)
		}
	}
}

// post lets an event happen to the present run of an OSD, a hop later.
func (m *mini) post(o *miniOSD, ev core.Event) {
	life := o.life
	m.after(miniHop, func() {
		if o.life == life {
			m.step(o, ev)
		}
	})
}

func (m *mini) effect(o *miniOSD, e core.Effect) {
	switch e := e.(type) {
	case core.Send:
		m.send(o, e, 0, 0)
	case core.Call:
		m.call(o, e)
	case core.Reply:
		m.end(e.To, e.Body, e.Bulk, nil)
	case core.Fail:
		m.end(e.To, nil, nil, e.Err)
	case core.Drop:
		delete(m.asked, e.To)
	case core.Submit:
		life := o.life
		if err := o.store.Submit(e.Txn, func(err error) {
			if o.life == life {
				m.after(0, func() { m.step(o, core.Durable{Token: e.Token, Err: err}) })
			}
		}); err != nil {
			m.t.Fatalf("osd.%d: %v", o.id, err)
		}
		m.after(miniDisk, func() {
			if o.life == life {
				o.store.Commit(1)
			}
		})
	case core.Read:
		m.post(o, core.ReadDone{Token: e.Token, Result: e.Do(o.store)})
	case core.SetTimer:
		life := o.life
		m.after(max(0, e.At-m.now), func() {
			if o.life == life {
				m.step(o, core.Fired{Key: e.Key})
			}
		})
	case core.Continue:
		m.post(o, e)
	case core.Rename:
		o.gid = e.GID
	case core.Ready:
	case core.Exit:
		o.ended, o.exit = true, e.Err
	case core.Log:
		if e.Level >= core.Info {
			fmt.Fprintf(&m.logs, "%v osd.%d %s %v\n", m.now, o.id, e.Message, e.Args)
		}
	default:
		m.t.Fatalf("effect %T", e)
	}
}

func (m *mini) target(to core.Peer) *miniOSD {
	if id, ok := osdOf(to.Entity); ok && int(id) < len(m.osds) {
		if o := m.osds[id]; o.core != nil && !o.ended && (to.GID == 0 || o.gid == to.GID) {
			return o
		}
	}
	return nil
}

func (m *mini) send(from *miniOSD, e core.Send, req core.Request, id uint64) bool {
	to := m.target(e.To.Peer)
	if to == nil {
		return false
	}
	m.post(to, core.Received{From: core.Peer{Entity: Entity(from.id), GID: from.gid}, Session: sessionOf(from, e.Class),
		Class: e.Class, Type: e.Type, Epoch: e.Epoch, Request: req, ID: id, Body: e.Body, Bulk: e.Bulk})
	return true
}

func (m *mini) call(o *miniOSD, e core.Call) {
	life := o.life
	answered := false
	then := func(body any, bulk []byte, err error) {
		if answered {
			return
		}
		answered = true
		a := core.Answered{Token: e.Token, From: e.To.Peer, Epoch: m.atlas.newest().Epoch(), Body: body, Bulk: bulk, Err: err}
		m.after(miniHop, func() {
			if o.life == life {
				m.step(o, a)
			}
		})
	}
	if e.To.Entity.Kind() == wire.Mon {
		from := *o
		m.after(miniHop, func() { m.monitor(&from, e.Body, then) })
		return
	}
	to := m.target(e.To.Peer)
	if ping, ok := e.Body.(*wire.Ping); ok && to != nil {
		then(&wire.Pong{Sent: ping.Sent, Clock: uint64(m.now.Microseconds())}, nil, nil)
		return
	}
	m.reqs++
	m.asked[m.reqs] = then
	m.ids++
	if !m.send(o, e.Send, m.reqs, m.ids) {
		then(nil, nil, core.ErrDown)
		m.post(o, core.Unreachable{To: e.To.Peer, Class: e.Class, Refused: true})
	} else if e.Timeout > 0 {
		m.after(e.Timeout, func() { then(nil, nil, core.ErrTimeout) })
	}
	toLife, req := 0, m.reqs
	if to != nil {
		toLife = to.life
		m.after(500*time.Millisecond, func() { // a peer that died meanwhile
			if to.life != toLife {
				delete(m.asked, req)
				then(nil, nil, core.ErrReset)
			}
		})
	}
}

func (m *mini) end(r core.Request, body any, bulk []byte, err *wire.Error) {
	then := m.asked[r]
	delete(m.asked, r)
	if then == nil {
		return
	}
	if err != nil {
		then(nil, nil, err)
		return
	}
	then(body, bulk, nil)
}

// hint tells everybody that there is a newer map.
func (m *mini) hint() {
	mon, _ := wire.ParseEntity("mon.a")
	for _, o := range m.osds {
		m.post(o, core.Received{From: core.Peer{Entity: mon}, Type: wire.TypeMapHint,
			Body: &wire.MapHint{Epoch: m.atlas.newest().Epoch(), Leader: "mon.a"}})
	}
}

func (m *mini) monitor(o *miniOSD, body any, then func(any, []byte, error)) {
	newest := m.atlas.newest()
	done := func() { then(&wire.Done{Epoch: m.atlas.newest().Epoch()}, nil, nil); m.hint() }
	current := func(id osdmap.OSDID, gid wire.GID) bool {
		at, ok := newest.OSD(id)
		return ok && at.Up && at.GID == uint64(gid)
	}
	switch b := body.(type) {
	case *wire.GetMaps:
		r, bulk := m.atlas.answer(b, newest.Epoch())
		then(r, bulk, nil)
	case *wire.Boot:
		at, _ := newest.OSD(b.OSD)
		if at.Up && at.GID != uint64(b.GID) {
			m.atlas.down(b.OSD)
		}
		if at.GID != uint64(b.GID) {
			m.atlas.up(b.OSD, b.GID)
		}
		delete(m.failed, b.OSD)
		done()
	case *wire.UpThru:
		if at, _ := newest.OSD(b.OSD); current(b.OSD, b.GID) && at.UpThru < b.Want {
			m.atlas.change(func(c *osdmap.Change) { c.OSDs[b.OSD] = osdmap.OSDChange{UpThru: b.Want} })
		}
		done()
	case *wire.PGTemp:
		if current(b.OSD, b.GID) {
			m.atlas.change(func(c *osdmap.Change) {
				for _, ask := range b.Asks {
					c.PGTemp[osdmap.PGID(ask.PG)] = ask.OSDs
				}
			})
		}
		done()
	case *wire.Failure:
		m.failure(b, current)
		done()
	case *wire.Goodbye:
		if current(b.OSD, b.GID) {
			m.atlas.change(func(c *osdmap.Change) { c.OSDs[b.OSD] = osdmap.OSDChange{Down: true, Goodbye: true} })
		}
		done()
	case *wire.Beacon:
		for _, s := range b.PGs {
			m.stats[osdmap.PGID(s.PG)] = s
		}
		then(&wire.BeaconReply{Epoch: newest.Epoch(), Term: 1, Oldest: m.atlas.oldest}, nil, nil)
	default:
		m.t.Fatalf("monitor: %T", b)
	}
}

func (m *mini) failure(b *wire.Failure, current func(osdmap.OSDID, wire.GID) bool) {
	if !current(b.Target, b.TargetGID) || !current(b.OSD, b.GID) {
		return
	}
	if m.failed[b.Target] == nil {
		m.failed[b.Target] = map[osdmap.OSDID]bool{}
	}
	m.failed[b.Target][b.OSD] = !b.Withdraw
	n := 0
	for _, yes := range m.failed[b.Target] {
		if yes {
			n++
		}
	}
	if n >= 2 {
		m.atlas.down(b.Target)
		delete(m.failed, b.Target)
	}
}

// run lets time pass until something is true.
func (m *mini) run(what string, atMost time.Duration, is func() bool) {
	m.t.Helper()
	until := m.now + atMost
	for !is() {
		if len(m.queue) == 0 || m.queue[0].at > until {
			m.t.Fatalf("%s: not after %v\n%s\n%s", what, atMost, m.logs.String(), m.explain())
		}
		e := heap.Pop(&m.queue).(event)
		m.now = e.at
		e.do()
	}
}

func (m *mini) explain() string {
	var b strings.Builder
	for _, o := range m.osds {
		if o.core == nil {
			continue
		}
		fmt.Fprintf(&b, "osd.%d %v epoch %d exit %v\n", o.id, o.core.phase, o.core.epoch(), o.exit)
		for _, s := range o.core.order {
			fmt.Fprintf(&b, "  pg %v epoch %d %s\n", s.id, s.epoch, s.pg.State())
		}
	}
	return b.String()
}

// clean reports whether all PGs of the pools are.
func (m *mini) clean() bool {
	for pool := range m.atlas.newest().Pools() {
		for seed := range pool.PGNum {
			id := osdmap.PGID{Pool: pool.ID, Seed: seed}
			primary := m.primary(id)
			if primary == nil {
				return false
			}
			s := primary.core.slot(id)
			if s == nil || !s.primary() || s.pg.State() != "active+clean" {
				return false
			}
		}
	}
	return true
}

func (m *mini) primary(id osdmap.PGID) *miniOSD {
	table, err := placement.NewTable(m.atlas.newest())
	if err != nil {
		m.t.Fatal(err)
	}
	at, _ := table.PG(id)
	if at.ActingPrimary < 0 || m.osds[at.ActingPrimary].core == nil {
		return nil
	}
	return m.osds[at.ActingPrimary]
}

// ask does one operation of a client, as often as it takes.
func (m *mini) ask(name string, write []byte) []byte {
	m.t.Helper()
	pool, _ := m.atlas.newest().Pool(1)
	id := placement.Object{Name: name}.PG(&pool)
	m.ids++
	req := m.ids
	var got []byte
	done, waiting, resend := false, false, false
	floor := wire.PGVersion{Epoch: m.atlas.newest().Epoch()}
	m.run("operation on "+name, 20*time.Second, func() bool {
		o := m.primary(id)
		if done || waiting || o == nil {
			return done
		}
		waiting = true
		target := wire.Target{PG: wire.PG(id), Object: name}
		client, _ := wire.ParseEntity("client.a")
		m.reqs++
		r := core.Received{From: core.Peer{Entity: client, GID: 77}, Session: 1, Class: wire.Data, Epoch: m.atlas.newest().Epoch(), Request: m.reqs, ID: req}
		if write != nil {
			r.Type, r.Bulk = wire.TypeWrite, write
			r.Body = &wire.Write{Target: target, Steps: []wire.Step{{Op: wire.StepWriteFull, Length: uint64(len(write))}}, Floor: floor, Resend: resend}
		} else {
			r.Type = wire.TypeRead
			r.Body = &wire.Read{Target: target, Steps: []wire.Step{{Op: wire.StepRead}}}
		}
		resend = true
		this := m.reqs
		finish := func(body any, bulk []byte, err error) {
			if this == 0 {
				return
			}
			this = 0
			var e *wire.Error
			switch {
			case err == nil:
				done, got = true, bulk
			case errors.As(err, &e) && e.Code.Outcome() == wire.Definite:
				m.t.Fatalf("operation on %s: %v", name, err)
			default:
				m.after(50*time.Millisecond, func() { waiting = false })
			}
		}
		m.asked[this] = finish
		m.post(o, r)
		m.after(2*time.Second, func() { finish(nil, nil, core.ErrTimeout) })
		return false
	})
	return got
}

func TestMiniCluster(t *testing.T) {
	t.Parallel()
	m := newMini(t, 4)
	m.begin()
	m.write(1)
	m.check(1)

	// The primary of o0 dies. The cluster notices, goes on with two copies, and heals when it is back.
	pool, _ := m.atlas.newest().Pool(1)
	victim := m.primary(placement.Object{Name: "o0"}.PG(&pool))
	m.kill(victim)
	m.write(2)
	m.check(2)
	if m.atlas.newest().IsUp(victim.id) {
		t.Fatalf("osd.%d is still up", victim.id)
	}
	m.start(victim)
	m.run("clean again", time.Minute, m.clean)
	m.check(2)

	// Another one leaves well, and comes back.
	other := m.osds[(victim.id+1)%4]
	m.step(other, core.Stop{})
	m.run("goodbye", 5*time.Second, func() bool { return other.ended })
	if other.exit != nil {
		t.Fatal(other.exit)
	}
	m.kill(other)
	m.write(3)
	m.start(other)
	m.run("clean after goodbye", time.Minute, m.clean)
	m.check(3)
}

// An OSD is away for so long that the maps after its own are gone everywhere (protocol 3.4). Its data moved meanwhile, and
// was written to. It comes back with what it had, and all of it is put right.
func TestMiniClusterForgetsMaps(t *testing.T) {
	t.Parallel()
	m := newMini(t, 4)
	m.begin()
	m.write(1)
	victim := m.osds[2]
	m.kill(victim)
	m.write(2)
	weigh := func(w crush.Weight) {
		m.atlas.change(func(c *osdmap.Change) { c.OSDs[victim.id] = osdmap.OSDChange{Weight: &w} })
		m.hint()
	}
	weigh(0)
	m.run("clean without it", time.Minute, m.clean)
	m.write(3)
	for range 2 * trimAt {
		m.atlas.change(func(*osdmap.Change) {})
	}
	m.hint()
	m.run("heard", time.Second, func() bool { return m.osds[0].core.epoch() == m.atlas.newest().Epoch() })
	m.atlas.oldest = m.atlas.newest().Epoch()
	m.run("trimmed", 10*time.Second, func() bool {
		for _, o := range m.osds {
			if o != victim && o.core.maps.hist.oldest() != m.atlas.oldest {
				return false
			}
		}
		return true
	})
	m.start(victim)
	m.run("up", 10*time.Second, func() bool { return m.atlas.newest().IsUp(victim.id) })
	weigh(crush.One)
	m.run("clean with it", time.Minute, m.clean)
	m.check(3)
	for _, o := range m.osds { // they have forgotten what there was before, and remember it no more after a restart
		m.kill(o)
		m.start(o)
	}
	m.run("clean after power came back", time.Minute, m.clean)
	m.check(3)
}

// begin waits until all OSDs are up, and makes a pool.
func (m *mini) begin() {
	m.t.Helper()
	m.run("boot", 5*time.Second, func() bool {
		for _, o := range m.osds {
			if !m.atlas.newest().IsUp(o.id) {
				return false
			}
		}
		return true
	})
	m.atlas.pool(1, "demo", 3, m.pgs)
	m.hint()
	m.run("clean", 10*time.Second, m.clean)
}

func text(i, round int) []byte { return []byte(fmt.Sprintf("object %d, round %d", i, round)) }

const miniObjects = 20

// write replaces all objects.
func (m *mini) write(round int) {
	m.t.Helper()
	for i := range miniObjects {
		m.ask(fmt.Sprintf("o%d", i), text(i, round))
	}
}

// check reads all objects.
func (m *mini) check(round int) {
	m.t.Helper()
	for i := range miniObjects {
		if got := m.ask(fmt.Sprintf("o%d", i), nil); !slices.Equal(got, text(i, round)) {
			m.t.Fatalf("o%d: %q, expected %q", i, got, text(i, round))
		}
	}
}
