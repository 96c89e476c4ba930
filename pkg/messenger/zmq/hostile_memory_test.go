package zmq_test

import (
	"sync"
	"testing"
	"time"

	"zeph/pkg/messenger"
	"zeph/pkg/wire"
)

// room is how much sessions of class data may hold in the tests of memory, in bytes.
const room = 128 << 20

// eighth is the bulk of a message of which eight take all of it.
const eighth = room/8 - wire.HeaderSize

// roomy are limits with the default's longest message of class data, and room for eight of those.
func roomy(stall time.Duration) messenger.Limits {
	l := messenger.Limits{Stall: stall}
	l.Class[wire.Data].Receive = room
	return l
}

// unpoisoned leaves released memory as it is: overwriting so much would take most of the test's time.
func unpoisoned(cfg *messenger.Config) { cfg.Poison = false }

// Many that begin a long message and do not end it share the memory that a class has. An honest
// session gets some all the same, and they are cut.
func TestHostileHalfMessages(t *testing.T) {
	const n = 200
	s := besieged(t, roomy(time.Second), unpoisoned)
	half := make([]byte, 8<<20)
	for k := range n {
		i := s.intrude("data").enter()
		head, sent := halfFrame(i.next(wire.TypeEcho), eighth, 0), half
		if k%10 != 0 { // most need not really send it: memory is given for all of a message
			sent = half[:256<<10]
		}
		go func() { _ = i.say(head, sent) }()
	}
	waitFor(t, "the room is used up", func() bool {
		c := s.m.Stats().Classes[wire.Data]
		return c.Held == c.HeldLimit || c.Resets > 0
	})
	s.during(func() {
		for range 5 {
			if err := s.honest.call(4 << 20); err != nil {
				t.Error(err)
			}
			if held := s.m.Stats().Classes[wire.Data].Held; held > room+16<<20 {
				t.Errorf("%d bytes are held", held)
			}
		}
		s.rid()
	})
	s.nothingHeld()
}

// Nor do they keep the room by sending just enough not to hang.
func TestHostileSlowMessages(t *testing.T) {
	const n = 10 // two of which wait for room themselves
	s := besieged(t, roomy(500*time.Millisecond), unpoisoned)
	stop := make(chan struct{})
	var drips sync.WaitGroup
	defer drips.Wait()
	defer close(stop)
	for range n {
		i := s.intrude("data").enter()
		_ = i.say(halfFrame(i.next(wire.TypeEcho), eighth, 64<<10))
		drips.Go(func() { i.drip(make([]byte, 5<<10), stop) })
	}
	waitFor(t, "the room is used up", func() bool {
		c := s.m.Stats().Classes[wire.Data]
		return c.Held == c.HeldLimit
	})
	s.during(func() {
		if err := s.honest.call(4 << 20); err != nil {
			t.Error(err)
		}
	})
}

// drip says the same again and again, not fast.
func (i *intruder) drip(b []byte, stop <-chan struct{}) {
	for i.say(b) == nil {
		select {
		case <-stop:
			return
		case <-time.After(20 * time.Millisecond): // the attack's pace
		}
	}
}

// What is not counted like a request must not take more memory for it: answers that nobody
// awaits, and credits that are as long as a message.
func TestHostileHalfOfOther(t *testing.T) {
	const n = 24
	for name, change := range map[string]func(*wire.Header){
		"answers": func(h *wire.Header) { h.Flags = wire.Reply },
		"errors":  func(h *wire.Header) { h.Flags = wire.Reply | wire.Failed },
		"credits": func(h *wire.Header) { h.Type, h.Request = wire.TypeCredit, 0 },
		"answers of type credit": func(h *wire.Header) {
			h.Type, h.Flags = wire.TypeCredit, wire.Reply
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := besieged(t, roomy(time.Second), unpoisoned)
			before := heap()
			var crowd []*intruder
			for range n {
				i := s.intrude("data").enter()
				h := i.next(wire.TypeEcho)
				change(&h)
				_ = i.say(halfFrame(h, 16<<20, 64<<10))
				crowd = append(crowd, i)
			}
			s.during(func() {
				waitFor(t, "all have come to where memory is given", func() bool {
					for _, l := range s.sessions(intruderName) {
						if l.ReceivedMessages == 0 {
							return false
						}
					}
					return true
				})
				if grown := heap() - before; grown > 3*room {
					t.Errorf("%d sessions made the heap grow by %d MiB", n, grown>>20)
				}
			})
			for _, i := range crowd {
				i.leave()
			}
			s.rid()
			s.nothingHeld()
		})
	}
}
