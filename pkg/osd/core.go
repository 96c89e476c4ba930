package osd

import (
	"fmt"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/pg"
	"zeph/pkg/store"
	"zeph/pkg/wire"
)

// Core is the logic of one OSD. It holds no lock, socket, disk, clock or goroutine: feed it events in
// order, carry out its effects in order. The first event, whichever it is, makes it begin.
type Core struct {
	cfg   Config
	set   Settings
	now   core.Time
	out   []core.Effect
	phase phase
	super superblock
	rand  struct{ gid, beat *core.Rand }

	gid   wire.GID // of this run; nobody knows it before Rename
	stats store.Stats
	room  *pg.Room // in this OSD's store, and in those of others

	mons     monitors
	maps     maps
	waiting  waiting
	informed map[core.Peer]osdmap.Epoch // up to where peers were sent changes
	encoded  struct {                   // the whole map asked for last
		epoch osdmap.Epoch
		bytes []byte
	}

	booting   bool // a Boot is under way
	bootAgain time.Duration
	bootWhy   string // why the last one failed
	falls     falls
	ready     bool // that was said

	order   []*slot               // all PGs, ascending
	slotOf  map[osdmap.PGID]*slot // the same, looked up only
	ops     ops
	todo    []todo
	gonePGs []osdmap.PGID
	leases  leases
	upThru  upThru
	temps   temps
	local   places
	remote  places
	scrubs  struct{ local, remote places }

	peers    []*peer // ascending id
	graces   []wire.PeerGrace
	beacons  beacons
	lastTick time.Duration
	polled   time.Duration // when a monitor was last asked for maps, while the OSD is not up
	gathered time.Duration // when the peers were last chosen
	ticking  bool          // a walk over the PGs is under way
	commits  commits

	tokens   uint64
	answers  map[core.Token]func(core.Answered)
	durables map[core.Token]func(error)
	reads    map[core.Token]func(any)
	slices   map[core.Token]func()
}

// phase is how far an OSD is with being up.
type phase uint8

const (
	unborn   phase = iota // nothing has happened
	loading               // its store is being read
	joining               // it looks for the newest map
	noting                // its gid is being made durable
	booting               // it has asked to be up
	up                    // the map says so
	stopping              // it was told to stop, or must
	gone
)

// String is for logs and status.
func (p phase) String() string {
	return [...]string{"unborn", "loading", "joining", "noting", "booting", "up", "stopping", "gone"}[p]
}

// New makes the core of an OSD. Its configuration must be valid.
func New(cfg Config) *Core {
	c := &Core{cfg: cfg, set: cfg.Settings.filled(), room: pg.NewRoom()}
	c.mons.all, c.mons.version = cfg.Mons, cfg.Know
	name := cfg.ID.String()
	c.rand.gid = core.RandFor(cfg.Seed, name+"/gid")
	c.rand.beat = core.RandFor(cfg.Seed, name+"/heartbeat")
	c.answers = map[core.Token]func(core.Answered){}
	c.durables = map[core.Token]func(error){}
	c.reads = map[core.Token]func(any){}
	c.slices = map[core.Token]func(){}
	c.slotOf = map[osdmap.PGID]*slot{}
	c.informed = map[core.Peer]osdmap.Epoch{}
	c.beacons.told = map[osdmap.PGID]told{}
	c.ops.running = map[core.Request]op{}
	c.remote.remote, c.scrubs.remote.remote = true, true
	c.scrubs.local.scrub, c.scrubs.remote.scrub = true, true
	return c
}

// Step moves the OSD by one event.
func (c *Core) Step(now core.Time, ev core.Event) []core.Effect {
	c.now, c.out = now, nil
	if c.phase == unborn {
		c.load()
	}
	if c.phase != gone {
		c.handle(ev)
	}
	if c.phase != gone {
		c.finish()
	}
	return c.out
}

func (c *Core) handle(ev core.Event) {
	switch ev := ev.(type) {
	case core.Received:
		c.received(ev)
	case core.SessionReset:
		c.reset(ev)
	case core.Unreachable:
		c.unreachable(ev)
	case core.Answered:
		c.answered(ev)
	case core.Durable:
		c.durable(ev)
	case core.ReadDone:
		c.readDone(ev)
	case core.Fired:
		c.fired(ev)
	case core.Continue:
		c.goOn(ev)
	case core.StoreStats:
		c.stats = ev.Stats
		c.room.Told(ev.Stats)
	case core.Stop:
		c.stop()
	default:
		panic(fmt.Sprintf("osd: Step: unknown event %T", ev))
	}
}

func (c *Core) emit(e core.Effect) { c.out = append(c.out, e) }

func (c *Core) log(level core.Level, message string, args ...any) {
	c.emit(core.Log{Level: level, Message: message, Args: args})
}

// exit ends the daemon.
func (c *Core) exit(err error) {
	if c.phase == gone {
		return
	}
	c.phase = gone
	c.emit(core.Exit{Err: err})
}

// token is a new token of the core's own; those of PGs name the PG.
func (c *Core) token() core.Token {
	c.tokens++
	return core.Token{N: c.tokens}
}

// call sends a request; then is called with what comes of it.
func (c *Core) call(s core.Send, timeout time.Duration, then func(core.Answered)) {
	t := c.token()
	s.Epoch = c.epoch()
	c.answers[t] = then
	c.emit(core.Call{Send: s, Token: t, Timeout: timeout})
}

// submit hands a transaction to the store; then is called when it is durable.
func (c *Core) submit(t *store.Txn, then func()) {
	tok := c.token()
	c.durables[tok] = func(err error) {
		if err != nil {
			c.exit(fmt.Errorf("osd.%d: its own rows: %w", int32(c.cfg.ID), err))
			return
		}
		then()
	}
	c.room.Submitted(t)
	c.emit(core.Submit{Token: tok, Txn: t})
}

// read looks at the store; then is called with what do returned.
func (c *Core) read(do func(store.Reader) any, then func(any)) {
	t := c.token()
	c.reads[t] = then
	c.emit(core.Read{Token: t, Do: do})
}

func (c *Core) epoch() osdmap.Epoch {
	if c.maps.cur == nil {
		return 0
	}
	return c.maps.cur.Map().Epoch()
}

// dest is an OSD as the map knows it.
func (c *Core) dest(id osdmap.OSDID) (core.Dest, bool) {
	o, ok := c.maps.cur.Map().OSD(id)
	if !ok {
		return core.Dest{}, false
	}
	return core.Dest{Peer: core.Peer{Entity: Entity(id), GID: wire.GID(o.GID)}, Addrs: o.Addrs}, true
}
