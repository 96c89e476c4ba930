package zmq_test

import (
	"testing"

	"zeph/pkg/messenger"
	"zeph/pkg/wire"
)

const (
	ping = "\x04PING" // as ZMTP spells the commands
	pong = "\x04PONG"

	everyTenth = "100" // ms between two of libzmq's PINGs; it gives up after three times that
	idle       = 12    // PINGs that make more than a second
)

var allPlaces = map[string]string{
	"control": "tcp://127.0.0.1:0", "data": "tcp://127.0.0.1:0", "hints": "tcp://127.0.0.1:0", "reports": "tcp://127.0.0.1:0",
}

// A libzmq with heartbeats stays connected to all our places while nothing else is said.
func TestHeartbeatsOfWhoDials(t *testing.T) {
	t.Parallel()
	patiently(t, func(t testing.TB) *foreigner {
		daemon := startOurs(t, "mon.a", 7, allPlaces)
		taps, to := tappedAll(t, daemon.Addrs())
		to["heartbeat"] = everyTenth
		client := startLibzmq(t, "connect", "osd.3", 9, to)
		for range 2 {
			client.await(t, "session")
		}
		client.do(t, "report first") // who reports nothing is no reporter
		taps.beat(t, dialler, endpoint)
		if client.all("disconnected") != nil {
			return client
		}

		client.insist(t, "hint", func() { daemon.publish(t, wire.TypeNote, "hello") })
		client.do(t, "call data 1000 10")
		client.await(t, "answered")
		client.do(t, "report second")
		daemon.await(t, "note osd.3 second")
		return client
	})
}

// It stays connected to all that we dial, too.
func TestHeartbeatsOfWhoListens(t *testing.T) {
	t.Parallel()
	patiently(t, func(t testing.TB) *foreigner {
		at := settings{"heartbeat": everyTenth}
		for place, endpoint := range allPlaces {
			at[place] = endpoint
		}
		daemon := startLibzmq(t, "bind", "mon.a", 7, at)
		taps, addrs := tappedAll(t, daemon.bound(t, "control", "data", "hints", "reports"))
		to := messenger.Peer{Entity: named(t, "mon.a"), GID: 7, Addrs: addrs}
		client := startOurs(t, "osd.3", 9, nil)
		link := client.Link(to, wire.Data)
		t.Cleanup(client.Subscribe(to, wire.TypeNote).Close) // and not before we know who was cut
		daemon.insist(t, "report", func() { client.report(t, to, "first") })
		taps.beat(t, endpoint, dialler)
		if daemon.all("disconnected") != nil {
			return daemon
		}

		if err := client.call(link, 1000); err != nil {
			t.Error(err)
		}
		client.report(t, to, "second")
		daemon.await(t, "report osd.3 second")
		client.insist(t, "hint", func() { daemon.do(t, "publish %d hello", wire.TypeNote) })
		return daemon
	})
}

// patiently runs a test again when libzmq has given up on us: on a busy machine our answers may
// come later than three of its PINGs. Were they not to come at all, no number of tries would help.
func patiently(t *testing.T, test func(t testing.TB) *foreigner) {
	const tries = 5
	for range tries {
		cut := false
		t.Run("try", func(t *testing.T) {
			f := test(t)
			cut = f.all("disconnected") != nil
			if cut {
				t.Log(f.journal)
			}
		})
		if !cut || t.Failed() {
			return
		}
		t.Log("libzmq has given up on us. Was the machine busy?")
	}
	t.Errorf("libzmq gave up on us %d times", tries)
}

// taps are one by place.
type taps map[string]*tap

func tappedAll(t testing.TB, addrs map[string]string) (taps, map[string]string) {
	all, to := make(taps), make(map[string]string)
	for place, at := range addrs {
		all[place] = tapped(t, at, false, ping, pong)
		to[place] = all[place].endpoint()
	}
	return all, to
}

// beat waits until one side has answered the PINGs of the other everywhere for more than a second,
// and asked for none itself.
func (ts taps) beat(t testing.TB, asks, answers int) {
	t.Helper()
	for place, p := range ts {
		until(t, "PONGs at place "+place, func() bool { return p.said(answers, pong) >= idle })
		if n := p.said(answers, ping); n > 0 {
			t.Errorf("%d PINGs of ours at place %s", n, place)
		}
		if n := p.said(asks, ping); n < idle {
			t.Errorf("%d PINGs of libzmq's at place %s, and more answers", n, place)
		}
	}
}
