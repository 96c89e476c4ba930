package main

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"zeph/pkg/messenger"
	"zeph/pkg/messenger/zmq"
	"zeph/pkg/wire"
)

// zeph is Zeph's messenger over its ZeroMQ transport: a write on the data class with its whole
// header, and a body that is encoded for every message and parsed by who gets it, answered by a
// write reply. One way it is the same write without a request id.
var zeph = &variant{
	name:  "zeph",
	about: "Zeph's messenger over ZMTP, a link of class data, writes and their replies as CBOR",
	serve: serveZeph,
	dial:  dialZeph,
}

const callTimeout = 30 * time.Second // a client's default

func serveZeph(l load, ready func(string)) error {
	m, err := listenZeph(zmq.New(zmq.Settings{}), "tcp://127.0.0.1:0")
	if err != nil {
		return err
	}
	ready(toJSON(m.Addrs()))
	select {}
}

// listenZeph makes a daemon that answers writes, at the endpoint, and pings, at one of its choice.
func listenZeph(t messenger.Transport, endpoint string) (*messenger.Messenger, error) {
	s := new(zephServer)
	listen := map[string]string{"data": endpoint, "heartbeat": "tcp://127.0.0.1:0"}
	if t.Name() == "inproc" {
		listen["heartbeat"] = "inproc://*"
	}
	return newZeph("osd.1", messenger.Config{Transport: t, Listen: listen, Handler: s.handle})
}

func newZeph(name string, cfg messenger.Config) (*messenger.Messenger, error) {
	var err error
	if cfg.Entity, err = wire.ParseEntity(name); err != nil {
		return nil, err
	}
	var gid [8]byte
	rand.Read(gid[:])
	cfg.GID = wire.GID(binary.LittleEndian.Uint64(gid[:]) | 1)
	return messenger.New(cfg)
}

// emptyBody is a CBOR map with nothing in it.
var emptyBody = []byte{0xa0}

// zephServer answers. What it needs for a write it uses again when the reply is on its way.
type zephServer struct{ idle sync.Pool }

type writeAnswer struct {
	write wire.Write
	reply wire.WriteReply
	m     messenger.Message
	body  []byte
}

func (s *zephServer) take() *writeAnswer {
	if a, ok := s.idle.Get().(*writeAnswer); ok {
		return a
	}
	a := new(writeAnswer)
	a.m.Free = func() { s.idle.Put(a) }
	return a
}

func (s *zephServer) handle(m *messenger.Message) {
	defer m.Release()
	switch m.Type {
	case wire.TypePing:
		answerPing(m)
		return
	case wire.TypeEcho:
		m.Reply(&messenger.Message{Body: emptyBody})
		return
	}
	a := s.take()
	if err := m.Parse(&a.write); err != nil {
		s.idle.Put(a)
		m.Fail(err)
		return
	}
	if m.Request == 0 {
		s.idle.Put(a)
		return
	}
	a.reply.Version.Seq++
	a.body = wire.AppendBody(a.body[:0], &a.reply)
	a.m.Header, a.m.Body = wire.Header{}, a.body
	m.Reply(&a.m) // an error means that the session has ended, which the client sees, too
}

func answerPing(m *messenger.Message) {
	var ping wire.Ping
	if err := m.Parse(&ping); err != nil {
		m.Fail(err)
		return
	}
	m.Reply(&messenger.Message{Body: wire.AppendBody(nil, &wire.Pong{Sent: ping.Sent})})
}

func dialZeph(addr string, l load, answered func(uint64), failed func(error)) (client, error) {
	cfg := messenger.Config{Transport: zmq.New(zmq.Settings{})}
	if l.oneWay { // so that what waits is megabytes, as with the others
		cfg.Limits.Class[wire.Data].Outbox = 16 << 20
	}
	to, err := zephPeer(addr)
	if err != nil {
		return nil, err
	}
	m, err := newZeph("client.bench", cfg)
	if err != nil {
		return nil, err
	}
	link := m.Link(to, wire.Data)
	return newZephClient(link, l, answered, failed), nil
}

// zephPeer is the server that said where it listens.
func zephPeer(addr string) (messenger.Peer, error) {
	var p messenger.Peer
	err := json.Unmarshal([]byte(addr), &p.Addrs)
	return p, err
}

// zephClient keeps a request for each slot, to be used again when it has been answered.
type zephClient struct {
	link    *messenger.Link
	payload []byte
	slots   []zephSlot
	idle    sync.Pool // of messages for one way
}

type zephSlot struct {
	m     messenger.Message
	write wire.Write
	body  []byte
	reply wire.WriteReply
	empty bool
	full  bool
	done  func(*messenger.Message, error)
}

func newZephClient(link *messenger.Link, l load, answered func(uint64), failed func(error)) *zephClient {
	c := &zephClient{link: link, payload: make([]byte, l.size), slots: make([]zephSlot, l.window)}
	for i := range c.slots {
		s := &c.slots[i]
		s.fill(c.payload)
		s.empty = l.empty
		s.done = func(m *messenger.Message, err error) {
			if l.oneWay && errors.Is(err, messenger.ErrQueueFull) { // the call that settles, behind what was told
				s.full = true
				return
			}
			if err = s.parse(m, err); err != nil {
				failed(err)
				return
			}
			answered(uint64(i))
		}
	}
	return c
}

// parse reads an answer and lets go of it.
func (s *zephSlot) parse(m *messenger.Message, err error) error {
	if err != nil {
		return err
	}
	defer m.Release()
	if s.empty {
		return nil
	}
	return m.Parse(&s.reply)
}

func (s *zephSlot) fill(payload []byte) {
	s.write = wire.Write{
		Target: wire.Target{PG: wire.PG{Pool: 1, Seed: 7}, Object: "an object"},
		Steps:  []wire.Step{{Op: wire.StepWriteFull, Length: uint64(len(payload))}},
	}
	s.m.Bulk = payload
}

// ready fills in what a message takes anew each time.
func (s *zephSlot) ready() *messenger.Message {
	if s.empty {
		s.m.Header, s.m.Body = wire.Header{Type: wire.TypeEcho}, emptyBody
		return &s.m
	}
	s.write.Floor.Seq++
	s.body = wire.AppendBody(s.body[:0], &s.write)
	s.m.Header = wire.Header{Type: wire.TypeWrite, Need: wire.NeedWrite}
	s.m.Body = s.body
	return &s.m
}

func (c *zephClient) send(f flags, slot uint64) error {
	if f == tell {
		return c.tell()
	}
	s := &c.slots[slot%uint64(len(c.slots))] // settle is the first slot's: there is one
	for {
		s.full = false
		c.link.Go(s.ready(), callTimeout, s.done)
		if !s.full { // it is set before Go returns, or not at all
			return nil
		}
		time.Sleep(50 * time.Microsecond)
	}
}

// tell sends one way. While the queue is full it waits, for it sends faster than anything can be
// received.
func (c *zephClient) tell() error {
	for {
		err := c.link.Send(c.take().ready())
		if !errors.Is(err, messenger.ErrQueueFull) {
			return err
		}
		time.Sleep(50 * time.Microsecond)
	}
}

// take is a message for one way, which comes back when the messenger is done with it.
func (c *zephClient) take() *zephSlot {
	if s, ok := c.idle.Get().(*zephSlot); ok {
		return s
	}
	s := new(zephSlot)
	s.fill(c.payload)
	s.m.Free = func() { c.idle.Put(s) }
	return s
}

func (c *zephClient) flush() error { return nil }
