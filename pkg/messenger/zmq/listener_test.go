package zmq

import (
	"context"
	"errors"
	"net"
	"testing"

	"zeph/pkg/messenger"
)

// A stranger who says nothing keeps nobody waiting: Accept does not greet.
func TestAcceptDoesNotGreet(t *testing.T) {
	l := listen(t, Settings{}, "tcp://127.0.0.1:0", messenger.Router)
	for range 20 {
		dial(t, Settings{}, l.Endpoint(), messenger.Dealer)
		accept(t, l)
	}
	late := dial(t, Settings{}, l.Endpoint(), messenger.Dealer)
	handshakes(t, late, accept(t, l))
}

func TestCloseEndsAccept(t *testing.T) {
	for _, endpoint := range []string{"tcp://127.0.0.1:0", "ipc://"} {
		l := listen(t, Settings{}, endpoint, messenger.Router)
		done := make(chan error)
		go func() {
			_, err := l.Accept()
			done <- err
		}()
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; err != net.ErrClosed {
			t.Errorf("%s: Accept under way: %v", endpoint, err)
		}
		if _, err := l.Accept(); err != net.ErrClosed {
			t.Errorf("%s: Accept after Close: %v", endpoint, err)
		}
		if err := l.Close(); err != nil {
			t.Errorf("%s: second Close: %v", endpoint, err)
		}
		if _, err := New(Settings{}).Dial(context.Background(), l.Endpoint(), messenger.Dealer); err == nil {
			t.Errorf("%s: dialled after Close", endpoint)
		}
	}
}

func TestPortInUse(t *testing.T) {
	l := listen(t, Settings{}, "tcp://127.0.0.1:0", messenger.Router)
	_, err := New(Settings{}).Listen(l.Endpoint(), messenger.Router)
	if !errors.Is(err, errInUse) {
		t.Errorf("got %v", err)
	}
}

// Connections outlive the listener that accepted them.
func TestCloseLeavesConnections(t *testing.T) {
	l := listen(t, Settings{}, "ipc://", messenger.Router)
	dealer := dial(t, Settings{}, l.Endpoint(), messenger.Dealer)
	router := accept(t, l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	handshakes(t, dealer, router)
	talk(t, dealer, router)
}
