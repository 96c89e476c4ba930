package client

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/messenger"
	"zeph/pkg/objecter"
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
	"zeph/pkg/world"
)

// Config says which cluster, and who asks. A zero is the default.
type Config struct {
	Cluster   *world.Cluster      // where the monitors are: see world.ReadCluster
	Transport messenger.Transport // zmq.New(zmq.Settings{}), or inproc in tests

	Name     string        // of the client, for logs; default "admin"
	Timeout  time.Duration // of each operation; default 30 s. A context may end it before
	Parallel int           // pieces of one object under way at once; default 4
	Logger   *slog.Logger  // default: silent
	Software string        // name and version, told to peers

	// Deaf: monitors do not tell of new maps. The client stays with the one it has until an OSD tells of a newer one, or
	// an operation has waited for long. For tests.
	Deaf bool

	// OnWaiting hears what operations wait for beside an answer, such as "the cluster is paused", when they have
	// waited for a second. May be nil.
	OnWaiting func(why string)

	Limits messenger.Limits
}

// Client is a connection to a cluster.
type Client struct {
	cfg   Config
	world *world.World
	ended chan struct{} // closed when the world has ended
	err   error         // of the world, once ended
	stop  context.CancelFunc
	omap  atomic.Pointer[osdmap.Map]
	mons  atomic.Pointer[world.Cluster] // as far as monitors told
	piece int                           // PieceSize, but in tests

	mu      sync.Mutex
	lastTok uint64
	waiting map[core.Token]*waiter
}

// waiter is somebody who waits for an operation.
type waiter struct {
	done chan objecter.Done
	why  string // what the operation waits for, beside an answer
	told bool   // OnWaiting will hear of it
}

// patience is how long an operation waits before that is worth a word.
const patience = time.Second

// Connect connects to a cluster: it returns once a monitor has given the osdmap.
func Connect(ctx context.Context, cfg Config) (*Client, error) {
	if cfg.Cluster == nil || cfg.Transport == nil {
		return nil, errors.New("connect: the Config names no cluster or no transport")
	}
	if cfg.Name == "" {
		cfg.Name = "admin"
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 30 * time.Second
	}
	if cfg.Parallel <= 0 {
		cfg.Parallel = 4
	}
	entity, err := wire.ParseEntity("client." + cfg.Name)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	c := &Client{cfg: cfg, piece: PieceSize, ended: make(chan struct{}), waiting: map[core.Token]*waiter{}}
	mons := cfg.Cluster.Dests()
	hear := []wire.Type{wire.TypeMapHint}
	if cfg.Deaf {
		hear = nil
	}
	c.world, err = world.New(world.Config{
		Entity: entity, FSID: cfg.Cluster.FSID, Transport: cfg.Transport,
		Monitors: mons, Hear: hear,
		Monmap: func(m *wire.Monmap) { c.mons.Store(world.ClusterOf(cfg.Cluster.FSID, m)) },
		Other:  c.effect, Limits: cfg.Limits, Software: cfg.Software, Logger: cfg.Logger,
	})
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	o := objecter.New(objecter.Config{Mons: mons, FSID: cfg.Cluster.FSID, Seed: world.NewSeed(), Timeout: cfg.Timeout})
	run, stop := context.WithCancel(context.Background())
	c.stop = stop
	go func() {
		c.err = c.world.Run(run, o)
		close(c.ended)
	}()
	if _, err := c.Map(ctx, MapOptions{}); err != nil {
		c.Close()
		return nil, fmt.Errorf("connect: %w", err)
	}
	return c, nil
}

// Close ends the connection. Operations under way end, with ErrUnknown if they may have happened. It may be
// called more than once.
func (c *Client) Close() error {
	c.stop()
	<-c.ended
	return c.err
}

// Cluster is the cluster file of now: with the monitors that there are, where the Config's may be of long ago.
func (c *Client) Cluster() *world.Cluster {
	if now := c.mons.Load(); now != nil {
		return now
	}
	return c.cfg.Cluster
}

// GID names this connection to the cluster: a number drawn at random.
func (c *Client) GID() wire.GID { return c.world.GID() }

// effect takes what the core has for us. It runs on the core's loop.
func (c *Client) effect(e core.Effect) {
	switch e := e.(type) {
	case objecter.Done:
		c.mu.Lock()
		w := c.waiting[e.Token]
		delete(c.waiting, e.Token)
		c.mu.Unlock()
		w.done <- e
	case objecter.NewMap:
		c.omap.Store(e.Map)
	case objecter.Waiting:
		c.mu.Lock()
		defer c.mu.Unlock()
		w := c.waiting[e.Token]
		if w.why = e.Why; w.why != "" && !w.told && c.cfg.OnWaiting != nil {
			w.told = true
			time.AfterFunc(patience, func() { c.tell(e.Token, w) })
		}
	}
}

// tell has OnWaiting know what an operation waits for, if it still does.
func (c *Client) tell(tok core.Token, w *waiter) {
	c.mu.Lock()
	why, waits := w.why, c.waiting[tok] == w
	w.told = false
	c.mu.Unlock()
	if waits && why != "" {
		c.cfg.OnWaiting(why)
	}
}

// do has the core carry out an operation, and waits for its end.
func (c *Client) do(ctx context.Context, event func(core.Token, time.Duration) core.Event) (objecter.Done, error) {
	if err := ctx.Err(); err != nil {
		return objecter.Done{}, err
	}
	timeout := c.cfg.Timeout
	if at, ok := ctx.Deadline(); ok {
		timeout = max(time.Millisecond, min(timeout, time.Until(at)))
	}
	done := make(chan objecter.Done, 1)
	c.mu.Lock()
	c.lastTok++
	tok := core.Token{N: c.lastTok}
	c.waiting[tok] = &waiter{done: done}
	c.mu.Unlock()
	c.world.Post(event(tok, timeout))
	select {
	case d := <-done:
		return d, d.Err
	case <-c.ended:
	case <-ctx.Done():
		c.world.Post(objecter.Cancel{Token: tok})
		select {
		case d := <-done:
			if d.Err != nil {
				d.Err = &stopped{ctx.Err(), d.Err}
			}
			return d, d.Err
		case <-c.ended:
		}
	}
	select {
	case d := <-done: // it ended with the client
		return d, d.Err
	default:
		return objecter.Done{}, fmt.Errorf("%w: %w", ErrUnknown, ErrClosed)
	}
}

// stopped is how an operation ended that its context ended.
type stopped struct{ context, outcome error }

func (s *stopped) Error() string   { return s.outcome.Error() }
func (s *stopped) Unwrap() []error { return []error{s.context, s.outcome} }

// MapOptions say which osdmap is wanted.
type MapOptions struct {
	Fresh   bool         // as a monitor has it now, not as we do
	AtLeast osdmap.Epoch // a newer one will do
}

// Map is the osdmap.
func (c *Client) Map(ctx context.Context, opt MapOptions) (*osdmap.Map, error) {
	if m := c.omap.Load(); m != nil && !opt.Fresh && m.Epoch() >= opt.AtLeast {
		return m, nil
	}
	d, err := c.do(ctx, func(tok core.Token, timeout time.Duration) core.Event {
		return objecter.GetMap{Token: tok, Fresh: opt.Fresh, AtLeast: opt.AtLeast, Timeout: timeout}
	})
	if err != nil {
		return nil, fmt.Errorf("get the osdmap: %w", err)
	}
	return d.Body.(*osdmap.Map), nil
}
