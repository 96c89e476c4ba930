package zmq

import (
	"context"
	"fmt"
	"io"
	"log"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
)

// TestStockSockets talks with the library's own sockets, in both roles.
func TestStockSockets(t *testing.T) {
	for _, tt := range foreign {
		t.Run("we dial "+tt.theirs, func(t *testing.T) {
			sock := stock(t, tt.theirs)
			if err := sock.Listen("tcp://127.0.0.1:0"); err != nil {
				t.Fatal(err)
			}
			done := make(chan struct{})
			ended := stockPart(sock, "", done)
			converse(t, dial(t, Settings{}, "tcp://"+sock.Addr().String(), tt.ours), tt.ours)
			close(done)
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
		t.Run("we listen to "+tt.theirs, func(t *testing.T) {
			l := listen(t, Settings{}, "tcp://127.0.0.1:0", tt.ours)
			done := make(chan struct{})
			ended := stockPart(stock(t, tt.theirs), l.Endpoint(), done)
			converse(t, accept(t, l), tt.ours)
			close(done)
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
}

func stock(t *testing.T, kind string) zmq4.Socket {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	sock := map[string]func(context.Context, ...zmq4.Option) zmq4.Socket{
		"ROUTER": zmq4.NewRouter, "DEALER": zmq4.NewDealer, "PUB": zmq4.NewPub, "XPUB": zmq4.NewXPub,
		"SUB": zmq4.NewSub, "XSUB": zmq4.NewXSub, "PULL": zmq4.NewPull, "PUSH": zmq4.NewPush,
	}[kind](ctx, zmq4.WithLogger(log.New(io.Discard, "", 0)))
	t.Cleanup(func() {
		_ = sock.Close()
		cancel()
	})
	if kind == "SUB" {
		if err := sock.SetOption(zmq4.OptionSubscribe, ""); err != nil {
			t.Fatal(err)
		}
	}
	return sock
}

// stockPart holds a stock socket's part of the conversation, after dialling us if there is
// something to dial. Whoever publishes repeats the news until done.
func stockPart(sock zmq4.Socket, dial string, done <-chan struct{}) (ended <-chan error) {
	result := make(chan error, 1)
	go func() {
		if dial != "" {
			if err := sock.Dial(dial); err != nil {
				result <- err
				return
			}
		}
		result <- stockTalk(sock, done)
	}()
	return result
}

func stockTalk(sock zmq4.Socket, done <-chan struct{}) error {
	switch sock.Type() {
	case zmq4.Router:
		msg, err := sock.Recv()
		if err != nil || len(msg.Frames) != 2 || string(msg.Frames[1]) != "ping" {
			return fmt.Errorf("ROUTER heard %q, %v", msg.Frames, err)
		}
		return sock.Send(zmq4.NewMsgFrom(msg.Frames[0], []byte("pong")))
	case zmq4.Dealer:
		if err := sock.Send(zmq4.NewMsgString("ping")); err != nil {
			return err
		}
		return stockHears(sock, "pong")
	case zmq4.XSub:
		if err := sock.Send(zmq4.NewMsgString("\x01")); err != nil {
			return err
		}
		return stockHears(sock, "news")
	case zmq4.Sub, zmq4.Pull:
		return stockHears(sock, "news")
	case zmq4.Push:
		return sock.Send(zmq4.NewMsgString("news"))
	}
	return stockPublishes(sock, done)
}

func stockHears(sock zmq4.Socket, want string) error {
	msg, err := sock.Recv()
	if err != nil || len(msg.Frames) != 1 || string(msg.Frames[0]) != want {
		return fmt.Errorf("%s heard %q, %v; want %q", sock.Type(), msg.Frames, err, want)
	}
	return nil
}

// stockPublishes repeats itself: the socket does not tell when a subscription has reached it.
func stockPublishes(sock zmq4.Socket, done <-chan struct{}) error {
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for {
		select {
		case <-done:
			return nil
		case <-again.C:
			if err := sock.Send(zmq4.NewMsgString("news")); err != nil {
				return err
			}
		}
	}
}
