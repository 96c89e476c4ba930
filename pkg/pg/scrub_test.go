package pg

import (
	"fmt"
	"testing"

	"zeph/pkg/core"
	"zeph/pkg/wire"
)

// scrubbed is a cluster whose PG was scrubbed, with a copy that has an order of repair behind it: that a wrong object of
// the chunk is missing.
func scrubbed(t *testing.T) (w *world, copy *PG, order core.Received) {
	w = &world{t: t}
	for _, line := range []string{"cluster 3", "write c1 a 1", "ask pg scrub", "wait 2s"} {
		w.do(line)
	}
	copy, lead := w.osds[1].pg, w.osds[0]
	order = core.Received{From: core.Peer{Entity: entityOf(lead.id), GID: lead.gid}, Body: &wire.PGRepair{
		PGHead: wire.PGHead{PG: wire.PG(thePG), Interval: copy.info.Interval.First, Round: copy.rep.round, To: copy.cfg.GID},
		Chunk:  copy.rep.chunk, Object: objectOf(w.key("a")), Need: copy.newest(w.key("a")),
	}}
	return w, copy, order
}

// TestScrubNotesNoWrites: a copy remembers nothing of what is written after a scrub.
func TestScrubNotesNoWrites(t *testing.T) {
	w, copy, order := scrubbed(t)
	copy.Step(w.time(w.osds[1]), order)
	copy.notMissing(w.key("a"), copy.newest(w.key("a")))
	for i := range 50 {
		w.do(fmt.Sprintf("write c1 n%d 1", i))
	}
	if n := len(copy.rep.judged); n != 0 {
		t.Errorf("%d objects are remembered", n)
	}
}

// TestOrderOfRepairComesLate: one about an object that was written to since is void; else the object would be missing, the
// primary would not know, and its next write could not be applied.
func TestOrderOfRepairComesLate(t *testing.T) {
	for _, test := range []struct {
		name    string
		before  []string
		missing int
	}{
		{"in time", nil, 1},
		{"it was written to", []string{"write c1 a 2"}, 0},
		{"another of the chunk was", []string{"write c1 b 1"}, 0},
	} {
		w, copy, order := scrubbed(t)
		for _, line := range test.before {
			w.do(line)
		}
		copy.Step(w.time(w.osds[1]), order)
		if n := copy.missing.len(); n != test.missing {
			t.Errorf("%s: %d objects are missing, want %d", test.name, n, test.missing)
		}
	}
}

// TestOrderOfRepairComesTwice: the second one finds the object repaired, and leaves it.
func TestOrderOfRepairComesTwice(t *testing.T) {
	w, copy, order := scrubbed(t)
	k := w.key("a")
	copy.Step(w.time(w.osds[1]), order)
	copy.notMissing(k, copy.newest(k)) // as a push does
	ask := core.Received{From: order.From, Body: &wire.PGScrub{PGHead: order.Body.(*wire.PGRepair).PGHead, Chunk: copy.rep.chunk, End: true}}
	copy.Step(w.time(w.osds[1]), ask) // nor does the question once more make it forget
	copy.Step(w.time(w.osds[1]), order)
	if n := copy.missing.len(); n != 0 {
		t.Errorf("%d objects are missing", n)
	}
}

// TestScrubCutOffWhileItReads: one that came by itself is cut off by a flag, or by what somebody asks for. What its last
// look at the store brings must not set the next one going, on another range.
func TestScrubCutOffWhileItReads(t *testing.T) {
	w, _, _ := scrubbed(t)
	lead := w.osds[0].pg
	lead.out, lead.pri.scrub = nil, scrubber{first: true, itself: true}
	lead.chooseChunk()
	look := lead.out[0].(core.Read)
	lead.endScrub(false)
	lead.Step(w.time(w.osds[0]), core.ReadDone{Token: look.Token, Result: look.Do(w.osds[0].store)})
	if step := lead.pri.scrub.step; step != scrubIdle {
		t.Errorf("it goes on, at step %d", step)
	}
}
