package messenger

import (
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"zeph/pkg/wire"
)

// hello is the first message of a session, or its answer.
type hello struct {
	wire.Header
	body []byte
}

// greet opens a session over a connection that we dialled: hello out, welcome in.
func (s *Session) greet(to Peer) error {
	timer := time.AfterFunc(s.m.limits.Hello, func() { s.conn.Close() })
	defer timer.Stop()
	ask := wire.Hello{
		Class: s.class, FSID: s.m.cfg.FSID, Max: uint32(s.limits.Message), Window: uint64(s.limits.Window),
		To: to.Entity.String(), ToGID: to.GID, Software: s.m.cfg.Software,
	}
	h := wire.Header{Type: wire.TypeHello, Request: 1}
	if err := s.say(&h, wire.AppendBody(nil, &ask)); err != nil {
		return err
	}
	answer, err := s.hear()
	if err != nil {
		return err
	}
	t, err := s.accepted(answer, to)
	if err != nil {
		return err
	}
	return s.begin(t)
}

// accepted holds the answer to our hello against what we asked for.
func (s *Session) accepted(a hello, to Peer) (terms, error) {
	var w wire.Welcome
	var refusal wire.Error
	switch {
	case a.Type != wire.TypeHello || a.Flags&wire.Reply == 0 || a.Request != 1 || a.Counter != 1 || a.Mode != wire.None:
		return terms{}, fmt.Errorf("%v instead of an answer to the hello", a.Type)
	case a.Flags&wire.Failed != 0:
		if err := wire.ParseBody(a.body, &refusal, false); err != nil {
			return terms{}, err
		}
		return terms{}, &refusal
	case a.Kind == 0 || a.Kind != a.Entity.Kind() || a.GID == 0:
		return terms{}, wire.Malformed.Errorf("welcome from %v of kind %v, run %v", a.Entity, a.Kind, a.GID)
	case !to.Entity.IsZero() && a.Entity != to.Entity, to.GID != 0 && a.GID != to.GID:
		return terms{}, wire.WrongPeer.Errorf("%v/%v answers for %v", a.Entity, a.GID, to)
	}
	if err := wire.ParseBody(a.body, &w, false); err != nil {
		return terms{}, err
	}
	switch {
	case w.Session.IsZero() || w.Session != a.Session:
		return terms{}, wire.BadSession.Errorf("the welcome names session %v in its body, %v in its header", w.Session, a.Session)
	case !sameCluster(w.FSID, s.m.cfg.FSID):
		return terms{}, wire.WrongCluster.Errorf("%v belongs to %v, we to %v", to, w.FSID, s.m.cfg.FSID)
	case w.Max < wire.HeaderSize || w.Window == 0:
		return terms{}, wire.Malformed.Errorf("the welcome grants nothing")
	}
	return terms{peer: Peer{Entity: a.Entity, GID: a.GID}, id: w.Session, longest: clamp(uint64(w.Max)), window: clamp(w.Window), replies: clamp(w.Replies)}, nil
}

// clamp keeps a number that a peer chose within what an int can add up.
func clamp(n uint64) int { return int(min(n, 1<<40)) }

// welcome answers the hello of a session that a peer dialled. When it is clear who that is, and
// before the answer, take makes room for the session.
func (s *Session) welcome(take func(Peer) error) error {
	ask, err := s.hear()
	var t terms
	if err == nil {
		t, err = s.invited(ask)
	}
	if refusal := (*wire.Error)(nil); errors.As(err, &refusal) {
		h := wire.Header{Type: wire.TypeHello, Flags: wire.Reply | wire.Failed, Request: ask.Request}
		return errors.Join(err, s.say(&h, errorBody(err)))
	}
	if err != nil {
		return err
	}
	s.out.session = t.id
	if err := take(t.peer); err != nil {
		return err
	}
	answer := wire.Welcome{
		Session: t.id, FSID: s.m.cfg.FSID, Max: uint32(s.limits.Message),
		Window: uint64(s.limits.Window), Replies: uint64(s.limits.Reserve), Software: s.m.cfg.Software,
	}
	h := wire.Header{Type: wire.TypeHello, Flags: wire.Reply, Request: ask.Request}
	if err := s.say(&h, wire.AppendBody(nil, &answer)); err != nil {
		return err
	}
	return s.begin(t)
}

// invited holds a hello against who and where we are.
func (s *Session) invited(a hello) (terms, error) {
	me := &s.m.cfg
	peer := Peer{Entity: a.Entity, GID: a.GID}
	switch {
	case a.Type != wire.TypeHello || a.Flags&^wire.MustUnderstand != 0 || !a.Session.IsZero() || a.Counter != 1 || a.Request == 0 || a.Mode != wire.None:
		return terms{}, wire.BadSession.Errorf("a session begins with a hello, request id and counter 1")
	case a.GID == 0 || a.Kind == 0 || a.Kind != a.Entity.Kind():
		return terms{}, wire.Malformed.Errorf("hello from %v of kind %v, run %v", a.Entity, a.Kind, a.GID)
	}
	var h wire.Hello
	if err := wire.ParseBody(a.body, &h, a.Flags&wire.MustUnderstand != 0); err != nil {
		return terms{}, err
	}
	switch {
	case h.Class != s.class:
		return terms{}, wire.WrongClass.Errorf("hello for class %v, this is the endpoint of class %v", h.Class, s.class)
	case !sameCluster(h.FSID, me.FSID):
		return terms{}, wire.WrongCluster.Errorf("you belong to %v, %v to %v", h.FSID, me.Entity, me.FSID)
	case h.To != "" && h.To != me.Entity.String(), h.ToGID != 0 && h.ToGID != me.GID:
		return terms{}, wire.WrongPeer.Errorf("you want %.40q/%v, this is %v/%v", h.To, h.ToGID, me.Entity, me.GID)
	case h.Max < wire.HeaderSize || h.Window == 0:
		return terms{}, wire.Malformed.Errorf("the hello grants nothing")
	}
	t := terms{peer: peer, longest: clamp(uint64(h.Max)), window: clamp(h.Window)}
	rand.Read(t.id[:]) // never fails
	return t, nil
}

func sameCluster[U comparable](a, b U) bool {
	var unknown U
	return a == b || a == unknown || b == unknown
}

// say writes a hello or its answer.
func (s *Session) say(h *wire.Header, body []byte) error {
	s.out.stamp(h, 1, time.Now(), len(body), 0)
	s.log(logSent, h)
	b := appendFrameHeader(nil, 0, wire.HeaderSize+len(body))
	return writeAll(s.conn, append(h.Append(b), body...))
}

func writeAll(c Conn, b []byte) error {
	for len(b) > 0 {
		n, err := c.Writev([][]byte{b}, true)
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// hear reads a hello or its answer. PINGs in front of it are answered.
func (s *Session) hear() (hello, error) {
	for {
		fr, b, err := s.in.wait(wire.MaxHelloFrame)
		if err != nil {
			return hello{}, err
		}
		if fr.command {
			if err := s.in.answer(b); err != nil {
				return hello{}, err
			}
			continue
		}
		h, err := wire.ParseHeader(b, len(b))
		a := hello{Header: h}
		if err == nil {
			a.body = b[wire.HeaderSize:][:h.Body]
			s.log(logReceived, &h)
		}
		return a, err
	}
}

// answer deals with a command where nobody else writes. To those who watch, a peer that does not
// take the answer is one that does not bring the rest of a frame.
func (f *frameReader) answer(command []byte) error {
	answer, err := answerTo(command)
	if err != nil {
		return err
	}
	f.item.Store(f.frames + 1)
	defer f.item.Store(0)
	return writeAll(f.conn, answer)
}

// answerTo is the PONG that a PING asks for. A PONG asks for nothing.
func answerTo(command []byte) ([]byte, error) {
	name, data, err := parseCommand(command)
	switch {
	case err != nil:
		return nil, err
	case name == "PONG":
		return nil, nil
	case name != "PING":
		return nil, fmt.Errorf("command %q", name)
	}
	return pong(data)
}
