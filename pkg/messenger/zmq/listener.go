package zmq

import (
	"errors"
	"net"
	"sync"

	"zeph/pkg/messenger"
)

// listener accepts connections and does no more: a stranger who says nothing must not keep
// the next one waiting.
type listener struct {
	sock     net.Listener
	file     *socketFile // what to remove at Close; nil: nothing
	settings Settings
	pattern  messenger.Pattern

	closing  sync.Once
	closeErr error
}

func (l *listener) Endpoint() string { return endpointOf(l.sock.Addr()) }

func (l *listener) Accept() (messenger.Conn, error) {
	nc, err := l.sock.Accept()
	if errors.Is(err, net.ErrClosed) {
		return nil, net.ErrClosed
	}
	if err != nil {
		return nil, err
	}
	c, err := newConn(nc, l.pattern, l.settings)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Close removes the socket file first, so that it never is a newcomer's that goes.
func (l *listener) Close() error {
	l.closing.Do(func() {
		l.closeErr = errors.Join(l.file.remove(), l.sock.Close())
	})
	return l.closeErr
}
