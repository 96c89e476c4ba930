package inproc

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"zeph/pkg/messenger"
)

// conn is one end of a connection.
type conn struct {
	pattern       messenger.Pattern
	local, remote string
	in, out       *pipe

	ours, theirs chan messenger.Pattern // the greetings; one fits, so that who greets does not wait
	closed       chan struct{}          // by this end
	peerClosed   chan struct{}          // by the other
	once         sync.Once
}

// connect makes both ends of a connection to an endpoint, the dialler's first.
func connect(endpoint string, number int, dials, listens messenger.Pattern) (near, far *conn) {
	there, back := newPipe(), newPipe()
	dialler := endpoint + "#" + strconv.Itoa(number)
	near = &conn{
		pattern: dials, local: dialler, remote: endpoint, in: back, out: there,
		ours: make(chan messenger.Pattern, 1), theirs: make(chan messenger.Pattern, 1),
		closed: make(chan struct{}), peerClosed: make(chan struct{}),
	}
	far = &conn{
		pattern: listens, local: endpoint, remote: dialler, in: there, out: back,
		ours: near.theirs, theirs: near.ours,
		closed: near.peerClosed, peerClosed: near.closed,
	}
	return near, far
}

// Handshake tells the other end this end's pattern, waits for the other's, and checks that
// they go together.
func (c *conn) Handshake(deadline time.Time) error {
	peer, err := c.greet(deadline)
	if err == nil && !fits(c.pattern, peer) {
		err = fmt.Errorf("the peer is a %v", peer)
	}
	if err != nil {
		return fmt.Errorf("inproc: handshake of a %v with %s: %w", c.pattern, c.remote, err)
	}
	return nil
}

func (c *conn) greet(deadline time.Time) (messenger.Pattern, error) {
	select {
	case c.ours <- c.pattern:
	default: // called twice: the peer knows already
	}
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case p := <-c.theirs:
		return p, nil
	case <-c.closed:
		return 0, net.ErrClosed
	case <-timer.C:
		return 0, os.ErrDeadlineExceeded
	case <-c.peerClosed:
	}
	select { // it may have greeted before
	case p := <-c.theirs:
		return p, nil
	default:
		return 0, syscall.ECONNRESET
	}
}

// fits reports whether a socket type may talk to another.
func fits(a, b messenger.Pattern) bool {
	switch a {
	case messenger.Dealer, messenger.Sub, messenger.Push:
		return b == a+1
	}
	return a == b+1
}

// Read reads what the peer wrote. After the peer closed and all is read, it returns io.EOF.
func (c *conn) Read(p []byte) (int, error) { return c.in.read(p) }

// Writev writes as much as there is room for. To a peer that closed it returns syscall.EPIPE.
func (c *conn) Writev(bufs [][]byte, wait bool) (int, error) { return c.out.write(bufs, wait) }

// Close ends the connection for both sides.
func (c *conn) Close() error {
	c.once.Do(func() {
		close(c.closed)
		c.in.closeReader()
		c.out.closeWriter()
	})
	return nil
}

// Local is the endpoint, with a number behind it for the end that dialled.
func (c *conn) Local() string { return c.local }

// Remote is the other end's Local.
func (c *conn) Remote() string { return c.remote }
