package chaos

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"zeph/pkg/client"
	"zeph/pkg/lab"
	"zeph/pkg/osdmap"
	"zeph/pkg/scenario"
)

// labTarget is a lab: processes of this machine, on loopback or with a network of their own.
type labTarget struct {
	opts  Options
	netns bool               // each in a network namespace: see netns.go
	s     *scenario.Scenario // once up
}

func openLab(o Options) (Target, error) { return &labTarget{opts: o}, nil }

func (t *labTarget) dir() string { return filepath.Join(t.opts.Folder, "cluster") }

func (t *labTarget) open() (*lab.Lab, error) { return lab.Open(t.dir()) }

func (t *labTarget) Can(verb string) error {
	switch verb {
	case "cut", "refuse":
		return lab.CanCut("127.0.0.1")
	case "stick", "slow":
		return lab.CanHang()
	}
	return nil
}

func (t *labTarget) Up(ctx context.Context, s *scenario.Scenario) error {
	t.s = s
	o := lab.Options{
		Dir: t.dir(), Mons: s.Mons, OSDs: s.OSDs, Hosts: s.Hosts, Racks: max(1, s.Racks), NoPool: true,
		Location: func(id int) string { return locationOf(s, id) },
		Netns:    t.netns, Cuts: !t.netns && lab.CanCut("127.0.0.1") == nil,
		Capacity: 4 << 30, Timeout: 2 * time.Minute,
	}
	for _, c := range settingsOf(s) {
		o.Config = append(o.Config, lab.Setting{Who: c[0], Name: c[1], Value: c[2]})
	}
	if _, err := lab.Up(ctx, o); err != nil {
		return err
	}
	c, err := t.Connect(ctx, Who{Name: "maker"})
	if err != nil {
		return err
	}
	defer c.Close()
	if err := makePools(ctx, c, s); err != nil {
		return err
	}
	if err := awaitClean(ctx, c, s); err != nil {
		return err
	}
	return ballast(ctx, c, s)
}

// ballast are objects without which disks hold so little that a share of it is nothing, for scenarios that fill disks.
func ballast(ctx context.Context, c *client.Client, s *scenario.Scenario) error {
	if !slices.ContainsFunc(s.Steps, func(step scenario.Step) bool { return step.Do == "fill" }) {
		return nil
	}
	pool, err := c.Pool(ctx, s.AllPools()[0].Name)
	for i := 0; i < 8 && err == nil; i++ {
		_, err = pool.Put(ctx, fmt.Sprint("ballast.", i), bytes.NewReader(make([]byte, 2<<20)), client.PutOptions{})
	}
	return err
}

func (t *labTarget) Do(ctx context.Context, f Fault) error {
	l, err := t.open()
	if err != nil {
		return err
	}
	switch f.Verb {
	case "kill":
		return l.Kill(ctx, f.Of)
	case "stop":
		return l.Stop(ctx, f.Of)
	case "pause":
		return l.Pause(ctx, f.Of)
	case "cut", "refuse":
		return l.Cut(ctx, lab.Cut{Of: f.Of, From: f.From, Way: lab.Way(f.Way), Refuse: f.Verb == "refuse"})
	case "stick":
		return l.Hang(ctx, f.Of)
	case "slow":
		return l.Slow(ctx, f.Of, f.By)
	case "fill":
		return t.fill(ctx, l, f)
	case "rot":
		return flip(filepath.Join(t.dir(), f.Of), f.Text)
	}
	return fmt.Errorf("%v: %w", f, ErrCannot)
}

func (t *labTarget) Undo(ctx context.Context, f Fault) error {
	l, err := t.open()
	if err != nil {
		return err
	}
	d, err := t.daemon(f.Of)
	if err != nil {
		return err
	}
	under := func(what string) bool {
		for _, u := range d.Faults {
			if strings.HasPrefix(u, what) {
				return true
			}
		}
		return false
	}
	switch {
	case f.Verb == "fill" && d.Capacity > 0:
		return l.Resize(ctx, f.Of, 0)
	case (f.Verb == "kill" || f.Verb == "stop") && d.State != lab.Running && d.State != lab.Paused:
		return l.Start(ctx, f.Of)
	case f.Verb == "pause" && d.State == lab.Paused:
		return l.Resume(ctx, f.Of)
	case (f.Verb == "cut" || f.Verb == "refuse") && under("cut off"):
		return l.Rejoin(ctx, f.Of)
	case (f.Verb == "stick" || f.Verb == "slow") && under("disk"):
		return l.Unhang(ctx, f.Of)
	}
	return nil
}

// fill restarts an OSD with a disk that is so full by what is on it.
func (t *labTarget) fill(ctx context.Context, l *lab.Lab, f Fault) error {
	c, err := t.Connect(ctx, Who{Name: "filler"})
	if err != nil {
		return err
	}
	defer c.Close()
	id, err := strconv.Atoi(strings.TrimPrefix(f.Of, "osd."))
	if err != nil {
		return err
	}
	answer, err := c.OSDCommand(ctx, osdmap.OSDID(id), "osd stats", nil)
	if err != nil {
		return err
	}
	var stats struct {
		Used uint64 `json:"used_bytes"`
	}
	if err := json.Unmarshal(answer.JSON, &stats); err != nil {
		return err
	}
	return l.Resize(ctx, f.Of, stats.Used*100_00/uint64(max(1, f.To)))
}

func (t *labTarget) daemon(name string) (*lab.Daemon, error) {
	l, err := t.open()
	if err != nil {
		return nil, err
	}
	list, err := l.List()
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].Name == name {
			return &list[i], nil
		}
	}
	return nil, fmt.Errorf("%s: there is no such daemon", name)
}

func (t *labTarget) Add(ctx context.Context, host string) (string, error) {
	l, err := t.open()
	if err != nil {
		return "", err
	}
	list, err := l.List()
	if err != nil {
		return "", err
	}
	id := len(list) - t.s.Mons
	if host == "" {
		host = fmt.Sprint("h", id)
	}
	at := "host=" + host
	if n := 0; t.s.Racks > 0 {
		fmt.Sscanf(host, "h%d", &n)
		at += fmt.Sprint(" rack=r", n%t.s.Racks)
	}
	return l.AddOSD(ctx, id, at)
}

func (t *labTarget) Mend(ctx context.Context) error {
	l, err := t.open()
	if err != nil {
		return err
	}
	if err := l.Mend(ctx); err != nil {
		return err
	}
	daemons, err := t.Daemons(ctx)
	if err != nil {
		return err
	}
	return sideBySide(daemons, func(d Daemon) error {
		if now, err := t.daemon(d.Name); err == nil && now.Capacity > 0 {
			return l.Resize(ctx, d.Name, 0)
		}
		if d.State != Gone {
			return nil
		}
		err := l.Start(ctx, d.Name)
		if errors.As(err, new(*lab.NotMemberError)) {
			return nil
		}
		return err
	})
}

func (t *labTarget) Down(ctx context.Context) error {
	l, err := t.open()
	if errors.Is(err, lab.ErrNoLab) {
		return nil
	}
	if err != nil {
		return err
	}
	return l.Down(ctx)
}

func (t *labTarget) Daemons(context.Context) ([]Daemon, error) {
	l, err := t.open()
	if err != nil {
		return nil, err
	}
	list, err := l.List()
	if err != nil {
		return nil, err
	}
	var all []Daemon
	for i := range list {
		d := &list[i]
		state := Gone
		switch d.State {
		case lab.Running:
			state = Running
		case lab.Paused:
			state = Paused
		}
		all = append(all, Daemon{Name: d.Name, State: state, Location: d.Location, Log: d.Log()})
	}
	return all, nil
}

func (t *labTarget) Connect(ctx context.Context, who Who) (*client.Client, error) {
	l, err := t.open()
	if err != nil {
		return nil, err
	}
	settings, err := l.From(ctx, cmp.Or(who.Beside, lab.FirstClient))
	if err != nil {
		return nil, err
	}
	return dial(ctx, l.ClusterFile(), settings, who)
}

func (t *labTarget) Logs(ctx context.Context, folder string) error {
	daemons, err := t.Daemons(ctx)
	if err != nil {
		return err
	}
	for _, d := range daemons {
		text, err := os.ReadFile(d.Log)
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, d.Name+".log"), text, 0o644)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sideBySide does something to all of a list at once, and gives all errors.
func sideBySide[T any](list []T, do func(T) error) error {
	results := make(chan error, len(list))
	for _, one := range list {
		go func() { results <- do(one) }()
	}
	var err error
	for range list {
		err = errors.Join(err, <-results)
	}
	return err
}
