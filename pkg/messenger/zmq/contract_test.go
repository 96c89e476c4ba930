package zmq_test

import (
	"testing"

	"zeph/pkg/messenger"
	"zeph/pkg/messenger/messengertest"
	"zeph/pkg/messenger/zmq"
)

// TestContract holds the transport to what all of them must do, by TCP and by Unix sockets.
func TestContract(t *testing.T) {
	for scheme, endpoint := range map[string]string{
		"tcp": "tcp://127.0.0.1:0",
		"ipc": "ipc://",
	} {
		t.Run(scheme, func(t *testing.T) {
			messengertest.Run(t, messengertest.Backend{
				Transport: func(testing.TB) messenger.Transport { return zmq.New(zmq.Settings{}) },
				Endpoint:  func(testing.TB) string { return endpoint },
			})
		})
	}
}
