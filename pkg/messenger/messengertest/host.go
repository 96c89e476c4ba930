package messengertest

import (
	"context"
	"net"
	"sync"

	"zeph/pkg/messenger"
)

// host is the transport of one run of a node.
type host struct {
	network *network
	node    string

	mu      sync.Mutex
	dead    bool
	stalled map[string]chan struct{} // by place, "" for all; closed when it moves again
}

func newHost(n *network, node string) *host {
	return &host{network: n, node: node, stalled: make(map[string]chan struct{})}
}

// Name is that of the transport underneath.
func (h *host) Name() string { return h.network.base.Name() }

// Listen listens where the node's last run did, or anew.
func (h *host) Listen(endpoint string, p messenger.Pattern) (messenger.Listener, error) {
	l := &listener{host: h, accepted: make(chan messenger.Conn), closed: make(chan struct{})}
	var err error
	l.site, err = h.network.listen(l, endpoint, p)
	return l, err
}

// Dial connects.
func (h *host) Dial(ctx context.Context, endpoint string, p messenger.Pattern) (messenger.Conn, error) {
	if h.isDead() {
		return nil, net.ErrClosed
	}
	return h.network.dial(ctx, h, endpoint, p)
}

// stall stops what moves at a place, at all of them if it is empty.
func (h *host) stall(place string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stalled[place] == nil {
		h.stalled[place] = make(chan struct{})
	}
}

func (h *host) resume(place string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if gate := h.stalled[place]; gate != nil {
		close(gate)
		delete(h.stalled, place)
	}
}

// gate is what to wait for before a byte moves at a place; nil if nothing.
func (h *host) gate(place string) <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if gate := h.stalled[""]; gate != nil {
		return gate
	}
	return h.stalled[place]
}

func (h *host) isDead() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.dead
}

// kill ends all that the host has open, without a word.
func (h *host) kill() {
	h.mu.Lock()
	h.dead = true
	h.mu.Unlock()
	h.network.mu.Lock()
	for _, s := range h.network.sites {
		if s.owner != nil && s.owner.host == h {
			s.owner = nil
		}
	}
	h.network.mu.Unlock()
	h.network.closeConns(func(c *conn) bool { return c.host == h })
}

// listener is a host's at a site.
type listener struct {
	host     *host
	site     *site
	accepted chan messenger.Conn
	closed   chan struct{}
	once     sync.Once
}

// offer hands over a connection; false if the listener closed.
func (l *listener) offer(c messenger.Conn) bool {
	select {
	case l.accepted <- c:
		return true
	case <-l.closed:
		return false
	}
}

// Accept waits for a connection, and while the host is stalled.
func (l *listener) Accept() (messenger.Conn, error) {
	for gate := l.gate(); gate != nil; gate = l.gate() {
		select {
		case <-gate:
		case <-l.closed:
			return nil, net.ErrClosed
		}
	}
	select {
	case c := <-l.accepted:
		wrapped := l.host.network.add(&conn{Conn: c, host: l.host, site: l.site, closed: make(chan struct{})})
		if l.host.isDead() {
			wrapped.Close()
		}
		return wrapped, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) gate() <-chan struct{} { return l.host.gate(l.host.network.placeOf(l.site)) }

// Endpoint is where others dial to.
func (l *listener) Endpoint() string { return l.site.base.Endpoint() }

// Close leaves the site to the node's next run.
func (l *listener) Close() error {
	l.once.Do(func() {
		close(l.closed)
		l.host.network.leave(l)
	})
	return nil
}
