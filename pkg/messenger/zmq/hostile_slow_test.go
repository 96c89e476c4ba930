package zmq_test

import (
	"runtime"
	"testing"
	"time"

	"zeph/pkg/messenger"
	"zeph/pkg/wire"
)

// narrow are limits that a few peers can fill, in bytes.
func narrow(stall time.Duration) messenger.Limits {
	l := messenger.Limits{Stall: stall}
	l.Class[wire.Data] = messenger.ClassLimits{
		Message: 1 << 20, Outbox: 2 << 20, Reserve: 2 << 20, Window: 2 << 20, Receive: 16 << 20, Send: 16 << 20,
	}
	return l
}

// heap is how much memory is in use, in bytes.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // pools let go at the second
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// ask is a frame that asks for so many bytes.
func (i *intruder) ask(size int) []byte {
	body := wire.AppendBody(nil, &wire.Echo{Reply: uint32(size) + 1})
	return wholeFrame(i.next(wire.TypeEcho), body, nil)
}

// gorge has an intruder ask for answers without reading them, until it is cut.
func (i *intruder) gorge(size int) {
	go func() {
		for i.say(i.ask(size)) == nil {
		}
	}()
}

// deaf leaves little room in the kernel for what the intruder does not read.
func (i *intruder) deaf() *intruder {
	_ = i.conn.SetReadBuffer(4 << 10)
	return i
}

// bounded wants what the class holds and queues to be within its limits: what the senders wait
// for, and one message each beyond it.
func (s *siege) bounded(sessions int, l messenger.ClassLimits) {
	s.t.Helper()
	c := s.m.Stats().Classes[wire.Data]
	if c.Held > int64(l.Receive+l.Message) {
		s.t.Errorf("%d bytes are held, the limit is %d", c.Held, l.Receive)
	}
	if most := min(l.Send+sessions*l.Message, sessions*(l.Outbox+l.Reserve+l.Message)); c.Queued > int64(most) {
		s.t.Errorf("%d bytes are queued, the limit is %d", c.Queued, l.Send)
	}
}

// A peer that does not read costs others nothing, for as long as it is suffered.
func TestHostileNeverReads(t *testing.T) {
	const calls = 10_000
	limits := narrow(10 * siegePatience)
	s := besieged(t, limits)
	before := heap()
	i := s.intrude("data").deaf().enter()
	for range 8 {
		_ = i.say(i.ask(400 << 10))
	}
	waitFor(t, "its answers are stuck", func() bool { return s.intruderStats().Queued > 0 })
	s.during(func() {
		if err := s.settleMore(2).burst(calls); err != nil {
			t.Error(err)
		}
	})
	s.bounded(1, limits.Class[wire.Data])
	if grown := heap() - before; grown > 16<<20 {
		t.Errorf("the heap has grown by %d bytes", grown)
	}
	if len(s.sessions(intruderName)) != 1 {
		t.Error("the peer was cut before its time")
	}
}

// settleMore connects another honest client.
func (s *siege) settleMore(gid wire.GID) *citizen {
	s.t.Helper()
	return settle(s.t, s.m, gid)
}

// When its time is over it is cut, and nothing of it is left.
func TestHostileNeverReadsIsCut(t *testing.T) {
	t.Parallel()
	s := besieged(t, narrow(300*time.Millisecond))
	i := s.intrude("data").deaf().enter()
	for range 8 {
		_ = i.say(i.ask(400 << 10))
	}
	s.during(s.rid)
	s.nothingHeld()
}

// One that asks for more and more is cut when the queue of its answers is full.
func TestHostileGorge(t *testing.T) {
	const n = 12
	limits := narrow(10 * siegePatience)
	s := besieged(t, limits)
	before := heap()
	for range n {
		s.intrude("data").deaf().enter().gorge(100 << 10)
	}
	s.during(func() {
		waitFor(t, "they are cut", func() bool {
			s.bounded(n, limits.Class[wire.Data])
			return s.m.Stats().Classes[wire.Data].Resets == n
		})
	})
	s.nothingHeld()
	if grown := heap() - before; grown > 16<<20 {
		t.Errorf("the heap has grown by %d bytes", grown)
	}
}

// One that reads a byte now and then moves too little to be waited for.
func TestHostileReadsByteByByte(t *testing.T) {
	t.Parallel()
	s := besieged(t, narrow(400*time.Millisecond))
	i := s.intrude("data").deaf().enter()
	for range 8 {
		_ = i.say(i.ask(400 << 10))
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		b := make([]byte, 1)
		for {
			_, err := i.conn.Read(b)
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond): // the attack's pace
			}
			if err != nil {
				return
			}
		}
	}()
	s.during(s.rid)
	close(stop)
	<-stopped
	s.nothingHeld()
}

// Peers that grant no credit have their answers wait for it. They may wait, but not at the
// others' expense: when what all of them leave lying fills the class, they go.
func TestHostileNoCreditForAnswers(t *testing.T) {
	const n = 12
	limits := narrow(2 * time.Second)
	s := besieged(t, limits)
	for range n {
		i := s.intrude("data")
		i.window = 1
		i.enter()
		go func() { // less than would fill its queue
			for range 35 {
				_ = i.say(i.ask(100 << 10))
			}
		}()
	}
	s.during(func() {
		waitFor(t, "enough are cut", func() bool {
			c := s.m.Stats().Classes[wire.Data]
			return c.Resets > 0 && c.Queued <= int64(limits.Class[wire.Data].Send)
		})
	})
	s.bounded(n, limits.Class[wire.Data])
}

// The same with requests that the answers refer to, so that what is received stays.
func TestHostileNoCreditForEchoes(t *testing.T) {
	const n = 12
	limits := narrow(10 * siegePatience)
	limits.Class[wire.Data].Outbox = 64 << 20
	limits.Class[wire.Data].Send = 1 << 30
	s := besieged(t, limits)
	for range n {
		i := s.intrude("data")
		i.window = 1
		i.enter()
		go func() { // just less than it may have under way
			for range 19 {
				_ = i.say(i.echo("keep it", make([]byte, 100<<10)))
			}
		}()
	}
	waitFor(t, "there is no room", func() bool {
		c := s.m.Stats().Classes[wire.Data]
		return c.Held > c.HeldLimit-200<<10 || c.Resets > 0
	})
	s.during(func() {
		for range 3 {
			if err := s.honest.call(1 << 19); err != nil {
				t.Error(err)
			}
		}
	})
	s.bounded(n, limits.Class[wire.Data])
}
