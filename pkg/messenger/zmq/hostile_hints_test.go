package zmq_test

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"zeph/pkg/messenger"
	"zeph/pkg/wire"
)

// subscription is the frame that asks for a topic, by message.
func subscription(topic []byte) []byte { return zmtpFrame(0, append([]byte{1}, topic...)) }

// topicOf is unlike the topic of any other number.
func topicOf(n int) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }

// allHints is the topic of everything published.
var allHints = []byte("ZEPH\x01\x03")

// eager has the honest client subscribe.
func (s *siege) eager() {
	s.t.Helper()
	daemon := messenger.Peer{Entity: entityNamed(s.t, daemonName), GID: daemonGID, Addrs: s.m.Addrs()}
	sub := s.honest.m.Subscribe(daemon, wire.TypeNote)
	s.t.Cleanup(sub.Close)
	waitFor(s.t, "the honest client hears hints", func() bool {
		s.publish(1)
		return s.honest.hints.Load() > 0
	})
}

// publish publishes n hints of 100 bytes or so.
func (s *siege) publish(n int) {
	s.t.Helper()
	note := wire.AppendBody(nil, &wire.Note{Text: string(make([]byte, 100))})
	for range n {
		if err := s.m.Publish(&messenger.Message{Header: wire.Header{Type: wire.TypeNote}, Body: note}); err != nil {
			s.t.Fatal(err)
		}
	}
}

// hears wants the honest client to go on hearing hints.
func (s *siege) hears() {
	s.t.Helper()
	before := s.honest.hints.Load()
	s.publish(50)
	waitFor(s.t, "hints arrive", func() bool { return s.honest.hints.Load() >= before+50 })
}

func TestHostileSubscriptions(t *testing.T) {
	const n = 100_000
	one := subscription(allHints)
	for name, tt := range map[string]struct {
		said   func(k int) []byte
		goesOn bool
	}{
		"other topics": {func(k int) []byte { return subscription(topicOf(k)) }, false},
		"other topics, by command": {func(k int) []byte {
			return zmtpCommandFrame("SUBSCRIBE", topicOf(k))
		}, false},
		"one topic": {func(int) []byte { return one }, true},
		"on and off": {func(k int) []byte {
			if k%2 == 0 {
				return zmtpCommandFrame("SUBSCRIBE", topicOf(k))
			}
			return zmtpFrame(0, append([]byte{0}, topicOf(k-1)...))
		}, true},
		"off": {func(k int) []byte { return zmtpCommandFrame("CANCEL", topicOf(k)) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := besieged(t, messenger.Limits{})
			s.eager()
			i := s.intrude(messenger.Hints).greet()
			k := 0
			s.during(func() {
				<-i.flood(n, func() []byte { k++; return tt.said(k - 1) })
				if tt.goesOn {
					i.pongs()
				} else {
					i.cut()
				}
				s.hears()
			})
		})
	}
}

// pongs wants a PING to be answered, after whatever comes before that.
func (i *intruder) pongs() {
	i.t.Helper()
	_ = i.say(zmtpCommandFrame("PING", []byte("\x00\x01are you there?")))
	for {
		f, err := i.hearFrame()
		if err != nil {
			i.t.Error("no PONG: ", err)
			return
		}
		if f.command && string(f.b) == "\x04PONGare you there?" {
			return
		}
	}
}

func TestHostileSubscribers(t *testing.T) {
	t.Parallel()
	s := besieged(t, messenger.Limits{Hello: 300 * time.Millisecond, Stall: 300 * time.Millisecond})
	s.eager()
	for name, said := range map[string][]byte{
		"a topic of 65 bytes":     subscription(make([]byte, 65)),
		"a command of 65 bytes":   zmtpCommandFrame("SUBSCRIBE", make([]byte, 65)),
		"an empty message":        zmtpFrame(0, nil),
		"neither on nor off":      zmtpFrame(0, []byte{2}),
		"a long message":          zmtpFrame(0, make([]byte, 513)),
		"a message of 2^62 bytes": zmtpLength(0, 1<<62),
		"more to come":            zmtpFrame(zmtpMore, []byte{1}),
		"an unknown command":      zmtpCommandFrame("XYZZY", nil),
		"a nameless command":      zmtpFrame(zmtpCommand, nil),
		"a message of ours":       wholeFrame(wire.Header{Type: wire.TypeEcho}, nil, nil),
		"half a subscription":     subscription(allHints)[:5],
		"nothing":                 nil,
	} {
		t.Run(name, func(t *testing.T) {
			i := s.intrude(messenger.Hints).greet()
			i.t = t
			_ = i.say(said)
			i.cut()
		})
	}
	s.hears()
	waitFor(t, "nobody else is there", func() bool { st := s.m.Stats(); return st.Strangers == 0 && st.Subscribers == 1 })
}

// A subscriber that does not read loses hints, and then its connection. Nobody else loses any.
func TestHostileSubscriberNeverReads(t *testing.T) {
	t.Parallel()
	s := besieged(t, messenger.Limits{Stall: 300 * time.Millisecond, HintBytes: 64 << 10})
	s.eager()
	i := s.intrude(messenger.Hints).deaf().greet()
	_ = i.say(subscription(nil))
	waitFor(t, "it subscribed", func() bool { return s.m.Stats().Subscribers == 2 })
	s.during(func() {
		waitFor(t, "it is cut", func() bool {
			s.hears()
			return s.m.Stats().Subscribers == 1
		})
	})
	if s.m.Stats().HintsDropped == 0 {
		t.Error("no hint was dropped, so it can never have been slow")
	}
}

// PONGs to a subscriber that does not read are bounded like hints.
func TestHostileSubscriberPings(t *testing.T) {
	t.Parallel()
	s := besieged(t, messenger.Limits{Stall: 300 * time.Millisecond, HintBytes: 64 << 10})
	s.eager()
	i := s.intrude(messenger.Hints).deaf().greet()
	pings := slices.Repeat(zmtpCommandFrame("PING", []byte{0, 9}), 10_000)
	_ = i.say(subscription(nil))
	waitFor(t, "it subscribed", func() bool { return s.m.Stats().Subscribers == 2 })
	defer i.pour(pings)()
	s.during(func() {
		waitFor(t, "it is gone", func() bool {
			s.hears()
			return s.m.Stats().Subscribers == 1
		})
	})
}

// There may be only so many subscribers. The oldest goes, and comes again if it is honest.
func TestHostileManySubscribers(t *testing.T) {
	const n, most = 200, 20
	s := besieged(t, messenger.Limits{Subscribers: most})
	s.eager()
	s.during(func() {
		for range n {
			i := s.intrude(messenger.Hints)
			_ = i.say(zmtpGreeting(), i.ready(), subscription(nil))
			i.hearGreeting()
		}
		waitFor(t, "most are gone", func() bool { return s.m.Stats().Subscribers <= most })
	})
	before := s.honest.hints.Load()
	waitFor(t, "the honest client hears hints again", func() bool {
		s.publish(1)
		return s.honest.hints.Load() > before
	})
}
