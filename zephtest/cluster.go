package zephtest

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"zeph/pkg/client"
	"zeph/pkg/messenger"
	"zeph/pkg/status"
	"zeph/pkg/wire"
	"zeph/pkg/world"
)

// Cluster is a cluster that runs in this process.
type Cluster struct {
	t       testing.TB
	opts    options
	dir     string
	file    *world.Cluster // as it began
	network *network
	log     *slog.Logger
	daemons []*daemon
	admin   *client.Client
	planned int // monitors, also those that have gone
}

// Option changes how a cluster is made.
type Option func(*options)

type options struct {
	disk  bool
	hosts int
	level slog.Level
}

// Disk has the OSDs keep their stores on disk, in the test's own folder.
func Disk() Option { return func(o *options) { o.disk = true } }

// Hosts spreads the OSDs over so many hosts; as it is, each has its own.
func Hosts(n int) Option { return func(o *options) { o.hosts = n } }

// LogLevel says what of the daemons' logs is in the output of a test that fails; as it is, warnings.
func LogLevel(l slog.Level) Option { return func(o *options) { o.level = l } }

// patience is how long anything may take.
const patience = 60 * time.Second

// Start starts a cluster and waits until it is healthy.
func Start(t testing.TB, mons, osds int, opts ...Option) *Cluster {
	t.Helper()
	c := &Cluster{t: t, dir: t.TempDir(), network: newNetwork(), file: &world.Cluster{FSID: world.NewUUID()}}
	c.opts = options{level: slog.LevelWarn, hosts: max(osds, 1)}
	for _, o := range opts {
		o(&c.opts)
	}
	c.log = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: c.opts.level}))
	t.Cleanup(c.end)
	for range mons {
		c.file.Mons = append(c.file.Mons, c.planMon())
	}
	for _, m := range c.file.Mons {
		c.add(c.newMon(m))
	}
	c.admin = c.Client()
	for range osds {
		c.AddOSD()
	}
	c.WaitHealthy()
	return c
}

// end ends all daemons, and what they say then.
func (c *Cluster) end() {
	for _, d := range c.daemons {
		d.kill()
		if d.err != nil {
			c.t.Errorf("%s ended: %v", d.name, d.err)
		}
		d.discard()
	}
}

func (c *Cluster) add(d *daemon) {
	c.t.Helper()
	c.daemons = append(c.daemons, d)
	c.check(d.start())
}

func (c *Cluster) check(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// Client is a new connection to the cluster. It is closed when the test ends.
func (c *Cluster) Client() *client.Client {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	file := c.file
	if c.admin != nil {
		file = c.admin.Cluster()
	}
	cl, err := client.Connect(ctx, client.Config{Cluster: file, Transport: c.network.of("client"), Logger: c.log})
	c.check(err)
	c.t.Cleanup(func() { cl.Close() })
	return cl
}

// File is what a cluster file would say.
func (c *Cluster) File() *world.Cluster { return c.file }

// Transport is the network that the cluster is on.
func (c *Cluster) Transport() messenger.Transport { return c.network.of("client") }

// Command asks the monitors, such as "osd out" with {"id": "3"}, and reads the answer's JSON into out unless
// that is nil.
func (c *Cluster) Command(out any, name string, args client.Args) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	a, err := c.admin.MonCommand(ctx, name, args)
	c.check(err)
	if out != nil {
		c.check(json.Unmarshal(a.JSON, out))
	}
}

// Pool makes a pool of 8 PGs with as many copies as there are OSDs, three at most, and waits until it serves.
func (c *Cluster) Pool(name string) client.Pool {
	c.t.Helper()
	size := min(3, len(c.names(wire.OSD)))
	c.Command(nil, "pool create", client.Args{"name": name, "pg_num": "8", "size": fmt.Sprint(size)})
	c.WaitHealthy()
	p, err := c.admin.Pool(c.t.Context(), name)
	c.check(err)
	return p
}

// names are those of the daemons of a kind.
func (c *Cluster) names(k wire.Kind) []string {
	var names []string
	for _, d := range c.daemons {
		if strings.HasPrefix(d.name, k.String()+".") {
			names = append(names, d.name)
		}
	}
	return names
}

// WaitHealthy waits until the cluster says that all is well, with all daemons that run.
func (c *Cluster) WaitHealthy() {
	c.t.Helper()
	c.Wait("healthy", func(st *status.Status) bool { return st.Health.Status == status.OK })
}

// Wait waits until the cluster's status is as wanted, and every OSD that runs is up and has told the leader
// all it knows.
func (c *Cluster) Wait(what string, wanted func(*status.Status) bool) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	var last []byte
	for {
		var st status.Status
		a, err := c.admin.MonCommand(ctx, "status", nil)
		if err == nil {
			last = a.JSON
			c.check(json.Unmarshal(a.JSON, &st))
			if st.Known && st.OSDs.Up == c.running(wire.OSD) && wanted(&st) {
				return
			}
		}
		select {
		case <-ctx.Done():
			c.t.Fatalf("not %s after %v: %v; the last status was %s", what, patience, err, last)
		case <-again.C:
		}
	}
}

func (c *Cluster) running(k wire.Kind) int {
	n := 0
	for _, d := range c.daemons {
		if strings.HasPrefix(d.name, k.String()+".") && d.runs() {
			n++
		}
	}
	return n
}

// Kill ends a daemon, such as osd.1 or mon.a, as a crash would.
func (c *Cluster) Kill(name string) {
	c.t.Helper()
	c.daemon(name).kill()
}

// Stop ends a daemon as SIGTERM would: it says goodbye.
func (c *Cluster) Stop(name string) {
	c.t.Helper()
	d := c.daemon(name)
	d.stop()
	c.check(d.err)
}

// Restart starts a daemon that was killed or stopped, with the data it had.
func (c *Cluster) Restart(name string) {
	c.t.Helper()
	c.check(c.daemon(name).start())
}

func (c *Cluster) daemon(name string) *daemon {
	c.t.Helper()
	i := slices.IndexFunc(c.daemons, func(d *daemon) bool { return d.name == name })
	if i < 0 {
		c.t.Fatalf("there is no %s", name)
	}
	return c.daemons[i]
}

// Leader is the monitor that leads.
func (c *Cluster) Leader() string {
	c.t.Helper()
	var st status.Status
	c.Command(&st, "status", nil)
	return "mon." + st.Mons.Leader
}
