package mon

import (
	"bytes"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

func fsidOf(n byte) osdmap.UUID { return osdmap.UUID{0: n, 15: 1} }

// begun is the state of a cluster after its first entry.
func begun(t interface{ Fatal(...any) }) *State {
	st := Machine().New().(*State)
	c := New(Config{Name: "a", FSID: fsidOf(1), Mons: []Mon{{Name: "a", Control: "inproc://a"}}})
	d := newDraft(st, 1000)
	(&beginning{}).plan(newLeader(c, 1), d)
	e, err := d.entry()
	if err != nil {
		t.Fatal(err)
	}
	next, r := Machine().Apply(st, 1, e.encode())
	if err := r.(Result).Err; err != nil {
		t.Fatal(err)
	}
	return next.(*State)
}

func mustEncode(t interface{ Fatal(...any) }, s core.State) []byte {
	b, err := Machine().Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// drawEntry is some entry that may or may not suit a state.
func drawEntry(t *rapid.T, st *State) []byte {
	e := &entry{Base: st.version - uint64(rapid.SampledFrom([]int{0, 0, 0, 0, 1}).Draw(t, "late")), Time: osdmap.UnixMilli(rapid.Int64Range(0, 1<<40).Draw(t, "time"))}
	if rapid.Bool().Draw(t, "map") {
		c := st.m.Next(e.Time)
		id := osdmap.OSDID(rapid.IntRange(0, 5).Draw(t, "osd"))
		o, exists := st.m.OSD(id)
		switch {
		case !exists:
			n := int32(max(int(id)+1, st.m.MaxOSD()))
			c.MaxOSD, c.OSDs[id] = &n, osdmap.OSDChange{Create: true}
		case o.Up:
			c.OSDs[id] = osdmap.OSDChange{Down: true}
		default:
			c.OSDs[id] = osdmap.OSDChange{Up: &osdmap.Boot{GID: rapid.Uint64Range(1, 1<<60).Draw(t, "gid"), Store: fsidOf(byte(id) + 10)}}
		}
		b, err := c.Encode()
		if err != nil {
			t.Fatal(err)
		}
		e.Change = b
	}
	if rapid.Bool().Draw(t, "config") {
		e.Config = []configEdit{{
			Who: rapid.SampledFrom([]string{"global", "osd", "osd.1"}).Draw(t, "who"), Name: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "name"),
			Value: "1", Remove: rapid.Bool().Draw(t, "remove"),
		}}
	}
	if rapid.Bool().Draw(t, "mon") {
		e.Mons = []monEdit{{Mon: Mon{Name: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "mon")}, Remove: rapid.Bool().Draw(t, "gone")}}
	}
	if rapid.Bool().Draw(t, "trims") {
		e.Trim = osdmap.Epoch(rapid.IntRange(0, int(st.Epoch())+1).Draw(t, "trim"))
	}
	e.Lines = []wire.LogLine{{Level: "info", Text: "x"}}
	e.Answers = []answer{{Asker: wire.Asker{GID: 1, Request: rapid.Uint64Range(1, 30).Draw(t, "request")}, Text: "done"}}
	return e.encode()
}

// Two machines that are told the same hold the same bytes, whatever they are told, and though one of them
// begins from a snapshot at every step.
func TestMachineIsDeterministic(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		one, two := begun(t), begun(t)
		for range rapid.IntRange(1, 15).Draw(t, "entries") {
			before := mustEncode(t, one)
			cmd := drawEntry(t, one)
			a, ra := Machine().Apply(one, 0, cmd)
			restored, err := Machine().Decode(mustEncode(t, two))
			if err != nil {
				t.Fatal(err)
			}
			b, rb := Machine().Apply(restored, 0, cmd)
			if fmt.Sprint(ra) != fmt.Sprint(rb) {
				t.Fatalf("%v and %v", ra, rb)
			}
			if !bytes.Equal(mustEncode(t, a), mustEncode(t, b)) {
				t.Fatal("the states differ")
			}
			if !bytes.Equal(before, mustEncode(t, one)) {
				t.Fatal("Apply changed the state it was given")
			}
			if ra.(Result).Err == nil && a.(*State).time < one.time {
				t.Fatalf("time went back from %d to %d", one.time, a.(*State).time)
			}
			one, two = a.(*State), b.(*State)
		}
	})
}

// Whatever bytes come out of the log, Apply answers.
func TestMachineTakesNoNonsense(t *testing.T) {
	t.Parallel()
	st := begun(t)
	for _, cmd := range [][]byte{nil, {0xff}, []byte("nonsense"), {0xa0}, (&entry{Base: 1, Change: []byte("x")}).encode(), (&entry{Base: 1, Create: &create{}}).encode()} {
		next, r := Machine().Apply(st, 2, cmd)
		if next.(*State) != st || r.(Result).Err == nil {
			t.Errorf("%q: %v", cmd, r)
		}
	}
}

func TestStateServesTheMapsItKeeps(t *testing.T) {
	t.Parallel()
	st := begun(t)
	for e := range 10 {
		c := st.m.Next(osdmap.UnixMilli(e))
		if e == 0 {
			c.SetFlags = osdmap.FlagNoOut
		}
		b, err := c.Encode()
		if err != nil {
			t.Fatal(err)
		}
		next, _ := Machine().Apply(st, 0, (&entry{Base: st.version, Change: b}).encode())
		st = next.(*State)
	}
	next, _ := Machine().Apply(st, 0, (&entry{Base: st.version, Trim: 6}).encode())
	st = next.(*State)
	for e := range osdmap.Epoch(14) {
		m, ok := st.MapAt(e)
		if want := e >= 6 && e <= 11; ok != want {
			t.Errorf("epoch %d: kept %v, want %v", e, ok, want)
		} else if ok && (m.Epoch() != e || !m.Has(osdmap.FlagNoOut)) {
			t.Errorf("epoch %d: got that of %d, flags %v", e, m.Epoch(), m.Flags())
		}
		if _, ok := st.Change(e); ok != (e >= 7 && e <= 11) {
			t.Errorf("change to epoch %d: kept %v", e, ok)
		}
	}
	if st.Oldest() != 7 {
		t.Errorf("oldest change %d", st.Oldest())
	}
}

func TestListKeepsNumbers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l, model, start := listFrom[int](7), []int{}, uint64(7)
		for range rapid.IntRange(0, 300).Draw(t, "steps") {
			if rapid.IntRange(0, 9).Draw(t, "what") > 0 {
				l, model = l.with(len(model)), append(model, len(model))
			} else {
				cut := min(rapid.IntRange(0, 80).Draw(t, "cut"), len(model))
				start += uint64(cut)
				l, model = l.from(start), model[cut:]
			}
			if l.start != start || l.n != len(model) || fmt.Sprint(l.slice()) != fmt.Sprint(model) {
				t.Fatalf("%d+%d %v, want %d %v", l.start, l.n, l.slice(), start, model)
			}
			for i, want := range model {
				if got, ok := l.at(start + uint64(i)); !ok || got != want {
					t.Fatalf("at %d: %d %v, want %d", start+uint64(i), got, ok, want)
				}
			}
		}
	})
}
