package world

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/messenger/inproc"
	"zeph/pkg/osdmap"
	"zeph/pkg/store"
	"zeph/pkg/store/mem"
	"zeph/pkg/wire"
)

// moody is a store that is busy, full or dead when told to.
type moody struct {
	*mem.Store
	moods []error // of the next Submits; nil: take it
}

func (m *moody) Submit(t *store.Txn, done func(error)) error {
	if len(m.moods) > 0 {
		mood := m.moods[0]
		m.moods = m.moods[1:]
		if mood != nil {
			return mood
		}
	}
	return m.Store.Submit(t, done)
}

func withStore(t *testing.T, st store.Store, f func(*actor)) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		s := &stage{t: t, clock: func() time.Duration { return time.Since(start) }, any: "inproc://*"}
		s.transport = inproc.New()
		f(s.actor("osd.1", nil, func(c *Config) { c.Store = st }))
	})
}

func touch(n uint64) core.Submit {
	txn := new(store.Txn)
	txn.Touch(store.Key{Pool: 0, Name: string(rune('a' + n))})
	return core.Submit{Token: core.Token{N: n}, Txn: txn}
}

// A busy store is asked again, and nothing overtakes what waits for it.
func TestBusyStoreKeepsTheOrder(t *testing.T) {
	st := &moody{Store: mem.New(mem.Config{}), moods: []error{nil, store.ErrBusy, store.ErrBusy, store.ErrBusy}}
	withStore(t, st, func(a *actor) {
		for n := range uint64(5) {
			a.does(touch(n))
		}
		for n := range uint64(5) {
			if d := next[core.Durable](a); d.Token.N != n || d.Err != nil {
				t.Fatalf("outcome %d: %+v", n, d)
			}
		}
		if n := a.Stats().Submits; n != 0 {
			t.Errorf("%d wait", n)
		}
	})
}

// A transaction that the store refuses ends in its turn.
func TestRefusalsKeepTheOrder(t *testing.T) {
	inner := mem.New(mem.Config{Stepped: true})
	st := &moody{Store: inner, moods: []error{nil, store.ErrFull, store.ErrBusy, nil, nil}}
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		s := &stage{t: t, transport: inproc.New(), clock: func() time.Duration { return time.Since(start) }, any: "inproc://*"}
		a := s.actor("osd.1", func(ev core.Event) []core.Effect { return nil }, func(c *Config) { c.Store = st })
		a.does(touch(0), touch(1), touch(2))
		synctest.Wait()
		time.Sleep(time.Second) // the one that met a busy store is tried again
		synctest.Wait()
		if len(a.events) != 0 {
			t.Fatalf("%+v before anything is durable", <-a.events)
		}
		inner.Commit(3)
		var got []uint64
		for range 3 {
			d := next[core.Durable](a)
			got = append(got, d.Token.N)
			if errors.Is(d.Err, store.ErrFull) != (d.Token.N == 1) {
				t.Errorf("%+v", d)
			}
		}
		if !slices.Equal(got, []uint64{0, 1, 2}) {
			t.Errorf("outcomes of %v", got)
		}
		a.kill()
	})
}

// A dead store ends the world.
func TestDeadStoreEndsTheWorld(t *testing.T) {
	st := &moody{Store: mem.New(mem.Config{}), moods: []error{store.ErrDead}}
	withStore(t, st, func(a *actor) {
		a.does(touch(0))
		if err := <-a.ended; !errors.Is(err, store.ErrDead) {
			t.Errorf("ended with %v", err)
		}
		a.ended <- nil
	})
}

func TestReadsAndStatistics(t *testing.T) {
	st := mem.New(mem.Config{Size: 1 << 20})
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		s := &stage{t: t, transport: inproc.New(), clock: func() time.Duration { return time.Since(start) }, any: "inproc://*"}
		told := make(chan core.StoreStats, 100)
		a := s.actor("osd.1", func(ev core.Event) []core.Effect {
			if st, ok := ev.(core.StoreStats); ok {
				told <- st
			}
			return nil
		}, func(c *Config) { c.Store, c.Readers = st, 1 })
		if st := <-told; st.Size != 1<<20 {
			t.Errorf("at the start: %+v", st)
		}
		a.does(touch(0))
		next[core.Durable](a)
		a.does(core.Read{Token: core.Token{PG: osdmap.PGID{Pool: 1}, N: 8}, Do: func(r store.Reader) any {
			_, err := r.Stat(store.Key{Name: "a"})
			return err
		}})
		if d := next[core.ReadDone](a); d.Token.N != 8 || d.Result != nil {
			t.Errorf("%+v", d)
		}
		if st := <-told; st.Txns != 1 {
			t.Errorf("after a commit: %+v", st)
		}
		a.kill()
	})
}

// stuck is a store whose write under way has taken so long.
type stuck struct {
	*mem.Store
	since time.Duration
}

func (s stuck) Stats() store.Stats { return store.Stats{Stalled: s.since} }

// A disk that hangs shows in the answers to pings.
func TestPongTellsOfTheDisk(t *testing.T) {
	st := stuck{mem.New(mem.Config{}), 3 * time.Second}
	withStore(t, st, func(a *actor) {
		client := a.stage.actor("client.a", nil)
		client.does(core.Call{Send: core.Send{To: a.dest(0), Class: wire.Heartbeat, Type: wire.TypePing, Body: &wire.Ping{}}})
		if p := next[core.Answered](client).Body.(*wire.Pong); p.Commit != 3_000_000 || p.Turn != 0 {
			t.Errorf("%+v", p)
		}
	})
}
