package zmq_test

import (
	"crypto/rand"
	"fmt"

	"zeph/pkg/wire"
)

// voice is one end of a session as somebody else would write it, from docs/wire.md: it stamps what
// goes out and checks what comes in, and makes no use of our messenger.
type voice struct {
	entity wire.Entity
	gid    wire.GID
	peer   wire.Header // whose sender is the peer's

	id             wire.SessionID
	counter, heard uint64
	sent, done     uint64 // bytes of ours, and what of them the peer has dealt with
	window         uint64 // how much it holds of ours
	holds          uint64 // how much we hold of its
	received, told uint64
	queue          []utterance
}

type utterance struct {
	header wire.Header
	body   []byte
	bulk   []byte
}

func (u *utterance) size() uint64 { return uint64(wire.HeaderSize + len(u.body) + len(u.bulk)) }

// holds is what a foreigner is ready to hold of a class: the longest message, and what of a session
// it has not dealt with.
func holds(c wire.Class) (longest uint32, window uint64) {
	if c == wire.Control {
		return 1 << 20, 4 << 20
	}
	return 16<<20 + 64<<10, 32 << 20
}

// hello is the first frame of who dialled.
func (v *voice) hello(c wire.Class) []byte {
	longest, window := holds(c)
	v.holds = window
	body := wire.Hello{Class: c, Max: longest, Window: window, Software: "somebody else"}
	return v.stamp(utterance{wire.Header{Type: wire.TypeHello, Request: 1}, wire.AppendBody(nil, &body), nil})
}

// welcomed takes in the answer.
func (v *voice) welcomed(frame []byte) error {
	h, body, _, err := open(frame)
	if err != nil {
		return err
	}
	var w wire.Welcome
	if h.Type != wire.TypeHello || h.Flags != wire.Reply || h.Request != 1 || h.Counter != 1 {
		return fmt.Errorf("no welcome: %+v %q", h, body)
	}
	if err := wire.ParseBody(body, &w, true); err != nil {
		return err
	}
	if w.Session.IsZero() || w.Session != h.Session {
		return fmt.Errorf("welcome to %v and %v", w.Session, h.Session)
	}
	v.begin(h, w.Session, w.Window)
	return nil
}

// welcome takes in a hello, and is its answer.
func (v *voice) welcome(frame []byte, c wire.Class) ([]byte, error) {
	h, body, _, err := open(frame)
	if err != nil {
		return nil, err
	}
	var hello wire.Hello
	if err := wire.ParseBody(body, &hello, true); err != nil {
		return nil, err
	}
	if h.Type != wire.TypeHello || h.Flags != 0 || h.Request == 0 || h.Counter != 1 || !h.Session.IsZero() || hello.Class != c {
		return nil, fmt.Errorf("no hello for class %v: %+v %+v", c, h, hello)
	}
	var id wire.SessionID
	rand.Read(id[:]) // never fails
	v.begin(h, id, hello.Window)
	longest, window := holds(c)
	v.holds = window
	answer := wire.Welcome{Session: id, Max: longest, Window: window, Replies: window}
	return v.stamp(utterance{wire.Header{Type: wire.TypeHello, Flags: wire.Reply, Request: h.Request}, wire.AppendBody(nil, &answer), nil}), nil
}

func (v *voice) begin(h wire.Header, id wire.SessionID, window uint64) {
	v.peer, v.id, v.window, v.heard = h, id, window, 1
}

func (v *voice) post(h wire.Header, body any, bulk []byte) {
	v.queue = append(v.queue, utterance{h, wire.AppendBody(nil, body), bulk})
}

// outgoing are the frames that may go now.
func (v *voice) outgoing() (frames [][]byte) {
	for len(v.queue) > 0 {
		u := v.queue[0]
		if under := v.sent - v.done; under > 0 && under+u.size() > v.window {
			break
		}
		v.queue = v.queue[1:]
		v.sent += u.size()
		frames = append(frames, v.stamp(u))
	}
	if v.received-v.told >= v.holds/4 {
		v.told = v.received
		credit := wire.Credit{Done: v.told}
		frames = append(frames, v.stamp(utterance{wire.Header{Type: wire.TypeCredit}, wire.AppendBody(nil, &credit), nil}))
	}
	return frames
}

// take checks a frame; not ok: it was only for the session.
func (v *voice) take(frame []byte) (h wire.Header, body, bulk []byte, ok bool, err error) {
	h, body, bulk, err = open(frame)
	switch {
	case err != nil:
		return
	case h.Session != v.id || h.Entity != v.peer.Entity || h.GID != v.peer.GID || h.Kind != v.peer.Kind:
		return h, nil, nil, false, fmt.Errorf("of another session or sender: %+v", h)
	case h.Counter <= v.heard || h.Mode != wire.None:
		return h, nil, nil, false, fmt.Errorf("counter %d after %d, mode %d", h.Counter, v.heard, h.Mode)
	}
	v.heard = h.Counter
	if h.Type != wire.TypeCredit {
		v.received += uint64(len(frame))
		return h, body, bulk, true, nil
	}
	var c wire.Credit
	err = wire.ParseBody(body, &c, true)
	if err == nil && (c.Done < v.done || c.Done > v.sent) {
		err = fmt.Errorf("credit for %d bytes of %d", c.Done, v.sent)
	}
	v.done = c.Done
	return h, nil, nil, false, err
}

func (v *voice) stamp(u utterance) []byte {
	v.counter++
	u.header.Session = v.id
	return v.seal(u, v.counter)
}

// seal makes a frame of what is said, under a counter.
func (v *voice) seal(u utterance, counter uint64) []byte {
	h := &u.header
	h.Counter, h.Entity, h.Kind, h.GID = counter, v.entity, v.entity.Kind(), v.gid
	h.Payload, h.Body = uint32(len(u.body)+len(u.bulk)), uint32(len(u.body))
	return append(append(h.Append(nil), u.body...), u.bulk...)
}

// open takes a frame apart.
func open(frame []byte) (h wire.Header, body, bulk []byte, err error) {
	h, err = wire.ParseHeader(frame, len(frame))
	if err != nil {
		return h, nil, nil, err
	}
	body = frame[wire.HeaderSize:]
	return h, body[:h.Body], body[h.Body:], nil
}
