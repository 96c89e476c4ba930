package zmq_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"zeph/pkg/messenger"
	"zeph/pkg/messenger/zmq"
	"zeph/pkg/wire"
)

// ours is a daemon or client on our messenger. It answers echoes; what else it hears, and who
// comes and goes, is in its journal.
type ours struct {
	*journal
	*messenger.Messenger
}

func startOurs(t testing.TB, name string, gid int, listen map[string]string) *ours {
	t.Helper()
	o := &ours{journal: newJournal()}
	cfg := messenger.Config{
		Entity: named(t, name), GID: wire.GID(gid), Transport: zmq.New(zmq.Settings{}), Listen: listen,
		Handler: o.handle, OnPeer: o.heard, Software: "test", Poison: true,
	}
	m, err := messenger.New(cfg)
	for end := time.Now().Add(eventually); errors.Is(err, syscall.EADDRINUSE) && time.Now().Before(end); m, err = messenger.New(cfg) {
		runtime.Gosched() // another process has the port for a moment
	}
	if err != nil {
		t.Fatal(err)
	}
	o.Messenger = m
	t.Cleanup(o.end)
	return o
}

func (o *ours) end() { _ = o.Close(context.Background()) }

func (o *ours) heard(e messenger.PeerEvent) {
	o.add("%v %s %v %d: %v", e.Kind, e.Place, e.Peer.Entity, e.Peer.GID, e.Cause)
}

func (o *ours) handle(m *messenger.Message) {
	defer m.Release()
	if m.Type == wire.TypeEcho {
		var e wire.Echo
		if m.Parse(&e); e.Text == "hold" {
			o.add("held")
			m.Retain() // for good: it is never answered
			return
		}
		m.Retain()
		_ = m.Reply(&messenger.Message{Body: m.Body, Bulk: m.Bulk, Free: m.Release}) // else the session has ended
		return
	}
	var n wire.Note
	if err := m.Parse(&n); err != nil {
		o.add("complaint %v", err)
	}
	what := "note"
	if m.Session() == nil {
		what = "hint"
	}
	o.add("%s %v %s", what, m.Entity, n.Text)
}

// call calls for an echo of so many bytes, and checks the answer.
func (o *ours) call(l *messenger.Link, size int) error {
	ctx, cancel := context.WithTimeout(context.Background(), eventually)
	defer cancel()
	bulk := content(uint64(size), size)
	m, err := l.Call(ctx, &messenger.Message{
		Header: wire.Header{Type: wire.TypeEcho}, Body: echoBody, Bulk: bulk, Expect: size,
	})
	if err != nil {
		return err
	}
	defer m.Release()
	var e wire.Echo
	if err := m.Parse(&e); err != nil {
		return err
	}
	if e.Text != "hi" || string(m.Bulk) != string(bulk) {
		return errors.New("a wrong answer")
	}
	return nil
}

var echoBody = wire.AppendBody(nil, &wire.Echo{Text: "hi"})

func note(text string) *messenger.Message {
	return &messenger.Message{Header: wire.Header{Type: wire.TypeNote}, Body: noteBody(text)}
}

// pattern is what bulk is cut from.
var pattern = func() []byte {
	var b [251]byte
	for i := range b {
		b[i] = byte(i)
	}
	return bytes.Repeat(b[:], 70000)
}()

// content is the bulk of a call, which differs from one to the next.
func content(request uint64, size int) []byte { return pattern[request%251:][:size] }

func named(t testing.TB, name string) wire.Entity {
	t.Helper()
	e, err := wire.ParseEntity(name)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// schemes are endpoints to listen on, by what they are made of.
var schemes = map[string]func(t testing.TB) string{
	"IPv4": func(testing.TB) string { return "tcp://127.0.0.1:0" },
	"IPv6": func(t testing.TB) string {
		l, err := net.Listen("tcp6", "[::1]:0")
		if err != nil {
			t.Skip("this machine has no IPv6: ", err)
		}
		_ = l.Close()
		return "tcp://[::1]:0"
	},
	"ipc": func(t testing.TB) string { return "ipc://" + socketIn(t) },
}

// socketIn is where a test may make a Unix socket. The path of one has room for little.
func socketIn(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "z")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "s")
}
