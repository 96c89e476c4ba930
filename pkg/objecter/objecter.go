package objecter

import (
	"errors"
	"fmt"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// Config says how a client behaves. A zero is its default.
type Config struct {
	Mons []core.Dest // the monitors; at least one
	FSID osdmap.UUID // of the cluster; zero: whichever answers
	Seed uint64      // for the choice of a monitor

	Timeout time.Duration // of operations that name none; default 30 s
	Silence time.Duration // after so much of it an operation is sent again; default 5 s
	Poll    time.Duration // how often to ask for a newer map while an operation does not move; default 1 s

	MaxOps   int // sent and not answered; default 1024
	MaxBytes int // of them, sent and expected; default 64 MiB
	MaxQueue int // operations that wait; default 16384
}

// Validate names everything that is wrong with a configuration.
func (c *Config) Validate() error {
	var errs []error
	if len(c.Mons) == 0 {
		errs = append(errs, errors.New("no monitor is named"))
	}
	for _, m := range c.Mons {
		if m.Entity.Kind() != wire.Mon {
			errs = append(errs, fmt.Errorf("%v is no monitor", m.Entity))
		}
	}
	if c.Timeout < 0 || c.Silence < 0 || c.Poll < 0 || c.MaxOps < 0 || c.MaxBytes < 0 || c.MaxQueue < 0 {
		errs = append(errs, errors.New("a bound is negative"))
	}
	return errors.Join(errs...)
}

func or[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}

// Objecter is the client core. Make one with New.
type Objecter struct {
	cfg Config
	now core.Time
	out []core.Effect

	maps  maps
	ops   opList
	byTok map[core.Token]*op // each that has not ended
	calls map[uint64]*call   // under way, by the N of their tokens

	lastCall uint64
	lastID   uint64 // of requests
	wakes    wakes
	armed    time.Duration // when the earliest timer fires
	budget   budget

	// made is the newest map that a command of ours was told to have made. Nothing that begins after the command has
	// ended goes by an older one, in which a pool's name may still mean another pool (Ceph: Objecter::handle_pool_op_reply
	// waits for the map itself).
	made osdmap.Epoch

	// seen is the newest version of each PG that an answer showed: part of floor.
	seen map[osdmap.PGID]wire.PGVersion
}

// New makes a client core. The configuration must be valid.
func New(cfg Config) *Objecter {
	cfg.Timeout = or(cfg.Timeout, 30*time.Second)
	cfg.Silence = or(cfg.Silence, 5*time.Second)
	cfg.Poll = or(cfg.Poll, time.Second)
	cfg.MaxOps = or(cfg.MaxOps, 1024)
	cfg.MaxBytes = or(cfg.MaxBytes, 64<<20)
	cfg.MaxQueue = or(cfg.MaxQueue, 16<<10)
	if err := cfg.Validate(); err != nil {
		panic("objecter: " + err.Error())
	}
	o := &Objecter{
		cfg:   cfg,
		byTok: map[core.Token]*op{},
		calls: map[uint64]*call{},
		seen:  map[osdmap.PGID]wire.PGVersion{},
		armed: never,
	}
	o.maps.fresh = -1
	o.maps.mon = core.RandFor(cfg.Seed, "objecter/mon").IntN(len(cfg.Mons))
	return o
}

// Step moves the client by one event.
func (o *Objecter) Step(now core.Time, ev core.Event) []core.Effect {
	o.now, o.out = now, o.out[:0]
	switch ev := ev.(type) {
	case Write, Read, List, MonCommand, OSDCommand, LookUp, GetMap:
		o.begin(ev)
	case Cancel:
		if op := o.byTok[ev.Token]; op != nil {
			o.giveUp(op, ErrCanceled)
		}
	case core.Answered:
		o.answered(ev)
	case core.Received:
		o.received(ev)
	case core.Fired:
		o.fired()
	case core.Stop:
		o.stop()
	case core.SessionReset, core.Unreachable:
		// Calls end by themselves, and the map says who is down.
	default:
		panic(fmt.Sprintf("objecter: Step: unknown event %T", ev))
	}
	o.pump()
	o.arm()
	return o.out
}

func (o *Objecter) emit(e core.Effect) { o.out = append(o.out, e) }

func (o *Objecter) received(ev core.Received) {
	switch body := ev.Body.(type) {
	case *wire.MapHint:
		o.maps.leader = body.Leader
		o.heardOfMons(body.Mons)
		o.heardOf(body.Epoch)
	case *wire.Maps:
		o.takeChanges(body.Changes)
		o.heardOf(body.Newest)
	default:
		if ev.Request != 0 {
			o.emit(core.Fail{To: ev.Request, Epoch: o.epoch(), Err: wire.NoHandler.Errorf("a client serves nothing")})
		}
	}
}

// stop ends every operation, and the client.
func (o *Objecter) stop() {
	for op := o.ops.first; op != nil; op = o.ops.first {
		o.giveUp(op, ErrCanceled)
	}
	o.emit(core.Exit{})
}

// fired looks after what is due: deadlines, pauses between two sends, the map.
func (o *Objecter) fired() {
	if o.now.After(o.armed) {
		o.armed = never
	}
	for {
		op := o.wakes.due(o.now)
		if op == nil {
			break
		}
		if o.now.After(op.deadline) {
			o.giveUp(op, ErrTimeout)
			continue
		}
		op.notBefore = 0
		o.wakes.set(op)
		o.attempt(op)
	}
	o.tendMaps()
}
