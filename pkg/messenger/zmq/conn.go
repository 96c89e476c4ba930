package zmq

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/go-zeromq/zmq4/security/null"

	"zeph/pkg/messenger"
)

// conn is one connection. Only its writer has state that changes.
type conn struct {
	net     net.Conn
	pattern messenger.Pattern
	greeted atomic.Bool // Handshake was called
	writer  writer

	closing  sync.Once
	closeErr error
}

// newConn takes over nc, which it closes on failure.
func newConn(nc net.Conn, p messenger.Pattern, s Settings) (*conn, error) {
	c := &conn{net: nc, pattern: p}
	err := s.tune(nc)
	if err == nil {
		err = c.writer.init(nc)
	}
	if err != nil {
		return nil, errors.Join(err, nc.Close())
	}
	return c, nil
}

func (c *conn) Handshake(deadline time.Time) error {
	if c.greeted.Swap(true) {
		return errors.New("zmq: Handshake called twice")
	}
	if err := c.handshake(deadline); err != nil {
		return fmt.Errorf("zmq: handshake with %s: %w", c.Remote(), err)
	}
	return nil
}

// handshake lets the library greet under the eyes of the guard. The library keeps no
// goroutine and no claim on the connection.
func (c *conn) handshake(deadline time.Time) error {
	if deadline.IsZero() {
		return errors.New("no deadline was given")
	}
	if err := c.net.SetDeadline(deadline); err != nil {
		return withoutAddress(err)
	}
	g := &guard{Conn: c.net, pattern: c.pattern}
	_, err := zmq4.Open(g, null.Security(), zmq4.SocketType(c.pattern.String()), zmq4.SocketIdentity(""), false, nil)
	switch {
	case g.err != nil: // the guard's words are plainer than the library's
		return g.err
	case err != nil:
		return err
	}
	return withoutAddress(c.net.SetDeadline(time.Time{}))
}

func (c *conn) Read(p []byte) (int, error) { return c.net.Read(p) }

func (c *conn) Close() error {
	c.closing.Do(func() { c.closeErr = c.net.Close() })
	return c.closeErr
}

func (c *conn) Local() string  { return endpointOf(c.net.LocalAddr()) }
func (c *conn) Remote() string { return endpointOf(c.net.RemoteAddr()) }

func (c *conn) Writev(bufs [][]byte, wait bool) (int, error) {
	n, err := c.writer.write(bufs, wait)
	if err != nil {
		return n, fmt.Errorf("zmq: write to %s: %w", c.Remote(), withoutAddress(err))
	}
	return n, nil
}
