package consensus

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"zeph/pkg/core"
	"zeph/pkg/wire"
)

// ErrDisk: a write failed, or hung for too long. The process must end: nothing here can be stopped any more.
var ErrDisk = errors.New("the disk of the monitor's log does not work")

// Node is one member of a log. Open it, Run it; Do and Serve may be called at any time.
type Node struct {
	cfg       Config
	lock      *os.File
	store     *logStore
	snaps     *snapshots
	fsm       *fsm
	transport *transport
	queue     *queue
	raft      *raft.Raft // set before ready is closed

	ready    chan struct{} // closed once raft runs
	stopping chan struct{} // closed when Run is to end
	failed   chan error    // the disk's
	closed   sync.Once

	proposals chan proposal
	changes   chan core.ChangeMembers
	changed   chan struct{} // raft's state may have
	announced core.Leading

	mu      sync.Mutex
	ended   bool // nothing is accepted any more
	pending int  // accepted, not yet ended
	idle    chan struct{}
	barrier shared
	leaving map[raft.ServerID]int // removals that wait, or are under way
}

// Open takes a member's folder, checks all that is in it, and makes it ready to run.
func Open(cfg Config) (*Node, error) {
	cfg.setDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("monitor's log: %w", err)
	}
	n := &Node{cfg: cfg, queue: newQueue(), ready: make(chan struct{}), stopping: make(chan struct{}), failed: make(chan error, 1),
		proposals: make(chan proposal, cfg.Pending), changes: make(chan core.ChangeMembers, cfg.Pending), changed: make(chan struct{}, 1),
		leaving: make(map[raft.ServerID]int)}
	n.fsm = newFSM(cfg.Machine, n.queue.put)
	if err := n.open(); err != nil {
		return nil, err
	}
	n.transport = newTransport(cfg.id(), cfg.Addr, cfg.Call, cfg.Dir, cfg.timeouts())
	n.transport.hung, n.transport.leads, n.transport.applied, n.transport.member = n.hung, n.leads, n.applied, n.member
	return n, nil
}

func (n *Node) open() error {
	var err error
	if n.lock, err = lockFolder(n.cfg.Dir); err != nil {
		return err
	}
	n.store, err = openLog(n.cfg.Dir, n.cfg.id(), !n.cfg.NoSync, func(err error) { n.failed <- err })
	if err != nil {
		return errors.Join(err, unlock(n.lock))
	}
	n.snaps, err = openSnapshots(n.cfg.Dir, !n.cfg.NoSync, n.cfg.Log, n.store.anchored)
	if err == nil {
		err = settle(n.store, n.snaps, n.cfg.Machine)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("monitor's log in %s: %w", n.cfg.Dir, err), n.Close())
	}
	return nil
}

// Close gives back the folder of a Node that was not run.
func (n *Node) Close() error {
	var err error
	n.closed.Do(func() { err = errors.Join(n.store.close(), unlock(n.lock)) })
	return err
}

// leads reports whether this member leads in a term, as far as raft knows.
func (n *Node) leads(term uint64) bool {
	select {
	case <-n.ready:
		return n.raft.State() == raft.Leader && n.raft.CurrentTerm() == term
	default:
		return false
	}
}

// applied is up to where raft has applied entries, or a snapshot.
func (n *Node) applied() uint64 {
	select {
	case <-n.ready:
		return n.raft.AppliedIndex()
	default:
		return 0
	}
}

// member reports whether somebody is one, as far as raft knows.
func (n *Node) member(id raft.ServerID) bool {
	_, known := n.server(id)
	return known
}

func (n *Node) hung() bool { return n.store.watch.hung(n.cfg.HangAfter) }

// Run is a member of the log until ctx ends, or until the disk does not work any more (ErrDisk). It returns
// after all that it started has ended, and the folder is closed; but not where the disk hangs: closing it could
// take for ever, so then Close does nothing either.
func (n *Node) Run(ctx context.Context) error {
	var delivering sync.WaitGroup
	delivering.Go(func() { n.queue.deliver(n.cfg.Deliver) })
	err := n.run(ctx)
	n.queue.end()
	delivering.Wait()
	if errors.Is(err, ErrDisk) {
		n.closed.Do(func() {})
		return err
	}
	return errors.Join(err, n.Close())
}

func (n *Node) run(ctx context.Context) error {
	if err := n.startRaft(); err != nil {
		n.transport.close()
		n.refuse()
		return fmt.Errorf("monitor's log in %s: %w", n.cfg.Dir, err)
	}
	n.fsm.begin()
	if c := n.raft.GetConfiguration().Configuration(); len(c.Servers) > 0 {
		n.queue.put(core.Members{Members: membersOf(c)})
	}
	n.observe()
	close(n.ready)
	var working sync.WaitGroup
	working.Go(n.propose)
	working.Go(n.change)
	err := n.watch(ctx)
	return n.stop(err, &working)
}

// startRaft starts it. It writes, so the disk may hang.
func (n *Node) startRaft() error {
	started := make(chan error, 1)
	go func() {
		var err error
		n.raft, err = raft.NewRaft(n.cfg.raft(), n.fsm, n.store, n.store, n.snaps, n.transport)
		started <- err
	}()
	for {
		select {
		case err := <-started:
			return err
		case <-time.After(n.cfg.ExitAfter):
			if err := n.checkDisk(); err != nil {
				return err
			}
		}
	}
}

// checkDisk is an error when the disk failed, or has hung for too long.
func (n *Node) checkDisk() error {
	select {
	case err := <-n.failed:
		return fmt.Errorf("%w: %w", ErrDisk, err)
	default:
	}
	if age := n.store.watch.age(); age > n.cfg.ExitAfter {
		return fmt.Errorf("%w: a write has hung for %v", ErrDisk, age)
	}
	return nil
}

// observe has raft say when something about its leader may have changed.
func (n *Node) observe() {
	n.raft.RegisterObserver(raft.NewObserver(nil, false, func(o *raft.Observation) bool {
		switch o.Data.(type) {
		case raft.RaftState, raft.LeaderObservation:
			select {
			case n.changed <- struct{}{}:
			default:
			}
		}
		return false
	}))
}

// watch announces leaders and looks after the disk, until the end.
func (n *Node) watch(ctx context.Context) error {
	tick := time.NewTicker(n.cfg.HangAfter / 4)
	defer tick.Stop()
	silent := false
	for {
		n.announce()
		select {
		case <-ctx.Done():
			return nil
		case <-n.changed:
		case <-tick.C:
		}
		if hung := n.hung(); hung != silent {
			silent = hung
			n.cfg.Log.Warn("disk of the monitor's log", "hangs", hung)
		}
		if err := n.checkDisk(); err != nil {
			return err
		}
	}
}

// announce tells the core who leads, if that is news.
func (n *Node) announce() {
	l := n.leading()
	if l != n.announced {
		n.announced = l
		n.queue.put(l)
	}
}

func (n *Node) leading() core.Leading {
	if n.hung() {
		return core.Leading{Term: n.raft.CurrentTerm()}
	}
	for {
		term := n.raft.CurrentTerm()
		me := n.raft.State() == raft.Leader
		_, id := n.raft.LeaderWithID()
		if n.raft.CurrentTerm() != term {
			continue
		}
		l := core.Leading{Term: term, Me: me}
		switch {
		case me:
			l.Leader = entityOf(n.cfg.id())
		case string(id) != n.cfg.id() && id != "":
			l.Leader = entityOf(string(id))
		}
		return l
	}
}

// Serve answers a LogCall of another member, which the messenger says is from. It blocks, at times for a
// disk, so it must not be called from a loop that others wait for. An error is a *wire.Error, to be sent.
func (n *Node) Serve(ctx context.Context, from wire.Entity, call *wire.LogCall, bulk []byte) (*wire.LogReply, []byte, error) {
	select {
	case <-n.ready:
	default:
		return nil, nil, wire.Busy.Errorf("the log of %s is not open yet", n.cfg.Name)
	}
	return n.transport.serve(ctx, from, call, bulk)
}

// Snapshot makes one now.
func (n *Node) Snapshot() error {
	<-n.ready
	err := n.raft.Snapshot().Error()
	if errors.Is(err, raft.ErrNothingNewToSnapshot) {
		return nil
	}
	return err
}

// How long the end may take, beside the lease of a leader that still has proposals under way.
const stopTimeout = 5 * time.Second

// stop ends raft and everything else. Proposals end first: raft forgets those that it has when it is told to
// stop. Without a way to the others it steps down by itself, which ends them.
func (n *Node) stop(err error, working *sync.WaitGroup) error {
	n.transport.close()
	idle := n.refuse()
	close(n.stopping)
	if errors.Is(err, ErrDisk) {
		return err
	}
	ended := make(chan struct{})
	go func() {
		working.Wait()
		<-idle
		_ = n.raft.Shutdown().Error()
		close(ended)
	}()
	select {
	case <-ended:
		return err
	case <-time.After(stopTimeout + 2*n.cfg.Lease + n.cfg.ExitAfter):
		return fmt.Errorf("%w: raft does not end", ErrDisk)
	}
}
