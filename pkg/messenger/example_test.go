package messenger_test

import (
	"context"
	"fmt"

	"zeph/pkg/messenger"
	"zeph/pkg/messenger/backend"
	"zeph/pkg/messenger/zmq"
	"zeph/pkg/wire"
)

// A daemon that answers, and a client that asks it.
func Example() {
	ctx := context.Background()
	transport, err := backend.Named("inproc", zmq.Settings{}) // or "zmq", with endpoints such as tcp://127.0.0.1:0
	if err != nil {
		panic(err)
	}

	osd, _ := wire.ParseEntity("osd.3")
	daemon, err := messenger.New(messenger.Config{
		Entity: osd, GID: 0x2a, Transport: transport,
		Listen: map[string]string{"data": "inproc://*"},
		Handler: func(m *messenger.Message) {
			defer m.Release()
			var ask wire.Echo
			if err := m.Parse(&ask); err != nil {
				m.Fail(err)
				return
			}
			ask.Text += ", says " + osd.String()
			m.Reply(&messenger.Message{Body: wire.AppendBody(nil, &ask)})
		},
	})
	if err != nil {
		panic(err)
	}
	defer daemon.Close(ctx)

	admin, _ := wire.ParseEntity("client.admin")
	client, err := messenger.New(messenger.Config{Entity: admin, GID: 0x17, Transport: transport})
	if err != nil {
		panic(err)
	}
	defer client.Close(ctx)

	link := client.Link(messenger.Peer{Entity: osd, GID: 0x2a, Addrs: daemon.Addrs()}, wire.Data)
	answer, err := link.Call(ctx, &messenger.Message{
		Header: wire.Header{Type: wire.TypeEcho},
		Body:   wire.AppendBody(nil, &wire.Echo{Text: "hello"}),
	})
	if err != nil {
		panic(err)
	}
	defer answer.Release()
	var heard wire.Echo
	if err := answer.Parse(&heard); err != nil {
		panic(err)
	}
	fmt.Println(heard.Text)
	// Output: hello, says osd.3
}
