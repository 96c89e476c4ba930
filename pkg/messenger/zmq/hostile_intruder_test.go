package zmq_test

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"zeph/pkg/wire"
)

// intruder is a bare TCP connection to a place of the daemon's, with the skill to go as far in the
// protocol as an attack needs.
type intruder struct {
	t     testing.TB
	conn  *net.TCPConn
	in    *bufio.Reader
	place string

	socket   string // type, in its READY
	identity string // likewise

	entity   wire.Entity
	gid      wire.GID
	window   uint64 // that it grants
	id       wire.SessionID
	counter  uint64 // of its last message
	request  uint64 // likewise
	received uint64 // bytes of messages
}

const intruderName = "client.intruder"

var intruders atomic.Uint64

// ZMTP's flags.
const (
	zmtpMore    = 1
	zmtpLong    = 2
	zmtpCommand = 4
)

// partnerOf is the socket type that a place expects.
var partnerOf = map[string]string{"control": "DEALER", "data": "DEALER", "hints": "SUB", "reports": "PUSH"}

// intrude connects, and says nothing.
func (s *siege) intrude(place string) *intruder {
	s.t.Helper()
	return intrudeAt(s.t, s.m.Addrs()[place], place)
}

func intrudeAt(t testing.TB, endpoint, place string) *intruder {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(endpoint, "tcp://"))
	if err != nil {
		t.Fatal(err)
	}
	i := &intruder{
		t: t, conn: conn.(*net.TCPConn), in: bufio.NewReader(conn), place: place, socket: partnerOf[place],
		entity: entityNamed(t, intruderName), gid: 1000 + wire.GID(intruders.Add(1)), window: 1 << 30,
	}
	i.patient()
	t.Cleanup(i.leave)
	return i
}

// patient gives all that follows its time.
func (i *intruder) patient() { _ = i.conn.SetDeadline(time.Now().Add(siegePatience)) }

// leave closes without a word, and leaves nothing behind in the kernel.
func (i *intruder) leave() {
	_ = i.conn.SetLinger(0)
	_ = i.conn.Close()
}

// say sends bytes. The daemon may have hung up by then, which is for others to find out.
func (i *intruder) say(b ...[]byte) error {
	bufs := net.Buffers(append([][]byte(nil), b...))
	_, err := bufs.WriteTo(i.conn)
	return err
}

// pour says the same again and again, on a goroutine of its own, until stop. That the daemon has cut
// it, the intruder may not hear of: it does not read, and so the kernel goes on asking for room for
// what came before the end.
func (i *intruder) pour(b []byte) (stop func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i.say(b) == nil {
		}
	}()
	return func() {
		i.leave()
		<-done
	}
}

// zmtpGreeting is a greeting of ZMTP 3.0 with NULL.
func zmtpGreeting() []byte {
	g := make([]byte, 64)
	g[0], g[9], g[10] = 0xFF, 0x7F, 3
	copy(g[12:], "NULL")
	return g
}

func zmtpFrame(flags byte, body []byte) []byte {
	if len(body) < 256 {
		return append([]byte{flags, byte(len(body))}, body...)
	}
	return append(zmtpLength(flags, uint64(len(body))), body...)
}

// zmtpLength is the head of a frame that claims a length.
func zmtpLength(flags byte, n uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{flags | zmtpLong}, n)
}

func zmtpCommandFrame(name string, data []byte) []byte {
	return zmtpFrame(zmtpCommand, append(append([]byte{byte(len(name))}, name...), data...))
}

func zmtpProperty(key, value string) []byte {
	p := append([]byte{byte(len(key))}, key...)
	return append(binary.BigEndian.AppendUint32(p, uint32(len(value))), value...)
}

// ready is the intruder's READY.
func (i *intruder) ready() []byte {
	return zmtpCommandFrame("READY", append(zmtpProperty("Socket-Type", i.socket), zmtpProperty("Identity", i.identity)...))
}

// greet brings the handshake of ZMTP to its end.
func (i *intruder) greet() *intruder {
	i.t.Helper()
	_ = i.say(zmtpGreeting(), i.ready())
	i.hearGreeting()
	return i
}

func (i *intruder) hearGreeting() {
	i.t.Helper()
	if _, err := io.ReadFull(i.in, make([]byte, 64)); err != nil {
		i.t.Fatal("no greeting: ", err)
	}
	if f, err := i.hearFrame(); err != nil || !f.command {
		i.t.Fatal("no READY: ", err)
	}
}

// hello is the frame of an honest hello.
func (i *intruder) hello() []byte { return i.helloWith(func(*wire.Header, *wire.Hello) {}) }

func (i *intruder) helloWith(change func(*wire.Header, *wire.Hello)) []byte {
	h := wire.Header{Type: wire.TypeHello, Kind: i.entity.Kind(), GID: i.gid, Entity: i.entity, Counter: 1, Request: 1}
	class := map[string]wire.Class{"control": wire.Control, "data": wire.Data}[i.place]
	body := wire.Hello{Class: class, FSID: clusterID, Max: 1 << 26, Window: i.window}
	change(&h, &body)
	return wholeFrame(h, wire.AppendBody(nil, &body), nil)
}

// enter greets and opens a session.
func (i *intruder) enter() *intruder {
	i.t.Helper()
	i.greet()
	_ = i.say(i.hello())
	return i.welcomed()
}

// welcomed takes the answer to the hello.
func (i *intruder) welcomed() *intruder {
	i.t.Helper()
	a, err := i.hear()
	if err != nil || a.Type != wire.TypeHello || a.Flags != wire.Reply || a.Session.IsZero() {
		i.t.Fatalf("no welcome: %v, %v", a, err)
	}
	i.id, i.counter, i.request, i.received = a.Session, 1, 1, 0
	return i
}

// next is the header of a request as it ought to be.
func (i *intruder) next(t wire.Type) wire.Header {
	i.counter++
	i.request++
	return wire.Header{
		Type: t, Kind: i.entity.Kind(), Session: i.id, GID: i.gid, Entity: i.entity, Counter: i.counter, Request: i.request,
	}
}

// oneWay is the header of a message that wants no answer.
func (i *intruder) oneWay(t wire.Type) wire.Header {
	h := i.next(t)
	h.Request = 0
	return h
}

// wholeFrame is a frame with header, body and bulk, the header's lengths made right.
func wholeFrame(h wire.Header, body, bulk []byte) []byte {
	h.Payload, h.Body = uint32(len(body)+len(bulk)), uint32(len(body))
	return frameAs(h, body, bulk)
}

// frameAs is such a frame with whatever the header says.
func frameAs(h wire.Header, body, bulk []byte) []byte {
	return zmtpFrame(0, append(append(h.Append(nil), body...), bulk...))
}

// halfFrame is the beginning of a frame whose header promises so many bytes of bulk.
func halfFrame(h wire.Header, promised, sent int) []byte {
	h.Payload, h.Body = uint32(promised), 0
	b := zmtpLength(0, uint64(wire.HeaderSize+promised))
	return append(h.Append(b), make([]byte, sent)...)
}

// echo is a frame that asks for an echo.
func (i *intruder) echo(text string, bulk []byte) []byte {
	return wholeFrame(i.next(wire.TypeEcho), echoAsk(text), bulk)
}

func echoAsk(text string) []byte { return wire.AppendBody(nil, &wire.Echo{Text: text}) }

// heardFrame is one frame from the daemon.
type heardFrame struct {
	command bool
	b       []byte
}

// hearFrame reads one frame, which may be up to 64 MiB.
func (i *intruder) hearFrame() (f heardFrame, err error) {
	flags, err := i.in.ReadByte()
	if err != nil {
		return f, err
	}
	size := make([]byte, 1)
	if flags&zmtpLong != 0 {
		size = make([]byte, 8)
	}
	if _, err := io.ReadFull(i.in, size); err != nil {
		return f, err
	}
	n := binary.BigEndian.Uint64(append(make([]byte, 8-len(size)), size...))
	if n > 1<<26 {
		return f, fmt.Errorf("a frame of %d bytes", n)
	}
	f = heardFrame{command: flags&zmtpCommand != 0, b: make([]byte, n)}
	_, err = io.ReadFull(i.in, f.b)
	return f, err
}

// heardMessage is one message from the daemon.
type heardMessage struct {
	wire.Header
	frame      int
	body, bulk []byte
}

// text is what an echo says.
func (a heardMessage) text() string {
	var e wire.Echo
	if err := wire.ParseBody(a.body, &e, false); err != nil {
		return err.Error()
	}
	return e.Text
}

// code is what an answer failed with; 0: it did not.
func (a heardMessage) code() wire.Code {
	var e wire.Error
	if a.Flags != wire.Reply|wire.Failed || wire.ParseBody(a.body, &e, false) != nil {
		return 0
	}
	return e.Code
}

// hear reads the next message that is no credit.
func (i *intruder) hear() (a heardMessage, err error) {
	for {
		f, err := i.hearFrame()
		if err != nil {
			return a, err
		}
		if f.command {
			return a, fmt.Errorf("command %q instead of a message", f.b)
		}
		h, err := wire.ParseHeader(f.b, len(f.b))
		if err != nil {
			return a, err
		}
		if h.Type == wire.TypeCredit {
			continue
		}
		i.received += uint64(len(f.b))
		body := f.b[wire.HeaderSize:]
		return heardMessage{Header: h, frame: len(f.b), body: body[:h.Body], bulk: body[h.Body:]}, nil
	}
}

// refused wants the next message to be an error of that code, in answer to that request.
func (i *intruder) refused(code wire.Code, request uint64) heardMessage {
	i.t.Helper()
	a, err := i.hear()
	switch {
	case err != nil:
		i.t.Errorf("no answer, want %v: %v", code, err)
	case a.code() != code:
		i.t.Errorf("answered by %v (%v) %q, want %v", a.code(), a.Type, a.body, code)
	case a.Request != request:
		i.t.Errorf("%v in answer to request %d, want %d", code, a.Request, request)
	}
	return a
}

// cut wants the connection to be over, whatever comes before that.
func (i *intruder) cut() {
	i.t.Helper()
	if err := i.end(); err != nil {
		i.t.Error(err)
	}
}

// end reads until the connection is over. It is an error if that takes too long.
func (i *intruder) end() error {
	_, err := io.Copy(io.Discard, i.in)
	if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
		return errors.New("the connection goes on and on")
	}
	return nil // EOF, or reset: what was sent last was not read any more
}

// alive wants the session to work as if nothing had been.
func (i *intruder) alive() {
	i.t.Helper()
	text := fmt.Sprint("alive ", i.gid)
	_ = i.say(i.echo(text, nil))
	a, err := i.hear()
	if err != nil || a.text() != text || a.Request != i.request || a.Flags != wire.Reply {
		i.t.Errorf("the session is dead: %v %q, %v", a.Header, a.body, err)
	}
}
