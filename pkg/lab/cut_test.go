package lab

import (
	"errors"
	"net"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestRules(t *testing.T) {
	s := &state{Groups: 20000}
	for i, name := range []string{"mon.a", "osd.0", "osd.1"} {
		kind, _, _ := strings.Cut(name, ".")
		s.add(&Daemon{Name: name, Kind: Kind(kind), Addresses: []Address{{"control", []string{"tcp://127.0.0.1:7000", "tcp://127.0.0.1:7001", "tcp://127.0.0.1:7002"}[i]}}})
	}
	const (
		from0   = "-p tcp -m connmark --mark 20032 -m conntrack --ctdir "
		from1   = "-p tcp -m connmark --mark 20033 -m conntrack --ctdir "
		reset   = "-p tcp --tcp-flags RST RST -j RETURN"
		refused = " -j REJECT --reject-with tcp-reset"
	)
	out1 := []string{
		from0 + "ORIGINAL -m multiport --dports 7002", // what it opened, it sends
		from1 + "REPLY -m multiport --sports 7001",    // what the other opened, it answers
	}
	for _, tt := range []struct {
		cut  Cut
		text string
		want []string
	}{
		{Cut{Of: "osd.0"}, "cut off", []string{
			from0 + "ORIGINAL -j DROP", "-p tcp -m multiport --sports 7001 -j DROP",
			from0 + "REPLY -j DROP", "-p tcp -m multiport --dports 7001 -j DROP",
		}},
		{Cut{Of: "osd.0", Way: In}, "cut off (in)", []string{from0 + "REPLY -j DROP", "-p tcp -m multiport --dports 7001 -j DROP"}},
		{Cut{Of: "osd.0", From: []string{"osd.1"}, Way: Out}, "cut off (out) from osd.1", []string{out1[0] + " -j DROP", out1[1] + " -j DROP"}},
		{Cut{Of: "osd.0", From: []string{"osd.1"}, Way: Out, Refuse: true}, "cut off (out) from osd.1, refused", []string{reset, out1[0] + refused, out1[1] + refused}},
		{Cut{Of: "osd.1", From: []string{"osd.0", "mon.a"}, Way: In}, "cut off (in) from osd.0, mon.a", []string{
			out1[0] + " -j DROP", out1[1] + " -j DROP",
			"-p tcp -m connmark --mark 20000 -m conntrack --ctdir ORIGINAL -m multiport --dports 7002 -j DROP",
			from1 + "REPLY -m multiport --sports 7000 -j DROP",
		}},
	} {
		s.Cuts = []Cut{tt.cut}
		got := s.rules()
		if marks := got[:3]; marks[1] != "-p tcp -m owner --gid-owner 20032 -m conntrack --ctdir ORIGINAL -j CONNMARK --set-mark 20032" {
			t.Errorf("marks %q", marks)
		}
		if !slices.Equal(got[3:], tt.want) {
			t.Errorf("%v:\n%s\nwant\n%s", tt.cut, strings.Join(got[3:], "\n"), strings.Join(tt.want, "\n"))
		}
		if tt.cut.String() != tt.text {
			t.Errorf("%q, want %q", tt.cut, tt.text)
		}
	}
}

// dial says what becomes of a connection to a daemon.
func dial(t *testing.T, d Daemon, want string) string {
	t.Helper()
	return outcome(net.DialTimeout("tcp", strings.TrimPrefix(d.Addresses[0].Addr, "tcp://"), patience(want)))
}

// patience is how long to wait. Whoever wants no silence waits long enough for a busy machine.
func patience(want string) time.Duration {
	if want == "silence" {
		return 300 * time.Millisecond
	}
	return time.Minute
}

// outcome is a dial's in a word.
func outcome(c net.Conn, err error) string {
	var slow net.Error
	switch {
	case err == nil:
		c.Close()
		return "open"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.As(err, &slow) && slow.Timeout():
		return "silence"
	}
	return err.Error()
}

func TestCut(t *testing.T) {
	able(t, CanCut("127.0.0.1"))
	f := &fakeMons{}
	opts := f.options(t, t.TempDir())
	opts.Mons, opts.OSDs, opts.Cuts = 1, 2, true
	l := up(t, f, opts)
	ctx := t.Context()
	seen := func(want string, faults ...string) {
		t.Helper()
		d := find(t, l, "osd.0")
		if got := dial(t, d, want); got != want || !slices.Equal(d.Faults, faults) {
			t.Errorf("%s with %q, want %s with %q", got, d.Faults, want, faults)
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	seen("open")
	must(l.Cut(ctx, Cut{Of: "osd.0"}))
	seen("silence", "cut off")
	must(l.Kill(ctx, "osd.0"))
	must(l.Start(ctx, "osd.0")) // at other ports
	seen("silence", "cut off")
	must(l.Rejoin(ctx, "osd.0"))
	seen("open")
	must(l.Cut(ctx, Cut{Of: "osd.0", Refuse: true}))
	seen("refused", "cut off, refused")
	must(l.Rejoin(ctx, "osd.0"))
	must(l.Cut(ctx, Cut{Of: "osd.0", From: []string{"osd.1"}}))
	seen("open", "cut off from osd.1") // we are not osd.1
	if got := dial(t, find(t, l, "osd.1"), "open"); got != "open" {
		t.Errorf("osd.1: %s", got)
	}
	must(l.Mend(ctx))
	seen("open")
	must(l.Cut(ctx, Cut{Of: "osd.0"}))
	for want, err := range map[string]error{
		"osd.1: is not cut off":                   l.Rejoin(ctx, "osd.1"),
		"osd.7: the lab has no such daemon":       l.Cut(ctx, Cut{Of: "osd.7"}),
		"osd.0: cannot be cut off from itself":    l.Cut(ctx, Cut{Of: "osd.0", From: []string{"osd.0"}}),
		"mon.x: the lab has no such daemon":       l.Cut(ctx, Cut{Of: "osd.0", From: []string{"mon.x"}}),
		"osd.1: its disk does not hang":           l.Unhang(ctx, "osd.1"),
		"osd.7: the lab has no such daemon again": l.Unhang(ctx, "osd.7"),
	} {
		if err == nil || err.Error() != strings.TrimSuffix(want, " again") {
			t.Errorf("%v, want %s", err, want)
		}
	}
	must(l.Down(ctx))
	if rules, _ := exec.Command("iptables-save").Output(); strings.Contains(string(rules), l.filter().chain()) {
		t.Errorf("left behind:\n%s", rules)
	}
}

// What a lab has left that ended by itself goes away with the next.
func TestStaleRules(t *testing.T) {
	able(t, CanCut("127.0.0.1"))
	gone := &Lab{dir: t.TempDir() + "/a folder"}
	if err := gone.filter().Set([]string{"-p tcp -m owner --gid-owner 19999 -j DROP"}); err != nil {
		t.Fatal(err)
	}
	if err := removeStale(); err != nil {
		t.Fatal(err)
	}
	if rules, _ := exec.Command("iptables-save").Output(); strings.Contains(string(rules), gone.filter().chain()) {
		t.Errorf("left behind:\n%s", rules)
	}
}

func TestHang(t *testing.T) {
	able(t, CanHang())
	f := &fakeMons{}
	opts := f.options(t, t.TempDir())
	opts.Mons, opts.OSDs = 1, 1
	l := up(t, f, opts)
	ctx := t.Context()
	seen := func(want State, faults ...string) {
		t.Helper()
		if d := find(t, l, "osd.0"); d.State != want || !slices.Equal(d.Faults, faults) {
			t.Errorf("%s with %q, want %s with %q", d.State, d.Faults, want, faults)
		}
	}
	if err := l.Hang(ctx, "osd.0"); err != nil {
		if strings.Contains(err.Error(), "not permitted") {
			able(t, err)
		}
		t.Fatal(err)
	}
	seen(Running, "disk hangs")
	if err := l.Hang(ctx, "osd.0"); err == nil || err.Error() != "osd.0: its disk hangs already" {
		t.Error(err)
	}
	holder := find(t, l, "osd.0").Strace
	for _, do := range []error{l.Unhang(ctx, "osd.0"), l.Hang(ctx, "osd.0"), l.Kill(ctx, "osd.0")} {
		if do != nil {
			t.Fatal(do)
		}
	}
	seen(Dead)
	if err := l.Start(ctx, "osd.0"); err != nil {
		t.Fatal(err)
	}
	seen(Running)
	if err := l.Hang(ctx, "osd.0"); err != nil {
		t.Fatal(err)
	}
	if err := l.Down(ctx); err != nil {
		t.Fatal(err)
	}
	seen(Stopped) // it heeded SIGTERM, for its disk goes on before
	if _, there := look(holder); there {
		t.Errorf("strace, pid %d, is still there", holder)
	}
}
