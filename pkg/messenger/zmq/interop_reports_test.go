package zmq_test

import (
	"fmt"
	"testing"

	"zeph/pkg/messenger"
)

// A foreign PUSH reports to us, quoting the session of its DEALER.
func TestForeignReporter(t *testing.T) {
	eachForeigner(t, func(t *testing.T, start starter) {
		daemon := startOurs(t, "mon.a", 7, map[string]string{"control": "tcp://127.0.0.1:0", "reports": "tcp://127.0.0.1:0"})
		client := start(t, "connect", "osd.3", 9, daemon.Addrs())
		client.await(t, "session control mon.a")
		for i := range 50 {
			client.do(t, "report r%d", i)
		}
		daemon.inOrder(t, "note osd.3 r", 50)
		if n := daemon.Stats().ReportsUnheard; n > 0 {
			t.Errorf("%d reports unheard", n)
		}
	})
}

// We report to a foreign PULL. It can tell from the session that it is us.
func TestForeignCollector(t *testing.T) {
	eachForeigner(t, func(t *testing.T, start starter) {
		daemon := start(t, "bind", "mon.a", 7, settings{"control": "tcp://127.0.0.1:0", "reports": "tcp://127.0.0.1:0"})
		to := messenger.Peer{Entity: named(t, "mon.a"), GID: 7, Addrs: daemon.bound(t, "control", "reports")}
		client := startOurs(t, "osd.3", 9, nil)
		daemon.insist(t, "report", func() { client.report(t, to, "first") }) // what has no session yet is dropped
		for i := range 50 {
			client.report(t, to, fmt.Sprint("r", i))
		}
		daemon.inOrder(t, "report osd.3 r", 50)
		daemon.never(t, "stray report")
	})
}

func (o *ours) report(t testing.TB, to messenger.Peer, text string) {
	t.Helper()
	if err := o.Report(to, note(text)); err != nil {
		t.Error(err)
	}
}
