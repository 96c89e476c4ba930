package zmq_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"zeph/pkg/messenger"
	"zeph/pkg/messenger/zmq"
	"zeph/pkg/wire"
)

// impostor listens where a daemon should be, and does with each connection what its script says.
// Then it leaves the connection open, and does no more.
func impostor(t *testing.T, script func(*intruder)) (endpoint string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	t.Cleanup(all.Wait)
	t.Cleanup(func() { _ = l.Close() })
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			i := &intruder{t: t, conn: conn.(*net.TCPConn), in: bufio.NewReader(conn), socket: "ROUTER", entity: wire.Entity{'o', 's', 'd', '.', '9'}, gid: 9}
			i.patient()
			all.Go(func() {
				defer i.leave()
				script(i)
				_ = i.end()
			})
		}
	})
	return "tcp://" + l.Addr().String()
}

// victim is a client with a link to an impostor.
type victim struct {
	m      *messenger.Messenger
	link   *messenger.Link
	events chan messenger.PeerEvent
}

func fooled(t *testing.T, endpoint string) *victim {
	t.Helper()
	v := &victim{events: make(chan messenger.PeerEvent, 1000)}
	var err error
	v.m, err = messenger.New(messenger.Config{
		Entity: entityNamed(t, "client.victim"), GID: 5, FSID: clusterID, Transport: zmq.New(zmq.Settings{}), Poison: true,
		Handler: (*messenger.Message).Release,
		OnPeer:  func(e messenger.PeerEvent) { v.events <- e },
		Limits:  messenger.Limits{Hello: 200 * time.Millisecond, Stall: 300 * time.Millisecond, RedialMin: time.Second, RedialMax: time.Second},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.m.Close(context.Background()) })
	v.link = v.m.Link(messenger.Peer{Entity: entityNamed(t, "osd.9"), GID: 9, Addrs: map[string]string{"data": endpoint}}, wire.Data)
	return v
}

// ask makes a call that cannot end well, and returns how it ended.
func (v *victim) ask() error {
	ctx, cancel := context.WithTimeout(context.Background(), siegePatience)
	defer cancel()
	m, err := v.link.Call(ctx, &messenger.Message{Header: wire.Header{Type: wire.TypeEcho}, Body: echoAsk("anybody there?")})
	if err == nil {
		m.Release()
	}
	return err
}

// welcome is an honest answer to a hello, but for one thing.
func (i *intruder) welcome(change func(*wire.Header, *wire.Welcome)) []byte {
	h := wire.Header{Type: wire.TypeHello, Flags: wire.Reply, Kind: wire.OSD, GID: i.gid, Entity: i.entity, Counter: 1, Request: 1, Session: wire.SessionID{1}}
	body := wire.Welcome{Session: h.Session, FSID: clusterID, Max: 1 << 20, Window: 1 << 20, Replies: 1 << 20}
	change(&h, &body)
	return wholeFrame(h, wire.AppendBody(nil, &body), nil)
}

// meet brings the handshake of ZMTP to its end and takes the hello.
func (i *intruder) meet() {
	_ = i.say(zmtpGreeting(), i.ready())
	_, _ = i.in.Discard(64)
	_, _ = i.hearFrame()
	_, _ = i.hear()
}

var badWelcomes = map[string]func(*wire.Header, *wire.Welcome){
	"of another daemon":  func(h *wire.Header, _ *wire.Welcome) { h.Entity[4] = '8' },
	"of another run":     func(h *wire.Header, _ *wire.Welcome) { h.GID++ },
	"of no run":          func(h *wire.Header, _ *wire.Welcome) { h.GID = 0 },
	"of another kind":    func(h *wire.Header, _ *wire.Welcome) { h.Kind = wire.Mon },
	"without a session":  func(h *wire.Header, b *wire.Welcome) { h.Session, b.Session = wire.SessionID{}, wire.SessionID{} },
	"to two sessions":    func(_ *wire.Header, b *wire.Welcome) { b.Session[5] = 1 },
	"to another cluster": func(_ *wire.Header, b *wire.Welcome) { b.FSID[0] = 1 },
	"with counter 2":     func(h *wire.Header, _ *wire.Welcome) { h.Counter = 2 },
	"to another request": func(h *wire.Header, _ *wire.Welcome) { h.Request = 2 },
	"that is no answer":  func(h *wire.Header, _ *wire.Welcome) { h.Flags = 0 },
	"that is an echo":    func(h *wire.Header, _ *wire.Welcome) { h.Type = wire.TypeEcho },
	"published":          func(h *wire.Header, _ *wire.Welcome) { h.Mode = wire.Published },
	"that grants none":   func(_ *wire.Header, b *wire.Welcome) { b.Window = 0 },
	"that takes none":    func(_ *wire.Header, b *wire.Welcome) { b.Max = 0 },
	"that is an error":   func(h *wire.Header, _ *wire.Welcome) { h.Flags |= wire.Failed },
	"4 KiB and more":     func(_ *wire.Header, b *wire.Welcome) { b.Software = string(make([]byte, 4096)) },
}

// Who is not the daemon that was dialled, or does not act like one, gets no session, and nothing
// waits for it for long.
func TestHostileImpostors(t *testing.T) {
	scripts := map[string]func(*intruder){
		"silence":       func(*intruder) {},
		"a greeting":    func(i *intruder) { _ = i.say(zmtpGreeting()) },
		"a handshake":   func(i *intruder) { i.meet() },
		"HTTP":          func(i *intruder) { _ = i.say([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")) },
		"half a answer": func(i *intruder) { i.meet(); _ = i.say(i.welcome(func(*wire.Header, *wire.Welcome) {})[:100]) },
		"a DEALER":      func(i *intruder) { i.socket = "DEALER"; i.meet() },
		"2^62 bytes":    func(i *intruder) { i.meet(); _ = i.say(zmtpLength(0, 1<<62)) },
		"PINGs": func(i *intruder) {
			i.meet()
			for i.say(zmtpCommandFrame("PING", []byte{0, 1})) == nil {
			}
		},
	}
	for name, change := range badWelcomes {
		scripts["a welcome "+name] = func(i *intruder) { i.meet(); _ = i.say(i.welcome(change)) }
	}
	s := besieged(t, messenger.Limits{})
	s.during(func() {
		t.Run("all", func(t *testing.T) {
			for name, script := range scripts {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					v := fooled(t, impostor(t, script))
					if err := v.ask(); !errors.Is(err, messenger.ErrDown) {
						t.Errorf("the call ended with %v", err)
					}
					if e := <-v.events; e.Kind != messenger.Unreachable {
						t.Errorf("%v: %v", e.Kind, e.Cause)
					}
				})
			}
		})
	})
}

// A daemon that turns hostile ends its own session. The call under way is told.
func TestHostileTurncoats(t *testing.T) {
	t.Parallel()
	answer := func(i *intruder) wire.Header {
		h := i.next(wire.TypeEcho)
		h.Flags, h.Request = wire.Reply, i.request
		return h
	}
	s := besieged(t, messenger.Limits{})
	for name, say := range map[string]func(*intruder) []byte{
		"half an answer":            func(i *intruder) []byte { return halfFrame(answer(i), 100<<10, 50<<10) },
		"half an answer to nobody":  func(i *intruder) []byte { h := answer(i); h.Request = 1; return halfFrame(h, 1<<20, 50<<10) },
		"2^62 bytes":                func(*intruder) []byte { return zmtpLength(0, 1<<62) },
		"a frame too long":          func(i *intruder) []byte { return halfFrame(answer(i), 17<<20, 0) },
		"another session":           func(i *intruder) []byte { h := answer(i); h.Session[1]++; return wholeFrame(h, echoAsk("x"), nil) },
		"another sender":            func(i *intruder) []byte { h := answer(i); h.GID++; return wholeFrame(h, echoAsk("x"), nil) },
		"the welcome's counter":     func(i *intruder) []byte { h := answer(i); h.Counter = 1; return wholeFrame(h, echoAsk("x"), nil) },
		"credit for more than came": func(i *intruder) []byte { return i.credit(1 << 40) },
		"an error for nothing": func(i *intruder) []byte {
			h := answer(i)
			h.Request, h.Flags = 0, wire.Reply|wire.Failed
			return wholeFrame(h, wire.AppendBody(nil, wire.Internal.Errorf("goodbye")), nil)
		},
		"an unknown command": func(*intruder) []byte { return zmtpCommandFrame("XYZZY", nil) },
		"more to come":       func(i *intruder) []byte { return more(wholeFrame(answer(i), echoAsk("x"), nil)) },
	} {
		t.Run(name, func(t *testing.T) {
			v := fooled(t, impostor(t, func(i *intruder) {
				i.meet()
				i.id, i.counter = wire.SessionID{1}, 1
				_ = i.say(i.welcome(func(*wire.Header, *wire.Welcome) {}))
				if ask, err := i.hear(); err == nil {
					i.request = ask.Request - 1
					_ = i.say(say(i))
				}
			}))
			if err := v.ask(); !errors.Is(err, messenger.ErrReset) {
				t.Errorf("the call ended with %v", err)
			}
			for _, want := range []messenger.EventKind{messenger.Up, messenger.Reset} {
				if e := <-v.events; e.Kind != want {
					t.Errorf("%v, want %v: %v", e.Kind, want, e.Cause)
				}
			}
		})
	}
	s.during(func() {})
}
