package messenger

import (
	"time"

	"zeph/pkg/wire"
)

// outbox is what a session has to send. The session's mu guards it.
//
//	Send ──▶ paused ──credit──▶ ready ──▶ with whoever writes
//
// Messages wait in paused, as they are, while the session connects or the peer gives no credit.
// Then they get header and counter and join the bytes that are ready. Whoever holds the token
// (writing) takes all that is ready and writes it at once: see write.go.
type outbox struct {
	paused  queue
	ready   *batch
	spare   *batch
	queued  int      // bytes of messages in all three
	untold  int      // of these, what the class does not count yet
	due     []func() // to be called when mu is free: see wake
	counter uint64
	longest int // message that the peer accepts
	pauses  uint64

	writing bool        // somebody holds the token
	corked  bool        // the reading goroutine will write when it has dealt with what came
	pass    chan *batch // the token on its way to the flusher, perhaps with a batch begun
	item    uint64      // which batch is being written
	written uint64      // bytes, in all
}

// copyBelow is up to which size bulk is copied and not written from where it lies.
const copyBelow = 8 * kib

func newOutbox() outbox {
	return outbox{ready: new(batch), spare: new(batch), pass: make(chan *batch, 1)}
}

// waiting is a message as paused keeps it.
type waiting struct {
	header wire.Header
	body   []byte
	bulk   []byte
	free   func()
}

func (w *waiting) size() int { return wire.HeaderSize + len(w.body) + len(w.bulk) }

func (w *waiting) asks() bool { return w.header.Request != 0 && w.header.Flags&wire.Reply == 0 }

// send queues a message, and the call that waits for its answer, if there is one.
func (s *Session) send(m *Message, c *call) error {
	w := waiting{header: m.Header, body: m.Body, bulk: m.Bulk, free: m.Free}
	reply := m.Flags&wire.Reply != 0
	s.mu.Lock()
	err := s.enqueue(&w, reply || m.Reserved, c)
	inline := s.quiet() && (reply || c != nil || s.class == wire.Heartbeat)
	s.wake(inline)
	if w.free != nil {
		w.free()
	}
	return err
}

// enqueue does what send does, under mu. It leaves in w.free what is to be called, once mu is
// free again, because the message was copied or refused.
func (s *Session) enqueue(w *waiting, reserved bool, c *call) error {
	n := w.size()
	if err := s.refuse(n, reserved); err != nil {
		return err
	}
	cost := s.cost(c)
	at := s.now()
	goes := s.state == open && s.paused.empty() && s.mayGo(n, cost)
	if c != nil {
		c.cost, c.gone = cost, goes
		if err := s.register(w, c, at); err != nil {
			return err
		}
	}
	s.count(n)
	if goes {
		s.encode(w, cost, at)
		return nil
	}
	s.pauses++
	s.paused.push(*w)
	w.free = nil
	return nil
}

// count adds to what is queued. What the whole class has queued is told in larger steps, and when
// nothing is left. mu is held.
func (s *Session) count(n int) {
	s.queued += n
	s.untold += n
	if s.untold >= countStep || s.untold <= -countStep || s.queued == 0 {
		s.m.queued[s.class].Add(int64(s.untold))
		s.untold = 0
	}
}

const countStep = 16 * kib

// refuse says why a message of n bytes cannot be queued.
func (s *Session) refuse(n int, reserved bool) error {
	limit := s.limits.Outbox
	if reserved {
		limit += s.limits.Reserve
	}
	switch {
	case s.state == dead:
		return s.deadError()
	case n > s.limits.Message, s.state == open && n > s.longest:
		return ErrTooLarge
	case s.queued > 0 && s.queued+n > limit:
		if s.link == nil && reserved {
			s.dieLocked(errStalled) // answers fill the queue: the peer asks and does not read
		}
		return ErrQueueFull
	case !reserved && s.m.queued[s.class].Load()+int64(n) > int64(s.limits.Send):
		return ErrQueueFull
	}
	return nil
}

// admit moves from paused to ready what credit allows. Requests whose caller has given up are
// forgotten, and so is what turns out to be longer than the peer accepts.
func (s *Session) admit() {
	for s.state == open && !s.paused.empty() {
		w := s.paused.front()
		n, cost, wanted := w.size(), 0, true
		if w.asks() {
			cost, wanted = s.waitingCost(w.header.Request)
		}
		if wanted && n <= s.longest && !s.mayGo(n, cost) {
			return
		}
		m := s.paused.pop()
		if wanted && n <= s.longest {
			s.encode(&m, cost, s.now())
			s.departed(m.header.Request)
		} else {
			s.count(-n)
			if c, ok := s.take1(m.header.Request); ok {
				s.due = append(s.due, func() { c.done(nil, ErrTooLarge) })
			}
		}
		if m.free != nil {
			s.due = append(s.due, m.free)
		}
	}
}

// encode puts a message among the bytes that are ready. Unless its bulk stays where it is, what
// is in w.free is due.
func (s *Session) encode(w *waiting, cost int, at time.Time) {
	n, h := w.size(), &w.header
	s.counter++
	s.out.stamp(h, s.counter, at, len(w.body), len(w.bulk))
	s.spend(n, cost)
	s.sent.add(n)
	s.log(logSent, h)

	b := s.ready
	b.bytes += n
	b.count++
	head := b.room(maxFrameHeader + wire.HeaderSize + len(w.body))
	head = appendFrameHeader(head, 0, n)
	head = h.Append(head)
	b.extend(append(head, w.body...))
	switch {
	case len(w.bulk) >= copyBelow:
		b.refer(w.bulk, w.free)
		w.free = nil
	case len(w.bulk) > 0:
		b.extend(append(b.room(len(w.bulk)), w.bulk...))
	}
}

// self is what is the same in the headers of all that a session sends.
type self struct {
	kind    wire.Kind
	session wire.SessionID
	gid     wire.GID
	entity  wire.Entity
}

// stamp fills a header, but for what the message is about.
func (o *self) stamp(h *wire.Header, counter uint64, at time.Time, body, bulk int) {
	h.Mode, h.Kind, h.Session, h.GID, h.Entity = wire.None, o.kind, o.session, o.gid, o.entity
	h.Counter, h.Clock = counter, uint64(at.UnixMilli())
	h.Payload, h.Body = uint32(body+bulk), uint32(body)
}

// now is the time. While the reading goroutine deals with what came in one piece, it is when that
// came: reading the clock for each message would be a tenth of its cost.
func (s *Session) now() time.Time {
	if s.corked {
		return s.in.came
	}
	return time.Now()
}

// maxOwn is how much of the messenger's own frames may be ready: a peer that has so many PINGs
// answered does not read.
const maxOwn = 64 * kib

// oob puts a frame of the messenger's own among the bytes that are ready, whatever waits for
// credit. mu is held.
func (s *Session) oob(frame []byte) {
	s.ready.own += len(frame)
	if s.ready.own > maxOwn {
		s.dieLocked(errStalled)
	}
	s.ready.extend(append(s.ready.room(len(frame)), frame...))
}

// dropQueue forgets all that was not given to whoever writes, and returns what is to be called.
func (s *Session) dropQueue() (frees []func()) {
	for !s.paused.empty() {
		if w := s.paused.pop(); w.free != nil {
			frees = append(frees, w.free)
		}
	}
	b := s.ready
	s.ready = new(batch)
	s.count(-s.queued)
	return append(frees, func() { b.release(s.m.cfg.Poison) })
}
