package consensus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zeph/pkg/consensus/logtest"
	"zeph/pkg/core"
	"zeph/pkg/wire"
)

// cluster is real Nodes in one process, on a network of function calls, for a synctest bubble.
type cluster struct {
	t       testing.TB
	members []*testMember
	edit    func(*Config) // of each, before it is opened
	late    bool          // now and then a message takes seconds

	under sync.WaitGroup // messages on their way
	over  context.Context
	calls atomic.Int64 // of all members

	mu    sync.Mutex
	nodes map[string]*testMember // by id
}

// testMember is one of them, over all its runs.
type testMember struct {
	c    *cluster
	name string
	dir  string

	mu     sync.Mutex
	node   *Node // nil: its process does not run
	events []core.Event
	run    int // counts processes
	cut    bool
	paused chan struct{} // closed when it goes on; nil: it does
	hung   chan struct{} // closed when its disk works again; nil: it does

	stop  context.CancelFunc
	ended chan error
}

// newCluster makes and starts so many members.
func newCluster(t testing.TB, members int, edit func(*Config)) *cluster {
	c := &cluster{t: t, edit: edit, nodes: make(map[string]*testMember)}
	var first []core.Member
	for m := range members {
		first = append(first, testID(logtest.MemberName(m)))
	}
	var end context.CancelFunc
	c.over, end = context.WithCancel(context.Background())
	for m := range members {
		c.add(logtest.MemberName(m), first)
	}
	t.Cleanup(func() {
		for _, m := range c.members {
			m.heal()
			m.kill()
		}
		end()
		c.under.Wait()
	})
	return c
}

func testID(name string) core.Member {
	return core.Member{Name: name, ID: MemberID(name, name), Addr: "inproc://" + name, Voter: true}
}

// add makes one more member, and starts it.
func (c *cluster) add(name string, first []core.Member) *testMember {
	m := &testMember{c: c, name: name, dir: filepath.Join(c.t.TempDir(), name)}
	if err := os.MkdirAll(m.dir, 0o700); err != nil {
		c.t.Fatal(err)
	}
	if err := makeFolder(m.dir, MemberID(name, name), first, false); err != nil {
		c.t.Fatal(err)
	}
	c.mu.Lock()
	c.members = append(c.members, m)
	c.nodes[MemberID(name, name)] = m
	c.mu.Unlock()
	m.start()
	return m
}

func (m *testMember) config() Config {
	cfg := Config{Dir: m.dir, Name: m.name, Store: m.name, Addr: "inproc://" + m.name, Machine: logtest.Machine{}, NoSync: true,
		Call: m.call, SnapshotEvery: 20 * time.Second, SnapshotAfter: 100, Keep: 60}
	if *verbose {
		cfg.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})).With("mon", m.name)
	}
	if m.c.edit != nil {
		m.c.edit(&cfg)
	}
	return cfg
}

func (m *testMember) start() {
	m.mu.Lock()
	m.run++
	run := m.run
	m.mu.Unlock()
	cfg := m.config()
	cfg.Deliver = func(ev core.Event) {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.run == run && m.node != nil {
			m.events = append(m.events, ev)
		}
	}
	n, err := Open(cfg)
	if err != nil {
		m.c.t.Fatal(err)
	}
	n.store.before = m.write
	ctx, stop := context.WithCancel(context.Background())
	m.mu.Lock()
	m.node, m.stop, m.ended = n, stop, make(chan error, 1)
	ended := m.ended
	m.mu.Unlock()
	go func() { ended <- n.Run(ctx) }()
}

// write is called before anything is written.
func (m *testMember) write() {
	m.mu.Lock()
	hung := m.hung
	m.mu.Unlock()
	if hung != nil {
		<-hung
	}
}

func (m *testMember) kill() {
	m.mu.Lock()
	n := m.node
	m.node, m.events = nil, nil
	m.mu.Unlock()
	if n == nil {
		return
	}
	m.heal()
	m.stop()
	if err := <-m.ended; err != nil {
		m.c.t.Errorf("%s: %v", m.name, err)
	}
}

func (m *testMember) heal() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cut = false
	if m.paused != nil {
		close(m.paused)
		m.paused = nil
	}
	if m.hung != nil {
		close(m.hung)
		m.hung = nil
	}
}

// errLost: a message went nowhere, and nobody says so.
var errLost = errors.New("lost")

// pass lets a message by, sooner or later, or not at all.
func (m *testMember) pass(ctx context.Context) error {
	for {
		m.mu.Lock()
		cut, paused := m.cut, m.paused
		m.mu.Unlock()
		switch {
		case cut:
			return errLost
		case paused == nil:
			return nil
		}
		select {
		case <-paused:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

type served struct {
	reply *wire.LogReply
	bulk  []byte
	err   error
}

// call is the network: a millisecond or so each way, and whatever faults there are.
func (m *testMember) call(ctx context.Context, to core.Member, class wire.Class, call *wire.LogCall, bulk []byte) (*wire.LogReply, []byte, error) {
	limit := wire.MaxControlFrame
	if class == wire.Bulk {
		limit = wire.MaxDataFrame
	}
	if _, ok := ctx.Deadline(); !ok || len(bulk)+len(call.Body)+1024 > limit {
		m.c.t.Errorf("a call of %d bytes by class %v, deadline %v", len(bulk), class, ok)
	}
	m.c.mu.Lock()
	m.c.calls.Add(1)
	other := m.c.nodes[to.ID]
	m.c.mu.Unlock()
	if other == nil {
		return nil, nil, core.ErrDown
	}
	answer := make(chan served, 1)
	sent := *call
	sent.Body = slices.Clone(call.Body)
	data := slices.Clone(bulk)
	m.c.under.Go(func() { answer <- m.carry(ctx, other, &sent, data) })
	select {
	case a := <-answer:
		if a.err != errLost {
			return a.reply, a.bulk, a.err
		}
		<-ctx.Done()
	case <-ctx.Done():
	}
	return nil, nil, ctx.Err()
}

// carry brings a call over, even when nobody waits for its answer any more.
func (m *testMember) carry(ctx context.Context, other *testMember, call *wire.LogCall, bulk []byte) served {
	late, cancel := context.WithTimeout(m.c.over, time.Minute) // in a buffer on the way
	defer cancel()
	time.Sleep(m.c.delay())
	for _, end := range []*testMember{m, other} {
		if err := end.pass(late); err != nil {
			return served{err: err}
		}
	}
	other.mu.Lock()
	n := other.node
	other.mu.Unlock()
	if n == nil {
		return served{err: core.ErrDown}
	}
	from, err := wire.ParseEntity("mon." + m.name)
	if err != nil {
		return served{err: err}
	}
	reply, b, err := n.Serve(m.c.over, from, call, bulk)
	var code *wire.Error
	if err != nil && !errors.As(err, &code) {
		m.c.t.Errorf("Serve: %v is no *wire.Error", err)
	}
	if len(b) > wire.MaxLogAnswer {
		m.c.t.Errorf("an answer of %d bytes", len(b))
	}
	time.Sleep(m.c.delay())
	for _, end := range []*testMember{other, m} {
		if err := end.pass(ctx); err != nil {
			return served{err: err}
		}
	}
	return served{reply, b, err}
}

// delay is how long a message is on its way.
func (c *cluster) delay() time.Duration {
	if c.late && rand.IntN(100) == 0 {
		return time.Duration(rand.IntN(2000)) * time.Millisecond
	}
	return time.Duration(200+rand.IntN(1500)) * time.Microsecond
}

// The rest is what logtest.Cluster wants.

func (c *cluster) Do(m int, ef core.Effect) {
	c.members[m].mu.Lock()
	n := c.members[m].node
	c.members[m].mu.Unlock()
	n.Do(ef)
}

func (c *cluster) Events(m int) []core.Event {
	mem := c.members[m]
	mem.mu.Lock()
	defer mem.mu.Unlock()
	events := mem.events
	mem.events = nil
	return events
}

func (c *cluster) Wait(d time.Duration) { time.Sleep(d) }
func (c *cluster) Crash(m int)          { c.members[m].kill() }
func (c *cluster) Restart(m int)        { c.members[m].start() }
func (c *cluster) Heal(m int)           { c.members[m].heal() }

func (c *cluster) Cut(m int) {
	c.members[m].mu.Lock()
	c.members[m].cut = true
	c.members[m].mu.Unlock()
}

func (c *cluster) Pause(m int) {
	c.members[m].mu.Lock()
	if c.members[m].paused == nil {
		c.members[m].paused = make(chan struct{})
	}
	c.members[m].mu.Unlock()
}

func (c *cluster) Hang(m int) {
	c.members[m].mu.Lock()
	if c.members[m].hung == nil {
		c.members[m].hung = make(chan struct{})
	}
	c.members[m].mu.Unlock()
}

func (c *cluster) Snapshot(m int) {
	c.members[m].mu.Lock()
	n := c.members[m].node
	c.members[m].mu.Unlock()
	c.under.Go(func() { _ = n.Snapshot() }) // it may find nothing new, or its process gone
}

var _ logtest.Cluster = (*cluster)(nil)

func (m *testMember) String() string { return fmt.Sprintf("mon.%s", m.name) }
