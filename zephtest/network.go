package zephtest

import (
	"context"
	"fmt"
	"net"
	"sync"
	"syscall"

	"zeph/pkg/messenger"
	"zeph/pkg/messenger/inproc"
)

// Fault is what a way between two daemons does to what goes by it.
type Fault int

// The faults.
const (
	None    Fault = iota
	Silence       // nothing passes and nothing ends, as when a cable is pulled
	Refusal       // connections end and new ones are refused, as by a firewall that says so
)

// network is the cluster's, with faults. Each daemon has a transport of its own, so that it is known who
// dials whom.
type network struct {
	inner messenger.Transport

	mu      sync.Mutex
	owners  map[string]string // of endpoints
	faults  map[way]Fault
	changed chan struct{} // closed at the next change of the faults
	conns   map[*conn]bool
}

// way is from one daemon to another, whoever dialled.
type way struct{ from, to string }

func newNetwork() *network {
	return &network{
		inner: inproc.New(), owners: make(map[string]string), faults: make(map[way]Fault),
		changed: make(chan struct{}), conns: make(map[*conn]bool),
	}
}

// set makes ways faulty, or well.
func (n *network) set(f Fault, ways ...way) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, w := range ways {
		n.faults[w] = f
	}
	close(n.changed)
	n.changed = make(chan struct{})
	for c := range n.conns {
		if n.faults[c.there] == Refusal || n.faults[c.back] == Refusal {
			c.Conn.Close()
		}
	}
}

// fault is what a way does now, and what is closed when that may have changed.
func (n *network) fault(w way) (Fault, <-chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.faults[w], n.changed
}

// of is the network as a daemon or client sees it.
func (n *network) of(name string) messenger.Transport { return &port{network: n, name: name} }

type port struct {
	*network
	name string
}

func (p *port) Name() string { return p.inner.Name() }

func (p *port) Listen(endpoint string, pattern messenger.Pattern) (messenger.Listener, error) {
	l, err := p.inner.Listen(endpoint, pattern)
	if err == nil {
		p.mu.Lock()
		p.owners[l.Endpoint()] = p.name
		p.mu.Unlock()
	}
	return l, err
}

// Dial connects, as far as the way there and the way back let it.
func (p *port) Dial(ctx context.Context, endpoint string, pattern messenger.Pattern) (messenger.Conn, error) {
	p.mu.Lock()
	to := p.owners[endpoint]
	p.mu.Unlock()
	there, back := way{p.name, to}, way{to, p.name}
	for {
		f, changed := p.fault(there)
		g, _ := p.fault(back)
		switch {
		case f == Refusal || g == Refusal:
			return nil, fmt.Errorf("dial %s: %w", endpoint, syscall.ECONNREFUSED)
		case f == None && g == None:
			c, err := p.inner.Dial(ctx, endpoint, pattern)
			if err != nil {
				return nil, err
			}
			return p.keep(&conn{Conn: c, network: p.network, there: there, back: back, closed: make(chan struct{})}), nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (n *network) keep(c *conn) *conn {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.conns[c] = true
	return c
}

// conn is the dialler's end of a connection. What passes it passes the faults.
type conn struct {
	messenger.Conn
	network     *network
	there, back way
	closed      chan struct{}
	once        sync.Once
}

// pass waits while a way is silent.
func (c *conn) pass(w way) error {
	for {
		f, changed := c.network.fault(w)
		if f != Silence {
			return nil
		}
		select {
		case <-changed:
		case <-c.closed:
			return net.ErrClosed
		}
	}
}

func (c *conn) Read(p []byte) (int, error) {
	if err := c.pass(c.back); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(p)
	if err == nil { // the silence may have begun while it waited
		err = c.pass(c.back)
	}
	return n, err
}

func (c *conn) Writev(bufs [][]byte, wait bool) (int, error) {
	if f, _ := c.network.fault(c.there); f == Silence && !wait {
		return 0, nil
	}
	if err := c.pass(c.there); err != nil {
		return 0, err
	}
	return c.Conn.Writev(bufs, wait)
}

func (c *conn) Close() error {
	c.once.Do(func() {
		close(c.closed)
		c.network.mu.Lock()
		delete(c.network.conns, c)
		c.network.mu.Unlock()
	})
	return c.Conn.Close()
}

// Cut makes both ways between a daemon and others faulty: all other daemons if none is named. Clients reach
// it, and it them.
func (c *Cluster) Cut(f Fault, name string, others ...string) {
	c.t.Helper()
	c.daemon(name)
	if len(others) == 0 {
		for _, d := range c.daemons {
			if d.name != name {
				others = append(others, d.name)
			}
		}
	}
	var ways []way
	for _, o := range others {
		ways = append(ways, way{name, o}, way{o, name})
	}
	c.network.set(f, ways...)
}

// CutOneWay makes the way from one daemon to another faulty, and not the way back. Silence only: a
// connection that is refused is refused both ways.
func (c *Cluster) CutOneWay(from, to string) {
	c.t.Helper()
	c.daemon(from)
	c.daemon(to)
	c.network.set(Silence, way{from, to})
}

// Heal makes all ways well.
func (c *Cluster) Heal() {
	c.network.mu.Lock()
	var ways []way
	for w := range c.network.faults {
		ways = append(ways, w)
	}
	c.network.mu.Unlock()
	c.network.set(None, ways...)
}
