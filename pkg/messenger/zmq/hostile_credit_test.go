package zmq_test

import (
	"testing"

	"zeph/pkg/messenger"
	"zeph/pkg/wire"
)

// credit is a frame that says how much the intruder has dealt with.
func (i *intruder) credit(done uint64) []byte {
	return wholeFrame(i.oneWay(wire.TypeCredit), wire.AppendBody(nil, &wire.Credit{Done: done}), nil)
}

func TestHostileCredits(t *testing.T) {
	s := besieged(t, messenger.Limits{})
	for name, credits := range map[string]func(i *intruder) []uint64{
		"for bytes never sent": func(i *intruder) []uint64 { return []uint64{i.received + 1} },
		"for 2^64-1 bytes":     func(*intruder) []uint64 { return []uint64{1<<64 - 1} },
		"going back":           func(i *intruder) []uint64 { return []uint64{i.received, i.received - 1} },
		"going back to none":   func(i *intruder) []uint64 { return []uint64{i.received, 0} },
	} {
		t.Run(name, func(t *testing.T) {
			i := s.intrude("data").enter()
			i.t = t
			i.alive()
			_ = i.say(i.credit(i.received))
			i.alive()
			for _, done := range credits(i) {
				_ = i.say(i.credit(done))
			}
			i.cut()
		})
	}
	for name, body := range map[string][]byte{"without a body": nil, "of text": []byte("much"), "of null": {0xF6}} {
		t.Run(name, func(t *testing.T) {
			i := s.intrude("data").enter()
			i.t = t
			_ = i.say(wholeFrame(i.oneWay(wire.TypeCredit), body, nil))
			i.cut()
		})
	}
	t.Run("repeated", func(t *testing.T) {
		i := s.intrude("data").enter()
		i.t = t
		for range 1000 {
			_ = i.say(i.credit(0))
		}
		i.alive()
		i.leave()
	})
	s.during(s.rid)
	s.nothingHeld()
}

// windowed are limits by which a session of class data may have so many bytes under way.
func windowed(window int) messenger.Limits {
	l := smallData(window)
	l.Class[wire.Data].Window = window
	return l
}

// A peer may send as much as it was granted, and not a byte more.
func TestHostileOverCredit(t *testing.T) {
	const window, piece = 64 << 10, 8 << 10
	s := besieged(t, windowed(window))
	fill := func(i *intruder) {
		for range window / piece {
			_ = i.say(i.echo(holdText, make([]byte, piece-wire.HeaderSize-len(echoAsk(holdText)))))
		}
		waitFor(t, "the window is full", func() bool { return s.holding() == window/piece })
	}
	s.during(func() {
		i := s.intrude("data").enter()
		fill(i)
		if held := s.m.Stats().Classes[wire.Data].Held; held < window {
			t.Errorf("%d bytes are held, %d were sent", held, window)
		}
		s.unhold()
		for range window / piece {
			if _, err := i.hear(); err != nil {
				t.Fatal(err)
			}
		}
		i.alive() // all is as it was
		i.leave()

		greedy := s.intrude("data").enter()
		fill(greedy)
		_ = greedy.say(greedy.echo("one more", nil))
		greedy.refused(wire.OverCredit, greedy.request)
		greedy.cut()
		s.unhold()
	})
	s.rid()
	s.nothingHeld()
}

// Answers count like requests.
func TestHostileOverCreditByAnswers(t *testing.T) {
	s := besieged(t, windowed(64<<10))
	i := s.intrude("data").enter()
	for range 8 {
		_ = i.say(i.echo(holdText, make([]byte, 7000)))
	}
	waitFor(t, "the window is nearly full", func() bool { return s.holding() == 8 })
	h := i.next(wire.TypeEcho)
	h.Flags = wire.Reply
	s.during(func() {
		_ = i.say(wholeFrame(h, nil, make([]byte, 9000)))
		i.cut()
	})
	s.unhold()
	s.rid()
	s.nothingHeld()
}

// Answers that nobody asked for are dropped and counted.
func TestHostileAnswers(t *testing.T) {
	const n = 10_000
	s := besieged(t, messenger.Limits{})
	i := s.intrude("data").enter()
	flooded := i.flood(n, func() []byte {
		h := i.next(wire.TypeEcho)
		h.Flags = wire.Reply
		if h.Counter%3 == 0 {
			h.Flags |= wire.Failed
		}
		return wholeFrame(h, echoAsk("you wanted to know"), make([]byte, 200))
	})
	s.during(func() {
		waitFor(t, "all were dropped", func() bool { return s.intruderStats().LateAnswers == n })
		<-flooded
		i.alive()
	})
	i.leave()
	s.rid()
	s.nothingHeld()
}

// Nor is what is one way and of no type that we know.
func TestHostileUnknownFlood(t *testing.T) {
	const n = 10_000
	s := besieged(t, messenger.Limits{})
	i := s.intrude("data").enter()
	flooded := i.flood(n, func() []byte {
		h := i.oneWay(wire.Type(1000 + i.counter%1000))
		return wholeFrame(h, unknownKey, make([]byte, 100))
	})
	s.during(func() {
		waitFor(t, "all were dropped", func() bool { return s.intruderStats().Dropped == n })
		<-flooded
		i.alive()
	})
	i.leave()
	s.rid()
	s.nothingHeld()
}

// flood says n things, several at a time, on a goroutine of its own.
func (i *intruder) flood(n int, next func() []byte) (ended <-chan struct{}) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		var b []byte
		for k := range n {
			b = append(b, next()...)
			if len(b) > 64<<10 || k == n-1 {
				if i.say(b) != nil {
					return
				}
				b = b[:0]
			}
		}
	}()
	return done
}

// intruderStats are the numbers of the one session with an intruder.
func (s *siege) intruderStats() messenger.LinkStats {
	for _, l := range s.sessions(intruderName) {
		return l
	}
	return messenger.LinkStats{}
}
