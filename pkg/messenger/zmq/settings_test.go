package zmq

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"zeph/pkg/messenger"
)

func TestValidateNamesAllFaults(t *testing.T) {
	bad := Settings{
		KeepaliveIdle:     -time.Second,
		KeepaliveInterval: 1000 * time.Hour,
		KeepaliveCount:    128,
		SendBuffer:        -2,
		ReceiveBuffer:     1<<30 + 1,
		DialTimeout:       -1,
	}
	faults := bad.Validate()
	if faults == nil {
		t.Fatal("no fault found")
	}
	for _, field := range []string{"KeepaliveIdle", "KeepaliveInterval", "KeepaliveCount", "SendBuffer", "ReceiveBuffer", "DialTimeout"} {
		if !strings.Contains(faults.Error(), field) {
			t.Errorf("%s is not named in: %v", field, faults)
		}
	}
	if _, err := New(bad).Listen("tcp://127.0.0.1:0", messenger.Router); err == nil || !strings.Contains(err.Error(), "SendBuffer") {
		t.Errorf("Listen with bad settings: %v", err)
	}
	if _, err := New(bad).Dial(context.Background(), "tcp://127.0.0.1:1", messenger.Dealer); err == nil || !strings.Contains(err.Error(), "SendBuffer") {
		t.Errorf("Dial with bad settings: %v", err)
	}
}

func TestValidSettings(t *testing.T) {
	for _, s := range []Settings{
		{},
		{SendBuffer: KernelSize, ReceiveBuffer: KernelSize},
		{KeepaliveIdle: time.Minute, KeepaliveInterval: time.Second, KeepaliveCount: 127, Nagle: true, DialTimeout: time.Hour},
	} {
		if err := s.Validate(); err != nil {
			t.Errorf("%+v: %v", s, err)
		}
		pair(t, s, "tcp://127.0.0.1:0")
	}
}

// TestDial: connections are made by whom the settings name, who is told when to give up.
func TestDial(t *testing.T) {
	var dialled []string
	pair(t, Settings{Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
		if _, bounded := ctx.Deadline(); !bounded {
			t.Error("a dial without an end")
		}
		dialled = append(dialled, network+" "+addr)
		return new(net.Dialer).DialContext(ctx, network, addr)
	}}, "tcp://127.0.0.1:0")
	if len(dialled) != 1 || !strings.HasPrefix(dialled[0], "tcp4 127.0.0.1:") {
		t.Errorf("dialled %q", dialled)
	}
}

func TestName(t *testing.T) {
	if got := New(Settings{}).Name(); got != "zmq" {
		t.Errorf("Name() = %q", got)
	}
}
