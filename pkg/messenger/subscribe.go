package messenger

import (
	"context"
	"errors"
	"sync"
	"time"

	"zeph/pkg/wire"
)

// Subscription hears the hints of one publisher, and connects again when that ends. Hints go to
// the messenger's Handler; their Session is nil. What was published while it was not connected is
// lost: after each Up of place Hints it is time to ask.
type Subscription struct {
	m       *Messenger
	to      Peer
	topics  []byte // the frames that subscribe
	life    context.Context
	kill    context.CancelFunc
	counter uint64 // of the last hint

	mu     sync.Mutex
	conn   Conn
	reader *frameReader
}

// Subscribe begins to hear what a peer publishes of the types given.
func (m *Messenger) Subscribe(to Peer, types ...wire.Type) *Subscription {
	s := &Subscription{m: m, to: to}
	s.life, s.kill = context.WithCancel(m.ctx)
	for _, t := range types {
		h := wire.Header{Mode: wire.Published, Type: t}
		topic := h.Append(nil)[:wire.TopicSize]
		s.topics = append(append(appendFrameHeader(s.topics, 0, 1+len(topic)), 1), topic...)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.closed {
		m.spawn(s.run)
	}
	return s
}

// Close ends the subscription.
func (s *Subscription) Close() {
	s.kill()
	s.die(ErrClosed)
}

func (s *Subscription) run() {
	again := redial{limits: s.m.limits}
	for {
		began := time.Now()
		err := s.hear()
		if time.Since(began) > s.m.limits.RedialMax {
			again.worked()
		}
		s.m.logger.Debug("hints end", "peer", s.to, "err", err)
		if !again.wait(s.life.Done(), nil) {
			return
		}
	}
}

// hear connects, subscribes and delivers hints until that ends.
func (s *Subscription) hear() error {
	ctx, cancel := context.WithTimeout(s.life, s.m.limits.Hello)
	defer cancel()
	conn, err := s.m.dialPlace(ctx, s.to.Addrs, Hints, Sub)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(s.life, func() { conn.Close() })()
	if err := conn.Handshake(time.Now().Add(s.m.limits.Hello)); err != nil {
		return err
	}
	if err := writeAll(conn, s.topics); err != nil {
		return err
	}
	s.attach(conn)
	s.m.watch.add(s)
	defer s.m.watch.remove(s)
	s.tell(Up, nil)
	err = s.read()
	s.tell(Reset, err)
	return err
}

func (s *Subscription) attach(c Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conn, s.reader, s.counter = c, &frameReader{conn: c}, 0
}

func (s *Subscription) read() error {
	for {
		fr, b, err := s.reader.wait(wire.MaxHintFrame)
		switch {
		case err != nil:
			return err
		case fr.command:
			err = s.reader.answer(b)
		default:
			err = s.deliver(b)
		}
		if err != nil {
			return err
		}
	}
}

var errNotPublished = errors.New("not a hint of the publisher's")

// deliver hands on one hint, if it is one.
func (s *Subscription) deliver(b []byte) error {
	h, err := wire.ParseHeader(b, len(b))
	switch {
	case err != nil:
		return err
	case h.Mode != wire.Published || h.Session != wire.PublisherSession(h.GID) || h.Request != 0 || h.Flags != 0,
		!s.to.Entity.IsZero() && h.Entity != s.to.Entity, s.to.GID != 0 && h.GID != s.to.GID, h.Kind != h.Entity.Kind():
		return errNotPublished
	case h.Counter <= s.counter:
		return wire.BadSession.Errorf("hint %d after %d", h.Counter, s.counter)
	}
	s.counter = h.Counter
	if !stray(h.Type) || s.m.cfg.Handler == nil {
		return nil
	}
	s.m.cfg.Handler(s.m.loose(&h, b, nil, Hints))
	return nil
}

// stray reports whether messages of a type may come outside of a session's order.
func stray(t wire.Type) bool { return t.Known() && t != wire.TypeHello && t != wire.TypeCredit }

// loose makes a message of what came outside of a session's order: no credit was spent on it.
func (m *Messenger) loose(h *wire.Header, b []byte, s *Session, place string) *Message {
	msg := messages.Get().(*Message)
	msg.Header, msg.session = *h, s
	dst := msg.memory(len(b))[:len(b)]
	copy(dst, b)
	front := wire.HeaderSize + int(h.Body)
	msg.Body, msg.Bulk = dst[wire.HeaderSize:front:front], dst[front:]
	msg.refs.Store(1)
	m.logLoose(logReceived, msg.From().String(), place, h)
	return msg
}

func (s *Subscription) tell(kind EventKind, cause error) {
	s.m.tell(PeerEvent{Kind: kind, Peer: s.to, Place: Hints, Cause: cause})
}

// die ends the present connection.
func (s *Subscription) die(error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil {
		s.conn.Close()
	}
}

func (s *Subscription) progress() (in, out progress) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return progress{s.reader.item.Load(), s.reader.moved.Load()}, progress{}
}
