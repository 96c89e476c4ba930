package zmq_test

import (
	"bytes"
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"zeph/pkg/messenger"
	"zeph/pkg/messenger/zmq"
	"zeph/pkg/wire"
)

// citizen is an honest client. It asks for echoes and looks at every byte of the answers.
type citizen struct {
	m      *messenger.Messenger
	link   *messenger.Link
	resets atomic.Int32
	hints  atomic.Int64
	serial atomic.Uint64
}

// settle connects an honest client, however many attempts it takes, until the test ends.
func settle(t testing.TB, daemon *messenger.Messenger, gid wire.GID) *citizen {
	t.Helper()
	c := &citizen{}
	var err error
	c.m, err = messenger.New(messenger.Config{
		Entity: entityNamed(t, "client.honest"), GID: gid, FSID: clusterID, Transport: zmq.New(zmq.Settings{}), Poison: true,
		Handler: func(m *messenger.Message) {
			c.hints.Add(1)
			m.Release()
		},
		Limits: messenger.Limits{Stall: siegePatience}, // it does not mind waiting while others are thrown out
		OnPeer: func(e messenger.PeerEvent) {
			if e.Kind == messenger.Reset && e.Place == "data" {
				c.resets.Add(1)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.m.Close(context.Background()) })
	c.link = c.m.Link(messenger.Peer{Entity: entityNamed(t, daemonName), GID: daemonGID, Addrs: daemon.Addrs()}, wire.Data)
	waitFor(t, "an honest client is connected", c.link.Up)
	return c
}

// least is how many calls work makes at least.
const least = 20

// work calls until it is stopped.
func (c *citizen) work(stop <-chan struct{}) error {
	ended, n := false, 0
	for !ended || n < least {
		if err := c.call(n % 7 * 700); err != nil {
			return fmt.Errorf("call %d: %w", n, err)
		}
		n++
		select {
		case <-stop:
			ended = true
		case <-time.After(time.Millisecond): // the attack needs the processors too
		}
	}
	if n := c.resets.Load(); n != 0 {
		return fmt.Errorf("its session was reset %d times", n)
	}
	return nil
}

// call asks for an echo with so much bulk.
func (c *citizen) call(size int) error {
	serial := c.serial.Add(1)
	text, bulk := fmt.Sprint("call ", serial), bulkOf(size, byte(serial))
	ctx, cancel := context.WithTimeout(context.Background(), siegePatience)
	defer cancel()
	answer, err := c.link.Call(ctx, &messenger.Message{
		Header: wire.Header{Type: wire.TypeEcho}, Body: wire.AppendBody(nil, &wire.Echo{Text: text}), Bulk: bulk, Expect: size,
	})
	if err != nil {
		return err
	}
	defer answer.Release()
	return sameEcho(answer, text, bulk)
}

func sameEcho(answer *messenger.Message, text string, bulk []byte) error {
	var echo wire.Echo
	switch err := answer.Parse(&echo); {
	case err != nil:
		return err
	case echo.Text != text:
		return fmt.Errorf("%q was answered by %q", text, echo.Text)
	case !bytes.Equal(answer.Bulk, bulk):
		return fmt.Errorf("%q: its bulk of %d bytes came back as another, of %d", text, len(bulk), len(answer.Bulk))
	}
	return nil
}

// burst makes so many calls, 64 at a time.
func (c *citizen) burst(calls int) error {
	results, begun := make(chan error, 64), 0
	begin := func() {
		begun++
		text, bulk := fmt.Sprint("burst ", begun), bulkOf(begun%300, byte(begun))
		c.link.Go(&messenger.Message{
			Header: wire.Header{Type: wire.TypeEcho}, Body: wire.AppendBody(nil, &wire.Echo{Text: text}), Bulk: bulk, Expect: len(bulk),
		}, siegePatience, func(m *messenger.Message, err error) {
			if err == nil {
				err = sameEcho(m, text, bulk)
				m.Release()
			}
			results <- err
		})
	}
	for begun < min(calls, cap(results)) {
		begin()
	}
	var first error
	for range calls {
		if err := <-results; err != nil && first == nil {
			first = err
		}
		if begun < calls {
			begin()
		}
	}
	return first
}

// bulkOf is so many bytes that are not those of another seed.
func bulkOf(size int, seed byte) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = seed + byte(i) + byte(i>>8)
	}
	return b
}
