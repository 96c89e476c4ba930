package zmq

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"zeph/pkg/messenger"
)

// guard is the connection as the library sees it during the handshake. What the library
// writes goes through. What it reads was read, bounded and checked here first; the guard
// reads no byte behind READY, so that whatever follows is Conn.Read's.
type guard struct {
	net.Conn
	pattern messenger.Pattern // ours

	stage   int
	checked []byte // what the library may read
	err     error  // why the handshake failed, if the guard knows
}

func (g *guard) Read(p []byte) (int, error) {
	if len(g.checked) == 0 && g.err == nil {
		g.checked, g.err = g.next()
	}
	if g.err != nil {
		return 0, g.err
	}
	n := copy(p, g.checked)
	g.checked = g.checked[n:]
	return n, nil
}

// next reads and checks what the peer has to say next.
func (g *guard) next() ([]byte, error) {
	g.stage++
	switch g.stage {
	case 1:
		return readGreeting(g.Conn)
	case 2:
		peer, err := readReady(g.Conn, g.pattern)
		if err != nil {
			return nil, err
		}
		return plainReady(peer), nil
	}
	return nil, errors.New("the library reads on after READY")
}

func (g *guard) Write(p []byte) (int, error) {
	n, err := g.Conn.Write(p)
	if err != nil && g.err == nil {
		g.err = fmt.Errorf("send our part: %w", withoutAddress(err))
	}
	return n, err
}

// cut says how far the peer got with a part of the handshake when reading it failed.
func cut(err error, part string, got, want int) error {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("%d of %d bytes of the %s by the deadline: %w", got, want, part, os.ErrDeadlineExceeded)
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("closed by the peer after %d of %d bytes of the %s: %w", got, want, part, io.ErrUnexpectedEOF)
	}
	return fmt.Errorf("after %d of %d bytes of the %s: %w", got, want, part, withoutAddress(err))
}
