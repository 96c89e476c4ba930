package zmq_test

import (
	"bufio"
	"maps"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"zeph/pkg/messenger"
	"zeph/pkg/messenger/zmq"
)

// stages is how far a peer can get before it falls silent, short of a session.
func stages(i *intruder) map[string][]byte {
	greeting, ready, hello := zmtpGreeting(), i.ready(), i.hello()
	all := func(parts ...[]byte) []byte { return slices.Concat(parts...) }
	return map[string][]byte{
		"nothing":                 nil,
		"one byte":                greeting[:1],
		"half a greeting":         greeting[:32],
		"a greeting but a byte":   greeting[:63],
		"a greeting":              greeting,
		"half a READY":            all(greeting, ready[:len(ready)/2]),
		"a READY":                 all(greeting, ready),
		"the head of a hello":     all(greeting, ready, hello[:2]),
		"half a hello":            all(greeting, ready, hello[:len(hello)/2]),
		"a hello but a byte":      all(greeting, ready, hello[:len(hello)-1]),
		"a PING instead of hello": all(greeting, ready, zmtpCommandFrame("PING", []byte{0, 1, 'x'})),
	}
}

// Whoever says no more is cut when the time for a hello is over. A session may be silent for as
// long as it likes.
func TestHostileSilence(t *testing.T) {
	t.Parallel()
	s := besieged(t, messenger.Limits{Hello: 200 * time.Millisecond, Stall: 300 * time.Millisecond})
	for _, place := range []string{"data", "control"} {
		quiet := s.intrude(place)
		_ = quiet.say(zmtpGreeting(), quiet.ready(), quiet.hello())
		quiet.hearGreeting()
		quiet.welcomed()
		var silent []*intruder
		for _, said := range stages(s.intrude(place)) {
			i := s.intrude(place)
			_ = i.say(said)
			silent = append(silent, i)
		}
		s.during(func() {
			for _, i := range silent {
				i.cut()
			}
		})
		quiet.alive()
		quiet.leave()
	}
	waitFor(t, "nobody is a stranger", func() bool { return s.m.Stats().Strangers == 0 })
}

// One who is slow but gets there in time is welcome.
func TestHostileByteByByte(t *testing.T) {
	s := besieged(t, messenger.Limits{Hello: siegePatience})
	s.during(func() {
		i := s.intrude("data")
		for _, b := range slices.Concat(zmtpGreeting(), i.ready(), i.hello()) {
			if err := i.say([]byte{b}); err != nil {
				t.Fatal(err)
			}
		}
		i.hearGreeting()
		i.welcomed()
		for _, b := range i.echo("slowly", bulkOf(300, 1)) {
			_ = i.say([]byte{b})
		}
		if a, err := i.hear(); err != nil || a.text() != "slowly" {
			t.Errorf("%q, %v", a.body, err)
		}
	})
}

// One who sends a byte now and then for ever is not.
func TestHostileDrip(t *testing.T) {
	t.Parallel()
	s := besieged(t, messenger.Limits{Hello: 200 * time.Millisecond})
	var drips sync.WaitGroup
	defer drips.Wait()
	drip := func() *intruder {
		i := s.intrude("data")
		drips.Go(func() {
			for _, b := range slices.Concat(zmtpGreeting(), i.ready(), i.hello()) {
				if i.say([]byte{b}) != nil {
					return
				}
				<-time.After(10 * time.Millisecond) // the attack's pace
			}
		})
		return i
	}
	s.during(func() {
		for _, i := range []*intruder{drip(), drip(), drip()} {
			i.cut()
		}
	})
}

// PINGs in place of a hello buy no time.
func TestHostilePingsBeforeHello(t *testing.T) {
	t.Parallel()
	s := besieged(t, messenger.Limits{Hello: 200 * time.Millisecond})
	ping := slices.Repeat(zmtpCommandFrame("PING", []byte{0, 1}), 1000)
	for _, place := range []string{"data", "control", "reports"} {
		i := s.intrude(place).greet()
		var flood sync.WaitGroup
		flood.Go(func() {
			for i.say(ping) == nil {
			}
		})
		s.during(i.cut)
		i.leave()
		flood.Wait()
	}
}

func TestHostileHandshakes(t *testing.T) {
	s := besieged(t, messenger.Limits{Hello: siegePatience / 2}) // what is bad need not wait for it
	bad := zmq.BadHandshakes()
	s.during(func() {
		for _, name := range slices.Sorted(maps.Keys(bad)) {
			i := s.intrude("data")
			_ = i.say(bad[name])
			if i.end() != nil || s.m.Stats().Strangers > 1 {
				t.Errorf("%s: not cut", name)
			}
			i.leave()
		}
	})
	wantRefused(t, s, len(bad))
}

// wantRefused waits until all connections but the honest client's have been refused, and that
// many were.
func wantRefused(t *testing.T, s *siege, n int) {
	t.Helper()
	waitFor(t, "all are gone", func() bool { return s.m.Stats().Strangers == 0 })
	waitFor(t, "all are counted", func() bool { return s.m.Stats().Refused >= uint64(n) })
	if refused := s.m.Stats().Refused; refused != uint64(n) {
		t.Errorf("%d connections were refused, of %d", refused, n)
	}
}

func TestHostileMutatedHandshakes(t *testing.T) {
	const n, workers = 10_000, 8
	s := besieged(t, messenger.Limits{Hello: siegePatience})
	work := make(chan []byte, n)
	for _, said := range zmq.MutatedHandshakes(rand.New(rand.NewPCG(4, 7)), n) {
		work <- said
	}
	close(work)
	s.during(func() {
		var all sync.WaitGroup
		for range workers {
			all.Go(func() {
				for said := range work {
					s.strike(said)
				}
			})
		}
		all.Wait()
	})
	wantRefused(t, s, n)
}

// strike connects, says its words, and waits for the end.
func (s *siege) strike(said []byte) {
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.m.Addrs()["data"], "tcp://"))
	if err != nil {
		s.t.Error(err)
		return
	}
	i := &intruder{conn: conn.(*net.TCPConn), in: bufio.NewReaderSize(conn, 128)}
	defer i.leave()
	i.patient()
	_ = i.say(said)
	_ = i.conn.CloseWrite() // one that happens to be good ends as well
	if err := i.end(); err != nil {
		s.t.Errorf("%x: %v", said, err)
	}
}
