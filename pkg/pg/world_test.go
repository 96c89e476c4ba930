package pg

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/crush"
	"zeph/pkg/osdmap"
	"zeph/pkg/placement"
	"zeph/pkg/store"
	"zeph/pkg/store/mem"
	"zeph/pkg/wire"
)

var thePG = osdmap.PGID{Pool: 1}

// world is a cluster of one PG that a script moves. Everything happens in the order in which it was caused.
type world struct {
	t     *testing.T
	set   Settings
	now   time.Duration
	osds  []*testOSD
	maps  []*osdmap.Map // by epoch
	raws  map[osdmap.Epoch][]osdmap.OSDID
	raw   []osdmap.OSDID
	first osdmap.Epoch // of the present interval, as the monitor sees it

	noUpThru, noTemp bool
	asks             []askOf // to the monitor

	net     network
	clients map[string]*testClient
	out     []string
	verbose bool
	gids    uint64
	steps   int
}

// testOSD is one OSD: a store that outlives it, and a machine while it runs.
type testOSD struct {
	id        osdmap.OSDID
	store     *mem.Store
	uuid      osdmap.UUID
	gid       wire.GID
	pg        *PG
	running   bool
	paused    bool
	hold      bool         // disk
	noMaps    bool         // held back
	epoch     osdmap.Epoch // newest map given to it
	told      string       // state as last printed
	queue     []any        // events
	reqs      map[core.Request]*message
	rate      int64
	full      bool
	slot      bool    // a place for recovery that the PG has: as primary,
	remote    bool    // and as a copy
	scrubs    [2]bool // the same, for scrubs
	noScrub   bool    // there is no place for them
	wantScrub []Slot
}

func (w *world) printf(format string, args ...any) {
	w.out = append(w.out, fmt.Sprintf(format, args...))
}

// begin makes the cluster of a script.
func (w *world) begin(args []string) {
	n, _ := strconv.Atoi(args[0])
	size, minSize, lease := 3, 2, time.Duration(0)
	w.set = Settings{MinLog: 1000, MinDups: 3000}
	w.raw = []osdmap.OSDID{0, 1, 2}
	for _, a := range args[1:] {
		name, value, _ := strings.Cut(a, "=")
		number, _ := strconv.Atoi(value)
		switch name {
		case "size":
			size = number
		case "min":
			minSize = number
		case "raw":
			w.raw = w.ids(value)
		case "log":
			w.set.MinLog, w.set.DegradedLog = number, number
		case "dups":
			w.set.MinDups, w.set.MaxDups = number, number
		case "lease":
			lease, _ = time.ParseDuration(value)
		case "batch":
			w.set.Batch = number
		case "push":
			w.set.PushBytes = number
		case "ops":
			w.set.RecoveryOps = number
		case "scrub":
			w.set.ScrubMin, _ = time.ParseDuration(value)
		case "deep":
			w.set.DeepScrub, _ = time.ParseDuration(value)
		}
	}
	w.raws = map[osdmap.Epoch][]osdmap.OSDID{}
	w.clients = map[string]*testClient{}
	w.net.w = w
	w.now = time.Hour
	for i := range n {
		o := &testOSD{id: osdmap.OSDID(i), store: mem.New(mem.Config{Stepped: true}), uuid: osdmap.UUID{15: byte(i + 1)}}
		w.osds = append(w.osds, o)
		w.start(o)
	}
	m := osdmap.New(osdmap.UUID{1}, 0)
	w.maps = []*osdmap.Map{m}
	c := m.Next(1)
	count := int32(n)
	c.Crush, c.MaxOSD = scriptCrush(n), &count
	for _, o := range w.osds {
		c.OSDs[o.id] = osdmap.OSDChange{Create: true}
	}
	w.commit(c)
	c = w.newest().Next(2)
	one := crush.One
	for _, o := range w.osds {
		c.OSDs[o.id] = osdmap.OSDChange{Up: &osdmap.Boot{GID: uint64(o.gid), Store: o.uuid}, Weight: &one}
	}
	w.commit(c)
	c = w.newest().Next(3)
	c.Pools = []osdmap.Pool{{
		ID: 1, Name: "p", Type: osdmap.Replicated, Size: uint32(size), MinSize: uint32(minSize), PGNum: 1, PGPNum: 1,
		ObjectHash: osdmap.HashRJenkins, ReadLeaseMS: uint32(lease.Milliseconds()),
	}}
	w.commit(c)
}

func scriptCrush(n int) *crush.Map {
	m := &crush.Map{
		Tunables: crush.DefaultTunables(),
		Types:    []crush.Type{{ID: 0, Name: "osd"}, {ID: 1, Name: "root"}},
		Buckets:  []crush.Bucket{{ID: -1, Name: "default", Type: 1, Alg: crush.Straw2}},
		Rules: []crush.Rule{{ID: 0, Name: "replicated", Type: crush.Replicated, MinSize: 1, MaxSize: 10, Steps: []crush.Step{
			{Op: crush.OpTake, Arg1: -1}, {Op: crush.OpChooseleafFirstn, Arg2: 0}, {Op: crush.OpEmit}}}},
	}
	for i := range n {
		m.Devices = append(m.Devices, crush.Device{ID: crush.ItemID(i), Name: fmt.Sprintf("osd.%d", i)})
		m.Buckets[0].Items = append(m.Buckets[0].Items, crush.Item{ID: crush.ItemID(i), Weight: crush.One})
	}
	return m
}

func (w *world) newest() *osdmap.Map { return w.maps[len(w.maps)-1] }

// commit makes the next epoch, and gives it to every OSD that may have it.
func (w *world) commit(c *osdmap.Change) {
	m, err := w.newest().Apply(c)
	if err != nil {
		w.t.Fatalf("map: %v", err)
	}
	w.maps = append(w.maps, m)
	w.raws[m.Epoch()] = w.raw
	pg := New(Config{PG: thePG})
	if last := w.maps[len(w.maps)-2]; m.HasPG(thePG) {
		a, b := pg.intervalOf(w.view(m.Epoch())), wire.PGInterval{}
		if last.HasPG(thePG) {
			b = pg.intervalOf(w.view(last.Epoch()))
		}
		if !sameInterval(&a, &b) {
			w.first = m.Epoch()
		}
	}
	for _, o := range w.osds {
		w.giveMaps(o)
	}
}

// view is where the PG is in an epoch: the script says what CRUSH would, the map the rest.
func (w *world) view(e osdmap.Epoch) View {
	m := w.maps[e]
	v := View{Map: m, Mapping: placement.Mapping{Raw: w.raws[e], UpPrimary: osdmap.NoOSD, ActingPrimary: osdmap.NoOSD}}
	if !m.HasPG(thePG) {
		return View{Map: m}
	}
	pool, _ := m.Pool(1)
	live := func(ids []osdmap.OSDID) []osdmap.OSDID {
		var up []osdmap.OSDID
		for _, id := range ids {
			if m.IsUp(id) && len(up) < int(pool.Size) {
				up = append(up, id)
			}
		}
		return up
	}
	v.Mapping.Up = live(w.raws[e])
	v.Mapping.Acting = v.Mapping.Up
	if temp, ok := m.PGTemp(thePG); ok && len(live(temp)) > 0 {
		v.Mapping.Acting = live(temp)
	}
	if len(v.Mapping.Up) > 0 {
		v.Mapping.UpPrimary = v.Mapping.Up[0]
	}
	if len(v.Mapping.Acting) > 0 {
		v.Mapping.ActingPrimary = v.Mapping.Acting[0]
	}
	return v
}

// giveMaps brings an OSD's machine to the newest map that it may have; it makes the machine when the PG maps to the OSD.
func (w *world) giveMaps(o *testOSD) {
	if !o.running || o.noMaps {
		return
	}
	for o.epoch < w.newest().Epoch() {
		o.epoch++
		v := w.view(o.epoch)
		if o.pg != nil {
			o.queue = append(o.queue, NewMap{v})
			continue
		}
		if slices.Contains(v.Mapping.Up, o.id) || slices.Contains(v.Mapping.Acting, o.id) {
			pool, _ := v.Map.Pool(1)
			var views []View
			for e := pool.Created; e <= o.epoch; e++ {
				views = append(views, w.view(e))
			}
			w.makePG(o)
			o.queue = append(o.queue, Create{Views: views})
		}
	}
}

func (w *world) makePG(o *testOSD) {
	o.pg = New(Config{PG: thePG, OSD: o.id, GID: o.gid, Store: o.uuid, Settings: w.set})
}

// start begins a new run of an OSD: its store is read, and it is taken through the maps it has not seen.
func (w *world) start(o *testOSD) {
	w.gids++
	last := o.epoch
	o.running, o.gid, o.pg, o.queue, o.epoch, o.told = true, wire.GID(1000*uint64(o.id+1)+w.gids), nil, nil, 0, ""
	o.reqs = map[core.Request]*message{}
	if ids, _ := o.store.PGs(); len(ids) > 0 {
		img := ReadImage(o.store, thePG)
		w.makePG(o)
		if img.Err != nil {
			w.startDamaged(o, last)
			return
		}
		o.epoch = img.Info.Epoch
		o.queue = append(o.queue, Open{Image: img, Base: w.view(img.Info.Epoch)})
	}
	if len(w.maps) > 0 {
		w.giveMaps(o)
	}
}

// startDamaged begins a run whose store has the PG, and cannot read it; its maps go up to an epoch.
func (w *world) startDamaged(o *testOSD, last osdmap.Epoch) {
	pool, _ := w.view(last).Map.Pool(1)
	var views []View
	for e := pool.Created; e <= last; e++ {
		views = append(views, w.view(e))
	}
	o.epoch = last
	o.queue = append(o.queue, Create{Views: views, Damaged: true})
	w.giveMaps(o)
}

func (w *world) crash(o *testOSD, keep int) {
	o.store.Crash(keep)
	o.running, o.pg, o.queue, o.paused = false, nil, nil, false
	o.slot, o.remote = false, false
	o.scrubs, o.wantScrub = [2]bool{}, nil
	w.net.lose(o.id)
}

// ---- running

func (w *world) time(o *testOSD) core.Time {
	return core.Time{Mono: w.now + (w.now-time.Hour)*time.Duration(o.rate)/1_000_000, Wall: osdmap.UnixMilli(w.now / time.Millisecond)}
}

// settle lets everything happen that can, without time.
func (w *world) settle() {
	for again := true; again; {
		again = false
		for _, o := range w.osds {
			for len(o.queue) > 0 && !o.paused {
				ev := o.queue[0]
				o.queue = o.queue[1:]
				w.step(o, ev)
				again = true
			}
			if !o.hold && o.store.Pending() > 0 {
				o.store.Commit(o.store.Pending())
				again = true
			}
		}
		again = w.net.deliver() || again
		again = w.monitor() || again
		if w.steps++; w.steps > 1_000_000 {
			w.t.Fatal("it never settles")
		}
	}
}

func (w *world) step(o *testOSD, ev any) {
	if o.pg == nil {
		if r, ok := ev.(core.Received); ok && o.running {
			w.carryOut(o, Absent(Config{PG: thePG, OSD: o.id, GID: o.gid, Store: o.uuid}, w.view(o.epoch), r))
		}
		return
	}
	now := w.time(o)
	_, tick := ev.(Tick)
	early := tick && !now.After(o.pg.Due())
	effects := o.pg.Step(now, ev)
	if early && len(effects) > 0 { // an OSD would have left it out
		w.t.Fatalf("osd.%d: a tick before it was due had effects: %+v", o.id, effects)
	}
	w.carryOut(o, effects)
}

func (w *world) carryOut(o *testOSD, effects []core.Effect) {
	for _, e := range effects {
		switch e := e.(type) {
		case core.Submit:
			pg := o.pg
			err := o.store.Submit(e.Txn, func(err error) {
				if o.pg == pg {
					o.queue = append(o.queue, core.Durable{Token: e.Token, Err: err})
				}
			})
			if err != nil {
				w.t.Fatalf("osd.%d: submit: %v", o.id, err)
			}
		case core.Read:
			o.queue = append(o.queue, core.ReadDone{Token: e.Token, Result: e.Do(o.store)})
		case core.Send:
			w.net.send(o, e, nil)
		case core.Call:
			w.net.send(o, e.Send, &e)
		case SendLease:
			w.net.send(o, core.Send{To: e.To, Class: wire.Control, Type: wire.TypePGLeases, Epoch: o.epoch,
				Body: &wire.PGLeases{To: e.To.GID, Leases: []wire.PGLease{e.Lease}}}, nil)
		case core.Reply:
			w.answer(o, e.To, e.Body, e.Bulk, nil)
		case core.Fail:
			w.answer(o, e.To, nil, nil, e.Err)
		case core.Drop:
			delete(o.reqs, e.To)
		case core.Log:
			if e.Level >= core.Warn || w.verbose && e.Level >= core.Info {
				w.printf("osd.%d: %s %v", o.id, e.Message, e.Args[4:])
			}
		case AskSlot:
			switch {
			case e.Scrub && o.noScrub:
				o.wantScrub = append(o.wantScrub, Slot{e.Remote, true})
			default:
				o.place(e.Remote, e.Scrub, true)
				o.queue = append(o.queue, Slot{e.Remote, e.Scrub})
			}
		case WantUpThru, WantTemp:
			w.asks = append(w.asks, askOf{o, e})
		case Removed:
			o.pg = nil
			w.printf("osd.%d: removed", o.id)
		case core.Exit:
			w.printf("osd.%d: exits: %v", o.id, e.Err)
			w.crash(o, 0)
			return
		case FreeSlot:
			o.place(e.Remote, e.Scrub, false)
			o.wantScrub = slices.DeleteFunc(o.wantScrub, func(s Slot) bool { return s == Slot{e.Remote, e.Scrub} })
		case core.SetTimer, Changed:
		default:
			w.t.Fatalf("osd.%d: effect %T", o.id, e)
		}
	}
}

func (o *testOSD) place(remote, scrub, has bool) {
	if scrub {
		o.scrubs[btoi(remote)] = has
		return
	}
	if remote {
		o.remote = has
	} else {
		o.slot = has
	}
}

type askOf struct {
	by  *testOSD
	ask any
}

// monitor grants what primaries ask for, as the leader would.
func (w *world) monitor() bool {
	asks := w.asks
	w.asks = nil
	for _, a := range asks {
		me, _ := w.newest().OSD(a.by.id)
		if !me.Up || wire.GID(me.GID) != a.by.gid {
			continue
		}
		c := w.newest().Next(0)
		switch ask := a.ask.(type) {
		case WantUpThru:
			if w.noUpThru || me.UpThru >= ask.Epoch {
				continue
			}
			c.OSDs[a.by.id] = osdmap.OSDChange{UpThru: ask.Epoch}
			w.printf("epoch %d: osd.%d was up at %d", c.Epoch(), a.by.id, ask.Epoch)
		case WantTemp:
			had, _ := w.newest().PGTemp(thePG)
			if w.noTemp || ask.Interval != w.first || slices.Equal(had, ask.OSDs) {
				continue
			}
			c.PGTemp[thePG] = ask.OSDs
			w.printf("epoch %d: pg_temp %v, asked by osd.%d", c.Epoch(), ask.OSDs, a.by.id)
		}
		w.commit(c)
		return true
	}
	return len(asks) > 0
}

// wait lets time pass.
func (w *world) wait(d time.Duration) {
	for end := w.now + d; w.now < end; {
		w.now += min(50*time.Millisecond, end-w.now)
		w.net.expire()
		for _, o := range w.osds {
			if o.pg != nil {
				st := o.store.Stats()
				st.Size = 1_000_000
				st.Used = 1000
				if o.full {
					st.Used = 960_000
				}
				o.queue = append(o.queue, core.StoreStats{Stats: st}, Tick{})
			}
		}
		w.settle()
	}
}

// states prints the machines whose state has changed.
func (w *world) states() {
	for _, o := range w.osds {
		s := "not there"
		switch {
		case !o.running:
			s = "dead"
		case o.pg != nil:
			s = o.pg.State()
		case o.told == "":
			continue
		}
		if s != o.told {
			o.told = s
			w.printf("osd.%d is %s", o.id, s)
		}
	}
}

// primary is the OSD that leads by the newest map.
func (w *world) primary() *testOSD {
	id := w.view(w.newest().Epoch()).Mapping.ActingPrimary
	if id == osdmap.NoOSD {
		return nil
	}
	return w.osds[id]
}

func (w *world) ids(s string) []osdmap.OSDID {
	var ids []osdmap.OSDID
	for _, f := range strings.Split(s, ",") {
		n, err := strconv.Atoi(f)
		if err != nil {
			w.t.Fatalf("osd %q", f)
		}
		ids = append(ids, osdmap.OSDID(n))
	}
	return ids
}

func (w *world) osd(s string) *testOSD { return w.osds[w.ids(s)[0]] }

// alike compares the copies of all acting.
func (w *world) alike() {
	var first string
	acting := w.view(w.newest().Epoch()).Mapping.Acting
	objects := 0
	for i, id := range acting {
		var b strings.Builder
		o := w.osds[id]
		from, to := store.SpanOf(thePG, 1).Bounds()
		items, _, err := o.store.List(from, to, 0)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, it := range items {
			v, err := o.store.Verify(it.Key)
			if err != nil || len(v.Damage) > 0 {
				w.printf("osd.%d: %v: damaged %v", id, it.Key, err)
			}
			fmt.Fprintf(&b, "%v %v %x %x %x\n", it.Key, it.Info, v.Data, v.Attrs, v.Omap)
		}
		log, _, _ := o.store.LogBefore(thePG, store.LastVersion, 1)
		if len(log) > 0 {
			fmt.Fprintf(&b, "head %v\n", log[0].Version)
		}
		if i == 0 {
			first, objects = b.String(), len(items)
		} else if b.String() != first {
			w.printf("osd.%d and osd.%d differ:\n%s\n%s", acting[0], id, first, b.String())
			return
		}
	}
	w.printf("%d copies alike: %d objects", len(acting), objects)
}
