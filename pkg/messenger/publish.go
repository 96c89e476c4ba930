package messenger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"zeph/pkg/wire"
)

// publisher tells hints to whoever subscribed to their type. It never waits for a subscriber: one
// that is slow loses the oldest.
type publisher struct {
	m *Messenger

	mu          sync.Mutex
	counter     uint64
	subscribers []*subscriber // in the order they came
	stopped     bool
	dropped     uint64
}

func (p *publisher) init(m *Messenger) { p.m = m }

// hint is a frame that several subscribers may be sent.
type hint []byte

// Publish sends a hint to all who subscribed to its type. It may be lost on the way, so the
// receiver should believe no more of it than that it is time to ask. Body and Bulk are copied.
func (m *Messenger) Publish(msg *Message) error {
	defer msg.free()
	n := msg.size()
	if n > wire.MaxHintFrame {
		return ErrTooLarge
	}
	p := &m.publisher
	p.mu.Lock()
	defer p.mu.Unlock()
	h := msg.Header
	p.counter++
	out := self{kind: m.cfg.Entity.Kind(), session: wire.PublisherSession(m.cfg.GID), gid: m.cfg.GID, entity: m.cfg.Entity}
	out.stamp(&h, p.counter, time.Now(), len(msg.Body), len(msg.Bulk))
	h.Mode, h.Request, h.Flags = wire.Published, 0, 0
	f := appendFrameHeader(make([]byte, 0, maxFrameHeader+n), 0, n)
	at := len(f)
	f = append(append(h.Append(f), msg.Body...), msg.Bulk...)
	for _, s := range p.subscribers {
		if s.wants(f[at:]) {
			p.dropped += s.push(hint(f))
		}
	}
	return nil
}

// serve hears what a subscriber wants and sends it that, until it goes.
func (p *publisher) serve(st *stranger) {
	s := &subscriber{conn: st.conn, limit: p.m.limits.HintBytes, kick: make(chan struct{}, 1)}
	s.life, s.kill = context.WithCancel(context.Background())
	defer s.kill()
	s.reader.conn = st.conn
	p.m.watch.add(s)
	defer p.m.watch.remove(s)
	defer p.remove(s)
	p.m.spawn(s.write)
	for {
		if err := s.read(); err != nil {
			s.die(err)
			return
		}
		if st.known() {
			p.add(s)
		}
	}
}

// add makes a subscriber one of those who are told. There may be only so many.
func (p *publisher) add(s *subscriber) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		s.die(ErrClosed)
		return
	}
	if len(p.subscribers) >= p.m.limits.Subscribers {
		p.subscribers[0].die(errors.New("too many subscribers"))
		p.subscribers = p.subscribers[1:]
	}
	p.subscribers = append(p.subscribers, s)
}

func (p *publisher) remove(s *subscriber) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, other := range p.subscribers {
		if other == s {
			p.subscribers = append(p.subscribers[:i:i], p.subscribers[i+1:]...)
			return
		}
	}
}

func (p *publisher) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
}

// subscriber is one connection of a publisher.
type subscriber struct {
	conn   Conn
	limit  int
	reader frameReader
	life   context.Context
	kill   context.CancelFunc
	kick   chan struct{}

	mu      sync.Mutex
	topics  [][]byte
	queue   []hint
	queued  int
	item    uint64 // of the batch being written; 0: none
	items   uint64
	written uint64
}

func (s *subscriber) wants(message []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.topics {
		if bytes.HasPrefix(message, t) {
			return true
		}
	}
	return false
}

// push queues a hint, and returns how many older ones it took the place of.
func (s *subscriber) push(f hint) (dropped uint64) {
	s.mu.Lock()
	for len(s.queue) > 0 && s.queued+len(f) > s.limit {
		s.queued -= len(s.queue[0])
		s.queue = s.queue[1:]
		dropped++
	}
	s.queue = append(s.queue, f)
	s.queued += len(f)
	s.mu.Unlock()
	select {
	case s.kick <- struct{}{}:
	default:
	}
	return dropped
}

// write sends what is queued, until the connection ends.
func (s *subscriber) write() {
	for {
		select {
		case <-s.kick:
		case <-s.life.Done():
			return
		}
		for {
			bufs := s.takeQueue()
			if bufs == nil {
				break
			}
			if err := s.writeAll(bufs); err != nil {
				s.die(err)
				return
			}
		}
	}
}

func (s *subscriber) takeQueue() (bufs [][]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.item = 0
	for _, f := range s.queue {
		bufs = append(bufs, f)
	}
	s.queue, s.queued = nil, 0
	if bufs != nil {
		s.items++
		s.item = s.items
	}
	return bufs
}

func (s *subscriber) writeAll(bufs [][]byte) error {
	b := batch{parts: bufs}
	for !b.empty() {
		n, err := s.conn.Writev(b.rest(), true)
		if err != nil {
			return err
		}
		b.advance(n)
		s.mu.Lock()
		s.written += uint64(n)
		s.mu.Unlock()
	}
	return nil
}

// read takes one frame: a subscription, its end, or a PING.
func (s *subscriber) read() error {
	fr, b, err := s.reader.wait(wire.MaxCommand)
	if err != nil {
		return err
	}
	if !fr.command {
		if len(b) == 0 || b[0] > 1 {
			return errors.New("neither a subscription nor its end")
		}
		return s.subscribe(b[1:], b[0] == 1)
	}
	name, data, err := parseCommand(b)
	switch {
	case err != nil:
		return err
	case name == "SUBSCRIBE", name == "CANCEL":
		return s.subscribe(data, name == "SUBSCRIBE")
	case name == "PING":
		answer, err := pong(data)
		if err != nil {
			return err
		}
		s.push(answer)
	case name != "PONG":
		return fmt.Errorf("command %q from a subscriber", name)
	}
	return nil
}

func (s *subscriber) subscribe(topic []byte, on bool) error {
	if len(topic) > wire.MaxTopic {
		return fmt.Errorf("topic of %d bytes, at most %d", len(topic), wire.MaxTopic)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, t := range s.topics {
		if bytes.Equal(t, topic) {
			if !on {
				s.topics = append(s.topics[:i:i], s.topics[i+1:]...)
			}
			return nil
		}
	}
	switch {
	case !on:
		return nil
	case len(s.topics) == wire.MaxSubscriptions:
		return fmt.Errorf("more than %d subscriptions", wire.MaxSubscriptions)
	}
	s.topics = append(s.topics, bytes.Clone(topic))
	return nil
}

func (s *subscriber) die(error) {
	s.kill()
	s.conn.Close()
}

func (s *subscriber) progress() (in, out progress) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return progress{s.reader.item.Load(), s.reader.moved.Load()}, progress{s.item, s.written}
}
