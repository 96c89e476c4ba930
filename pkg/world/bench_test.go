package world

import (
	"testing"

	"zeph/pkg/core"
	"zeph/pkg/messenger/inproc"
	"zeph/pkg/wire"
)

// BenchmarkCall is one call from core to core and back, 64 at a time, 4 KiB there and nothing back: what
// worlds and messengers cost beside what cores do.
func BenchmarkCall(b *testing.B) {
	network := inproc.New()
	start := func(name string, listen map[string]string, c core.Core) *World {
		w, err := New(Config{Entity: entity(name), Transport: network, Listen: listen})
		if err != nil {
			b.Fatal(err)
		}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			w.Run(b.Context(), c)
		}()
		b.Cleanup(func() { w.Kill(); <-ended })
		return w
	}
	places := map[string]string{"public.data": "inproc://*", "cluster.data": "inproc://*"}
	server := start("osd.0", places, toy(func(_ core.Time, ev core.Event) []core.Effect {
		if r, ok := ev.(core.Received); ok {
			return []core.Effect{core.Reply{To: r.Request, Body: &wire.Echo{}}}
		}
		return nil
	}))
	call := core.Call{Send: core.Send{
		To:    core.Dest{Peer: core.Peer{Entity: entity("osd.0"), GID: server.GID()}, Addrs: server.Addrs()},
		Class: wire.Data, Type: wire.TypeEcho, Body: &wire.Echo{}, Bulk: make([]byte, 4096),
	}}
	done := make(chan struct{})
	begun, ended := 0, 0
	client := start("client.a", nil, toy(func(_ core.Time, ev core.Event) []core.Effect {
		if a, ok := ev.(core.Answered); ok {
			if a.Err != nil {
				b.Error(a.Err)
			}
			if ended++; ended == b.N {
				close(done)
			}
		}
		var out []core.Effect
		for begun < b.N && begun-ended < 64 {
			begun++
			out = append(out, call)
		}
		return out
	}))
	b.ReportAllocs()
	b.ResetTimer()
	client.Post("go")
	<-done
}
