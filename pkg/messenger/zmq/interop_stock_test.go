package zmq_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/go-zeromq/zmq4"

	"zeph/pkg/wire"
)

// stock is a foreigner on the library's own sockets, in this process.
type stock struct {
	*journal
	binds  bool
	entity wire.Entity
	gid    wire.GID
	asked  settings

	mu      sync.Mutex // one command or message at a time
	places  map[string]*stockPlace
	calls   map[uint64]*stockBatch
	request uint64
	counter uint64 // of hints and reports
}

// stockPlace is one of its sockets.
type stockPlace struct {
	of     *stock
	name   string
	socket zmq4.Socket
	cancel context.CancelFunc
	ended  chan struct{}
	voices map[string]*voice // by the peer's routing id; "" is where it dialled
}

// stockBatch is what one command asked for.
type stockBatch struct{ size, count, left int }

func startStock(t testing.TB, role, name string, gid int, s settings) *foreigner {
	t.Helper()
	p := &stock{
		journal: newJournal(), binds: role == "bind", entity: named(t, name), gid: wire.GID(gid), asked: s,
		places: make(map[string]*stockPlace), calls: make(map[uint64]*stockBatch),
	}
	if err := p.connect(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.close()
		p.never(t, "complaint")
	})
	return &foreigner{journal: p.journal, command: p.command, kill: p.close}
}

// connect makes all sockets. Those of the library do not connect again by themselves in a way
// that one could use.
func (p *stock) connect() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(p.asked)) {
		pl := &stockPlace{of: p, name: name, ended: make(chan struct{}), voices: make(map[string]*voice)}
		p.places[name] = pl
		if err := pl.open(p.asked[name]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (p *stock) close() {
	p.mu.Lock()
	places := slices.Collect(maps.Values(p.places))
	p.mu.Unlock()
	for _, pl := range places {
		pl.cancel()
		_ = pl.socket.Close()
		<-pl.ended
	}
}

// stockSockets are the socket types of a place for who dials and for who listens.
var stockSockets = map[string][2]func(context.Context, ...zmq4.Option) zmq4.Socket{
	"hints":   {zmq4.NewSub, zmq4.NewPub},
	"reports": {zmq4.NewPush, zmq4.NewPull},
	"":        {zmq4.NewDealer, zmq4.NewRouter},
}

func (pl *stockPlace) open(endpoint string) error {
	kinds, ok := stockSockets[pl.name]
	if !ok {
		kinds = stockSockets[""]
	}
	ctx, cancel := context.WithCancel(context.Background())
	pl.cancel = cancel
	kind := kinds[0]
	if pl.of.binds {
		kind = kinds[1]
	}
	pl.socket = kind(ctx, zmq4.WithLogger(log.New(io.Discard, "", 0)))
	if err := pl.attach(endpoint); err != nil {
		close(pl.ended)
		return err
	}
	go pl.run(ctx)
	return nil
}

func (pl *stockPlace) attach(endpoint string) error {
	if pl.of.binds {
		if err := pl.socket.Listen(endpoint); err != nil {
			return err
		}
		if a := pl.socket.Addr(); a.Network() == "tcp" {
			endpoint = "tcp://" + a.String()
		}
		pl.of.add("bound %s %s", pl.name, endpoint)
		return nil
	}
	if pl.socket.Type() == zmq4.Sub {
		for _, typ := range []wire.Type{wire.TypeNote, wire.TypeEcho} {
			if err := pl.socket.SetOption(zmq4.OptionSubscribe, topic(typ)); err != nil {
				return err
			}
		}
	}
	if err := pl.socket.Dial(endpoint); err != nil {
		return err
	}
	pl.of.add("connected %s", pl.name)
	if pl.socket.Type() != zmq4.Dealer {
		return nil
	}
	v := pl.speaker("")
	c, _ := class(pl.name)
	return pl.send("", v.hello(c))
}

// topic is what to subscribe to, to be told the hints of a type.
func topic(typ wire.Type) string {
	h := wire.Header{Mode: wire.Published, Type: typ}
	return string(h.Append(nil)[:wire.TopicSize])
}

func class(place string) (wire.Class, bool) {
	for c := range wire.NumClasses {
		if c.String() == place {
			return c, true
		}
	}
	return 0, false
}

// run reads until the socket is closed, or what it dialled is gone.
func (pl *stockPlace) run(ctx context.Context) {
	defer close(pl.ended)
	if t := pl.socket.Type(); t == zmq4.Pub || t == zmq4.Push {
		return
	}
	for {
		m, err := pl.socket.Recv()
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			pl.of.add("disconnected %s", pl.name)
			if !pl.of.binds {
				return
			}
		default:
			pl.arrived(m.Frames)
		}
	}
}

func (pl *stockPlace) arrived(frames [][]byte) {
	pl.of.mu.Lock()
	defer pl.of.mu.Unlock()
	from := ""
	if pl.socket.Type() == zmq4.Router {
		from, frames = string(frames[0]), frames[1:]
	}
	hear := pl.heard
	switch pl.name {
	case "hints":
		hear = pl.hinted
	case "reports":
		hear = pl.reported
	}
	if err := hear(from, bytes.Join(frames, nil)); err != nil {
		pl.of.add("complaint %v", err)
	}
}

// heard takes a frame of a session.
func (pl *stockPlace) heard(from string, frame []byte) error {
	v, known := pl.voices[from]
	c, _ := class(pl.name)
	switch {
	case pl.of.binds && !known:
		v = pl.speaker(from)
		answer, err := v.welcome(frame, c)
		if err != nil {
			return err
		}
		pl.began(v)
		return pl.send(from, answer)
	case v.id.IsZero():
		if err := v.welcomed(frame); err != nil {
			return err
		}
		pl.began(v)
		return nil
	}
	h, body, bulk, ok, err := v.take(frame)
	if err == nil && ok {
		err = pl.handle(v, h, body, bulk)
	}
	if err != nil {
		return err
	}
	_ = pl.pump(from) // else the connection has ended
	return nil
}

func (pl *stockPlace) speaker(to string) *voice {
	v := &voice{entity: pl.of.entity, gid: pl.of.gid}
	pl.voices[to] = v
	return v
}

func (pl *stockPlace) began(v *voice) {
	pl.of.add("session %s %v %d", pl.name, v.peer.Entity, v.peer.GID)
}

func (pl *stockPlace) handle(v *voice, h wire.Header, body, bulk []byte) error {
	switch {
	case h.Flags&wire.Failed != 0:
		return pl.refused(h, body)
	case h.Flags&wire.Reply != 0:
		return pl.of.answered(pl.name, h, body, bulk)
	case h.Type == wire.TypeEcho && h.Request != 0:
		v.queue = append(v.queue, utterance{wire.Header{Type: h.Type, Request: h.Request, Flags: wire.Reply}, body, bulk})
	case h.Type == wire.TypeNote:
		var n wire.Note
		err := wire.ParseBody(body, &n, true)
		pl.of.add("note %s %v %s", pl.name, h.Entity, n.Text)
		return err
	}
	return nil
}

// refused notes that a request failed, or (without one) the session.
func (pl *stockPlace) refused(h wire.Header, body []byte) error {
	var e wire.Error
	err := wire.ParseBody(body, &e, true)
	what := "failed"
	if h.Request == 0 {
		what = "refused"
	}
	pl.of.add("%s %s %d %s", what, pl.name, e.Code, e.Text)
	return err
}

func (pl *stockPlace) hinted(_ string, frame []byte) error {
	h, body, _, err := open(frame)
	if err != nil {
		return err
	}
	var n wire.Note
	err = wire.ParseBody(body, &n, true)
	pl.of.add("hint %v %d %s", h.Entity, h.Type, n.Text)
	return err
}

func (pl *stockPlace) reported(_ string, frame []byte) error {
	h, body, _, err := open(frame)
	if err != nil {
		return err
	}
	var n wire.Note
	err = wire.ParseBody(body, &n, true)
	what := "stray report"
	for _, v := range pl.of.places["control"].voices {
		if v.id == h.Session && v.peer.Entity == h.Entity && v.peer.GID == h.GID {
			what = "report"
		}
	}
	pl.of.add("%s %v %s", what, h.Entity, n.Text)
	return err
}

func (pl *stockPlace) pump(to string) error {
	for _, frame := range pl.voices[to].outgoing() {
		if err := pl.send(to, frame); err != nil {
			return err
		}
	}
	return nil
}

func (pl *stockPlace) send(to string, frame []byte) error {
	if to == "" {
		return pl.socket.Send(zmq4.NewMsg(frame))
	}
	return pl.socket.Send(zmq4.NewMsgFrom([]byte(to), frame))
}
