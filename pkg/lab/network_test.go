package lab

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestRouted(t *testing.T) {
	s := &state{Netns: true}
	for _, name := range []string{"mon.a", "mon.b", "osd.0", "osd.300"} {
		kind, _, _ := strings.Cut(name, ".")
		s.add(&Daemon{Name: name, Kind: Kind(kind)})
	}
	for _, tt := range []struct {
		cut  Cut
		want []string
	}{
		{Cut{Of: "osd.0"}, []string{"-p tcp -s 10.77.2.0 -d 0.0.0.0/0 -j DROP", "-p tcp -s 0.0.0.0/0 -d 10.77.2.0 -j DROP"}},
		{Cut{Of: "osd.0", From: []string{"osd.300"}, Way: Out}, []string{"-p tcp -s 10.77.2.0 -d 10.77.3.44 -j DROP"}},
		{Cut{Of: "mon.b", From: []string{Clients, "client.7"}, Way: In, Refuse: true}, []string{
			"-p tcp -s 10.77.1.0/24 -d 10.77.0.1 -j REJECT --reject-with tcp-reset",
			"-p tcp -s 10.77.1.7 -d 10.77.0.1 -j REJECT --reject-with tcp-reset",
		}},
	} {
		s.Cuts = []Cut{tt.cut}
		if got, err := s.routed(); err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%v: %v\n%s\nwant\n%s", tt.cut, err, strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
		}
	}
	for _, name := range []string{"mon.x", "osd.51200", "client.256", "client.", "host.1"} {
		if _, err := s.address(name); err == nil {
			t.Errorf("%s has an address", name)
		}
	}
}

// TestNetns: each daemon is a node of its own, which cuts tell apart, and nothing is left of the network in the end.
func TestNetns(t *testing.T) {
	able(t, CanNetns())
	f := &fakeMons{}
	opts := f.options(t, t.TempDir())
	opts.Mons, opts.OSDs, opts.Netns = 1, 2, true
	l := up(t, f, opts)
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	seen := func(from, want string) {
		t.Helper()
		if got := dialAs(l, from, find(t, l, "osd.0"), want); got != want {
			t.Errorf("from %s: %s, want %s", from, got, want)
		}
	}
	seen("client.0", "open")
	seen("osd.1", "open")
	must(l.Cut(ctx, Cut{Of: "osd.0", From: []string{"osd.1", "mon.a"}}))
	seen("client.0", "open")
	seen("osd.1", "silence")
	seen("mon.a", "silence")
	seen("osd.0", "open")
	must(l.Kill(ctx, "osd.0"))
	must(l.Start(ctx, "osd.0")) // at other ports
	seen("osd.1", "silence")
	must(l.Rejoin(ctx, "osd.0"))
	seen("osd.1", "open")
	must(l.Cut(ctx, Cut{Of: "osd.0", From: []string{Clients}, Refuse: true}))
	seen("client.0", "refused")
	seen("osd.1", "open")
	must(l.Mend(ctx))
	seen("client.0", "open")
	for want, err := range map[string]error{
		"osd.7: the lab has no such daemon":    l.Cut(ctx, Cut{Of: "osd.7"}),
		"osd.0: cannot be cut off from itself": l.Cut(ctx, Cut{Of: "osd.0", From: []string{"osd.0"}}),
	} {
		if err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	must(l.Down(ctx))
	if left, _ := filepath.Glob(filepath.Join(namespaces, l.namespace("*"))); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// The network of a lab that ended by itself goes away with the next.
func TestStaleNetwork(t *testing.T) {
	able(t, CanNetns())
	gone := &Lab{dir: t.TempDir() + "/a folder"}
	if err := os.Mkdir(gone.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	unlock, err := gone.lock(t.Context()) // or others would take it for stale at once
	if err != nil {
		t.Fatal(err)
	}
	if err := gone.raiseNetwork(&state{Netns: true}); err != nil {
		t.Fatal(err)
	}
	r := filepath.Join(namespaces, gone.namespace(router))
	if _, err := os.Stat(r); err != nil {
		t.Fatal(err)
	}
	unlock()
	if err := removeStaleNetworks(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(r); err == nil {
		t.Errorf("%s is still there", r)
	}
}

// dialAs says what becomes of a connection from a node to a daemon.
func dialAs(l *Lab, from string, d Daemon, want string) string {
	ctx, cancel := context.WithTimeout(context.Background(), patience(want))
	defer cancel()
	return outcome(DialFrom(l.namespace(from))(ctx, "tcp4", strings.TrimPrefix(d.Addresses[0].Addr, "tcp://")))
}
