package script

import (
	"fmt"
	"strings"
	"sync"
)

// Event is something that a node saw.
type Event struct {
	Node    string
	Peer    string // a run, as b@1
	Place   string // a class, hints or reports
	Dialled bool   // by Node; else by Peer
	Session uint64 // unlike any other of the node; 0: it is of no session
	Kind    Kind
	What    string // see the package comment; empty for Up, Reset and Unreachable
}

// Kind is what sort of event it is, as far as the log checks it.
type Kind uint8

// The kinds.
const (
	Up          Kind = iota + 1 // a session began
	Reset                       // it ended
	Unreachable                 // dialling failed
	Delivery                    // came by a session, or as a hint or report
	Ending                      // the node's own messenger ended a call or refused a message
)

// stream is what keeps its order: all that a node sees of one peer in one place.
type stream struct {
	node, peer, place string
	dialled           bool
}

// Log is what all nodes saw and no statement has expected so far. It may be used by several
// goroutines.
type Log struct {
	mu      sync.Mutex
	streams map[stream]*seen
	order   []stream // as they began, so that every run looks at them in the same order
	wrong   []string
	once    map[string]bool // what must happen once, by node and event
	ending  bool
	changed chan struct{}
}

// seen is one stream: the session that is up, and the events to be expected.
type seen struct {
	up     uint64
	events []Event
}

// NewLog makes an empty log.
func NewLog() *Log {
	return &Log{streams: make(map[stream]*seen), once: make(map[string]bool), changed: make(chan struct{}, 1)}
}

// Changed gives a value when there may be something new.
func (l *Log) Changed() <-chan struct{} { return l.changed }

// Add notes an event, and what is wrong with it.
func (l *Log) Add(e Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := stream{e.Node, e.Peer, e.Place, e.Dialled}
	s := l.streams[key]
	if s == nil {
		s = new(seen)
		l.streams[key] = s
		l.order = append(l.order, key)
	}
	l.check(s, e)
	if !l.ending {
		s.events = append(s.events, e)
	}
	select {
	case l.changed <- struct{}{}:
	default:
	}
}

// Wrong notes a breach of the contract that is no event.
func (l *Log) Wrong(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wrong = append(l.wrong, fmt.Sprintf(format, args...))
}

// check holds what is true in every script.
func (l *Log) check(s *seen, e Event) {
	wrong := func(why string) { l.wrong = append(l.wrong, fmt.Sprintf("%s saw %s: %s", e.Node, e, why)) }
	switch e.Kind {
	case Up:
		if s.up != 0 && e.Session != 0 {
			wrong("the session before it was not reset")
		}
		s.up = e.Session
	case Reset:
		if s.up != e.Session {
			wrong("that session was not up")
		}
		s.up = 0
	case Delivery:
		if s.up != e.Session && e.Session != 0 {
			wrong("that session was not up")
		}
		if l.ending {
			wrong("after the end of the script")
		}
	}
	if e.What == "" {
		return
	}
	name := e.Node + " " + subject(e.What)
	if l.once[name] {
		wrong("for the second time")
	}
	l.once[name] = true
}

// subject is what happens once, whatever becomes of it: the first two words.
func subject(what string) string {
	f := strings.Fields(what)
	return strings.Join(f[:min(2, len(f))], " ")
}

// String is the event as scripts write it.
func (e Event) String() string {
	word := ""
	switch e.Kind {
	case Up:
		word = "up"
	case Reset:
		word = "reset"
	case Unreachable:
		word = "unreachable"
	default:
		return e.What
	}
	if e.Place == "data" {
		return word + " " + e.Peer
	}
	return word + " " + e.Peer + " " + e.Place
}

// optional reports whether nobody need expect the event.
func (e Event) optional() bool { return e.Kind == Up || e.Kind == Unreachable }

// take removes the next event of one of the node's streams, if it is one to accept.
func (l *Log) take(node string, accept func(event string) bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, key := range l.order {
		if key.node != node {
			continue
		}
		s := l.streams[key]
		for i, e := range s.events {
			if accept(e.String()) {
				s.events = s.events[i+1:]
				return true
			}
			if !e.optional() {
				break
			}
		}
	}
	return false
}

// Err is the first breach of the contract so far, nil if there is none.
func (l *Log) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.wrong) == 0 {
		return nil
	}
	return fmt.Errorf("%s", strings.Join(l.wrong[:min(3, len(l.wrong))], "; "))
}

// end says that nothing is to be received any more. What waits to be expected is an error.
func (l *Log) end() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ending = true
	for _, s := range l.streams {
		for _, e := range s.events {
			if !e.optional() {
				return fmt.Errorf("nobody expected what was seen:\n%s", l.unseen())
			}
		}
	}
	return nil
}

// shown is how many events of each stream a failure shows.
const shown = 8

// unseen lists what waits to be expected. It is called with mu held.
func (l *Log) unseen() string {
	var b strings.Builder
	for _, key := range l.order {
		events := l.streams[key].events
		if len(events) == 0 {
			continue
		}
		fmt.Fprintf(&b, "  %s from %s %s:", key.node, key.peer, key.place)
		for _, e := range events[:min(shown, len(events))] {
			fmt.Fprintf(&b, " %s,", e)
		}
		if more := len(events) - shown; more > 0 {
			fmt.Fprintf(&b, " and %d more", more)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func (l *Log) describe() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.unseen()
}
