package zmq

import (
	"net"
	"syscall"
	"testing"
	"time"

	"zeph/pkg/messenger"
)

// TestSocketOptions asks the kernel about both ends of a connection.
func TestSocketOptions(t *testing.T) {
	tests := []struct {
		name                  string
		settings              Settings
		idle, interval, count int
		noDelay               int
		send                  int // the kernel doubles it
	}{
		{"defaults", Settings{}, 10, 5, 3, 1, 512 << 10},
		{"all set", Settings{KeepaliveIdle: 1500 * time.Millisecond, KeepaliveInterval: time.Minute, KeepaliveCount: 7, Nagle: true, SendBuffer: 64 << 10, ReceiveBuffer: 96 << 10}, 2, 60, 7, 0, 128 << 10},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dealer, router := pair(t, tt.settings, "tcp://127.0.0.1:0")
			for _, c := range []messenger.Conn{dealer, router} {
				nc := c.(*conn).net
				want := func(what string, level, name, want int) {
					t.Helper()
					if got := option(t, nc, level, name); got != want {
						t.Errorf("%s is %d, want %d", what, got, want)
					}
				}
				want("SO_KEEPALIVE", syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 1)
				want("TCP_KEEPIDLE", syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE, tt.idle)
				want("TCP_KEEPINTVL", syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL, tt.interval)
				want("TCP_KEEPCNT", syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT, tt.count)
				want("TCP_NODELAY", syscall.IPPROTO_TCP, syscall.TCP_NODELAY, tt.noDelay)
				if most := option(t, nc, syscall.SOL_SOCKET, syscall.SO_SNDBUF); most > tt.send {
					t.Errorf("SO_SNDBUF is %d, want at most %d", most, tt.send)
				}
				if tt.settings.ReceiveBuffer != 0 {
					want("SO_RCVBUF", syscall.SOL_SOCKET, syscall.SO_RCVBUF, 2*tt.settings.ReceiveBuffer)
				}
			}
		})
	}
}

func option(t *testing.T, nc net.Conn, level, name int) int {
	t.Helper()
	raw, err := nc.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var value int
	var optErr error
	if err := raw.Control(func(fd uintptr) { value, optErr = syscall.GetsockoptInt(int(fd), level, name) }); err != nil {
		t.Fatal(err)
	}
	if optErr != nil {
		t.Fatal(optErr)
	}
	return value
}
