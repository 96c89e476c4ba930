package inproc

import (
	"context"
	"net"
	"sync"
	"syscall"

	"zeph/pkg/messenger"
)

// backlog is how many connections wait to be accepted before those who dial wait too.
const backlog = 128

type listener struct {
	network *network
	name    string
	pattern messenger.Pattern
	dialled chan *conn // our ends, to be accepted
	closed  chan struct{}
	once    sync.Once
}

func newListener(n *network, name string, p messenger.Pattern) *listener {
	return &listener{
		network: n,
		name:    name,
		pattern: p,
		dialled: make(chan *conn, backlog),
		closed:  make(chan struct{}),
	}
}

// Endpoint is where others dial to.
func (l *listener) Endpoint() string { return scheme + l.name }

// Accept waits for a connection. After Close it returns net.ErrClosed.
func (l *listener) Accept() (messenger.Conn, error) {
	if l.isClosed() {
		return nil, net.ErrClosed
	}
	select {
	case c := <-l.dialled:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// offer hands the far end of a new connection to whoever accepts.
func (l *listener) offer(ctx context.Context, near, far *conn) error {
	if l.isClosed() {
		return syscall.ECONNREFUSED
	}
	select {
	case l.dialled <- far:
	case <-l.closed:
		return syscall.ECONNREFUSED
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if l.isClosed() { // perhaps after Close emptied the backlog
		near.Close()
		return syscall.ECONNREFUSED
	}
	return nil
}

func (l *listener) isClosed() bool {
	select {
	case <-l.closed:
		return true
	default:
		return false
	}
}

// Close gives the name back and ends the connections that nobody accepted. Those that were
// accepted live on.
func (l *listener) Close() error {
	l.once.Do(func() {
		l.network.forget(l)
		close(l.closed)
		l.drain()
	})
	return nil
}

func (l *listener) drain() {
	for {
		select {
		case c := <-l.dialled:
			c.Close()
		default:
			return
		}
	}
}
