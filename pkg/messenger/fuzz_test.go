package messenger

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"zeph/pkg/wire"
)

// nowhere is a transport that leads to nobody.
type nowhere struct{}

func (nowhere) Name() string                             { return "nowhere" }
func (nowhere) Listen(string, Pattern) (Listener, error) { return nil, errors.ErrUnsupported }
func (nowhere) Dial(context.Context, string, Pattern) (Conn, error) {
	return nil, errors.ErrUnsupported
}

// babble is a connection whose peer says what it was given, so many bytes at a time, takes all
// that it is sent, and closes.
type babble struct {
	said    []byte
	atOnce  int
	longest int // that was asked for at once
	written atomic.Int64
	closed  atomic.Bool
	look    func() // is called between any two reads
}

func (c *babble) Read(p []byte) (int, error) {
	c.look()
	c.longest = max(c.longest, len(p))
	switch {
	case c.closed.Load():
		return 0, net.ErrClosed
	case len(c.said) == 0:
		return 0, io.EOF
	}
	n := copy(p, c.said[:min(len(c.said), c.atOnce)])
	c.said = c.said[n:]
	return n, nil
}

func (c *babble) Writev(bufs [][]byte, _ bool) (n int, err error) {
	if c.closed.Load() {
		return 0, net.ErrClosed
	}
	for _, b := range bufs {
		n += len(b)
	}
	c.written.Add(int64(n))
	return n, nil
}

func (c *babble) Close() error {
	c.closed.Store(true)
	return nil
}

func (*babble) Handshake(time.Time) error { return nil }
func (*babble) Local() string             { return "here" }
func (*babble) Remote() string            { return "there" }

// Who talks in these tests, and in which session.
var (
	fuzzSelf    = Peer{Entity: wire.Entity{'o', 's', 'd', '.', '1'}, GID: 7}
	fuzzPeer    = Peer{Entity: wire.Entity{'c', 'l', 'i', 'e', 'n', 't', '.', 'x'}, GID: 9}
	fuzzSession = wire.SessionID{1, 2, 3}
)

const (
	fuzzLongest = 64 * kib
	fuzzReceive = 256 * kib
)

// fuzzed is a messenger that answers all requests, and that nobody can reach.
func fuzzed(f *testing.F) *Messenger {
	var l Limits
	for c := range wire.NumClasses {
		l.Class[c] = ClassLimits{Message: fuzzLongest, Window: fuzzReceive, Receive: fuzzReceive}
	}
	m, err := New(Config{
		Entity: fuzzSelf.Entity, GID: fuzzSelf.GID, Transport: nowhere{}, Limits: l, Poison: true,
		Handler: func(m *Message) {
			if m.Request != 0 && m.Session() != nil {
				m.Retain()
				_ = m.Reply(&Message{Body: m.Body, Bulk: m.Bulk, Free: m.Release})
			}
			m.Release()
		},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = m.Close(context.Background()) })
	return m
}

// roles are what the other end of a connection can be, and what reads it then.
var roles = []func(*testing.T, *Messenger, *babble){
	sessionReads, linkReads, strangerReads, diallerReads, publisherReads, pullerReads, subscriptionReads,
}

// FuzzFrames: whatever comes after the handshake, nothing panics or waits for ever, and when the
// connection is over nothing is left. No more memory is taken than the limits say, and no more is
// answered than was sent, give or take.
func FuzzFrames(f *testing.F) {
	m := fuzzed(f)
	for role := range roles {
		for _, seed := range fuzzSeeds() {
			f.Add(uint8(role), uint16(0), seed)
			if len(seed) < 2*kib {
				f.Add(uint8(role), uint16(6), seed) // 7 bytes at once
			}
		}
	}
	f.Fuzz(func(t *testing.T, role uint8, atOnce uint16, said []byte) {
		c := &babble{said: said, atOnce: 1 + int(atOnce), look: func() { withinBudget(t, m, fuzzReceive) }}
		if atOnce == 0 {
			c.atOnce = len(said)
		}
		roles[int(role)%len(roles)](t, m, c)
		if c.longest > maxReadBuffer+fuzzLongest {
			t.Errorf("%d bytes were asked for at once", c.longest)
		}
		if written := c.written.Load(); written > int64(8*len(said)+8*kib) {
			t.Errorf("%d bytes were answered by %d", len(said), written)
		}
		emptied(t, m)
	})
}

// withinBudget wants no class to hold more than so many bytes.
func withinBudget(t *testing.T, m *Messenger, most int64) {
	for c := range wire.NumClasses {
		for _, b := range m.budgets[c] {
			if used := b.used.Load(); used < 0 || used > most {
				t.Errorf("%d bytes of class %v are held, at most %d may be", used, c, most)
			}
		}
	}
}

// emptied waits until nothing is held or queued. Who writes for a session may be the last to let
// go of something.
func emptied(t *testing.T, m *Messenger) {
	left := func() (n int64) {
		for c := range wire.NumClasses {
			n |= m.budgets[c][0].used.Load() | m.budgets[c][1].used.Load() | m.queued[c].Load()
		}
		return n
	}
	for end := time.Now().Add(10 * time.Second); left() != 0; runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatal("something is still held or queued")
		}
	}
}

// opened opens a session over a connection, as if the hellos were over.
func opened(t *testing.T, s *Session, c Conn) {
	if err := s.attach(c); err != nil {
		t.Fatal(err)
	}
	if err := s.begin(terms{peer: fuzzPeer, id: fuzzSession, longest: fuzzLongest, window: fuzzReceive, replies: fuzzReceive}); err != nil {
		t.Fatal(err)
	}
}

// sessionReads is the side that was dialled.
func sessionReads(t *testing.T, m *Messenger, c *babble) {
	s := m.newSession(nil, wire.Data)
	opened(t, s, c)
	m.inbound.put(s, fuzzPeer)
	s.die(s.readAll())
	s.finish(true)
	m.release(s)
}

// linkReads is the side that dialled, with two calls under way.
func linkReads(t *testing.T, m *Messenger, c *babble) {
	s := m.newLink(fuzzPeer, wire.Data).Session()
	opened(t, s, c)
	var ended atomic.Int32
	for range 2 {
		s.ask(&Message{Header: wire.Header{Type: wire.TypeEcho}}, 0, func(a *Message, err error) {
			ended.Add(1)
			if err == nil {
				a.Release()
			}
		})
	}
	c.written.Store(0)
	s.die(s.readAll())
	s.finish(true)
	if n := ended.Load(); n != 2 {
		t.Errorf("2 calls ended %d times", n)
	}
}

func fuzzStranger(m *Messenger, c *babble) *stranger { return new(strangers).admit(c, m.limits) }

// strangerReads is the side that waits for a hello.
func strangerReads(_ *testing.T, m *Messenger, c *babble) {
	st := fuzzStranger(m, c)
	defer st.leave()
	m.serveSessions(wire.Data)(st)
}

// diallerReads is the side that waits for a welcome.
func diallerReads(t *testing.T, m *Messenger, c *babble) {
	s := m.newLink(fuzzPeer, wire.Data).Session()
	if err := s.attach(c); err != nil {
		t.Fatal(err)
	}
	err := s.greet(fuzzPeer)
	c.written.Store(0)
	if err == nil {
		err = s.readAll()
	}
	s.die(err)
	s.finish(false)
}

// publisherReads is a publisher with a subscriber.
func publisherReads(_ *testing.T, m *Messenger, c *babble) {
	st := fuzzStranger(m, c)
	defer st.leave()
	m.publisher.serve(st)
}

// pullerReads collects reports, of a session that there is.
func pullerReads(t *testing.T, m *Messenger, c *babble) {
	s := m.newSession(nil, wire.Control)
	opened(t, s, &babble{look: func() {}})
	s.out.session = fuzzSession
	m.inbound.put(s, fuzzPeer)
	st := fuzzStranger(m, c)
	defer st.leave()
	m.servePusher(st)
	s.die(io.EOF)
	s.finish(true)
	m.release(s)
}

// subscriptionReads hears hints.
func subscriptionReads(_ *testing.T, m *Messenger, c *babble) {
	s := &Subscription{m: m, to: Peer{Entity: fuzzPeer.Entity}}
	s.attach(c)
	_ = s.read()
}

// fuzzSeeds are runs of frames that one or another role understands, and some that none does.
func fuzzSeeds() [][]byte {
	header := func(t wire.Type, counter uint64) wire.Header {
		return wire.Header{Type: t, Kind: wire.Client, Session: fuzzSession, GID: fuzzPeer.GID, Entity: fuzzPeer.Entity, Counter: counter}
	}
	frame := func(h wire.Header, body, bulk []byte) []byte {
		h.Payload, h.Body = uint32(len(body)+len(bulk)), uint32(len(body))
		b := appendFrameHeader(nil, 0, wire.HeaderSize+len(body)+len(bulk))
		return append(append(h.Append(b), body...), bulk...)
	}
	command := func(name, data string) []byte {
		b := appendFrameHeader(nil, flagCommand, 1+len(name)+len(data))
		return append(append(append(b, byte(len(name))), name...), data...)
	}
	with := func(h wire.Header, change func(*wire.Header)) wire.Header {
		change(&h)
		return h
	}
	echo := wire.AppendBody(nil, &wire.Echo{Text: "hello"})
	hello := with(header(wire.TypeHello, 1), func(h *wire.Header) { h.Session, h.Request = wire.SessionID{}, 1 })
	welcome := with(header(wire.TypeHello, 1), func(h *wire.Header) { h.Flags, h.Request = wire.Reply, 1 })
	ask := func(counter uint64) wire.Header {
		return with(header(wire.TypeEcho, counter), func(h *wire.Header) { h.Request = counter })
	}
	answer := func(counter, request uint64, f wire.Flags) wire.Header {
		return with(header(wire.TypeEcho, counter), func(h *wire.Header) { h.Flags, h.Request = wire.Reply|f, request|ownIDs })
	}
	hint := with(header(wire.TypeNote, 3), func(h *wire.Header) { h.Mode, h.Session = wire.Published, wire.PublisherSession(h.GID) })
	note := wire.AppendBody(nil, &wire.Note{Text: "note"})
	failure := wire.AppendBody(nil, wire.Busy.Errorf("later"))

	messages := [][]byte{
		frame(ask(2), echo, nil),
		frame(ask(3), echo, make([]byte, 300)),
		frame(ask(4), echo, make([]byte, 40*kib)),
		frame(header(wire.TypeNote, 5), note, nil),
		frame(header(wire.TypeCredit, 6), wire.AppendBody(nil, &wire.Credit{Done: 100}), nil),
		frame(answer(7, 1, 0), echo, make([]byte, 20*kib)),
		frame(answer(8, 2, wire.Failed), failure, nil),
		frame(ask(2), echo, nil), // again
	}
	return append(messages,
		nil,
		slices.Concat(messages...),
		slices.Concat(command("PING", "\x00\x0actx"), messages[0], command("PONG", ""), messages[1]),
		frame(hello, wire.AppendBody(nil, &wire.Hello{Class: wire.Data, Max: 1 << 20, Window: 1 << 20}), nil),
		frame(welcome, wire.AppendBody(nil, &wire.Welcome{Session: fuzzSession, Max: 1 << 20, Window: 1 << 20, Replies: 1}), nil),
		frame(hint, note, nil),
		frame(with(hint, func(h *wire.Header) { h.Counter = 1 }), note, nil),
		frame(with(ask(2), func(h *wire.Header) { h.Type = 999 }), echo, nil),
		frame(with(ask(2), func(h *wire.Header) { h.Flags = 1 << 9 }), echo, nil),
		frame(with(ask(2), func(h *wire.Header) { h.Flags = wire.Reply | wire.Failed; h.Request = 0 }), failure, nil),
		frame(with(ask(2), func(h *wire.Header) { h.Flags = wire.MustUnderstand; h.Type = wire.TypeHello }), nil, nil),
		append(appendFrameHeader(nil, 0, 0), 1, 'Z'),
		appendFrameHeader(nil, 0, 1<<40),
		messages[2][:20*kib],
		[]byte{0, 9, 1, 'Z', 'E', 'P', 'H', 1, 3, 5, 0},
		slices.Concat(command("SUBSCRIBE", "ZEPH"), command("CANCEL", "ZEPH"), command("PING", "\x00\x00")),
		command("XYZZY", ""),
	)
}
