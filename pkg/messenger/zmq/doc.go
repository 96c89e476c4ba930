// Package zmq makes connections that speak ZeroMQ over TCP and Unix sockets: it implements
// messenger.Transport, and is the only package that knows the library zmq4.
//
//	peer ── greeting ──▶ guard ── greeting ──▶ zmq4.Open      Handshake, under a deadline
//	peer ── READY ─────▶ guard ── READY ─────▶ zmq4.Open
//	peer ── frames ───────────────────────────▶ Conn.Read     from then on
//	peer ◀─────────────────────────────────────  Conn.Writev
//
// The library believes what a peer says: a frame length, a property that runs past its end or
// an unknown socket type from a stranger ends the process, and silence holds it for ever. So
// a guard stands between the two for as long as a stranger speaks. It reads the greeting and
// exactly one READY, checks every byte, and hands over only what was checked. After the
// handshake the library is out of the way and bytes go straight to and from the socket.
//
// On the wire this is ZMTP 3.0 with mechanism NULL: libzmq and stock zmq4 sockets are welcome
// at both ends. The identity in READY is checked for form and then ignored.
//
// # Endpoints
//
//	tcp://127.0.0.1:7100    IPv4; port 0 lets the kernel choose when listening
//	tcp://[::1]:7100        IPv6
//	tcp://host:7100         a name, resolved when listening or dialling
//	ipc:///run/zeph/osd.0   a Unix socket, readable and writable by its owner alone
//	ipc://                  a Unix socket in a directory made up for it, listening only
//	ipc://@zeph-osd.0       an abstract Unix socket (Linux); anyone on the machine may dial
//	fd://3                  a listening socket that this process was started with
//
// A socket file that a dead process left behind is taken over; one that somebody answers on,
// or that is no socket, is not.
package zmq
