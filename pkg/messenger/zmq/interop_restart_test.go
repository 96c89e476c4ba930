package zmq_test

import (
	"context"
	"fmt"
	"testing"

	"zeph/pkg/messenger"
	"zeph/pkg/wire"
)

// everyPlace are endpoints of all places that the restart tests use, of one kind.
func everyPlace(t testing.TB, scheme string) map[string]string {
	at := make(map[string]string)
	for place := range allPlaces {
		at[place] = schemes[scheme](t)
	}
	return at
}

// eachRestart runs a test over TCP and Unix sockets.
func eachRestart(t *testing.T, test func(t *testing.T, at map[string]string, start starter)) {
	for _, scheme := range []string{"IPv4", "ipc"} {
		t.Run(scheme, func(t *testing.T) {
			eachForeigner(t, func(t *testing.T, start starter) { test(t, everyPlace(t, scheme), start) })
		})
	}
}

// Our daemon ends and another begins at the same endpoints. A foreign client is told by the end of
// its connections, comes back, says hello again, and all goes on. libzmq comes back by itself.
func TestOurDaemonRestarts(t *testing.T) {
	eachRestart(t, func(t *testing.T, at map[string]string, start starter) {
		daemon := startOurs(t, "mon.a", 7, at)
		client := start(t, "connect", "osd.3", 9, daemon.Addrs())
		for run := range 3 {
			for range 2 {
				client.await(t, "session")
			}
			client.do(t, "call data 100000 10")
			client.await(t, "answered")
			text := fmt.Sprint("r", run)
			daemon.insist(t, "note osd.3 "+text, func() { client.do(t, "report %s", text) })
			text = fmt.Sprint("h", run)
			client.insist(t, "hint mon.a 5 "+text, func() { daemon.publish(t, wire.TypeNote, text) })

			addrs := daemon.Addrs()
			_ = daemon.Close(context.Background())
			client.await(t, "disconnected")
			daemon = startOurs(t, "mon.a", 8+run, addrs)
			client.do(t, "reconnect")
		}
	})
}

// A foreign daemon is killed and started again at the same endpoints. Our links, subscription and
// reports find it by themselves.
func TestForeignDaemonRestarts(t *testing.T) {
	eachRestart(t, func(t *testing.T, at map[string]string, start starter) {
		places := []string{"control", "data", "hints", "reports"}
		daemon := start(t, "bind", "mon.a", 7, at)
		addrs := daemon.bound(t, places...)
		to := messenger.Peer{Entity: named(t, "mon.a"), Addrs: addrs} // whichever run answers
		client := startOurs(t, "osd.3", 9, nil)
		link := client.Link(to, wire.Data)
		defer client.Subscribe(to, wire.TypeNote).Close()
		for run := range 3 {
			client.await(t, "up data mon.a")
			if err := client.call(link, 100000); err != nil {
				t.Fatal(err)
			}
			text := fmt.Sprint("h", run)
			client.insist(t, "hint mon.a "+text, func() { daemon.do(t, "publish %d %s", wire.TypeNote, text) })
			text = fmt.Sprint("r", run)
			daemon.insist(t, "report osd.3 "+text, func() { client.report(t, to, text) })

			daemon.kill()
			client.await(t, "reset data mon.a")
			daemon = start(t, "bind", "mon.a", 8+run, addrs)
			daemon.bound(t, places...)
		}
		client.never(t, "complaint")
	})
}

// A foreign client is killed and started again under the same name. Our daemon ends the sessions
// of the one, and has those of the other.
func TestForeignClientRestarts(t *testing.T) {
	eachForeigner(t, func(t *testing.T, start starter) {
		daemon := startOurs(t, "mon.a", 7, everyPlace(t, "IPv4"))
		for run := range 3 {
			client := start(t, "connect", "osd.3", 9+run, daemon.Addrs())
			for range 2 {
				client.await(t, "session")
			}
			client.do(t, "call data 100000 10")
			client.await(t, "answered")
			client.kill()
			daemon.await(t, "reset")
			daemon.await(t, "reset")
		}
		until(t, "subscribers of dead clients", func() bool { return daemon.Stats().Subscribers == 0 })
	})
}
