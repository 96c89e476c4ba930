package zmq

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// Settings say how sockets behave. A zero field means its default.
type Settings struct {
	// TCP asks a silent peer for a sign of life after KeepaliveIdle (10 s), then every
	// KeepaliveInterval (5 s), and gives up after KeepaliveCount (3) questions without an
	// answer. The kernel counts whole seconds: fractions are rounded up. Unix sockets need
	// none of it, for the kernel knows when the other process ends.
	KeepaliveIdle     time.Duration
	KeepaliveInterval time.Duration
	KeepaliveCount    int

	// Nagle lets the kernel hold small writes back until the peer has acknowledged the one
	// before. Off by default: the messenger gathers small messages itself.
	Nagle bool

	// SendBuffer is the size of the socket's send buffer in bytes; default 256 KiB. It bounds
	// what is under way, and so the speed, to that much per round trip (Linux doubles it). On
	// a short way large messages are a third faster than with the kernel's own choice, which
	// grows until the data falls out of the processor's caches (BenchmarkBuffers); on a long
	// way, KernelSize is faster.
	SendBuffer int

	// ReceiveBuffer is the size of the socket's receive buffer in bytes. The default is
	// KernelSize: a fixed one measured no better.
	ReceiveBuffer int

	// DialTimeout bounds a dial, besides its context. The default of 2 s leaves room for one
	// lost packet: the kernel repeats a SYN after 1 s.
	DialTimeout time.Duration

	// Dial makes the TCP connections; default net.Dialer. Whoever has to leave from another
	// network than the process's, or to measure or delay what is sent, gives one. It gets a
	// context that ends after DialTimeout.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// KernelSize as the size of a buffer leaves it to the kernel, which adapts it as it goes.
const KernelSize = -1

// Validate names everything that is wrong with the settings.
func (s Settings) Validate() error {
	return errors.Join(
		within("KeepaliveIdle", s.KeepaliveIdle, 0, mostKeepalive),
		within("KeepaliveInterval", s.KeepaliveInterval, 0, mostKeepalive),
		within("KeepaliveCount", s.KeepaliveCount, 0, mostProbes),
		within("SendBuffer", s.SendBuffer, KernelSize, mostBuffer),
		within("ReceiveBuffer", s.ReceiveBuffer, KernelSize, mostBuffer),
		within("DialTimeout", s.DialTimeout, 0, mostDial),
	)
}

func within[T cmp.Ordered](name string, value, least, most T) error {
	if value < least || value > most {
		return fmt.Errorf("%s is %v, must be %v to %v (0: default)", name, value, least, most)
	}
	return nil
}

// The kernel takes no more than these (Linux: TCP_KEEPIDLE, TCP_KEEPCNT, a buffer's int).
const (
	mostKeepalive = 32767 * time.Second
	mostProbes    = 127
	mostBuffer    = 1 << 30
	mostDial      = time.Hour
)

// withDefaults fills in the fields that are zero.
func (s Settings) withDefaults() Settings {
	if s.KeepaliveIdle == 0 {
		s.KeepaliveIdle = 10 * time.Second
	}
	if s.KeepaliveInterval == 0 {
		s.KeepaliveInterval = 5 * time.Second
	}
	if s.KeepaliveCount == 0 {
		s.KeepaliveCount = 3
	}
	if s.SendBuffer == 0 {
		s.SendBuffer = 256 << 10
	}
	if s.ReceiveBuffer == 0 {
		s.ReceiveBuffer = KernelSize
	}
	if s.DialTimeout == 0 {
		s.DialTimeout = 2 * time.Second
	}
	return s
}
