package zmq_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"zeph/pkg/messenger"
	"zeph/pkg/wire"
)

// bulks are sizes of bulk: the smallest, those where a frame (of 133 bytes more) and bulk itself
// outgrow a length of one byte, and the large, up to the largest.
var bulks = []int{0, 1, 255 - 133, 256 - 133, 255, 256, 4 << 10, 1 << 20, 5 << 20, 16 << 20}

// eachScheme runs a test with every kind of endpoint and every foreigner.
func eachScheme(t *testing.T, test func(t *testing.T, endpoint string, start starter)) {
	for _, scheme := range slices.Sorted(maps.Keys(schemes)) {
		t.Run(scheme, func(t *testing.T) {
			eachForeigner(t, func(t *testing.T, start starter) {
				test(t, schemes[scheme](t), start)
			})
		})
	}
}

// sizes are those to try over an endpoint. The largest need to cross only one sort of socket.
func sizes(endpoint string) []int {
	if strings.HasPrefix(endpoint, "tcp://127") {
		return bulks
	}
	return bulks[:len(bulks)-2]
}

// A foreign DEALER says hello to our ROUTER, and calls.
func TestForeignDealer(t *testing.T) {
	eachScheme(t, func(t *testing.T, endpoint string, start starter) {
		daemon := startOurs(t, "osd.1", 7, map[string]string{"data": endpoint})
		client := start(t, "connect", "client.foreign", 9, settings{"data": daemon.Addrs()["data"]})
		client.await(t, "session data osd.1 7")
		daemon.await(t, "up data client.foreign 9")
		for _, size := range sizes(endpoint) {
			client.do(t, "call data %d 1", size)
			client.await(t, "answered")
		}
		client.do(t, "note data hello")
		daemon.await(t, "note client.foreign hello")
		client.never(t, "failed")
		client.never(t, "disconnected")
		daemon.never(t, "reset")
	})
}

// Our link says hello to a foreign ROUTER, and calls; the ROUTER says something of its own accord.
func TestForeignRouter(t *testing.T) {
	eachScheme(t, func(t *testing.T, endpoint string, start starter) {
		daemon := start(t, "bind", "osd.1", 7, settings{"data": endpoint})
		to := messenger.Peer{Entity: named(t, "osd.1"), GID: 7, Addrs: daemon.bound(t, "data")}
		client := startOurs(t, "client.ours", 9, nil)
		link := client.Link(to, wire.Data)
		for _, size := range sizes(endpoint) {
			if err := client.call(link, size); err != nil {
				t.Fatalf("%d bytes: %v", size, err)
			}
		}
		daemon.await(t, "session data client.ours 9")
		if err := link.Send(note("hello")); err != nil {
			t.Fatal(err)
		}
		daemon.await(t, "note data client.ours hello")
		daemon.do(t, "note data welcome")
		client.await(t, "note osd.1 welcome")
		client.never(t, "reset")
	})
}

// So many calls at once of so many bytes are less than we queue of class control (16 MiB), and
// more than we hold (8 MiB) or a foreigner does (4 MiB).
const (
	atOnce = 30
	each   = 500_000
)

// A foreign DEALER has to wait for our credit, and so have our answers for its.
func TestCreditForForeigners(t *testing.T) {
	eachForeigner(t, func(t *testing.T, start starter) {
		daemon := startOurs(t, "mon.a", 7, map[string]string{"control": "tcp://127.0.0.1:0"})
		client := start(t, "connect", "osd.3", 9, daemon.Addrs())
		client.await(t, "session control mon.a")
		client.do(t, "call control %d %d", each, atOnce)
		client.await(t, "answered")
		client.never(t, "failed")
		daemon.never(t, "reset")
	})
}

// Our calls wait for the credit of a foreign ROUTER, and it has to wait for ours.
func TestCreditOfForeigners(t *testing.T) {
	eachForeigner(t, func(t *testing.T, start starter) {
		daemon := start(t, "bind", "mon.a", 7, settings{"control": "tcp://127.0.0.1:0"})
		client := startOurs(t, "osd.3", 9, nil)
		link := client.Link(messenger.Peer{Entity: named(t, "mon.a"), Addrs: daemon.bound(t, "control")}, wire.Control)
		errs := make(chan error, atOnce)
		for range atOnce {
			go func() { errs <- client.call(link, each) }()
		}
		for range atOnce {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		if n := client.Stats().Classes[wire.Control].CreditWaits; n == 0 {
			t.Error("no message waited for credit")
		}
		client.never(t, "reset")
	})
}

// A frame without a byte ends a foreign DEALER's session and nothing else: it connects again, says
// hello, and goes on. libzmq does so by itself.
func TestForeignNonsense(t *testing.T) {
	eachForeigner(t, func(t *testing.T, start starter) {
		daemon := startOurs(t, "osd.1", 7, map[string]string{"data": "tcp://127.0.0.1:0"})
		to := settings{"data": daemon.Addrs()["data"]}
		honest := start(t, "connect", "client.honest", 8, to)
		honest.await(t, "session data")
		foolish := start(t, "connect", "client.foolish", 9, to)
		foolish.await(t, "session data")
		foolish.do(t, "blank data")
		daemon.await(t, "reset data client.foolish 9: malformed")
		foolish.await(t, "disconnected data")
		foolish.do(t, "reconnect")
		foolish.await(t, "session data")
		for _, client := range []*foreigner{foolish, honest} {
			client.do(t, "call data 1000 1")
			client.await(t, "answered")
		}
		honest.never(t, "disconnected")
	})
}
