package messenger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"zeph/pkg/wire"
)

// Messenger carries the messages of one daemon or client. New makes it.
type Messenger struct {
	cfg     Config
	limits  *Limits
	logger  *slog.Logger
	wirelog *wireLog

	ctx     context.Context // ends with the messenger
	cancel  context.CancelFunc
	done    sync.WaitGroup
	once    sync.Once
	numbers atomic.Uint64

	entrances map[string]*entrance
	inbound   inbound
	watch     watch
	budgets   [wire.NumClasses][2]*budget // of what arrives: of clients, of daemons
	queued    [wire.NumClasses]atomic.Int64
	publisher publisher
	stats     totals
	waiters   sync.Pool // ours alone: a channel made in a synctest bubble must not leave it

	mu        sync.Mutex
	closed    bool
	links     map[linkKey]*Link
	reporters map[linkKey]*reporter
}

type linkKey struct {
	entity   wire.Entity
	gid      wire.GID
	class    wire.Class
	endpoint string
}

// New makes a messenger that listens where the configuration says.
func New(cfg Config) (*Messenger, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("messenger: %w", err)
	}
	wirelog, err := openWireLog(cfg.WireLog)
	if err != nil {
		return nil, err
	}
	limits := cfg.Limits.fill()
	m := &Messenger{
		cfg: cfg, limits: &limits, logger: cfg.Log, wirelog: wirelog,
		entrances: make(map[string]*entrance), links: make(map[linkKey]*Link), reporters: make(map[linkKey]*reporter),
	}
	if m.logger == nil {
		m.logger = slog.New(slog.DiscardHandler)
	}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	m.publisher.init(m)
	m.waiters.New = func() any { return newWaiter() }
	for c := range wire.NumClasses {
		m.budgets[c] = [2]*budget{newBudget(limits.Class[c].Receive), newBudget(limits.Class[c].Receive)}
	}
	if err := m.listen(); err != nil {
		m.cancel()
		return nil, errors.Join(err, wirelog.close())
	}
	for _, e := range m.entrances {
		m.spawn(e.run)
	}
	m.spawn(m.guard)
	return m, nil
}

// listen opens all places, or none.
func (m *Messenger) listen() error {
	var errs []error
	for place, endpoint := range m.cfg.Listen {
		pattern, _ := placePattern(place)
		l, err := m.cfg.Transport.Listen(endpoint, pattern)
		if err != nil {
			errs = append(errs, fmt.Errorf("messenger: listen for %s on %s: %w", place, endpoint, err))
			continue
		}
		m.entrances[place] = &entrance{m: m, place: place, listener: l, serve: m.server(place)}
	}
	if len(errs) > 0 {
		for _, e := range m.entrances {
			e.listener.Close()
		}
	}
	return errors.Join(errs...)
}

func (m *Messenger) server(place string) func(*stranger) {
	switch c, isClass := placeClass(place); {
	case isClass:
		return m.serveSessions(c)
	case place == Hints:
		return m.publisher.serve
	}
	return m.servePusher
}

// Addrs are the endpoints, by place, where others dial.
func (m *Messenger) Addrs() map[string]string {
	addrs := make(map[string]string)
	for place, e := range m.entrances {
		addrs[place] = e.listener.Endpoint()
	}
	return addrs
}

// Link is the link of a class to a peer: the same for the same run of the same entity at the same
// endpoint. It begins to connect at once.
func (m *Messenger) Link(to Peer, c wire.Class) *Link {
	key := linkKey{to.Entity, to.GID, c, to.Addrs[c.String()]}
	m.mu.Lock()
	defer m.mu.Unlock()
	if l, ok := m.links[key]; ok {
		return l
	}
	l := m.newLink(to, c)
	if m.closed {
		l.stop()
		return l
	}
	m.links[key] = l
	m.spawn(l.run)
	return l
}

func (m *Messenger) forgetLink(l *Link) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := linkKey{l.to.Entity, l.to.GID, l.class, l.to.Addrs[l.class.String()]}
	if m.links[key] == l {
		delete(m.links, key)
	}
}

// dial connects to a place of a peer. It gives up when the session dies.
func (m *Messenger) dial(s *Session, addrs map[string]string, place string, p Pattern) (Conn, error) {
	ctx, cancel := context.WithTimeout(m.ctx, m.limits.Hello)
	defer cancel()
	defer context.AfterFunc(s.life, cancel)()
	return m.dialPlace(ctx, addrs, place, p)
}

func (m *Messenger) dialPlace(ctx context.Context, addrs map[string]string, place string, p Pattern) (Conn, error) {
	endpoint := addrs[place]
	if endpoint == "" {
		return nil, fmt.Errorf("no address for %s is known", place)
	}
	return m.cfg.Transport.Dial(ctx, endpoint, p)
}

// spawn runs what Close waits for.
func (m *Messenger) spawn(f func()) { m.done.Go(f) }

// sleep waits; false if the messenger is closed meanwhile.
func (m *Messenger) sleep(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-m.ctx.Done():
		return false
	}
}

func (m *Messenger) tell(e PeerEvent) {
	if m.cfg.OnPeer != nil {
		m.cfg.OnPeer(e)
	}
}

func (m *Messenger) closing() bool { return m.ctx.Err() != nil }

func (m *Messenger) budgetOf(c wire.Class, k wire.Kind) *budget {
	if k == wire.Client {
		return m.budgets[c][0]
	}
	return m.budgets[c][1]
}

// Close lets what is queued go out, for as long as ctx and the limit say, ends all sessions and
// waits until every goroutine has ended and every call's done has returned. Calls end with
// ErrClosed. It may be called more than once.
func (m *Messenger) Close(ctx context.Context) (err error) {
	m.once.Do(func() {
		m.drain(ctx)
		m.shut()
		m.done.Wait()
		err = m.wirelog.close()
	})
	m.done.Wait()
	return err
}

// drain waits until nothing is queued, or for as long as it may.
func (m *Messenger) drain(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, m.limits.Linger)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for m.watch.sending() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (m *Messenger) shut() {
	m.mu.Lock()
	m.closed = true
	links, reporters := m.links, m.reporters
	m.links, m.reporters = nil, nil
	m.mu.Unlock()
	m.cancel()
	for _, e := range m.entrances {
		e.listener.Close()
		e.strangers.stop()
	}
	for _, l := range links {
		l.stop()
	}
	for _, r := range reporters {
		r.stop()
	}
	m.publisher.stop()
	m.watch.endAll(ErrClosed)
}
