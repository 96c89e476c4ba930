package zmq

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"zeph/pkg/messenger"
)

func TestBadEndpoints(t *testing.T) {
	tests := []struct{ endpoint, want string }{
		{"", "no scheme; known are tcp://"},
		{"127.0.0.1:7100", "no scheme"},
		{"tcp:127.0.0.1:7100", "no scheme"},
		{"udp://127.0.0.1:7100", `unknown scheme "udp"; known are tcp://host:port, ipc:///path, ipc://@name and fd://number`},
		{"TCP://127.0.0.1:7100", "unknown scheme"},
		{"inproc://x", "unknown scheme"},
		{"://x", "unknown scheme"},
		{"tcp://", "not host:port"},
		{"tcp://127.0.0.1", "not host:port"},
		{"tcp://::1:7100", "not host:port"},
		{"tcp://[::1]", "not host:port"},
		{"tcp://127.0.0.1:", "no number"},
		{"tcp://127.0.0.1:http", "no number"},
		{"tcp://127.0.0.1:-1", "no number"},
		{"tcp://127.0.0.1:65536", "no number"},
		{"tcp://127.0.0.1:7100/x", "no number"},
		{"tcp://:7100", "no host"},
		{"tcp://*:7100", "0.0.0.0 or [::]"},
		{"tcp://1.2.3:7100", "neither an IP address nor the name of a host"},
		{"tcp://1.2.3.999:7100", "neither an IP address"},
		{"tcp://a b:7100", "neither an IP address"},
		{"tcp://a\x00b:7100", "neither an IP address"},
		{"tcp://" + strings.Repeat("a", 254) + ":7100", "neither an IP address"},
		{"ipc://relative", "must be absolute"},
		{"ipc://@", "no name behind @"},
		{"ipc:///a\x00b", "control characters"},
		{"ipc:///" + strings.Repeat("a", 5000), "a path of 5001 bytes"},
		{"fd://", "no descriptor number"},
		{"fd://x", "no descriptor number"},
		{"fd://-3", "no descriptor number"},
		{"fd://99999999999", "no descriptor number"},
		{"fd://2", "standard stream"},
	}
	for _, tt := range tests {
		transport := New(Settings{})
		_, listenErr := transport.Listen(tt.endpoint, messenger.Router)
		_, dialErr := transport.Dial(context.Background(), tt.endpoint, messenger.Dealer)
		for _, err := range []error{listenErr, dialErr} {
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%.60q: got %v, want %q", tt.endpoint, err, tt.want)
			} else if len(err.Error()) > 500 {
				t.Errorf("%.60q: the error has %d bytes", tt.endpoint, len(err.Error()))
			}
		}
	}
}

func TestDialRefuses(t *testing.T) {
	tests := []struct{ endpoint, want string }{
		{"tcp://127.0.0.1:0", "port 0"},
		{"tcp://[::1]:00", "port 0"},
		{"ipc://", "no path"},
		{"fd://3", "can only be listened on"},
		{"ipc:///no/such/socket", "no such file"},
	}
	for _, tt := range tests {
		_, err := New(Settings{}).Dial(context.Background(), tt.endpoint, messenger.Dealer)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.endpoint, err, tt.want)
		}
	}
}

func TestDialNobody(t *testing.T) {
	l := listen(t, Settings{}, "tcp://127.0.0.1:0", messenger.Router)
	endpoint := l.Endpoint()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := New(Settings{}).Dial(context.Background(), endpoint, messenger.Dealer)
	if !errors.Is(err, syscall.ECONNREFUSED) || !strings.Contains(err.Error(), endpoint) {
		t.Errorf("got %v", err)
	}
}

func TestDialObeysContext(t *testing.T) {
	l := listen(t, Settings{}, "tcp://127.0.0.1:0", messenger.Router)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := New(Settings{}).Dial(ctx, l.Endpoint(), messenger.Dealer); err == nil {
		t.Error("dialled in a context that was over")
	}
}

func TestDialTimeout(t *testing.T) {
	l := listen(t, Settings{}, "tcp://127.0.0.1:0", messenger.Router)
	_, err := New(Settings{DialTimeout: time.Nanosecond}).Dial(context.Background(), l.Endpoint(), messenger.Dealer)
	var netErr net.Error
	if !errors.As(err, &netErr) || !netErr.Timeout() {
		t.Errorf("got %v, want a timeout", err)
	}
}

// TestEndpoints talks over each kind of endpoint, dialled as the listener names it.
func TestEndpoints(t *testing.T) {
	tests := []struct{ endpoint, remote string }{
		{"tcp://127.0.0.1:0", "tcp://127.0.0.1:"},
		{"tcp://0.0.0.0:0", "tcp://127.0.0.1:"},
		{"tcp://localhost:0", "tcp://"},
		{"tcp://[::1]:0", "tcp://[::1]:"},
		{"ipc://", "ipc (unnamed)"},
		{"ipc://" + socketPath(t), "ipc (unnamed)"},
		{"ipc://@zeph-test-" + t.Name(), "ipc (unnamed)"},
	}
	for _, tt := range tests {
		t.Run(tt.endpoint, func(t *testing.T) {
			needs(t, tt.endpoint)
			dealer, router := pair(t, Settings{}, tt.endpoint)
			talk(t, dealer, router)
			talk(t, router, dealer)
			if got := router.Remote(); !strings.HasPrefix(got, tt.remote) {
				t.Errorf("Remote() = %q, want %q", got, tt.remote)
			}
			if router.Local() != dealer.Remote() || router.Remote() != dealer.Local() {
				t.Errorf("the ends disagree: %s %s, %s %s", router.Local(), router.Remote(), dealer.Local(), dealer.Remote())
			}
		})
	}
}
