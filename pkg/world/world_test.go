package world

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/messenger"
	"zeph/pkg/messenger/inproc"
	"zeph/pkg/messenger/zmq"
	"zeph/pkg/wire"
)

// toy is a core that a test writes.
type toy func(now core.Time, ev core.Event) []core.Effect

func (f toy) Step(now core.Time, ev core.Event) []core.Effect { return f(now, ev) }

// do is an event by which a test has a toy's effects carried out.
type do []core.Effect

// stage is where a test plays: a network, and the worlds on it.
type stage struct {
	t         *testing.T
	transport messenger.Transport
	any       string // an endpoint to listen on
	clock     func() time.Duration
}

// both runs a test in memory, where time is the test's own, and over ZeroMQ.
func both(t *testing.T, f func(*stage)) {
	t.Run("inproc", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			f(&stage{t, inproc.New(), "inproc://*", func() time.Duration { return time.Since(start) }})
		})
	})
	t.Run("zmq", func(t *testing.T) {
		t.Parallel()
		f(&stage{t, zmq.New(zmq.Settings{}), "tcp://127.0.0.1:0", nil})
	})
}

var classes = []string{"control", "data", "bulk", "heartbeat"}

// actor is a world that runs, and hands its events to the test.
type actor struct {
	*World
	stage  *stage
	events chan core.Event // all but times and statistics
	ended  chan error
	cancel context.CancelFunc
}

// actor starts one. Its core notes each event, does what it is told to, and what more says.
func (s *stage) actor(name string, more func(core.Event) []core.Effect, change ...func(*Config)) *actor {
	s.t.Helper()
	cfg := Config{Entity: entity(name), Transport: s.transport, Clock: s.clock, Poison: true, Listen: make(map[string]string)}
	for _, c := range classes {
		switch cfg.Entity.Kind() {
		case wire.OSD:
			cfg.Listen["public."+c], cfg.Listen["cluster."+c] = s.any, s.any
		case wire.Mon:
			cfg.Listen[c] = s.any
		}
	}
	if cfg.Entity.Kind() == wire.Mon {
		cfg.Listen["hints"] = s.any
	}
	for _, f := range change {
		f(&cfg)
	}
	w, err := New(cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	a := &actor{World: w, stage: s, events: make(chan core.Event, 100_000), ended: make(chan error, 1), cancel: cancel}
	go func() { a.ended <- w.Run(ctx, toy(a.step(more))) }()
	s.t.Cleanup(a.kill)
	return a
}

func (a *actor) step(more func(core.Event) []core.Effect) toy {
	return func(_ core.Time, ev core.Event) []core.Effect {
		switch ev := ev.(type) {
		case do:
			return ev
		case core.StoreStats, core.Unreachable:
		default:
			a.events <- ev
		}
		if more != nil {
			return more(ev)
		}
		return nil
	}
}

// kill ends the actor, if it has not ended, and waits.
func (a *actor) kill() {
	a.Kill()
	a.cancel()
	<-a.ended
	a.ended <- nil
}

// does has effects carried out.
func (a *actor) does(e ...core.Effect) { a.Post(do(e)) }

// next is the next event, which must be of a type.
func next[T core.Event](a *actor) T {
	a.stage.t.Helper()
	ev := <-a.events
	want, ok := ev.(T)
	if !ok {
		a.stage.t.Fatalf("%v: %T %+v, want a %T", a.cfg.Entity, ev, ev, want)
	}
	return want
}

// dest is the actor as others dial it.
func (a *actor) dest(gid wire.GID) core.Dest {
	return core.Dest{Peer: core.Peer{Entity: a.cfg.Entity, GID: gid}, Addrs: a.Addrs()}
}

func entity(name string) wire.Entity {
	e, err := wire.ParseEntity(name)
	if err != nil {
		panic(err)
	}
	return e
}

func echo(to core.Dest, n uint64) core.Call {
	return core.Call{
		Send:  core.Send{To: to, Class: wire.Data, Type: wire.TypeEcho, Body: &wire.Echo{Text: fmt.Sprint(n)}},
		Token: core.Token{N: n},
	}
}

func note(to core.Dest, text string) core.Send {
	return core.Send{To: to, Class: wire.Data, Type: wire.TypeNote, Body: &wire.Note{Text: text}}
}

// answering replies to what asks.
func answering(ev core.Event) []core.Effect {
	if r, ok := ev.(core.Received); ok && r.Request != 0 {
		return []core.Effect{core.Reply{To: r.Request, Epoch: 7, Body: r.Body, Bulk: r.Bulk}}
	}
	return nil
}

func TestMessagesKeepTheirOrder(t *testing.T) {
	both(t, func(s *stage) {
		server := s.actor("osd.1", answering)
		client := s.actor("client.a", nil)
		to := server.dest(server.GID())
		bulk := slices.Repeat([]byte("zeph"), 5000)
		const n = 500
		for i := range uint64(n) {
			call := echo(to, i)
			call.Bulk, call.Expect = bulk, len(bulk)
			client.does(note(to, fmt.Sprint(i)), call)
		}
		for i := range uint64(n) {
			if got := next[core.Received](server).Body.(*wire.Note).Text; got != fmt.Sprint(i) {
				s.t.Fatalf("note %s before %d", got, i)
			}
			r := next[core.Received](server)
			if r.Body.(*wire.Echo).Text != fmt.Sprint(i) || !slices.Equal(r.Bulk, bulk) || r.From.Entity != entity("client.a") {
				s.t.Fatalf("call %d came as %v with %d bytes from %v", i, r.Body, len(r.Bulk), r.From)
			}
			a := next[core.Answered](client)
			if a.Err != nil || a.Token.N != i || a.Epoch != 7 || !slices.Equal(a.Bulk, bulk) || a.From != to.Peer {
				s.t.Fatalf("answer %d: %+v", i, a)
			}
		}
		if st := server.Stats(); st.Requests != 0 || st.Waiting != 0 {
			s.t.Errorf("when all is done: %+v", st)
		}
	})
}

// A server that dies with calls under way: each ends once, with ErrReset, and then the session does.
func TestCallsEndOnceWithTheirSession(t *testing.T) {
	both(t, func(s *stage) {
		server := s.actor("osd.1", nil)
		client := s.actor("client.a", nil)
		to := server.dest(server.GID())
		const n = 50
		for i := range uint64(n) {
			client.does(echo(to, i))
		}
		for range n {
			next[core.Received](server)
		}
		if st := server.Stats(); st.Requests != n {
			s.t.Errorf("%d requests are not ended, want %d", st.Requests, n)
		}
		server.kill()
		var ended [n]bool
		for range n {
			a := next[core.Answered](client)
			if ended[a.Token.N] || !errors.Is(a.Err, core.ErrReset) || core.NotSent(a.Err) {
				s.t.Fatalf("call %d: %v (ended before: %v)", a.Token.N, a.Err, ended[a.Token.N])
			}
			ended[a.Token.N] = true
		}
		if r := next[core.SessionReset](client); r.From != to.Peer || r.Class != wire.Data || r.Session == 0 {
			s.t.Errorf("reset: %+v", r)
		}
	})
}

// The two cases in which nothing was sent, and one in which nobody answers.
func TestHowCallsEndWithoutAnAnswer(t *testing.T) {
	both(t, func(s *stage) {
		server := s.actor("osd.1", nil)
		client := s.actor("client.a", nil)
		to := server.dest(server.GID())
		nowhere := core.Dest{Peer: core.Peer{Entity: entity("osd.9")}}
		client.does(echo(nowhere, 1))
		if a := next[core.Answered](client); !errors.Is(a.Err, core.ErrDown) {
			s.t.Errorf("without an address: %v", a.Err)
		}
		large := echo(to, 2)
		large.Bulk = make([]byte, 17<<20)
		client.does(large)
		if a := next[core.Answered](client); !errors.Is(a.Err, core.ErrTooLarge) {
			s.t.Errorf("17 MiB: %v", a.Err)
		}
		late := echo(to, 3)
		late.Timeout = 50 * time.Millisecond
		client.does(late)
		if a := next[core.Answered](client); !errors.Is(a.Err, core.ErrTimeout) {
			s.t.Errorf("nobody answers: %v", a.Err)
		}
		twice := echo(to, 4)
		twice.ID = 77
		client.does(twice, twice)
		if a := next[core.Answered](client); !errors.Is(a.Err, core.ErrQueueFull) {
			s.t.Errorf("an id that is in use: %v", a.Err)
		}
		server.does() // whatever was asked stays without an answer
		other := echo(core.Dest{Peer: core.Peer{Entity: to.Entity, GID: 12345}, Addrs: to.Addrs}, 5)
		client.does(other)
		for {
			if a, ok := (<-client.events).(core.Answered); ok && a.Token.N == 5 {
				if answer := (*wire.Error)(nil); !errors.Is(a.Err, core.ErrDown) || errors.As(a.Err, &answer) {
					s.t.Errorf("another run: %v", a.Err)
				}
				return
			}
		}
	})
}

func TestErrorsAreAnswers(t *testing.T) {
	both(t, func(s *stage) {
		server := s.actor("osd.1", func(ev core.Event) []core.Effect {
			if r, ok := ev.(core.Received); ok {
				return []core.Effect{core.Fail{To: r.Request, Err: wire.Full.Errorf("no room")}}
			}
			return nil
		})
		client := s.actor("client.a", nil)
		client.does(echo(server.dest(0), 1))
		if a := next[core.Answered](client); !errors.Is(a.Err, wire.Full) || a.Body != nil {
			s.t.Errorf("%+v", a)
		}
	})
}

// What a Drop ends has no answer, and counts no more.
func TestDroppedRequestsAreForgotten(t *testing.T) {
	both(t, func(s *stage) {
		server := s.actor("osd.1", func(ev core.Event) []core.Effect {
			if r, ok := ev.(core.Received); ok {
				return []core.Effect{core.Drop{To: r.Request}, core.Drop{To: r.Request}}
			}
			return nil
		})
		client := s.actor("client.a", nil)
		call := echo(server.dest(0), 1)
		call.Timeout = 20 * time.Millisecond
		client.does(call)
		if a := next[core.Answered](client); !errors.Is(a.Err, core.ErrTimeout) {
			s.t.Errorf("%+v", a)
		}
		if st := server.Stats(); st.Requests != 0 {
			s.t.Errorf("%d requests are not ended", st.Requests)
		}
	})
}

// Messages without an address go back by the session that their receiver dialled.
func TestSendsGoBackToClients(t *testing.T) {
	both(t, func(s *stage) {
		server := s.actor("osd.1", func(ev core.Event) []core.Effect {
			r, ok := ev.(core.Received)
			if !ok {
				return nil
			}
			return []core.Effect{note(core.Dest{Peer: r.From}, "first"), core.Reply{To: r.Request, Body: r.Body}}
		})
		client := s.actor("client.a", nil)
		client.does(echo(server.dest(server.GID()), 1))
		var seen []string
		for range 2 {
			switch ev := (<-client.events).(type) {
			case core.Received:
				seen = append(seen, ev.Body.(*wire.Note).Text)
			case core.Answered:
				seen = append(seen, "answer")
			}
		}
		if slices.Sort(seen); !slices.Equal(seen, []string{"answer", "first"}) {
			s.t.Errorf("%v", seen)
		}
	})
}

// Two links to one peer would replace each other's sessions for ever.
func TestOneLinkForARunAndWhicheverRun(t *testing.T) {
	both(t, func(s *stage) {
		server := s.actor("osd.1", answering)
		client := s.actor("client.a", nil)
		for i := range uint64(20) {
			gid := server.GID()
			if i%2 == 1 {
				gid = 0
			}
			client.does(echo(server.dest(gid), i))
			if a := next[core.Answered](client); a.Err != nil {
				s.t.Fatalf("call %d to gid %v: %v", i, gid, a.Err)
			}
			next[core.Received](server)
		}
		if n := client.Stats().Links; n != 1 {
			s.t.Errorf("%d links", n)
		}
	})
}

// A link that nobody uses goes, and one to a run that is no more takes those of all classes along.
func TestLinksGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		s := &stage{t, inproc.New(), "inproc://*", func() time.Duration { return time.Since(start) }}
		server := s.actor("osd.1", answering)
		client := s.actor("client.a", nil)
		to := server.dest(server.GID())
		control := core.Call{Send: core.Send{To: to, Class: wire.Control, Type: wire.TypeEcho, Body: &wire.Echo{}}}
		client.does(echo(to, 1), control)
		next[core.Answered](client)
		next[core.Answered](client)
		if n := client.Stats().Links; n != 2 {
			t.Errorf("%d links, want 2", n)
		}
		server.does(core.Rename{GID: 4711})
		for range 2 {
			next[core.SessionReset](client)
		}
		client.does(echo(server.dest(4711), 2))
		if a := next[core.Answered](client); a.Err != nil {
			t.Fatal(a.Err)
		}
		if n := client.Stats().Links; n != 1 {
			t.Errorf("%d links to the new run, want 1", n)
		}
		time.Sleep(idle + 2*tidyEvery)
		next[core.SessionReset](client)
		if n := client.Stats().Links; n != 0 {
			t.Errorf("%d links that nobody uses", n)
		}
	})
}

// A daemon that becomes another run of itself keeps its addresses. The old run's sessions end.
func TestRename(t *testing.T) {
	both(t, func(s *stage) {
		server := s.actor("osd.1", answering)
		client := s.actor("client.a", nil)
		other := s.actor("osd.2", nil)
		old := server.dest(server.GID())
		for _, a := range []*actor{client, other} {
			a.does(echo(old, 1))
			if a := next[core.Answered](a); a.Err != nil {
				s.t.Fatal(a.Err)
			}
			next[core.Received](server)
		}
		server.does(echo(other.dest(0), 2), core.Rename{GID: 4711})
		if now := server.dest(4711); !slices.Equal(now.Addrs, old.Addrs) {
			s.t.Errorf("addresses %v, before %v", now.Addrs, old.Addrs)
		}
		for _, a := range []*actor{client, other} {
			var reset bool
			for !reset {
				_, reset = (<-a.events).(core.SessionReset)
			}
			a.does(echo(server.dest(4711), 3))
			for {
				if got, ok := (<-a.events).(core.Answered); ok {
					if got.Err != nil || got.From.GID != 4711 {
						s.t.Errorf("%v asks the new run: %+v", a.cfg.Entity, got)
					}
					break
				}
			}
		}
		server.does(echo(other.dest(0), 4)) // the other one sees the new run
		for {
			if r, ok := (<-other.events).(core.Received); ok && r.Body.(*wire.Echo).Text == "4" {
				if r.From.GID != 4711 {
					s.t.Errorf("from %v", r.From)
				}
				return
			}
		}
	})
}

// Timers fire in the order of their times, and never early.
func TestTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		s := &stage{t, inproc.New(), "inproc://*", func() time.Duration { return time.Since(start) }}
		type fired struct {
			key any
			at  time.Duration
		}
		done := make(chan fired, 10)
		w, err := New(Config{Entity: entity("client.a"), Transport: s.transport, Clock: s.clock})
		if err != nil {
			t.Fatal(err)
		}
		go w.Run(t.Context(), toy(func(now core.Time, ev core.Event) []core.Effect {
			if f, ok := ev.(core.Fired); ok {
				done <- fired{f.Key, now.Mono}
			}
			if e, ok := ev.(do); ok {
				return e
			}
			return nil
		}))
		w.Post(do{core.SetTimer{Key: "c", At: 3 * time.Second}, core.SetTimer{Key: "a", At: time.Millisecond},
			core.SetTimer{Key: "b", At: time.Second}, core.SetTimer{Key: "b2", At: time.Second}, core.SetTimer{Key: "past", At: -1}})
		for _, want := range []fired{{"past", 0}, {"a", time.Millisecond}, {"b", time.Second}, {"b2", time.Second}, {"c", 3 * time.Second}} {
			if got := <-done; got != want {
				t.Errorf("%v fired after %v, want %v after %v", got.key, got.at, want.key, want.at)
			}
		}
		w.Kill()
	})
}

// A core that hangs answers pings, and they show it.
func TestPingsDoNotWaitForTheCore(t *testing.T) {
	both(t, func(s *stage) {
		hang := make(chan struct{})
		server := s.actor("osd.1", func(ev core.Event) []core.Effect {
			if r, ok := ev.(core.Received); ok && r.Type == wire.TypeNote {
				<-hang
			}
			return nil
		})
		client := s.actor("client.a", nil)
		to := server.dest(0)
		client.does(note(to, "hang"))
		next[core.Received](server)
		time.Sleep(10 * time.Millisecond)
		client.does(core.Call{Send: core.Send{To: to, Class: wire.Heartbeat, Type: wire.TypePing, Body: &wire.Ping{Sent: 5}}})
		pong := next[core.Answered](client).Body.(*wire.Pong)
		if pong.Sent != 5 || pong.Turn < 10_000 || pong.Commit != 0 {
			s.t.Errorf("%+v", pong)
		}
		close(hang)
	})
}

func TestHintsAreHeard(t *testing.T) {
	both(t, func(s *stage) {
		mon := s.actor("mon.a", nil)
		osd := s.actor("osd.1", nil, func(c *Config) {
			c.Monitors, c.Hear = []core.Dest{mon.dest(0)}, []wire.Type{wire.TypeMapHint}
		})
		hint := core.Publish{Type: wire.TypeMapHint, Epoch: 3, Body: &wire.MapHint{Epoch: 3, Leader: "mon.a"}}
		for {
			mon.does(hint) // until somebody listens
			select {
			case ev := <-osd.events:
				r := ev.(core.Received)
				if r.From.Entity != entity("mon.a") || r.Body.(*wire.MapHint).Epoch != 3 || r.Request != 0 {
					s.t.Errorf("%+v", r)
				}
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	})
}

// A core that is asked to end says goodbye first; one that does not is not waited for.
func TestGoodbye(t *testing.T) {
	both(t, func(s *stage) {
		polite := s.actor("osd.1", func(ev core.Event) []core.Effect {
			if _, ok := ev.(core.Stop); ok {
				return []core.Effect{core.Exit{Err: errors.New("farewell")}}
			}
			return nil
		})
		polite.cancel()
		if err := <-polite.ended; err == nil || err.Error() != "farewell" {
			s.t.Errorf("ended with %v", err)
		}
		polite.ended <- nil
		rude := s.actor("osd.2", nil, func(c *Config) { c.Goodbye = 10 * time.Millisecond })
		rude.cancel()
		if err := <-rude.ended; err != nil {
			s.t.Errorf("ended with %v", err)
		}
		rude.ended <- nil
	})
}

func TestConfigNamesAllThatIsWrong(t *testing.T) {
	_, err := New(Config{Listen: map[string]string{"public.data": "tcp://127.0.0.1:0"}, Readers: -1, Hear: []wire.Type{wire.TypeMapHint}})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"entity", "transport", `"public.data"`, "-1 readers", "no monitors"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
}

func TestAnnounced(t *testing.T) {
	for _, c := range []struct{ endpoint, host, want string }{
		{"tcp://127.0.0.1:70", "h1", "tcp://127.0.0.1:70"},
		{"tcp://0.0.0.0:70", "h1", "tcp://h1:70"},
		{"tcp://[::]:70", "fe80::1", "tcp://[fe80::1]:70"},
		{"tcp://[::]:70", "", "tcp://[::]:70"},
		{"ipc:///run/osd.0", "h1", "ipc:///run/osd.0"},
	} {
		if got := announced(c.endpoint, c.host); got != c.want {
			t.Errorf("%s at %s: %s, want %s", c.endpoint, c.host, got, c.want)
		}
	}
}

// The clock goes on, and a fallen reading does not show.
func TestClockNeverFalls(t *testing.T) {
	if a, b := sinceBoot(), sinceBoot(); a <= 0 || b < a {
		t.Errorf("%v, then %v", a, b)
	}
	readings := []time.Duration{5, 3, 9}
	c := clock{read: func() time.Duration {
		r := readings[0]
		readings = readings[1:]
		return r
	}}
	if a, b, d := c.mono(), c.mono(), c.now().Mono; a != 5 || b != 5 || d != 9 {
		t.Errorf("%v, %v, %v", a, b, d)
	}
}
