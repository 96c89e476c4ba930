package inproc

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"zeph/pkg/messenger"
)

// network is the listeners of one Transport, by name.
type network struct {
	mu        sync.Mutex
	listeners map[string]*listener
	made      int // names made up so far
	dialled   int // connections so far, to tell them apart in addresses
}

// New makes a network that nobody listens on yet.
func New() messenger.Transport {
	return &network{listeners: make(map[string]*listener)}
}

// Name is what a configuration calls the transport.
func (n *network) Name() string { return "inproc" }

// Listen takes a name. One that is taken is refused with syscall.EADDRINUSE.
func (n *network) Listen(endpoint string, p messenger.Pattern) (messenger.Listener, error) {
	name, err := parse(endpoint)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if name == "" || name == "*" {
		name = n.free()
	}
	if n.listeners[name] != nil {
		return nil, fmt.Errorf("inproc: listen on %s: %w", scheme+name, syscall.EADDRINUSE)
	}
	l := newListener(n, name, p)
	n.listeners[name] = l
	return l, nil
}

// free makes up a name that nobody listens on.
func (n *network) free() string {
	for {
		n.made++
		name := strconv.Itoa(n.made)
		if n.listeners[name] == nil {
			return name
		}
	}
}

// Dial connects to a name. If nobody listens there, the error is syscall.ECONNREFUSED. While
// more connections wait to be accepted than a listener keeps, it waits, at most for ctx.
func (n *network) Dial(ctx context.Context, endpoint string, p messenger.Pattern) (messenger.Conn, error) {
	name, err := parse(endpoint)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	n.dialled++
	number := n.dialled
	l := n.listeners[name]
	n.mu.Unlock()
	if l != nil {
		near, far := connect(scheme+name, number, p, l.pattern)
		err = l.offer(ctx, near, far)
		if err == nil {
			return near, nil
		}
	} else {
		err = syscall.ECONNREFUSED
	}
	return nil, fmt.Errorf("inproc: dial %s: %w", scheme+name, err)
}

// forget lets others have a listener's name.
func (n *network) forget(l *listener) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listeners[l.name] == l {
		delete(n.listeners, l.name)
	}
}

const (
	scheme  = "inproc://"
	maxName = 255
)

// parse is the name in an endpoint; it may be empty.
func parse(endpoint string) (string, error) {
	name, ok := strings.CutPrefix(endpoint, scheme)
	if !ok || len(name) > maxName {
		return "", fmt.Errorf("inproc: endpoint %.300q: expected inproc://NAME of at most %d characters", endpoint, maxName)
	}
	return name, nil
}
