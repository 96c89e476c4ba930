package messenger_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"zeph/pkg/messenger"
	"zeph/pkg/messenger/inproc"
	"zeph/pkg/messenger/zmq"
	"zeph/pkg/wire"
)

func entity(t testing.TB, name string) wire.Entity {
	e, err := wire.ParseEntity(name)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func pair(t testing.TB, tr messenger.Transport, endpoint string) (*messenger.Messenger, *messenger.Link) {
	b, err := messenger.New(messenger.Config{Entity: entity(t, "osd.1"), GID: 7, Transport: tr, Listen: map[string]string{"data": endpoint},
		Handler: func(m *messenger.Message) {
			m.Retain()
			m.Reply(&messenger.Message{Body: m.Body, Bulk: m.Bulk, Free: m.Release})
			m.Release()
		}})
	if err != nil {
		t.Fatal(err)
	}
	a, err := messenger.New(messenger.Config{Entity: entity(t, "client.x"), GID: 9, Transport: tr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(context.Background()); b.Close(context.Background()) })
	return a, a.Link(messenger.Peer{Entity: entity(t, "osd.1"), GID: 7, Addrs: b.Addrs()}, wire.Data)
}

func benchCalls(b *testing.B, tr messenger.Transport, endpoint string, window, size int) {
	_, link := pair(b, tr, endpoint)
	body := wire.AppendBody(nil, &wire.Echo{Text: "hi"})
	bulk := make([]byte, size)
	slots := make(chan struct{}, window)
	b.ReportAllocs()
	b.ResetTimer()
	var m messenger.Message
	m.Type, m.Body, m.Bulk = wire.TypeEcho, body, bulk
	for range b.N {
		slots <- struct{}{}
		m.Request = 0
		link.Go(&m, 10*time.Second, func(m *messenger.Message, err error) {
			if err != nil {
				panic(err)
			}
			m.Release()
			<-slots
		})
	}
	for range window {
		slots <- struct{}{}
	}
}

// BenchmarkCalls is one process that asks itself: what a call costs without a second process.
// bench/ measures two, beside other messengers.
func BenchmarkCalls(b *testing.B) {
	for _, size := range []int{0, 4 << 10} {
		for _, window := range []int{1, 64, 256} {
			b.Run(fmt.Sprintf("zmq/%dB/%d", size, window), func(b *testing.B) {
				benchCalls(b, zmq.New(zmq.Settings{}), "tcp://127.0.0.1:0", window, size)
			})
			b.Run(fmt.Sprintf("inproc/%dB/%d", size, window), func(b *testing.B) {
				benchCalls(b, inproc.New(), "inproc://*", window, size)
			})
		}
	}
}
