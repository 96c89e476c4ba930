//go:build unix

package zmq_test

import (
	"errors"
	"testing"

	"zeph/pkg/messenger"
	"zeph/pkg/wire"
)

// Another run of the server takes over the address. A link to the old run never opens again, and
// nothing that was meant for that reaches the new one; a link to the new run works.
func TestAddressOfANewRun(t *testing.T) {
	if serving(t) {
		return
	}
	for _, scheme := range []string{"IPv4", "ipc"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, 7, schemes[scheme](t))
			client := startOurs(t, "client.x", 9, nil)
			old := client.Link(s.peer(t, 7), wire.Data)
			client.await(t, "up data osd.1 7")
			if err := old.Send(note("old")); err != nil {
				t.Fatal(err)
			}
			s.await(t, "note client.x old")
			s.kill()
			client.await(t, "reset data osd.1 7")

			s = startServer(t, 8, s.endpoint)
			for range 3 {
				client.await(t, "unreachable data osd.1 7: wrong peer")
				_ = old.Send(note("old")) // may wait for a session, which will not be
				if err := client.call(old, 100); !errors.Is(err, messenger.ErrDown) {
					t.Errorf("a call to the old run: %v", err)
				}
			}
			link := client.Link(s.peer(t, 8), wire.Data)
			client.recovers(t, link, "linking with the new run")
			if err := link.Send(note("new")); err != nil {
				t.Fatal(err)
			}
			s.await(t, "note client.x new")
			client.await(t, "unreachable data osd.1 7: wrong peer") // still

			s.never(t, "note client.x old")
			if up := s.all("up"); len(up) != 1 {
				t.Errorf("the new run has had sessions %q", up)
			}
			if up := client.all("up data osd.1 7"); len(up) != 1 || old.Up() {
				t.Errorf("the old link has been up %d times", len(up))
			}
		})
	}
}
