package messengertest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"zeph/pkg/messenger"
	"zeph/pkg/messenger/messengertest/script"
	"zeph/pkg/wire"
)

// world plays scripts with real messengers, on the clock that it finds: the wall's, or that of a
// synctest bubble.
type world struct {
	log      *script.Log
	network  *network
	endpoint func() string // a fresh one to listen on
	clock    clock
	gids     wire.GID
	ledger   ledger
	calls    sync.WaitGroup // that wait in Link.Call

	mu    sync.Mutex
	nodes map[string]*node    // by run
	names map[identity]string // runs by who they are
	addrs map[string]map[string]string
}

// identity is who peers take a node for.
type identity struct {
	entity wire.Entity
	gid    wire.GID
}

// clock is what a world goes by.
type clock struct {
	patience time.Duration // how long Wait waits
	settle   func()
}

// features are what a script may need and real messengers have.
var features = []string{"credit", "bytes", "budget", "hints", "reports"}

// openWorld makes worlds over a transport.
func openWorld(transport messenger.Transport, endpoint func() string, c clock) script.Open {
	return func(log *script.Log, needs []string) (script.World, bool) {
		for _, need := range needs {
			if !slices.Contains(features, need) {
				return nil, false
			}
		}
		return newWorld(log, transport, endpoint, c), true
	}
}

func newWorld(log *script.Log, transport messenger.Transport, endpoint func() string, c clock) *world {
	return &world{
		log:      log,
		network:  newNetwork(transport),
		endpoint: endpoint,
		clock:    c,
		gids:     1000,
		ledger:   ledger{log: log},
		nodes:    make(map[string]*node),
		names:    make(map[identity]string),
		addrs:    make(map[string]map[string]string),
	}
}

// Do carries out a command.
func (w *world) Do(c *script.Command) error {
	if c.Verb == script.Start {
		return w.start(c)
	}
	n, err := w.node(c.Node)
	if err != nil {
		return err
	}
	switch c.Verb {
	case script.Kill:
		return n.kill()
	case script.Close:
		return n.close()
	case script.Stall:
		n.host.stall(c.Place)
	case script.Resume:
		n.host.resume(c.Place)
	case script.Block, script.Unblock:
		w.network.block(n.host.node, nodeOf(c.Peer), c.Verb == script.Block)
	case script.Cut:
		w.network.cut(n.host.node, nodeOf(c.Peer), c.Place)
	default:
		return n.do(c)
	}
	return nil
}

// node finds a run of a node that was started.
func (w *world) node(run string) (*node, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := w.nodes[run]; n != nil {
		return n, nil
	}
	return nil, fmt.Errorf("%s does not run", run)
}

// nodeOf is the node that a run is of.
func nodeOf(run string) string {
	name, _, _ := strings.Cut(run, "@")
	return name
}

// start makes a new run of a node, at its address if it had one.
func (w *world) start(c *script.Command) error {
	name := nodeOf(c.Node)
	entity, err := entityOf(name, c.Client)
	if err != nil {
		return err
	}
	w.gids++
	id := identity{entity, w.gids}
	if c.Peer != "" {
		other, err := w.node(c.Peer)
		if err != nil {
			return err
		}
		id = other.identity
	}
	n := newNode(w, c.Node, id, newHost(w.network, name))
	w.mu.Lock()
	if w.names[id] == "" {
		w.names[id] = c.Node
	}
	w.nodes[c.Node] = n
	listen := w.addrs[name]
	w.mu.Unlock()
	if listen == nil && !c.Client {
		listen = w.places()
	}
	if err := n.start(c, listen); err != nil {
		return err
	}
	addrs := n.m.Addrs()
	for place, endpoint := range addrs {
		w.network.setPlace(endpoint, place)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.addrs[name] = addrs
	return nil
}

// places are all that one can listen for, each with an endpoint.
func (w *world) places() map[string]string {
	listen := map[string]string{messenger.Hints: w.endpoint(), messenger.Reports: w.endpoint()}
	for c := range wire.NumClasses {
		listen[c.String()] = w.endpoint()
	}
	return listen
}

func entityOf(node string, client bool) (wire.Entity, error) {
	if client {
		return wire.ParseEntity("client." + node)
	}
	return wire.ParseEntity("osd." + node)
}

// peer is a run as others dial it.
func (w *world) peer(run string) (messenger.Peer, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	name, number, _ := strings.Cut(run, "@")
	if number == "any" {
		entity, err := entityOf(name, false)
		return messenger.Peer{Entity: entity, Addrs: w.addrs[name]}, err
	}
	n := w.nodes[run]
	if n == nil {
		return messenger.Peer{}, fmt.Errorf("%s never ran", run)
	}
	return messenger.Peer{Entity: n.identity.entity, GID: n.identity.gid, Addrs: w.addrs[name]}, nil
}

// name is what a script calls a peer.
func (w *world) name(p messenger.Peer) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if name := w.names[identity{p.Entity, p.GID}]; name != "" {
		return name
	}
	if _, name, ok := strings.Cut(p.Entity.String(), "."); ok && p.GID == 0 {
		return name + "@any"
	}
	return p.String()
}

// Wait lets the messengers go on until done says yes.
func (w *world) Wait(done func() bool) bool {
	deadline := time.NewTimer(w.clock.patience)
	defer deadline.Stop()
	tick := time.NewTicker(2 * time.Millisecond) // for what tells nobody that it changed
	defer tick.Stop()
	for !done() {
		select {
		case <-w.log.Changed():
		case <-tick.C:
		case <-deadline.C:
			return done()
		}
	}
	return true
}

// Settle lets happen what happens at once.
func (w *world) Settle() { w.clock.settle() }

// State is what a node has on its hands.
func (w *world) State(run string) script.State {
	n, err := w.node(run)
	if err != nil {
		return script.State{}
	}
	n.mu.Lock()
	st := script.State{Kept: len(n.held)}
	n.mu.Unlock()
	stats := n.m.Stats()
	st.Heard, st.Lost = stats.Subscribers, int(stats.ReportsDropped)
	for _, s := range stats.Links {
		st.Held += int(s.Held)
		st.Queued += s.Queued
		st.Calls += s.Calls
	}
	return st
}

// End stops all nodes, and reports memory that was never given back.
func (w *world) End() error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(w.nodes)) {
		errs = append(errs, w.nodes[name].close())
	}
	w.network.close()
	w.calls.Wait()
	return errors.Join(append(errs, w.ledger.check())...)
}
