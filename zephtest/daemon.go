package zephtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"zeph/pkg/client"
	"zeph/pkg/consensus"
	"zeph/pkg/core"
	"zeph/pkg/mon"
	"zeph/pkg/osd"
	"zeph/pkg/osdmap"
	"zeph/pkg/store"
	"zeph/pkg/store/disk"
	"zeph/pkg/store/mem"
	"zeph/pkg/wire"
	"zeph/pkg/world"
)

// daemon is a monitor or OSD, running or not.
type daemon struct {
	name    string
	make    func() (*world.World, core.Core, func() error, error) // the last but one closes what it uses
	discard func()

	world  *world.World // nil: it does not run
	cancel context.CancelFunc
	ended  chan struct{}
	err    error // of the last run
}

func (d *daemon) start() error {
	if d.world != nil {
		return fmt.Errorf("%s runs already", d.name)
	}
	w, c, closeIt, err := d.make()
	if err != nil {
		return fmt.Errorf("start %s: %w", d.name, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	d.world, d.cancel, d.ended = w, cancel, make(chan struct{})
	go func() {
		defer close(d.ended)
		d.err = w.Run(ctx, c)
		if err := closeIt(); d.err == nil {
			d.err = err
		}
	}()
	return nil
}

func (d *daemon) runs() bool { return d.world != nil }

func (d *daemon) kill() {
	if d.runs() {
		d.world.Kill()
		d.stop()
	}
}

func (d *daemon) stop() {
	if d.runs() {
		d.cancel()
		<-d.ended
		d.world = nil
	}
}

func nothing() error { return nil }

// planMon gives a monitor a name, a store and addresses.
func (c *Cluster) planMon() world.ClusterMon {
	name := string(rune('a' + c.planned))
	c.planned++
	at := func(place string) string { return "inproc://mon." + name + "." + place }
	return world.ClusterMon{
		Name: name, Store: world.NewUUID(), Control: at("control"), Bulk: at("bulk"), Hints: at("hints"),
	}
}

// AddMon lets one monitor more in, and returns its name. Whoever is to find it has to be told by the others.
func (c *Cluster) AddMon() string {
	c.t.Helper()
	m := c.planMon()
	c.add(c.startMon(m, nil, nil))
	c.Command(nil, "mon add", client.Args{"name": m.Name, "store": m.Store.String(), "control": m.Control, "bulk": m.Bulk, "hints": m.Hints})
	return "mon." + m.Name
}

// RemoveMon takes a monitor out, and ends it.
func (c *Cluster) RemoveMon(name string) {
	c.t.Helper()
	c.Command(nil, "mon rm", client.Args{"name": name, "yes": "true"})
	c.Kill(name)
	c.daemons = slices.DeleteFunc(c.daemons, func(d *daemon) bool { return d.name == name })
}

// newMon makes a monitor of the cluster file. Its log is not synced: only the machine's end would matter.
func (c *Cluster) newMon(m world.ClusterMon) *daemon {
	var first []core.Member
	var mons []mon.Mon
	for _, m := range c.file.Mons {
		first = append(first, core.Member{Name: m.Name, ID: consensus.MemberID(m.Name, m.Store.String()), Addr: m.Control, Voter: true})
		mons = append(mons, mon.Mon{Name: m.Name, Store: m.Store, Control: m.Control, Bulk: m.Bulk, Hints: m.Hints})
	}
	return c.startMon(m, first, mons)
}

// startMon makes a monitor: of a new cluster, or, without first members, to be let into this one.
func (c *Cluster) startMon(m world.ClusterMon, first []core.Member, mons []mon.Mon) *daemon {
	c.t.Helper()
	dir := filepath.Join(c.dir, "mon."+m.Name)
	c.check(os.Mkdir(dir, 0o755))
	c.check(consensus.Make(dir, m.Name, m.Store.String(), first))
	d := &daemon{name: "mon." + m.Name, discard: func() {}}
	d.make = func() (*world.World, core.Core, func() error, error) {
		w, err := world.New(world.Config{
			Entity: m.Dest().Entity, FSID: c.file.FSID, Transport: c.network.of(d.name), Poison: true,
			Listen:   map[string]string{"control": m.Control, "bulk": m.Bulk, "hints": m.Hints},
			Monitors: c.file.Dests(), Logger: c.log.With("mon", m.Name),
			Log: func(ways world.LogWays) (world.LogMember, error) {
				return consensus.Open(consensus.Config{
					Dir: dir, Name: m.Name, Store: m.Store.String(), Addr: m.Control, Machine: mon.Machine(), NoSync: true,
					Call: ways.Call, Deliver: ways.Deliver, Log: ways.Logger,
				})
			},
			LogDests: func(s core.State) []core.Dest { return s.(*mon.State).Dests() },
		})
		return w, mon.New(mon.Config{Name: m.Name, FSID: c.file.FSID, Seed: world.NewSeed(), Mons: mons}), nothing, err
	}
	return d
}

var places = []string{"public.control", "public.data", "cluster.control", "cluster.data", "cluster.bulk", "cluster.heartbeat"}

// AddOSD starts one OSD more, and returns its name. It does not wait for it.
func (c *Cluster) AddOSD() string {
	c.t.Helper()
	id := osdmap.OSDID(len(c.names(wire.OSD)))
	d := &daemon{name: id.String()}
	mons, known := c.file.Dests(), uint64(0) // as it knew them last
	open, discard, err := c.newStore(id)
	c.check(err)
	d.discard = discard
	d.make = func() (*world.World, core.Core, func() error, error) {
		st, closeIt, err := open()
		if err != nil {
			return nil, nil, nil, err
		}
		listen := make(map[string]string)
		for _, place := range places {
			listen[place] = "inproc://*"
		}
		w, err := world.New(world.Config{
			Entity: osd.Entity(id), FSID: c.file.FSID, Transport: c.network.of(d.name), Listen: listen, Poison: true,
			Monitors: mons, Hear: []wire.Type{wire.TypeMapHint},
			Monmap: func(m *wire.Monmap) { mons, known = core.MonDests(m), m.Version },
			Store:  st, Logger: c.log.With("osd", int32(id)),
		})
		if err != nil {
			closeIt()
			return nil, nil, nil, err
		}
		cfg := osd.Config{
			ID: id, FSID: c.file.FSID, Seed: world.NewSeed(), Mons: mons, Know: known, Addrs: w.Addrs(), Weight: 0x10000,
			Location: []string{fmt.Sprintf("host=h%d", int(id)%c.opts.hosts), "root=default"},
		}
		return w, osd.New(cfg), closeIt, cfg.Validate()
	}
	c.add(d)
	return d.name
}

// storeSize is what an OSD in memory has room for.
const storeSize = 1 << 30

// newStore makes an OSD's store. It outlives the OSD's runs.
func (c *Cluster) newStore(id osdmap.OSDID) (open func() (store.Store, func() error, error), discard func(), err error) {
	if !c.opts.disk {
		st := lock(mem.New(mem.Config{Size: storeSize}))
		err := submit(st, osd.Mkfs(c.file.FSID, id, world.NewUUID()))
		return func() (store.Store, func() error, error) { return st, nothing, nil }, func() { st.Close() }, err
	}
	dir := filepath.Join(c.dir, id.String())
	who, err := disk.Mkfs(dir, disk.Identity{FSID: c.file.FSID, OSD: id})
	if err != nil {
		return nil, nil, err
	}
	open = func() (store.Store, func() error, error) {
		st, err := disk.Open(dir, disk.Config{Want: &who})
		if err != nil {
			return nil, nil, err
		}
		return st, st.Close, nil
	}
	st, closeIt, err := open()
	if err != nil {
		return nil, nil, err
	}
	if err := submit(st, osd.Mkfs(who.FSID, id, who.Store)); err != nil {
		return nil, nil, err
	}
	return open, func() {}, closeIt()
}

func submit(st store.Store, t *store.Txn) error {
	done := make(chan error, 1)
	if err := st.Submit(t, func(err error) { done <- err }); err != nil {
		return err
	}
	return <-done
}
