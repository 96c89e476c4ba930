package messengertest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"zeph/pkg/messenger"
	"zeph/pkg/messenger/messengertest/script"
	"zeph/pkg/wire"
)

// node is one run of a node of a script: a messenger, and who uses it.
type node struct {
	world    *world
	run      string
	identity identity
	host     *host
	m        *messenger.Messenger
	state    atomic.Int32 // dead: sees nothing; closed: must not see anything

	mu       sync.Mutex
	holding  bool
	held     []kept
	requests map[int]*messenger.Message        // to be answered
	sessions map[sessionKey]*messenger.Session // that peers dialled
}

// kept is a message that the node does not let go of, and what it must still say.
type kept struct {
	message *messenger.Message
	content content
}

type sessionKey struct{ peer, place string }

const (
	alive = iota
	dead
	closed
)

func newNode(w *world, run string, id identity, h *host) *node {
	return &node{
		world: w, run: run, identity: id, host: h,
		requests: make(map[int]*messenger.Message),
		sessions: make(map[sessionKey]*messenger.Session),
	}
}

func (n *node) start(c *script.Command, listen map[string]string) error {
	cfg := messenger.Config{
		Entity: n.identity.entity, GID: n.identity.gid, Transport: n.host,
		Listen: listen, Handler: n.handle, OnPeer: n.peer, Poison: true,
		Limits: limits(c.Limits),
	}
	if c.Deaf {
		cfg.Handler = nil
	}
	var err error
	n.m, err = messenger.New(cfg)
	return err
}

// limits are a script's as the messenger has them.
func limits(l *script.Limits) messenger.Limits {
	m := messenger.Limits{
		RedialMin: l.Redial, RedialMax: l.Redial, Stall: l.Stall, Linger: l.Linger, HintBytes: l.Hints,
	}
	for i, c := range l.Class {
		m.Class[i] = messenger.ClassLimits{
			Message: c.Message, Outbox: c.Outbox, Reserve: c.Reserve, Window: c.Window, Receive: c.Receive, Send: c.Send,
		}
	}
	return m
}

// kill ends the node without a word: it sees nothing any more.
func (n *node) kill() error {
	if !n.state.CompareAndSwap(alive, dead) {
		return fmt.Errorf("%s does not live", n.run)
	}
	n.host.kill()
	return n.stop()
}

// close ends the node in order.
func (n *node) close() error {
	if n.m == nil || n.state.Load() != alive {
		return nil
	}
	err := n.stop()
	n.state.Store(closed)
	return err
}

// stop closes the messenger, twice: the second time must do nothing.
func (n *node) stop() error {
	n.drop()
	ctx, cancel := context.WithTimeout(context.Background(), n.world.clock.patience)
	defer cancel()
	for range 2 {
		if err := n.m.Close(ctx); err != nil {
			return fmt.Errorf("close %s: %w", n.run, err)
		}
	}
	n.drop()
	return nil
}

// drop lets go of all messages.
func (n *node) drop() {
	n.release()
	n.mu.Lock()
	requests := n.requests
	n.requests = make(map[int]*messenger.Message)
	n.mu.Unlock()
	for _, m := range requests {
		m.Release()
	}
}

// see logs an event, unless the node is dead.
func (n *node) see(e script.Event) {
	switch n.state.Load() {
	case alive:
		e.Node = n.run
		n.world.log.Add(e)
	case closed:
		n.world.log.Wrong("%s saw %s after its messenger had closed", n.run, e)
	}
}

// peer hears of sessions.
func (n *node) peer(ev messenger.PeerEvent) {
	e := script.Event{Place: ev.Place, Dialled: ev.Link != nil || ev.Place == messenger.Hints, Kind: kinds[ev.Kind]}
	peer := ev.Peer
	if ev.Session != nil {
		e.Session = ev.Session.Number()
		peer = ev.Session.Peer()
	}
	e.Peer = n.world.name(peer)
	if ev.Session != nil && ev.Link == nil {
		n.remember(sessionKey{e.Peer, ev.Place}, ev)
	}
	n.see(e)
}

var kinds = map[messenger.EventKind]script.Kind{
	messenger.Up:          script.Up,
	messenger.Reset:       script.Reset,
	messenger.Unreachable: script.Unreachable,
}

// remember keeps the sessions that peers dialled.
func (n *node) remember(key sessionKey, ev messenger.PeerEvent) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if ev.Kind == messenger.Up {
		n.sessions[key] = ev.Session
	} else if n.sessions[key] == ev.Session {
		delete(n.sessions, key)
	}
}

// dialledBy reports whether a session is one that a peer dialled.
func (n *node) dialledBy(peer string, s *messenger.Session) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.sessions[sessionKey{peer, s.Class().String()}] == s
}

// handle gets what is no answer.
func (n *node) handle(m *messenger.Message) {
	c, err := read(m)
	if refusal := (*wire.Error)(nil); errors.As(err, &refusal) && m.Request != 0 {
		m.Fail(err)
		m.Release()
		return
	}
	if err != nil {
		n.world.log.Wrong("%s: %v", n.run, err)
		m.Release()
		return
	}
	n.keep(m, c)
	n.see(n.delivery(m, c.event))
	if m.Request != 0 && !c.hold {
		n.reply(m, c.id(), 0, 0)
	}
	m.Release()
}

// delivery is the event of a message that came.
func (n *node) delivery(m *messenger.Message, what string) script.Event {
	e := script.Event{Kind: script.Delivery, What: what, Peer: n.world.name(m.From()), Place: messenger.Hints, Dialled: true}
	if s := m.Session(); s != nil {
		e.Place, e.Session, e.Dialled = s.Class().String(), s.Number(), !n.dialledBy(e.Peer, s)
	}
	if strings.HasPrefix(what, "report") {
		e.Place, e.Session, e.Dialled = messenger.Reports, 0, false
	}
	return e
}

// keep holds on to a message if the node holds, and to a request that is answered later. It
// comes before the event, for a script may go on at once.
func (n *node) keep(m *messenger.Message, c content) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if c.hold && m.Flags&wire.Reply == 0 {
		n.requests[c.id()] = m.Retain()
	}
	if n.holding {
		n.held = append(n.held, kept{m.Retain(), c})
	}
}

// release lets go of what was held. It must still be as it came.
func (n *node) release() {
	n.mu.Lock()
	held := n.held
	n.held, n.holding = nil, false
	n.mu.Unlock()
	for _, k := range held {
		if c, err := read(k.message); err != nil || c != k.content {
			n.world.log.Wrong("%s held %s, and it changed: %v", n.run, k.content.event, err)
		}
		k.message.Release()
	}
}

// ending is the word for how a call or message ended other than well.
func ending(err error) string {
	var failed *wire.Error
	if errors.As(err, &failed) && !errors.Is(err, messenger.ErrReset) && !errors.Is(err, messenger.ErrDown) {
		return "failed " + failed.Code.Error()
	}
	for _, e := range endings {
		if errors.Is(err, e.err) {
			return e.word
		}
	}
	return fmt.Sprintf("ended oddly: %v", err)
}

var endings = []struct {
	err  error
	word string
}{
	{messenger.ErrReset, "reset"},
	{messenger.ErrDown, "down"},
	{messenger.ErrQueueFull, "full"},
	{messenger.ErrTooLarge, "too large"},
	{messenger.ErrClosed, "closed"},
	{context.DeadlineExceeded, "deadline"},
}
