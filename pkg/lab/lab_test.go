package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"zeph/pkg/world"
)

// up starts a lab of fakes that is taken down with the test.
func up(t *testing.T, f *fakeMons, opts Options) *Lab {
	t.Helper()
	l, err := Up(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := os.Stat(l.Dir()); err != nil {
			return // removed
		}
		if err := l.Down(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return l
}

func list(t *testing.T, l *Lab) []Daemon {
	t.Helper()
	ds, err := l.List()
	if err != nil {
		t.Fatal(err)
	}
	return ds
}

func find(t *testing.T, l *Lab, name string) Daemon {
	t.Helper()
	for _, d := range list(t, l) {
		if d.Name == name {
			return d
		}
	}
	t.Fatalf("no %s", name)
	return Daemon{}
}

func TestUpAndDown(t *testing.T) {
	f := &fakeMons{}
	var talk strings.Builder
	opts := f.options(t, filepath.Join(t.TempDir(), "lab"))
	opts.Talk = &talk
	opts.Config = []Setting{{"mon", "mon_osd_down_out_interval", "8s"}}
	l := up(t, f, opts)

	ds := list(t, l)
	var names []string
	for _, d := range ds {
		names = append(names, d.Name+" "+d.Location)
		if d.State != Running || d.Pid == 0 || len(d.Addresses) != len(d.Kind.listeners()) {
			t.Errorf("%+v", d)
		}
		for _, a := range d.Addresses {
			c, err := net.Dial("tcp", strings.TrimPrefix(a.Addr, "tcp://"))
			if err != nil {
				t.Errorf("%s %s: %v", d.Name, a.Name, err)
				continue
			}
			c.Close()
		}
		if sid, _, err := syscall.Syscall(syscall.SYS_GETSID, uintptr(d.Pid), 0, 0); err != 0 || int(sid) != d.Pid {
			t.Errorf("%s: session %d, pid %d: it would not outlive us", d.Name, sid, d.Pid)
		}
	}
	want := []string{"mon.a ", "mon.b ", "mon.c ", "osd.0 host=h1 rack=r1", "osd.1 host=h1 rack=r1", "osd.2 host=h2 rack=r1",
		"osd.3 host=h2 rack=r1", "osd.4 host=h3 rack=r2", "osd.5 host=h3 rack=r2"}
	if !slices.Equal(names, want) {
		t.Errorf("daemons %q", names)
	}
	wantAsked := []string{
		"config set name=mon_osd_down_out_interval value=8s who=mon",
		"crush rule create-replicated name=spread-host root=default type=host",
		"pool create min_size=2 name=demo pg_num=32 rule=spread-host size=3",
	}
	if !slices.Equal(f.asked, wantAsked) {
		t.Errorf("asked %q", f.asked)
	}
	for _, line := range []string{"mon a,b,c   quorum in ", ", leader b (term 2)", "osd 0..5    up 6, in 6   hosts h1 h2 h3   racks r1 r2",
		"pool demo   size 3, min_size 2, 32 PGs, rule spread-host", "stop: zeph lab down"} {
		if !strings.Contains(talk.String(), line) {
			t.Errorf("no %q in\n%s", line, talk.String())
		}
	}
	c, err := world.ReadCluster(l.ClusterFile())
	if err != nil || len(c.Mons) != 3 || c.Mons[1].Control != ds[1].Addresses[0].Addr {
		t.Errorf("cluster file: %v %+v", err, c)
	}

	if running, err := RunningLab(); err != nil || running.Dir() != l.Dir() {
		t.Errorf("running lab: %v %v", running, err)
	}
	if _, err := Up(t.Context(), opts); err == nil || !strings.Contains(err.Error(), "a lab runs here already") {
		t.Errorf("up a second time: %v", err)
	}
	if err := l.Remove(); err == nil {
		t.Error("a lab that runs was removed")
	}

	if err := l.Down(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, d := range list(t, l) {
		if d.State != Stopped || d.Pid != 0 {
			t.Errorf("%+v", d)
		}
		if !ds[i].gone() {
			t.Errorf("%s is still there", d.Name)
		}
	}
	if _, err := RunningLab(); !errors.Is(err, ErrNotRunning) {
		t.Errorf("running lab: %v", err)
	}

	// Again, with the same data and the same addresses of monitors.
	l = up(t, f, Options{Dir: l.Dir(), Bin: opts.Bin, connect: opts.connect})
	if again := list(t, l); !slices.Equal(again[0].Addresses, ds[0].Addresses) || again[8].State != Running {
		t.Errorf("again: %+v", again)
	}
	if err := l.Down(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := l.Remove(); err != nil {
		t.Fatal(err)
	}
}

func TestFaults(t *testing.T) {
	f := &fakeMons{}
	opts := f.options(t, t.TempDir())
	opts.Mons, opts.OSDs = 1, 2
	l := up(t, f, opts)
	ctx := t.Context()
	for _, step := range []struct {
		name string
		do   func(context.Context, string) error
		want State
	}{
		{"osd.0", l.Pause, Paused},
		{"osd.0", l.Pause, Paused},
		{"osd.0", l.Resume, Running},
		{"osd.0", l.Kill, Dead},
		{"osd.0", l.Start, Running},
		{"osd.0", l.Stop, Stopped},
		{"osd.0", l.Start, Running},
		{"mon.a", l.Kill, Dead},
		{"mon.a", l.Start, Running},
		{"osd.1", l.Pause, Paused}, // and is down with the others
	} {
		before := find(t, l, step.name)
		if err := step.do(ctx, step.name); err != nil {
			t.Fatal(err)
		}
		after := find(t, l, step.name)
		if after.State != step.want {
			t.Errorf("%s: %s → %s, want %s", step.name, before.State, after.State, step.want)
		}
		if after.Kind == Mon && !slices.Equal(before.Addresses, after.Addresses) {
			t.Errorf("%s moved: %v → %v", step.name, before.Addresses, after.Addresses)
		}
	}
	for want, do := range map[string]func() error{
		"osd.7: the lab has no such daemon": func() error { return l.Kill(ctx, "osd.7") },
		"osd.0: is not paused":              func() error { return l.Resume(ctx, "osd.0") },
		"osd.0: runs already":               func() error { return l.Start(ctx, "osd.0") },
		"osd.1: the lab has it already":     func() error { _, err := l.AddOSD(ctx, 1, ""); return err },
	} {
		if err := do(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	name, err := l.AddOSD(ctx, -1, "")
	if err != nil || name != "osd.2" {
		t.Fatalf("%s: %v", name, err)
	}
	if d := find(t, l, name); d.State != Running || d.Location != "host=h1 rack=r1" {
		t.Errorf("%+v", d)
	}
}

// A pid that another process got is not ours to signal.
func TestReusedPid(t *testing.T) {
	f := &fakeMons{}
	opts := f.options(t, t.TempDir())
	opts.Mons, opts.OSDs = 1, 1
	l := up(t, f, opts)
	var real Daemon
	if err := l.edit(t.Context(), func(s *state) error {
		real, s.Daemons[1].Began = *s.Daemons[1], "another moment"
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if d := find(t, l, "osd.0"); d.State != Dead {
		t.Errorf("state %s of a process that is another's", d.State)
	}
	if err := l.Kill(t.Context(), "osd.0"); err == nil {
		t.Error("killed a process that is another's")
	}
	if real.gone() {
		t.Error("the process ended")
	}
	if err := kill(&real); err != nil {
		t.Fatal(err)
	}
}

// Whatever goes wrong on the way up, nothing is left.
func TestUpFails(t *testing.T) {
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"a daemon dies", []string{"--trouble", "osd.1"}, "osd.1: ended before it was ready: the disk of osd.1 is on fire"},
		{"a daemon hangs", []string{"--silent", "osd.1"}, "osd.1: not ready in time"},
		{"a daemon does not heed SIGTERM", []string{"--stubborn", "osd.0", "--trouble", "osd.1"}, "is on fire"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := &fakeMons{}
			opts := f.options(t, filepath.Join(t.TempDir(), "lab"))
			opts.Mons, opts.OSDs, opts.OSDArgs, opts.Timeout = 1, 2, tt.args, 5*time.Second
			_, err := Up(t.Context(), opts)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %s", err, tt.want)
			}
			nothingLeft(t, opts.Dir)
		})
	}
	t.Run("interrupted", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		f := &fakeMons{unwell: true, onStatus: cancel}
		opts := f.options(t, filepath.Join(t.TempDir(), "lab"))
		if _, err := Up(ctx, opts); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		nothingLeft(t, opts.Dir)
	})
	t.Run("never healthy", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		f := &fakeMons{unwell: true}
		f.onStatus = func() {
			if len(f.asked) == 2 { // rule and pool: all that is lacking is health
				cancel(context.DeadlineExceeded)
			}
		}
		opts := f.options(t, filepath.Join(t.TempDir(), "lab"))
		opts.Mons, opts.OSDs = 1, 1
		if _, err := Up(ctx, opts); err == nil || !strings.Contains(err.Error(), "HEALTH_WARN: 1 osd down") {
			t.Errorf("%v", err)
		}
		nothingLeft(t, opts.Dir)
	})
	t.Run("not empty", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "thesis.tex"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		f := &fakeMons{}
		if _, err := Up(t.Context(), f.options(t, dir)); err == nil || !strings.Contains(err.Error(), "is not empty") {
			t.Errorf("%v", err)
		}
	})
}

// A lab whose maker was killed before it was healthy is begun anew.
func TestUpAfterCutShort(t *testing.T) {
	f := &fakeMons{}
	opts := f.options(t, t.TempDir())
	opts.Mons, opts.OSDs = 1, 1
	l := up(t, f, opts)
	first := find(t, l, "mon.a")
	if err := l.edit(t.Context(), func(s *state) error {
		s.Complete = false
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := Up(t.Context(), opts); err == nil || !strings.Contains(err.Error(), "a lab runs here already") {
		t.Errorf("%v", err)
	}
	if err := l.Down(t.Context()); err != nil {
		t.Fatal(err)
	}
	l = up(t, f, opts)
	if now := find(t, l, "mon.a"); now.Store == first.Store || now.State != Running {
		t.Errorf("%+v after %+v", now, first)
	}
}

// nothingLeft looks for the folder, and for processes with it among their arguments.
func nothingLeft(t *testing.T, dir string) {
	t.Helper()
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", dir, err)
	}
	cmdlines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range cmdlines {
		if text, _ := os.ReadFile(path); strings.Contains(string(text), dir+"/") {
			t.Errorf("%s: %q", path, text)
		}
	}
}

func TestOptions(t *testing.T) {
	for _, tt := range []struct {
		opts Options
		want string
	}{
		{Options{Dir: "d", Mons: 2}, "2 monitors: expected an odd number"},
		{Options{Dir: "d", Mons: -1, OSDs: 3, Hosts: 4}, "4 hosts for 3 OSDs"},
		{Options{Dir: "d", Racks: 4}, "4 racks for 3 hosts"},
		{Options{Dir: "d", Pool: Pool{Size: 5}}, "5 copies on 3 hosts"},
		{Options{}, "no folder"},
	} {
		if err := tt.opts.fill(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v, want %s", tt.opts, err, tt.want)
		}
	}
	for n, want := range map[int]string{1: "1/1/1", 2: "2/2/2", 6: "3/2/3"} {
		o := Options{Dir: "d", OSDs: n}
		if err := o.fill(); err != nil || fmt.Sprintf("%d/%d/%d", o.Hosts, o.Racks, o.Pool.Size) != want {
			t.Errorf("%d OSDs: %d hosts, %d racks, size %d: %v", n, o.Hosts, o.Racks, o.Pool.Size, err)
		}
	}
}

// Of the monitors that one was recovered without none starts again from its old folder.
func TestRemovedMonitors(t *testing.T) {
	f := &fakeMons{}
	opts := f.options(t, t.TempDir())
	opts.OSDs = 1
	l := up(t, f, opts)
	ctx := t.Context()
	a, b, c := find(t, l, "mon.a"), find(t, l, "mon.b"), find(t, l, "mon.c")
	if err := l.Down(ctx); err != nil {
		t.Fatal(err)
	}
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(a.Folder, "removed"), "b/"+b.Store+"\nc/"+c.Store+"\n")
	write(filepath.Join(c.Folder, "monitor"), "zeph-mon\nname c\nstore 5\n") // made anew
	f.unwell, f.check = true, "MON_DOWN"
	var talk strings.Builder
	l = up(t, f, Options{Dir: l.Dir(), Bin: opts.Bin, connect: opts.connect, Talk: &talk})
	var states []State
	for _, d := range list(t, l) {
		states = append(states, d.State)
	}
	if want := []State{Running, Stopped, Running, Running}; !slices.Equal(states, want) {
		t.Errorf("states %v, want %v", states, want)
	}
	if want := "mon b       not started: no member since mon.a was recovered"; !strings.Contains(talk.String(), want) {
		t.Errorf("no %q in\n%s", want, talk.String())
	}
	var not *NotMemberError
	if err := l.Start(ctx, "mon.b"); !errors.As(err, &not) || not.Recovered != "mon.a" {
		t.Errorf("start: %v", err)
	}
	if err := l.Down(ctx); err != nil {
		t.Fatal(err)
	}
	write(filepath.Join(b.Folder, "removed"), "a/"+a.Store+"\nc/5\n") // somebody recovered two of them
	if _, err := Up(ctx, Options{Dir: l.Dir(), Bin: opts.Bin, connect: opts.connect}); !errors.As(err, &not) {
		t.Errorf("up: %v", err)
	}
}

// A cluster of one OSD cannot be without any warning.
func TestTooSmallToBeHealthy(t *testing.T) {
	f := &fakeMons{unwell: true, check: "TOO_FEW_OSDS"}
	opts := f.options(t, t.TempDir())
	var talk strings.Builder
	opts.Mons, opts.OSDs, opts.Talk = 1, 1, &talk
	up(t, f, opts)
	if !strings.Contains(talk.String(), "HEALTH_WARN: 1 osd down\n") {
		t.Error(talk.String())
	}
}
