package messengertest

import (
	"net"
	"sync"
	"time"

	"zeph/pkg/messenger"
)

// conn is a connection of a host, which moves nothing while its host is stalled.
type conn struct {
	messenger.Conn
	host    *host
	site    *site // whose endpoint was dialled
	dialled bool
	closed  chan struct{}
	once    sync.Once
}

// Handshake begins when the host is not stalled.
func (c *conn) Handshake(deadline time.Time) error {
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	if err := c.pass(timer.C); err != nil {
		return err
	}
	return c.Conn.Handshake(deadline)
}

// Read waits also between having read and saying so: a process that is stopped in the middle of
// a read does nothing with what it brought.
func (c *conn) Read(p []byte) (int, error) {
	if err := c.pass(nil); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(p)
	if stalled := c.pass(nil); stalled != nil {
		return 0, stalled
	}
	return n, err
}

// Writev has room for nothing while the host is stalled.
func (c *conn) Writev(bufs [][]byte, wait bool) (int, error) {
	if !wait && c.gate() != nil {
		return 0, nil
	}
	if err := c.pass(nil); err != nil {
		return 0, err
	}
	return c.Conn.Writev(bufs, wait)
}

// pass waits until the host is not stalled; not beyond a timeout, and not when closed.
func (c *conn) pass(timeout <-chan time.Time) error {
	for gate := c.gate(); gate != nil; gate = c.gate() {
		select {
		case <-gate:
		case <-c.closed:
			return net.ErrClosed
		case <-timeout:
			return nil // the handshake itself will say so
		}
	}
	return nil
}

func (c *conn) gate() <-chan struct{} {
	return c.host.gate(c.host.network.placeOf(c.site))
}

// Close ends the connection.
func (c *conn) Close() error {
	c.once.Do(func() {
		close(c.closed)
		c.host.network.remove(c)
	})
	return c.Conn.Close()
}
