package messenger

import (
	"context"
	"time"
)

// Pattern is the ZeroMQ socket type that one end of a connection plays.
type Pattern uint8

// The patterns, in pairs of who dials and who listens.
const (
	Dealer Pattern = iota // calls, to a Router
	Router                // answers
	Sub                   // hears hints, from a Pub
	Pub                   // publishes hints
	Push                  // reports one way, to a Pull
	Pull                  // collects reports
)

var patternNames = [...]string{"DEALER", "ROUTER", "SUB", "PUB", "PUSH", "PULL"}

// String is the socket type as ZMTP spells it.
func (p Pattern) String() string { return patternNames[p] }

// Transport makes the connections that sessions run on. A connection is a stream of bytes in
// both directions that both ends have agreed is ZMTP 3.0 with mechanism NULL; what goes over
// it are ZMTP frames.
type Transport interface {
	// Name is what a configuration calls the transport: "zmq", "inproc".
	Name() string

	// Listen opens an endpoint. Port 0 and an empty path are filled in: see Listener.Endpoint.
	Listen(endpoint string, p Pattern) (Listener, error)

	// Dial connects to a listening endpoint. It does not greet; Conn.Handshake does.
	Dial(ctx context.Context, endpoint string, p Pattern) (Conn, error)
}

// Listener accepts connections.
type Listener interface {
	// Accept waits for a connection. What it returns has not said a byte yet. After an error
	// that is temporary (no descriptors) it may be called again; after Close it returns
	// net.ErrClosed.
	Accept() (Conn, error)

	// Endpoint is where others dial to, with the port that was chosen.
	Endpoint() string

	Close() error
}

// Conn is one connection.
type Conn interface {
	// Handshake exchanges greeting and READY, checks every byte of the peer's, and is done by
	// the deadline. It is called once, before anything else, and not by the accept loop.
	Handshake(deadline time.Time) error

	// Read reads what the peer sent after the handshake. One goroutine reads.
	Read(p []byte) (int, error)

	// Writev writes as much of bufs, in order, as there is room for, and returns how many bytes
	// that was. When there is room for none it waits if told to, and else returns 0. It never
	// waits for room for all. One goroutine writes at a time. The outer slice is left as it
	// was, and so are the bytes.
	Writev(bufs [][]byte, wait bool) (int, error)

	// Close ends the connection, and Reads and Writevs under way with an error. It may be called
	// more than once and at any time, also during the handshake.
	Close() error

	// Local and Remote are the two ends' addresses, for people.
	Local() string
	Remote() string
}
