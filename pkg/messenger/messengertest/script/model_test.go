package script

import (
	"fmt"
	"strconv"
)

// model is the smallest world: one thread, no time; a message arrives when it is sent. It shows
// that a simulator can play scripts, and breaks the contract on demand.
type model struct {
	log     *Log
	fault   string
	alive   map[string]bool
	session map[[2]string]uint64 // dialler, peer
	open    map[int]*Command     // calls, by number
	last    uint64
}

func openModel(fault string) Open {
	return func(log *Log, needs []string) (World, bool) {
		return &model{
			log: log, fault: fault,
			alive: make(map[string]bool), session: make(map[[2]string]uint64), open: make(map[int]*Command),
		}, len(needs) == 0
	}
}

func (m *model) Do(c *Command) error {
	switch c.Verb {
	case Start:
		m.alive[c.Node] = true
	case Kill:
		delete(m.alive, c.Node)
		m.cut(c.Node)
	case Send, Call:
		m.connect(c.Node, c.Peer)
		for _, id := range c.IDs {
			m.deliver(c, id)
		}
	case Answer:
		for _, id := range c.IDs {
			m.answer(id)
		}
	default:
		return fmt.Errorf("verb %d is not modelled", c.Verb)
	}
	return nil
}

func (m *model) connect(from, to string) {
	key := [2]string{from, to}
	if m.session[key] == 0 {
		m.last++
		m.session[key] = m.last
		m.both(key, Up)
	}
}

func (m *model) both(key [2]string, kind Kind) {
	s := m.session[key]
	m.log.Add(Event{Node: key[0], Peer: key[1], Place: "data", Dialled: true, Session: s, Kind: kind})
	if m.alive[key[1]] {
		m.log.Add(Event{Node: key[1], Peer: key[0], Place: "data", Session: s, Kind: kind})
	}
}

func (m *model) deliver(c *Command, id int) {
	what := "note "
	if c.Verb == Call {
		what = "request "
		m.open[id] = c
	}
	e := Event{
		Node: c.Peer, Peer: c.Node, Place: "data", Session: m.session[[2]string{c.Node, c.Peer}],
		Kind: Delivery, What: what + strconv.Itoa(id),
	}
	if m.fault == "lost" {
		return
	}
	if m.fault == "wrong session" {
		e.Session = 99
	}
	m.log.Add(e)
	if m.fault == "twice" {
		m.log.Add(e)
	}
	if c.Verb == Call && !c.Hold {
		m.answer(id)
	}
}

func (m *model) answer(id int) {
	c := m.open[id]
	if m.fault != "answered twice" {
		delete(m.open, id)
	}
	m.end(c, id, Delivery, "answered", m.session[[2]string{c.Node, c.Peer}])
}

func (m *model) end(c *Command, id int, kind Kind, how string, session uint64) {
	m.log.Add(Event{
		Node: c.Node, Peer: c.Peer, Place: "data", Dialled: true, Session: session,
		Kind: kind, What: fmt.Sprintf("call %d %s", id, how),
	})
}

// cut ends the sessions with a node that died.
func (m *model) cut(node string) {
	for id := range 10 {
		if c := m.open[id]; c != nil && c.Peer == node {
			delete(m.open, id)
			m.end(c, id, Ending, "reset", 0)
			if m.fault == "ended twice" {
				m.end(c, id, Ending, "reset", 0)
			}
		}
	}
	for key := range m.session {
		if key[1] == node {
			if m.fault != "no reset" {
				m.both(key, Reset)
			}
			delete(m.session, key)
		}
	}
}

func (m *model) Wait(done func() bool) bool { return done() }
func (m *model) Settle()                    {}
func (m *model) State(string) State         { return State{Calls: len(m.open)} }
func (m *model) End() error                 { return nil }
