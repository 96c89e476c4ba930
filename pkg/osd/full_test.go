package osd

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/crush"
	"zeph/pkg/osdmap"
	"zeph/pkg/pg"
	"zeph/pkg/placement"
	"zeph/pkg/wire"
)

// Clients write to small stores, many at a time, until nothing more fits. No store is asked for more than it has: its OSD
// would end, and with it those of all other copies. Writes are refused, and that is all; what was written is read; and
// when objects are removed there is room again.
func TestFullStores(t *testing.T) {
	t.Parallel()
	for _, size := range []uint64{2 << 20, 27 << 20} {
		t.Run(fmt.Sprintf("%d MiB", size>>20), func(t *testing.T) {
			t.Parallel()
			m := newMini(t, 3)
			m.begin()
			for _, o := range m.osds {
				o.store.SetSize(size)
			}
			m.run("told", time.Second, func() bool { return m.osds[2].core.stats.Size == size })
			testFullStores(t, m, size)
		})
	}
}

func testFullStores(t *testing.T, m *mini, size uint64) {
	const atOnce = 32
	object := make([]byte, size/50)
	var kept []string
	refused := 0
	for round := 0; refused < 3*atOnce; round++ {
		if round > 100 {
			t.Fatal("never full")
		}
		var names []string
		for i := range atOnce {
			names = append(names, fmt.Sprintf("o%d.%d", round, i))
		}
		for i, err := range m.burst(names, wire.StepWriteFull, object) {
			if err == nil {
				kept = append(kept, names[i])
			} else if refused++; !errors.Is(err, wire.Full) {
				t.Fatalf("%s: %v", names[i], err)
			}
		}
	}
	for _, o := range m.osds {
		used := o.store.Stats().Used
		if used > size/100*97 || used < size/2 {
			t.Errorf("osd.%d: %d of %d bytes in use", o.id, used, size)
		}
	}
	if got := m.ask(kept[0], nil); len(got) != len(object) {
		t.Errorf("%d bytes of an object of %d in a full store", len(got), len(object))
	}
	for i, err := range m.burst(kept[:len(kept)/2], wire.StepRemove, nil) {
		if err != nil {
			t.Fatalf("remove %s from a full store: %v", kept[i], err)
		}
	}
	m.pass(2 * time.Second)
	for i, err := range m.burst(kept[:4], wire.StepWriteFull, object) {
		if err != nil {
			t.Errorf("write %s where there is room again: %v", kept[i], err)
		}
	}
}

// The copy that is being filled was too full when it became a target. It is granted no leases and nothing is written, so
// nothing would tell its primaries that there is room in its store again: they hear of that all the same.
func TestFullTargetHasRoomAgain(t *testing.T) {
	t.Parallel()
	m := newMini(t, 4)
	m.pgs = 1
	m.begin()
	m.set.PG = pg.Settings{MinLog: 1, DegradedLog: 1} // so that what comes new is filled, not brought up to date by the log
	for _, o := range m.osds {
		m.kill(o)
		m.start(o)
	}
	m.run("clean with short logs", time.Minute, m.clean)
	pool, _ := m.atlas.newest().Pool(1)
	leads := m.primary(placement.Object{Name: "o0"}.PG(&pool))
	last := m.osds[(leads.id+1)%4]
	weigh := func(w crush.Weight) {
		m.atlas.change(func(c *osdmap.Change) { c.OSDs[last.id] = osdmap.OSDChange{Weight: &w} })
		m.hint()
	}
	weigh(0)
	m.run("clean without it", time.Minute, m.clean)
	m.write(1)
	m.write(2)
	last.store.SetSize(max(1000, last.store.Stats().Used))
	m.atlas.change(func(c *osdmap.Change) { c.SetFlags = osdmap.FlagNoBackfill })
	m.pass(time.Second)
	weigh(crush.One)
	m.pass(5 * time.Second)
	var names []string
	for i := range miniObjects {
		names = append(names, fmt.Sprintf("o%d", i))
	}
	refused := 0
	for _, err := range m.burst(names, wire.StepWriteFull, text(0, 2)) {
		if errors.Is(err, wire.Full) {
			refused++
		}
	}
	if refused == 0 {
		t.Fatal("no write was refused: no target is full")
	}
	last.store.SetSize(1 << 40)
	m.pass(2 * time.Second)
	m.write(3)
	m.check(3)
}

// pass lets time pass.
func (m *mini) pass(d time.Duration) {
	over := false
	m.after(d, func() { over = true })
	m.run("time", d, func() bool { return over })
}

// burst sends one step for each of many objects at the same moment, and returns what became of each.
func (m *mini) burst(names []string, step wire.StepOp, data []byte) []error {
	m.t.Helper()
	pool, _ := m.atlas.newest().Pool(1)
	client, _ := wire.ParseEntity("client.a")
	errs := make([]error, len(names))
	left := len(names)
	for i, name := range names {
		id := placement.Object{Name: name}.PG(&pool)
		m.ids++
		m.reqs++
		m.asked[m.reqs] = func(_ any, _ []byte, err error) {
			errs[i] = err
			left--
		}
		m.post(m.primary(id), core.Received{
			From: core.Peer{Entity: client, GID: 77}, Session: 1, Class: wire.Data, Epoch: m.atlas.newest().Epoch(), Request: m.reqs, ID: m.ids,
			Type: wire.TypeWrite, Bulk: data, Body: &wire.Write{
				Target: wire.Target{PG: wire.PG(id), Object: name}, Steps: []wire.Step{{Op: step, Length: uint64(len(data))}},
				Floor: wire.PGVersion{Epoch: m.atlas.newest().Epoch()}, Timeout: 30_000,
			}})
	}
	m.run("a burst", time.Minute, func() bool { return left == 0 })
	return errs
}
