package messenger

import (
	"errors"
	"sync"
	"sync/atomic"

	"zeph/pkg/wire"
)

// Message is one message, to be sent or received.
//
// To send one, fill Type and what else it is about, Body (CBOR, by wire.AppendBody) and Bulk.
// The messenger fills the rest of the header. Body and Bulk must not change until Free is
// called, which happens exactly once, whatever becomes of the message; the Message itself may be
// used again at once.
//
// A received one belongs to who got it, until Release: Body and Bulk lie in memory that is then
// used for other messages.
type Message struct {
	wire.Header
	Body []byte // CBOR
	Bulk []byte // by reference, if it is large

	Expect   int    // of a request: how many bytes of bulk its answer may bring
	Reserved bool   // may use the part of the queue that is kept for what others wait for
	Free     func() // nil: nobody wants to know

	session  *Session
	counted  int // bytes of credit and budget that Release gives back
	budget   *budget
	own      []byte // memory of a small one, which goes where the Message goes
	mem      *slab  // memory of others
	refs     atomic.Int32
	answered atomic.Bool
}

var messages = sync.Pool{New: func() any { return new(Message) }}

// size is how many bytes the message has on the wire, without the frame around it.
func (m *Message) size() int { return wire.HeaderSize + len(m.Body) + len(m.Bulk) }

func (m *Message) free() {
	if m.Free != nil {
		m.Free()
	}
}

// Session is how the message came, nil for a hint. It is who the message is from.
func (m *Message) Session() *Session { return m.session }

// From is who sent the message, as the hello said.
func (m *Message) From() Peer { return Peer{Entity: m.Entity, GID: m.GID} }

// Parse reads the body into the struct that body points to. The error is a *wire.Error, fit to
// be the answer.
func (m *Message) Parse(body any) error {
	return wire.ParseBody(m.Body, body, m.Flags&wire.MustUnderstand != 0)
}

// Retain keeps the message's memory for one more Release.
func (m *Message) Retain() *Message {
	m.refs.Add(1)
	return m
}

// Release lets go of the message. The last one gives its memory back, and the sender the credit
// for it.
func (m *Message) Release() {
	switch n := m.refs.Add(-1); {
	case n > 0:
		return
	case n < 0:
		panic("messenger: message released more often than retained")
	}
	s, counted, poison := m.session, m.counted, false
	if s != nil && m.asks() && !m.answered.Load() {
		s.in.unanswered.Add(-1)
	}
	if m.budget != nil {
		m.budget.release(counted)
	}
	if s != nil {
		poison = s.m.cfg.Poison
	}
	if m.mem != nil {
		m.mem.put(poison)
	} else if poison {
		overwrite(m.own)
	}
	m.reset()
	messages.Put(m)
	if s != nil {
		s.creditBack(counted)
	}
}

// memory is n bytes for the message to lie in.
func (m *Message) memory(n int) []byte {
	if n > smallMessage {
		m.mem = getSlab(n)
		return m.mem.b
	}
	if m.own == nil {
		m.own = make([]byte, smallMessage)
	}
	return m.own
}

// smallMessage is up to how many bytes a message keeps its memory to itself.
const smallMessage = 512

// asks reports whether somebody waits for an answer.
func (m *Message) asks() bool { return m.Request != 0 && m.Flags&wire.Reply == 0 }

func (m *Message) reset() {
	m.Header, m.Body, m.Bulk = wire.Header{}, nil, nil
	m.Expect, m.Reserved, m.Free = 0, false, nil
	m.session, m.counted, m.budget, m.mem = nil, 0, nil, nil
	if m.answered.Load() {
		m.answered.Store(false)
	}
}

// Reply answers a request. It may be called once, from any goroutine, before Release, and never
// blocks. The type and request id of the answer are the request's.
func (m *Message) Reply(r *Message) error {
	if err := m.claimAnswer(); err != nil {
		r.free()
		return err
	}
	r.Type, r.Request, r.Trace = m.Type, m.Request, m.Trace
	r.Flags = r.Flags&wire.Failed | wire.Reply
	err := m.session.send(r, nil)
	if err == ErrTooLarge && r.Flags&wire.Failed == 0 {
		refusal := wire.TooLarge.Errorf("the answer has %d bytes", r.size())
		m.session.send(&Message{Header: wire.Header{Type: m.Type, Request: m.Request, Flags: wire.Reply | wire.Failed}, Body: errorBody(refusal)}, nil)
	}
	return err
}

// Fail answers a request with an error: err if it is a *wire.Error or a wire.Code, else an
// internal one of the same text.
func (m *Message) Fail(err error) error {
	return m.Reply(&Message{Header: wire.Header{Flags: wire.Failed}, Body: errorBody(err)})
}

func (m *Message) claimAnswer() error {
	switch {
	case m.session == nil || !m.asks():
		return ErrOneWay
	case m.answered.Swap(true):
		return ErrAnswered
	}
	m.session.in.unanswered.Add(-1)
	return nil
}

func errorBody(err error) []byte {
	var e *wire.Error
	var code wire.Code
	switch {
	case errors.As(err, &e):
	case errors.As(err, &code):
		e = &wire.Error{Code: code}
	default:
		e = wire.Internal.Errorf("%v", err)
	}
	return wire.AppendBody(nil, e)
}

// Err is the error that an answer carries; nil if it is none.
func (m *Message) Err() error {
	if m.Flags&wire.Failed == 0 {
		return nil
	}
	var e wire.Error
	if err := wire.ParseBody(m.Body, &e, false); err != nil {
		return err
	}
	return &e
}
