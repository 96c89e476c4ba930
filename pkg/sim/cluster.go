package sim

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/history"
	"zeph/pkg/mon"
	"zeph/pkg/osd"
	"zeph/pkg/osdmap"
	"zeph/pkg/pg"
	"zeph/pkg/placement"
	"zeph/pkg/scenario"
	"zeph/pkg/store"
	"zeph/pkg/wire"
)

// settings are what a run's daemons and clients are like.
type settings struct {
	scenario.Scenario
	World Config
	Log   LogConfig
	Seed  uint64
	Luck  uint64
	PG    pg.Settings
}

// worldSeed is what the random numbers of links, disks, clocks and daemons are drawn from.
func (s *settings) worldSeed() uint64 {
	if s.Luck == 0 {
		return s.Seed
	}
	return core.RandFor(s.Seed, "luck/"+strconv.FormatUint(s.Luck, 10)).Uint64()
}

// Cluster is monitors, OSDs and clients in a world, and what is known about them.
type Cluster struct {
	w        *World
	cfg      settings
	opt      Options
	began    time.Duration // when clients and faults did
	fsid     osdmap.UUID
	dests    []core.Dest
	monList  []mon.Mon
	log      *Log
	mons     []*Node
	osds     []*Node
	clients  []*client
	operator *client
	rand     *core.Rand
	pool     osdmap.PoolID
	atlas    *placement.Atlas // of all OSDs: what they know is the same, and so is worked out once
	placed   *placement.Table // by the newest map

	stores []osdmap.UUID // by OSD, of its present disk
	gone   []bool        // by OSD: it does not come back, for now or ever
	barred []bool        // by OSD: it must not run while too few are left
	held   []*Node       // that a step has ended, until one starts them
	hosts  []int         // by OSD
	tale   narrator
	pools  []onePool     // of the scenario; ids are known once they are made
	leases time.Duration // the longest that was asked for since
	lost   int           // the OSD that is gone for good at the end; -1: none
	budget bool          // a copy may be destroyed: all PGs were clean since the last time
	faults int

	recreating bool    // a pool is made, removed and made again
	furies     *furies // nil: they have not begun
	begun      []Op    // operations of clients while faults struck
	healing    time.Duration
	history    []history.Operation
	acked      map[string]ackedWrite    // by object, the newest
	removes    map[string]time.Duration // by object, when somebody last wanted it gone
	rotten     []rotten                 // blocks that were damaged, and not seen to be repaired yet
	counts     Counts
	found      []Violation
	watch      watch
	copies     copies
	reached    map[string]int // rare states of the cores, how often
}

// ackedWrite is the newest write of an object that some client was told is done.
type ackedWrite struct {
	version wire.PGVersion
	removed bool
}

// rotten is an object of which a block was damaged on one disk.
type rotten struct {
	n   *Node
	key store.Key
}

// Counts are what clients were told.
type Counts struct {
	Done    int `json:"done"`    // reads and writes
	Refused int `json:"refused"` // by the object's state: rightly, if the judge says so
	Unknown int `json:"unknown"` // it may have happened
	Failed  int `json:"failed"`  // nothing happened
}

// Violation is something that must not be.
type Violation struct {
	At   time.Duration `json:"at"` // virtual time
	What string        `json:"what"`
	Text string        `json:"text"`

	PG     string `json:"pg,omitempty"` // that it is about, if it is about one
	Object string `json:"object,omitempty"`
}

// violation notes that something is wrong, and what with: a placement group, an object of it, or neither.
func (c *Cluster) violation(what, text string, with ...about) {
	c.w.Note("judge", "VIOLATION", what+": "+text)
	c.found = append(c.found, newViolation(c.w.now, what, text, with...))
}

func newViolation(at time.Duration, what, text string, with ...about) Violation {
	v := Violation{At: at, What: what, Text: text}
	for _, a := range with {
		v.PG, v.Object = a.pg.String(), a.object
	}
	return v
}

// aboutObject is an object with its placement group.
func (c *Cluster) aboutObject(name string) about {
	pool, _ := c.state().Map().Pool(c.poolOf(name).id)
	return about{placement.Object{Name: name}.PG(&pool), name}
}

func (c *Cluster) count(op *history.Operation) {
	switch op.Outcome {
	case history.Done:
		c.counts.Done++
	case history.Missing, history.Differs:
		c.counts.Refused++
	case history.Unknown:
		c.counts.Unknown++
	default:
		c.counts.Failed++
	}
}

func uuid(r *core.Rand) osdmap.UUID {
	var u osdmap.UUID
	for i := range u {
		u[i] = byte(r.Uint64())
	}
	return u
}

// newCluster makes the nodes. Nothing runs yet.
func newCluster(cfg settings, trace io.Writer) *Cluster {
	cfg.World.Seed, cfg.World.Trace = cfg.worldSeed(), trace
	c := &Cluster{w: New(cfg.World), cfg: cfg, atlas: new(placement.Atlas), rand: core.RandFor(cfg.Seed, "cluster"), budget: true, lost: -1, acked: make(map[string]ackedWrite), removes: make(map[string]time.Duration)}
	for _, p := range cfg.AllPools() {
		c.pools = append(c.pools, onePool{Pool: p})
	}
	c.fsid = uuid(c.rand)
	c.log = c.w.NewLog(mon.Machine(), cfg.Log)
	for i := range cfg.Mons {
		name := string(rune('a' + i))
		m := mon.Mon{Name: name, Store: uuid(c.rand), Control: "sim://mon." + name}
		c.monList = append(c.monList, m)
		e, _ := wire.ParseEntity("mon." + name)
		c.dests = append(c.dests, core.Dest{Peer: core.Peer{Entity: e}, Addrs: []osdmap.Addr{{Name: "control", Addr: m.Control}}})
	}
	for i := range c.monList {
		c.addMon(i)
	}
	for id := range cfg.OSDs {
		c.hosts = append(c.hosts, id%cfg.Hosts)
		c.addOSD(id)
	}
	for i := range cfg.Workload.Writers {
		cl := c.addClient(fmt.Sprint("w", i), true)
		cl.reads = 300_000
		c.clients = append(c.clients, cl)
	}
	for i := range cfg.Workload.Readers {
		cl := c.addClient(fmt.Sprint("r", i), false)
		cl.reads = 950_000
		c.clients = append(c.clients, cl)
	}
	for _, cl := range c.clients {
		cl.lanes, cl.think = cfg.Workload.Lanes, cfg.Workload.Think
	}
	c.operator = c.addClient("operator", true)
	c.w.fault = c.exited
	return c
}

func (c *Cluster) addMon(i int) {
	m := c.monList[i]
	c.mons = append(c.mons, c.w.Add(Spec{
		Entity: "mon." + m.Name,
		Log:    c.log,
		Member: mon.MemberID(m.Name, m.Store),
		Hears:  true,
		Make: func(s Start) (core.Core, []core.Event) {
			return mon.New(mon.Config{Name: m.Name, FSID: c.fsid, Seed: s.Seed, Mons: c.monList, Settings: c.monSettings()}), nil
		},
	}))
}

func (c *Cluster) monSettings() []wire.Setting {
	return []wire.Setting{
		{Name: "osd_heartbeat_interval", Value: millis(c.cfg.Heartbeat)},
		{Name: "osd_heartbeat_grace", Value: millis(c.cfg.Grace)},
		{Name: "mon_osd_down_out_interval", Value: millis(c.cfg.DownOut)},
		{Name: "mon_min_osdmap_epochs", Value: strconv.Itoa(c.cfg.MinMaps)},
	}
}

func (c *Cluster) addOSD(id int) {
	name := fmt.Sprint("osd.", id)
	c.stores = append(c.stores, osdmap.UUID{})
	c.gone, c.barred = append(c.gone, false), append(c.barred, false)
	var addrs []osdmap.Addr
	for _, place := range []string{"public.control", "public.data", "cluster.control", "cluster.data", "cluster.bulk", "cluster.heartbeat"} {
		addrs = append(addrs, osdmap.Addr{Name: place, Addr: "sim://" + name + "/" + place})
	}
	n := c.w.Add(Spec{
		Entity: name,
		Disk:   true,
		Hears:  true,
		Make: func(s Start) (core.Core, []core.Event) {
			return osd.New(osd.Config{
				ID: osdmap.OSDID(id), FSID: c.fsid, Seed: s.Seed, Mons: c.dests, Addrs: addrs,
				Location: c.location(id), Weight: 1 << 16,
				Settings: osd.Settings{HeartbeatInterval: c.cfg.Heartbeat, HeartbeatGrace: c.cfg.Grace, PG: c.cfg.PG},
				Atlas:    c.atlas,
				Rare:     c.reach,
			}), nil
		},
	})
	c.osds = append(c.osds, n)
	c.mkfs(id)
}

// mkfs makes an OSD's disk, which is empty, its own.
func (c *Cluster) mkfs(id int) {
	c.stores[id] = uuid(c.rand)
	s := c.osds[id].Store()
	if err := s.Submit(osd.Mkfs(c.fsid, osdmap.OSDID(id), c.stores[id]), func(error) {}); err != nil {
		panic("sim: mkfs: " + err.Error())
	}
	s.Commit(1)
}

// exited is told when a daemon ends by its own will.
func (c *Cluster) exited(n *Node, err error) {
	if err != nil && !c.excused(n, err) {
		c.violation("a daemon gave up", n.name+": "+err.Error())
	}
	if n.entity.Kind() != wire.Client {
		c.w.After(time.Second, func() { c.restart(n) })
	}
}

// restart starts a node that is down, unless it is gone for good.
func (c *Cluster) restart(n *Node) {
	for id, o := range c.osds {
		if o == n && (c.gone[id] || c.barred[id]) {
			return
		}
	}
	if slices.Contains(c.held, n) {
		return
	}
	n.Start()
}

// state is what the monitors have agreed on, past all of them.
func (c *Cluster) state() *mon.State { return c.log.State().(*mon.State) }

// osdCore is the core of an OSD; nil: it is down.
func (c *Cluster) osdCore(id osdmap.OSDID) *osd.Core {
	if id < 0 || int(id) >= len(c.osds) {
		return nil
	}
	core, _ := c.osds[id].Core().(*osd.Core)
	return core
}

// until lets time pass until something is so, or for so long; it reports whether it is.
func (c *Cluster) until(patience time.Duration, so func() bool) bool {
	for end := c.w.now + patience; c.w.now < end; {
		if so() {
			return true
		}
		c.w.Run(c.w.now + 50*time.Millisecond)
	}
	return so()
}

// bringUp starts everything, makes the pool, and waits until it is whole.
func (c *Cluster) bringUp() bool {
	for _, n := range c.w.nodes {
		n.Start()
	}
	allUp := func() bool {
		m := c.state().Map()
		if m == nil {
			return false
		}
		up := 0
		for _, o := range m.OSDs() {
			if o.Up {
				up++
			}
		}
		return up == len(c.osds)
	}
	if !c.until(60*time.Second, allUp) {
		c.violation("the cluster does not begin", "not all osds are up after a minute")
		return false
	}
	if !c.makePools() || !c.until(60*time.Second, c.clean) {
		c.violation("the cluster does not begin", "its pools are not clean after a minute: "+c.states())
		return false
	}
	return true
}

// mapping is where a PG is by the newest map.
func (c *Cluster) mapping(id osdmap.PGID) placement.Mapping {
	m := c.state().Map()
	if c.placed == nil || c.placed.Map() != m {
		var err error
		if c.placed == nil {
			c.placed, err = placement.NewTable(m)
		} else {
			c.placed, err = c.placed.Next(m)
		}
		if err != nil {
			panic("sim: " + err.Error())
		}
	}
	place, _ := c.placed.PG(id)
	return place
}
