package world

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"zeph/pkg/core"
	"zeph/pkg/messenger"
	"zeph/pkg/wire"
)

// replog is a member of the replicated log, and its way to the others: LogCalls over the same links as
// all else.
type replog struct {
	w       *World
	node    LogMember
	life    context.Context // of what is being served
	cancel  context.CancelFunc
	serving sync.WaitGroup

	mu    sync.Mutex
	ended bool
	mons  map[wire.Entity]core.Dest // where monitors listen, as far as is known
}

// LogMember is a member of a replicated log: consensus.Node is one.
type LogMember interface {
	Do(core.Effect)                // an effect of the core that is the log's to carry out
	Run(ctx context.Context) error // until ctx ends or the disk fails
	Serve(ctx context.Context, from wire.Entity, call *wire.LogCall, bulk []byte) (*wire.LogReply, []byte, error)
	Close() error // gives the folder back; more than once does no harm
}

// LogWays are how a member of the log reaches the others, and the core.
type LogWays struct {
	Call    func(ctx context.Context, to core.Member, c wire.Class, call *wire.LogCall, bulk []byte) (*wire.LogReply, []byte, error)
	Deliver func(core.Event)
	Logger  *slog.Logger
}

func newReplog(w *World, open func(LogWays) (LogMember, error)) (*replog, error) {
	l := &replog{w: w, mons: make(map[wire.Entity]core.Dest)}
	l.life, l.cancel = context.WithCancel(background)
	l.learn(w.cfg.Monitors)
	var err error
	l.node, err = open(LogWays{Call: l.call, Deliver: l.deliver, Logger: w.cfg.Logger})
	return l, err
}

// run is a member until ctx ends. When the log fails, so does the world.
func (l *replog) run(ctx context.Context) {
	if err := l.node.Run(ctx); err != nil {
		l.w.fail(err)
	}
}

// close gives the folder back, if it was not run.
func (l *replog) close() { _ = l.node.Close() }

// stop ends what is being served, and waits for that.
func (l *replog) stop() {
	l.mu.Lock()
	l.ended = true
	l.mu.Unlock()
	l.cancel()
	l.serving.Wait()
}

// deliver hands the log's events to the core, and learns from them where monitors are.
func (l *replog) deliver(ev core.Event) {
	if a, ok := ev.(core.Applied); ok && l.w.cfg.LogDests != nil {
		l.learn(l.w.cfg.LogDests(a.State))
	}
	l.w.box.put(ev)
}

func (l *replog) learn(dests []core.Dest) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range dests {
		l.mons[d.Entity] = d
	}
}

// dest is where a member listens. One that is new may be known by its control address alone.
func (l *replog) dest(m core.Member) (core.Dest, error) {
	e, err := wire.ParseEntity("mon." + m.Name)
	if err != nil {
		return core.Dest{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if d, ok := l.mons[e]; ok && find(d.Addrs, "", wire.Control) == m.Addr {
		return d, nil // what is known of one at another address was said before it moved
	}
	return core.Dest{Peer: core.Peer{Entity: e}, Addrs: controlAddr(m.Addr)}, nil
}

// call carries a call of the log's to another member.
func (l *replog) call(ctx context.Context, to core.Member, c wire.Class, call *wire.LogCall, bulk []byte) (*wire.LogReply, []byte, error) {
	d, err := l.dest(to)
	if err != nil {
		return nil, nil, err
	}
	r := l.w.present()
	if r == nil {
		return nil, nil, core.ErrDown
	}
	link := r.to(d, c)
	if link == nil {
		return nil, nil, fmt.Errorf("%v: its address for %v is not known: %w", d.Entity, c, core.ErrDown)
	}
	m := messenger.Message{
		Header: wire.Header{Type: wire.TypeLog}, Body: wire.AppendBody(nil, call),
		Bulk: bulk, Expect: wire.MaxLogAnswer, Reserved: true,
	}
	a, err := link.Call(ctx, &m)
	if err != nil {
		return nil, nil, coreError(err)
	}
	defer a.Release()
	reply := new(wire.LogReply)
	if err := a.Parse(reply); err != nil {
		return nil, nil, err
	}
	return reply, keep(a.Bulk), nil
}

// serve answers another member's call. That may take as long as a disk does.
func (l *replog) serve(m *messenger.Message, call *wire.LogCall) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		m.Release()
		return
	}
	l.serving.Go(func() {
		defer m.Release()
		reply, bulk, err := l.node.Serve(l.life, m.Entity, call, keep(m.Bulk))
		if err != nil {
			m.Fail(err)
			return
		}
		m.Reply(&messenger.Message{Body: wire.AppendBody(nil, reply), Bulk: bulk})
	})
}
