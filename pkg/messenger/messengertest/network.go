package messengertest

import (
	"context"
	"fmt"
	"sync"
	"syscall"

	"zeph/pkg/messenger"
)

// network lies between messengers and the transport under test, and lets scripts do to nodes and
// connections what machines and cables do.
//
//	messenger of a ── host a ──┐                ┌── host b ── messenger of b
//	                           ├── Transport ───┤
//	                           └─ stall, cut, block, kill
type network struct {
	base messenger.Transport

	mu      sync.Mutex
	sites   map[string]*site // by endpoint
	conns   map[*conn]bool
	blocked map[[2]string]bool // from, to: by node, not run
	accepts sync.WaitGroup
}

// site is an endpoint that one run of a node listens on after another. Between them it stays
// taken, but refuses.
type site struct {
	node, place string
	base        messenger.Listener
	owner       *listener // nil: nobody
}

func newNetwork(base messenger.Transport) *network {
	return &network{
		base:    base,
		sites:   make(map[string]*site),
		conns:   make(map[*conn]bool),
		blocked: make(map[[2]string]bool),
	}
}

// accept hands what is dialled to whoever owns the site.
func (n *network) accept(s *site) {
	for {
		c, err := s.base.Accept()
		if err != nil {
			return
		}
		n.mu.Lock()
		owner := s.owner
		n.mu.Unlock()
		if owner == nil || !owner.offer(c) {
			c.Close()
		}
	}
}

// listen takes a site for a listener, or makes it.
func (n *network) listen(l *listener, endpoint string, p messenger.Pattern) (*site, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if s := n.sites[endpoint]; s != nil {
		if s.owner != nil {
			return nil, syscall.EADDRINUSE
		}
		s.owner = l
		return s, nil
	}
	base, err := n.base.Listen(endpoint, p)
	if err != nil {
		return nil, err
	}
	s := &site{node: l.host.node, base: base, owner: l}
	n.sites[base.Endpoint()] = s

	n.accepts.Go(func() { n.accept(s) })
	return s, nil
}

// leave frees a site for the node's next run.
func (n *network) leave(l *listener) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if l.site.owner == l {
		l.site.owner = nil
	}
}

// placeOf is what a site is for; empty until that is known.
func (n *network) placeOf(s *site) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return s.place
}

// setPlace says what is listened for at an endpoint.
func (n *network) setPlace(endpoint, place string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if s := n.sites[endpoint]; s != nil {
		s.place = place
	}
}

// dial connects a host to an endpoint, or refuses as its machine would.
func (n *network) dial(ctx context.Context, h *host, endpoint string, p messenger.Pattern) (messenger.Conn, error) {
	n.mu.Lock()
	s := n.sites[endpoint]
	dead := s == nil || s.owner == nil
	lost := s != nil && n.blocked[[2]string{h.node, s.node}]
	n.mu.Unlock()
	switch {
	case lost:
		<-ctx.Done()
		return nil, ctx.Err()
	case dead:
		return nil, fmt.Errorf("dial %s: %w", endpoint, syscall.ECONNREFUSED)
	}
	base, err := n.base.Dial(ctx, endpoint, p)
	if err != nil {
		return nil, err
	}
	return n.add(&conn{Conn: base, host: h, site: s, dialled: true, closed: make(chan struct{})}), nil
}

func (n *network) add(c *conn) *conn {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.conns[c] = true
	return c
}

func (n *network) remove(c *conn) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.conns, c)
}

// block loses what one node dials to another.
func (n *network) block(from, to string, on bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.blocked[[2]string{from, to}] = on
}

// cut ends the connections of one place, or of all, between two nodes.
func (n *network) cut(a, b, place string) {
	n.closeConns(func(c *conn) bool {
		from, to := c.host.node, c.site.node
		between := from == a && to == b || from == b && to == a
		return c.dialled && between && (place == "" || place == c.site.place)
	})
}

// closeConns closes those connections that it is told to.
func (n *network) closeConns(which func(*conn) bool) {
	n.mu.Lock()
	var found []*conn
	for c := range n.conns {
		if which(c) {
			found = append(found, c)
		}
	}
	n.mu.Unlock()
	for _, c := range found {
		c.Close()
	}
}

// close ends the network, after all messengers.
func (n *network) close() {
	n.mu.Lock()
	for _, s := range n.sites {
		s.base.Close()
	}
	n.mu.Unlock()
	n.accepts.Wait()
}
