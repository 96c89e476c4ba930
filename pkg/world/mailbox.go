package world

import (
	"maps"
	"slices"
	"sync"

	"zeph/pkg/core"
	"zeph/pkg/messenger"
)

// mailbox is where events wait for the loop, and messages until the core is through with them. Any
// goroutine may use it; none waits in it.
type mailbox struct {
	wake chan struct{} // something was put in; one fits

	mu   sync.Mutex
	in   core.Inbox
	held map[core.Request]*messenger.Message
	last core.Request
}

// oneWay marks the number of a message that nobody waits for an answer to. The core does not see it.
const oneWay core.Request = 1 << 63

func newMailbox() *mailbox {
	return &mailbox{wake: make(chan struct{}, 1), held: make(map[core.Request]*messenger.Message)}
}

// put adds an event.
func (b *mailbox) put(ev core.Event) {
	b.mu.Lock()
	b.in.Put(ev)
	b.mu.Unlock()
	b.ring()
}

// receive adds a message, and holds on to what it came in.
func (b *mailbox) receive(r core.Received, m *messenger.Message) {
	b.mu.Lock()
	b.last++
	asks := m.Request != 0
	r.Request = b.last
	if !asks {
		r.Request |= oneWay
	}
	b.held[r.Request] = m
	b.in.Put(r)
	b.mu.Unlock()
	b.ring()
}

func (b *mailbox) ring() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// take appends the events of the next turn to dst.
func (b *mailbox) take(dst []core.Event) []core.Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.in.Take(dst)
}

// done takes out the message that a request came in; nil if there is none.
func (b *mailbox) done(r core.Request) *messenger.Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := b.held[r]
	delete(b.held, r)
	return m
}

// stats counts the events that wait and the requests that are not ended.
func (b *mailbox) stats() (waiting, requests int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for r := range b.held {
		if r&oneWay == 0 {
			requests++
		}
	}
	return b.in.Len(), requests
}

// open are the requests that are not ended, in the order in which they came.
func (b *mailbox) open() []Request {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []Request
	for _, r := range slices.Sorted(maps.Keys(b.held)) {
		if m := b.held[r]; r&oneWay == 0 {
			all = append(all, Request{From: core.Peer{Entity: m.Entity, GID: m.GID}, Type: m.Type, ID: m.Request})
		}
	}
	return all
}

// empty lets go of all messages.
func (b *mailbox) empty() {
	b.mu.Lock()
	held := b.held
	b.held = make(map[core.Request]*messenger.Message)
	b.mu.Unlock()
	for _, m := range held {
		m.Release()
	}
}
