package inproc

import (
	"testing"
	"testing/synctest"

	"zeph/pkg/messenger"
	"zeph/pkg/wire"
)

// TestCallsInAndOutOfBubbles: nothing that a bubble made comes to use outside of it, or the other
// way round.
func TestCallsInAndOutOfBubbles(t *testing.T) {
	call := func(t *testing.T) {
		n := New()
		cfg := messenger.Config{Entity: entity(t, "osd.b"), GID: 1, Transport: n, Listen: map[string]string{"data": "inproc://b"},
			Handler: func(m *messenger.Message) { m.Reply(new(messenger.Message)); m.Release() }}
		b, err := messenger.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close(t.Context())
		a, err := messenger.New(messenger.Config{Entity: entity(t, "client.a"), GID: 2, Transport: n})
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close(t.Context())
		ask := &messenger.Message{Header: wire.Header{Type: wire.TypeEcho}, Body: wire.AppendBody(nil, new(wire.Echo))}
		answer, err := a.Link(messenger.Peer{Entity: entity(t, "osd.b"), Addrs: b.Addrs()}, wire.Data).Call(t.Context(), ask)
		if err != nil {
			t.Fatal(err)
		}
		answer.Release()
	}
	for range 3 {
		synctest.Test(t, call)
		call(t)
	}
}

func entity(t *testing.T, name string) wire.Entity {
	e, err := wire.ParseEntity(name)
	if err != nil {
		t.Fatal(err)
	}
	return e
}
