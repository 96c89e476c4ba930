package osd

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/pg"
	"zeph/pkg/placement"
	"zeph/pkg/store/mem"
	"zeph/pkg/wire"
)

// Whatever PGs there are, every OSD is watched from two other hosts, if there are so many.
func TestNeighboursWatchEveryOSDFromTwoHosts(t *testing.T) {
	t.Parallel()
	for _, shape := range []struct{ osds, perHost, reporters int }{{2, 1, 1}, {3, 1, 2}, {6, 2, 2}, {12, 4, 2}, {20, 1, 2}, {4, 4, 1}, {13, 4, 2}, {9, 4, 2}} {
		a := newAtlas(t, shape.osds, shape.perHost)
		for id := range osdmap.OSDID(shape.osds) {
			a.up(id, wire.GID(100+id))
		}
		watchers := make(map[osdmap.OSDID][]int) // by target, the hosts that watch it
		for id := range osdmap.OSDID(shape.osds) {
			list := neighbours(a.newest(), id)
			if slices.Contains(list, id) {
				t.Errorf("%+v: osd.%d pings %v", shape, id, list)
			}
			for _, target := range list {
				if host := int(id) / shape.perHost; !slices.Contains(watchers[target], host) {
					watchers[target] = append(watchers[target], host)
				}
			}
		}
		for id := range osdmap.OSDID(shape.osds) {
			if n := len(watchers[id]); n < shape.reporters {
				t.Errorf("%+v: osd.%d is watched from hosts %v", shape, id, watchers[id])
			}
		}
	}
}

func TestDrift(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		ppm  int64
		rtt  time.Duration
		want int32 // within 300
	}{
		{0, time.Millisecond, 0},
		{500, time.Millisecond, 0},           // not worth a word
		{20_000, time.Millisecond, 20_000},   //
		{-20_000, time.Millisecond, -20_000}, //
		{20_000, 2 * time.Second, 0},         // the delay is as long as the difference
	} {
		var d drift
		for at := time.Second; at < 30*time.Second; at += 500 * time.Millisecond {
			theirs := time.Hour + at + at*time.Duration(tt.ppm)/1_000_000
			d.sample(at-tt.rtt/2, tt.rtt, uint64(theirs/time.Microsecond))
		}
		if diff := d.parts - tt.want; diff > 300 || diff < -300 {
			t.Errorf("%d ppm at %v: %d", tt.ppm, tt.rtt, d.parts)
		}
	}
}

func TestParseLength(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]time.Duration{
		"500ms": 500 * time.Millisecond, "2s": 2 * time.Second, "1.5s": 1500 * time.Millisecond, "3m": 3 * time.Minute,
		"0s": 0, "": 0, "5": 0, "-1s": 0, "1h": time.Hour, "x s": 0, "0.25s": 250 * time.Millisecond,
	} {
		if got, err := ParseLength(s); got != want || (err == nil) != (want > 0) {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
}

// Any map of a history can be had, also after trimming, and after it was read from the store.
func TestHistory(t *testing.T) {
	t.Parallel()
	a := newAtlas(t, 3, 1)
	h := history{atlas: new(placement.Atlas), base: a.maps[1]}
	for i := range 100 {
		a.up(osdmap.OSDID(i%3), wire.GID(1000+i))
		a.down(osdmap.OSDID(i % 3))
	}
	for e := 2; e < len(a.maps); e++ {
		h.add(a.changes[e], a.maps[e])
	}
	same := func(h *history, from osdmap.Epoch) {
		t.Helper()
		for e := from; e <= a.newest().Epoch(); e++ {
			m, err := h.at(e)
			if err != nil {
				t.Fatal(err)
			}
			got, _ := m.Encode()
			want, _ := a.maps[e].Encode()
			if !slices.Equal(got, want) {
				t.Fatalf("epoch %d differs", e)
			}
		}
		if _, err := h.at(from - 1); err == nil {
			t.Errorf("epoch %d is still there", from-1)
		}
	}
	same(&h, 1)
	for _, e := range []osdmap.Epoch{1, 40, 65, 160, a.newest().Epoch()} {
		short, err := h.trimmed(e)
		if err != nil {
			t.Fatal(err)
		}
		same(&short, e)
	}
}

func TestOSDOf(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int{"osd.0": 0, "osd.17": 17, "osd.x": -1, "mon.a": -1, "osd.99999999999": -1, "client.3": -1} {
		e, err := wire.ParseEntity(name)
		if err != nil {
			t.Fatal(err)
		}
		if id, ok := osdOf(e); ok != (want >= 0) || ok && int(id) != want {
			t.Errorf("%s: %v, %v", name, id, ok)
		}
	}
}

func TestMkfs(t *testing.T) {
	t.Parallel()
	s := mem.New(mem.Config{})
	if _, err := readSuper(s); err == nil {
		t.Error("an empty store has a superblock")
	}
	if err := s.Submit(Mkfs(testFSID, 7, storeOf(7)), func(error) {}); err != nil {
		t.Fatal(err)
	}
	sb, err := readSuper(s)
	if want := (superblock{FSID: testFSID, ID: 7, Store: storeOf(7)}); err != nil || fmt.Sprint(sb) != fmt.Sprint(want) {
		t.Errorf("%v, %v", sb, err)
	}
}

// An OSD whose disk hangs asks for no lease, so that its last one is over when the map says down. It still
// acknowledges those of others.
func TestNoLeaseWhileTheDiskHangs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		waits   bool // a write of ours
		durable time.Duration
		asks    bool
	}{
		{"the disk works", false, 9900 * time.Millisecond, true},
		{"nothing is to be written", false, 5 * time.Second, true},
		{"the disk is slow", true, 8600 * time.Millisecond, true},
		{"the disk hangs", true, 8400 * time.Millisecond, false},
	} {
		c := &Core{set: Settings{}.filled()}
		c.now.Mono = 10 * time.Second
		c.commits = commits{last: tt.durable, asked: tt.waits}
		c.carry([]core.Effect{pg.SendLease{Lease: wire.PGLease{Number: 1}}, pg.SendLease{Lease: wire.PGLease{Number: 7, Ack: true}}})
		var sent []uint64
		for _, l := range c.leases.to[0].list {
			sent = append(sent, l.Number)
		}
		if want := map[bool][]uint64{true: {1, 7}, false: {7}}[tt.asks]; !slices.Equal(sent, want) {
			t.Errorf("%s: leases %v, want %v", tt.name, sent, want)
		}
	}
}
