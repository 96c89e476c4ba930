package sim

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/store"
	"zeph/pkg/wire"
)

// talker calls and tells its peer on every tick, and counts what comes of it.
type talker struct {
	t        *testing.T
	peer     core.Dest
	asks     bool
	sent     uint64
	open     map[uint64]bool
	outcomes map[string]int
	seen     map[uint64]uint64 // by session, the newest note
	reset    map[uint64]bool
}

const tick = 10 * time.Millisecond

func (c *talker) Step(now core.Time, ev core.Event) []core.Effect {
	switch ev := ev.(type) {
	case core.StoreStats:
		if c.asks && c.sent == 0 {
			return []core.Effect{core.SetTimer{Key: "tick", At: now.Mono + tick}}
		}
	case core.Fired:
		c.sent++
		n := c.sent
		c.open[n] = true
		var txn store.Txn
		txn.Write(store.Key{Name: "n"}, 0, binary.BigEndian.AppendUint64(nil, n))
		return []core.Effect{
			core.Send{To: c.peer, Class: wire.Data, Type: wire.TypeNote, Body: &wire.Note{Text: fmt.Sprint(n)}},
			core.Call{Send: core.Send{To: c.peer, Class: wire.Data, Type: wire.TypeEcho, Body: &wire.Echo{Text: fmt.Sprint(n)}},
				Token: core.Token{N: n}, Timeout: time.Second},
			core.Submit{Token: core.Token{N: n}, Txn: &txn},
			core.SetTimer{Key: "tick", At: now.Mono + tick},
		}
	case core.Received:
		if c.reset[ev.Session] {
			c.t.Errorf("session %d: a message after its reset", ev.Session)
		}
		var n uint64
		switch body := ev.Body.(type) {
		case *wire.Note:
			fmt.Sscan(body.Text, &n)
			if n <= c.seen[ev.Session] {
				c.t.Errorf("session %d: note %d after %d", ev.Session, n, c.seen[ev.Session])
			}
			c.seen[ev.Session] = n
		case *wire.Echo:
			return []core.Effect{core.Reply{To: ev.Request, Body: body}}
		}
	case core.SessionReset:
		c.reset[ev.Session] = true
	case core.Answered:
		if !c.open[ev.Token.N] {
			c.t.Errorf("call %d ended twice", ev.Token.N)
		}
		delete(c.open, ev.Token.N)
		how := "answered"
		if ev.Err != nil {
			how = ev.Err.Error()
		} else if got := ev.Body.(*wire.Echo).Text; got != fmt.Sprint(ev.Token.N) {
			c.t.Errorf("call %d: answer %s", ev.Token.N, got)
		}
		c.outcomes[how]++
	}
	return nil
}

// talk is two nodes that talk while things happen between them.
func talk(t *testing.T, seed uint64) (*World, *talker) {
	w := New(Config{Seed: seed, DriftPPM: 10_000, Codec: seed%2 == 0, QueueFull: 1000, Slow: 10_000})
	var asker *talker
	add := func(name, peer string, asks bool) *Node {
		return w.Add(Spec{Entity: name, Disk: true, Make: func(s Start) (core.Core, []core.Event) {
			e, _ := wire.ParseEntity(peer)
			c := &talker{t: t, peer: core.Dest{Peer: core.Peer{Entity: e}, Addrs: []osdmap.Addr{{Name: "cluster.data"}}}, asks: asks, open: map[uint64]bool{},
				outcomes: map[string]int{}, seen: map[uint64]uint64{}, reset: map[uint64]bool{}}
			if asks {
				asker = c
			}
			return c, nil
		}})
	}
	a, b := add("osd.0", "osd.1", true), add("osd.1", "osd.0", false)
	a.Start()
	b.Start()
	r := core.RandFor(seed, "test")
	for range 60 {
		switch r.IntN(8) {
		case 0:
			w.Cut(a, b, wire.AllClasses)
		case 1:
			w.Cut(b, a, wire.AllClasses)
		case 2:
			w.Refuse(a, b)
		case 3:
			b.Crash(r.IntN(2) == 0)
		case 4:
			b.Pause()
		case 5:
			w.ResetSome(500_000)
		default:
			w.HealAll()
			b.Start()
			b.Resume()
		}
		w.Run(w.Now() + between(r, 0, 2*time.Second))
	}
	w.HealAll()
	b.Start()
	b.Resume()
	w.Run(w.Now() + 20*time.Second)
	return w, asker
}

func TestLinks(t *testing.T) {
	t.Parallel()
	all := make(map[string]int)
	for seed := range uint64(12) {
		w, a := talk(t, seed)
		again, _ := talk(t, seed)
		if w.Hash() != again.Hash() {
			t.Errorf("seed %d: two runs differ", seed)
		}
		if len(a.open) > 120 {
			t.Errorf("seed %d: %d calls never ended", seed, len(a.open))
		}
		for how, n := range a.outcomes {
			all[how] += n
		}
	}
	for _, how := range []string{"answered", "session reset", "peer not connected", "no answer in time", "queue full"} {
		if all[how] == 0 {
			t.Errorf("no call was ended by: %s (%v)", how, all)
		}
	}
}

// counter proposes numbers while it leads, and notes which were agreed on.
type counter struct {
	next    uint64
	leads   bool
	applied uint64
	sum     []uint64
	done    map[uint64]core.Outcome
	t       *testing.T
}

type list struct{}

func (list) New() core.State { return []uint64(nil) }
func (list) Apply(s core.State, _ uint64, command []byte) (core.State, any) {
	old := s.([]uint64)
	return append(old[:len(old):len(old)], binary.BigEndian.Uint64(command)), len(old)
}
func (list) Encode(core.State) ([]byte, error) { return nil, nil }
func (list) Decode([]byte) (core.State, error) { return nil, nil }

func (c *counter) Step(now core.Time, ev core.Event) []core.Effect {
	again := core.SetTimer{Key: "tick", At: now.Mono + tick}
	switch ev := ev.(type) {
	case core.Members:
		return []core.Effect{again}
	case core.Leading:
		c.leads = ev.Me
	case core.Applied:
		if ev.To < c.applied || ev.From > ev.To+1 || ev.From <= ev.To && ev.From != c.applied+1 {
			c.t.Errorf("applied %d to %d after %d", ev.From, ev.To, c.applied)
		}
		c.applied, c.sum = ev.To, ev.State.([]uint64)
	case core.Proposed:
		c.done[ev.Token.N] = ev.Outcome
		if ev.Outcome == core.Committed && ev.Index > c.applied {
			c.t.Errorf("proposal %d at %d, and %d is applied", ev.Token.N, ev.Index, c.applied)
		}
	case core.Fired:
		if !c.leads {
			return []core.Effect{again}
		}
		c.next++
		return []core.Effect{again, core.Propose{Token: core.Token{N: c.next}, Command: binary.BigEndian.AppendUint64(nil, c.next)}}
	}
	return nil
}

func TestLog(t *testing.T) {
	t.Parallel()
	outcomes := make(map[core.Outcome]int)
	for seed := range uint64(12) {
		w := New(Config{Seed: seed})
		l := w.NewLog(list{}, LogConfig{Refuse: 10_000, Depose: 20_000, Skip: 300_000, Install: 300_000, Slow: 30 * time.Millisecond})
		done := make(map[uint64]core.Outcome)
		next := uint64(0)
		for _, name := range []string{"mon.a", "mon.b", "mon.c"} {
			w.Add(Spec{Entity: name, Log: l, Make: func(Start) (core.Core, []core.Event) {
				next += 1 << 32
				return &counter{next: next, done: done, t: t}, nil
			}}).Start()
		}
		r := core.RandFor(seed, "test")
		for range 40 {
			n := w.Nodes()[r.IntN(3)]
			switch r.IntN(5) {
			case 0:
				n.Crash(false)
			case 1:
				n.Pause()
			case 2:
				w.Cut(n, w.Nodes()[r.IntN(3)], wire.AllClasses)
			default:
				n.Start()
				n.Resume()
				w.HealAll()
			}
			w.Run(w.Now() + between(r, 0, time.Second))
		}
		for _, n := range w.Nodes() {
			n.Start()
			n.Resume()
		}
		w.HealAll()
		w.Run(w.Now() + 10*time.Second)
		in := make(map[uint64]bool)
		for _, n := range l.State().([]uint64) {
			if in[n] {
				t.Errorf("seed %d: %d is in the log twice", seed, n)
			}
			in[n] = true
		}
		for n, o := range done {
			outcomes[o]++
			if o == core.Committed && !in[n] || o == core.Refused && in[n] {
				t.Errorf("seed %d: %d was %v, in the log: %v", seed, n, o, in[n])
			}
		}
		if len(in) < 100 {
			t.Errorf("seed %d: only %d commands were agreed on", seed, len(in))
		}
	}
	if outcomes[core.Unknown] == 0 || outcomes[core.Refused] == 0 {
		t.Errorf("outcomes: %v", outcomes)
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	for _, ppm := range []int64{-100_000, -10_000, -1, 0, 1, 10_000, 100_000} {
		c := clock{start: 5 * time.Second, base: time.Hour, ppm: ppm}
		for _, at := range []time.Duration{5 * time.Second, 5*time.Second + 1, 6 * time.Second, 1000 * time.Second} {
			mono := c.mono(at)
			when := c.when(mono)
			if c.mono(when) < mono || when > c.start && c.mono(when-1) >= mono {
				t.Errorf("%d ppm: the clock shows %v at %v, first at %v?", ppm, mono, at, when)
			}
		}
	}
}
