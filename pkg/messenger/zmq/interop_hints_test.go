package zmq_test

import (
	"fmt"
	"testing"

	"zeph/pkg/messenger"
	"zeph/pkg/wire"
)

// inOrder waits for lines that differ in their numbers only, from 0 on.
func (j *journal) inOrder(t testing.TB, begin string, n int) {
	t.Helper()
	for i := range n {
		if got := j.await(t, begin); got != fmt.Sprint(i) {
			t.Fatalf("%s%s instead of %d", begin, got, i)
		}
	}
}

// We subscribe to notes of a foreign PUB, and hear them in order and nothing else.
func TestForeignPublisher(t *testing.T) {
	eachScheme(t, func(t *testing.T, endpoint string, start starter) {
		daemon := start(t, "bind", "mon.a", 7, settings{"hints": endpoint})
		to := messenger.Peer{Entity: named(t, "mon.a"), GID: 7, Addrs: daemon.bound(t, "hints")}
		client := startOurs(t, "osd.3", 9, nil)
		defer client.Subscribe(to, wire.TypeNote).Close()
		client.await(t, "up hints mon.a")
		client.insist(t, "hint", func() { daemon.do(t, "publish %d first", wire.TypeNote) }) // a PUB does not tell who subscribed
		for i := range 50 {
			daemon.do(t, "publish %d unwanted", wire.TypeEcho)
			daemon.do(t, "publish %d n%d", wire.TypeNote, i)
		}
		client.inOrder(t, "hint mon.a n", 50)
		client.never(t, "hint mon.a unwanted")
		client.never(t, "reset")
	})
}

// A foreign SUB hears what it subscribed to of what we publish.
func TestForeignSubscriber(t *testing.T) {
	eachScheme(t, func(t *testing.T, endpoint string, start starter) {
		daemon := startOurs(t, "mon.a", 7, map[string]string{"hints": endpoint})
		client := start(t, "connect", "osd.3", 9, settings{"hints": daemon.Addrs()["hints"]})
		daemon.serves(t, client)
	})
}

// serves publishes to a foreign SUB until it has heard something, then in earnest. At the end the
// SUB forgets the notes, and hears only echoes.
func (o *ours) serves(t testing.TB, client *foreigner) {
	t.Helper()
	client.insist(t, "hint mon.a 4 first", func() { o.publish(t, wire.TypeEcho, "first") })
	client.insist(t, "hint mon.a 5 first", func() { o.publish(t, wire.TypeNote, "first") })
	for i := range 50 {
		o.publish(t, wire.TypePing, "unwanted")
		o.publish(t, wire.TypeNote, fmt.Sprint("n", i))
	}
	client.inOrder(t, "hint mon.a 5 n", 50)
	client.never(t, "hint mon.a 3")

	client.do(t, "forget")
	for i, heard := 0, true; heard; i++ {
		o.publish(t, wire.TypeNote, fmt.Sprintf("m%d.", i))
		o.publish(t, wire.TypeEcho, fmt.Sprintf("e%d.", i))
		client.await(t, fmt.Sprintf("hint mon.a 4 e%d.", i))
		heard = client.all(fmt.Sprintf("hint mon.a 5 m%d.", i)) != nil
	}
	client.never(t, "disconnected")
}

func (o *ours) publish(t testing.TB, typ wire.Type, text string) {
	t.Helper()
	if err := o.Publish(&messenger.Message{Header: wire.Header{Type: typ}, Body: noteBody(text)}); err != nil {
		t.Error(err)
	}
}

// We filter ourselves: what a SUB did not subscribe to does not go over the wire. A libzmq that
// believes us to speak ZMTP 3.1 subscribes with commands instead of messages.
func TestSubscriptionsAsMessagesAndCommands(t *testing.T) {
	const subscribe, cancel = "\x09SUBSCRIBE", "\x06CANCEL"
	for _, newer := range []bool{false, true} {
		t.Run(fmt.Sprint("3.1=", newer), func(t *testing.T) {
			t.Parallel()
			daemon := startOurs(t, "mon.a", 7, map[string]string{"hints": "tcp://127.0.0.1:0"})
			way := tapped(t, daemon.Addrs()["hints"], newer, subscribe, cancel, "unwanted", "forgotten")
			client := startLibzmq(t, "connect", "osd.3", 9, settings{"hints": way.endpoint()})
			daemon.serves(t, client)
			i := 0
			until(t, "notes are still sent", func() bool { // libzmq does not tell them on, so ask the wire
				i++
				before := way.said(endpoint, "forgotten")
				daemon.publish(t, wire.TypeNote, "forgotten")
				daemon.publish(t, wire.TypeEcho, fmt.Sprintf("after%d.", i))
				client.await(t, fmt.Sprintf("hint mon.a 4 after%d.", i))
				return way.said(endpoint, "forgotten") == before
			})
			if s, c := way.said(dialler, subscribe), way.said(dialler, cancel); newer != (s == 2 && c == 1) || !newer != (s == 0 && c == 0) {
				t.Errorf("%d commands SUBSCRIBE, %d CANCEL", s, c)
			}
			if n := way.said(endpoint, "unwanted"); n > 0 {
				t.Errorf("%d hints that nobody wanted", n)
			}
		})
	}
}
