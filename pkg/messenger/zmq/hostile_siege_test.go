package zmq_test

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"zeph/pkg/messenger"
	"zeph/pkg/messenger/zmq"
	"zeph/pkg/wire"
)

// siege is a daemon under attack, and an honest client that it has to serve all the while.
type siege struct {
	t      testing.TB
	m      *messenger.Messenger
	honest *citizen

	mu      sync.Mutex
	held    []*messenger.Message // requests that say "hold": their answers wait for unhold
	reports []string             // texts of the notes that came as reports
}

// Who is who. Intruders are client.intruder, with a gid each, unless they say otherwise.
const (
	daemonName = "osd.1"
	daemonGID  = wire.GID(7)
)

var clusterID = [16]byte{4: 'z', 15: 1}

// siegePatience is how long a test waits for what must happen.
const siegePatience = 30 * time.Second

// holdText is the text of an echo that is not answered until unhold.
const holdText = "hold"

// besieged starts a daemon that listens everywhere, and connects the honest client.
func besieged(t testing.TB, limits messenger.Limits, change ...func(*messenger.Config)) *siege {
	t.Helper()
	s := &siege{t: t}
	cfg := messenger.Config{
		Entity: entityNamed(t, daemonName), GID: daemonGID, FSID: clusterID, Transport: zmq.New(zmq.Settings{}),
		Listen: map[string]string{
			"control": "tcp://127.0.0.1:0", "data": "tcp://127.0.0.1:0",
			messenger.Hints: "tcp://127.0.0.1:0", messenger.Reports: "tcp://127.0.0.1:0",
		},
		Handler: s.handle, Limits: limits, Poison: true,
	}
	for _, f := range change {
		f(&cfg)
	}
	var err error
	if s.m, err = messenger.New(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.m.Close(context.Background()) })
	t.Cleanup(s.unhold)
	s.honest = settle(t, s.m, 1)
	return s
}

func entityNamed(t testing.TB, name string) wire.Entity {
	t.Helper()
	e, err := wire.ParseEntity(name)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// handle echoes: the same bulk by reference, or as many zeros as were asked for.
func (s *siege) handle(m *messenger.Message) {
	var ask wire.Echo
	switch err := m.Parse(&ask); {
	case m.Type == wire.TypeNote && m.Request == 0:
		s.note(m)
	case m.Request == 0:
	case err != nil:
		_ = m.Fail(err)
	case ask.Text == holdText:
		s.mu.Lock()
		s.held = append(s.held, m)
		s.mu.Unlock()
		return
	case ask.Reply > 0:
		_ = m.Reply(&messenger.Message{Body: m.Body, Bulk: make([]byte, ask.Reply-1)})
	default:
		m.Retain()
		_ = m.Reply(&messenger.Message{Body: m.Body, Bulk: m.Bulk, Free: m.Release})
	}
	m.Release()
}

func (s *siege) note(m *messenger.Message) {
	var note wire.Note
	if m.Parse(&note) != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reports = append(s.reports, note.Text)
}

func (s *siege) heard() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.reports...)
}

func (s *siege) holding() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.held)
}

// unhold answers what was held.
func (s *siege) unhold() {
	s.mu.Lock()
	held := s.held
	s.held = nil
	s.mu.Unlock()
	for _, m := range held {
		_ = m.Reply(&messenger.Message{Body: append([]byte(nil), m.Body...)})
		m.Release()
	}
}

// during lets the honest client work for as long as an attack takes, and a little longer.
func (s *siege) during(attack func()) {
	s.t.Helper()
	stop, result := make(chan struct{}), make(chan error, 1)
	go func() { result <- s.honest.work(stop) }()
	func() {
		defer close(stop)
		attack()
	}()
	if err := <-result; err != nil {
		s.t.Error("the honest client suffered: ", err)
	}
}

// sessions are the sessions that the daemon has with somebody of that name.
func (s *siege) sessions(name string) (all []messenger.LinkStats) {
	for _, l := range s.m.Stats().Links {
		if l.Open && strings.HasPrefix(l.Peer, name) {
			all = append(all, l)
		}
	}
	return all
}

// rid waits until the daemon has no session with intruders, nor one that just begins.
func (s *siege) rid() {
	s.t.Helper()
	waitFor(s.t, "the intruders' sessions have ended", func() bool {
		for _, l := range s.m.Stats().Links {
			if !l.Open || strings.HasPrefix(l.Peer, intruderName) {
				return false
			}
		}
		return true
	})
}

// nothingHeld waits until no class holds or queues a byte.
func (s *siege) nothingHeld() {
	s.t.Helper()
	waitFor(s.t, "all memory is free", func() bool {
		for _, c := range s.m.Stats().Classes {
			if c.Held != 0 || c.Queued != 0 {
				return false
			}
		}
		return true
	})
}

// waitFor waits until a condition holds.
func waitFor(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(siegePatience); !holds(); giveWay() {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", siegePatience, what)
		}
	}
}

// giveWay leaves the processor to others between two looks at a condition.
func giveWay() {
	runtime.Gosched()
	time.Sleep(time.Millisecond)
}
