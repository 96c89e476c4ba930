package pg

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// network carries messages between the OSDs of a script: in order, per pair of runs and class, until a session
// is reset.
type network struct {
	w      *world
	queue  []*message
	rules  []rule
	record []*message
	on     bool // recording
	calls  []*message
	reqs   uint64
}

// message is on its way; an answer is one, too.
type message struct {
	from, to osdmap.OSDID
	fromGID  wire.GID
	toGID    wire.GID
	class    wire.Class
	typ      wire.Type
	epoch    osdmap.Epoch
	body     any
	bulk     []byte
	err      *wire.Error
	call     *core.Call // of a request: who waits for the answer
	answers  *message   // of an answer: the request
	deadline time.Duration
	client   *clientOp // asked by a client
	over     bool
}

// rule is what the script does to messages.
type rule struct {
	from, to osdmap.OSDID // -1: any
	typ      string       // empty: any
	drop     bool
	refuse   bool // and calls end at once: somebody says no, instead of nobody saying anything
}

func (r *rule) hits(m *message) bool {
	return (r.from < 0 || r.from == m.from) && (r.to < 0 || r.to == m.to) && (r.typ == "" || r.typ == m.name())
}

func (m *message) name() string {
	if m.answers != nil {
		return m.typ.String() + " reply"
	}
	return m.typ.String()
}

// parse reads 0>1, 0-1, *>1 and a type.
func (n *network) parse(args []string, drop bool) []rule {
	typ := strings.Join(args[1:], " ")
	sep := ">"
	if strings.Contains(args[0], "-") {
		sep = "-"
	}
	a, b, _ := strings.Cut(args[0], sep)
	id := func(s string) osdmap.OSDID {
		if s == "*" {
			return -1
		}
		return n.w.ids(s)[0]
	}
	rules := []rule{{from: id(a), to: id(b), typ: typ, drop: drop}}
	if sep == "-" {
		rules = append(rules, rule{from: id(b), to: id(a), typ: typ, drop: drop})
	}
	return rules
}

// send puts a message on its way, as bytes would be: nothing of it is shared.
func (n *network) send(o *testOSD, s core.Send, call *core.Call) {
	var id osdmap.OSDID
	if _, err := fmt.Sscanf(s.To.Entity.String(), "osd.%d", &id); err != nil {
		n.w.t.Fatalf("to %v", s.To.Entity)
	}
	m := &message{from: o.id, to: id, fromGID: o.gid, toGID: s.To.GID, class: s.Class, typ: s.Type, epoch: s.Epoch, body: copied(s.Body), bulk: slices.Clone(s.Bulk), call: call}
	if !s.Type.TravelsBy(s.Class) {
		n.w.t.Fatalf("%v does not travel by %v", s.Type, s.Class)
	}
	if call != nil {
		m.deadline = n.w.now + call.Timeout
		n.calls = append(n.calls, m)
	}
	n.put(m)
}

func copied(body any) any {
	fresh := reflect.New(reflect.TypeOf(body).Elem()).Interface()
	if err := wire.ParseBody(wire.AppendBody(nil, body), fresh, true); err != nil {
		panic(err)
	}
	return fresh
}

func (n *network) put(m *message) {
	if n.on && m.call == nil && m.answers == nil {
		n.record = append(n.record, m)
	}
	n.queue = append(n.queue, m)
}

// deliver lets every message arrive that may.
func (n *network) deliver() bool {
	waiting := n.queue
	n.queue = nil
	moved := false
	held := map[string]bool{}
	var left []*message
	for _, m := range waiting {
		key := fmt.Sprint(m.from, m.to, m.class)
		switch fate := n.fate(m); {
		case fate == "drop":
			moved = true
		case fate == "refuse":
			moved = true
			if m.call != nil {
				n.answered(m, nil, nil, core.ErrDown)
			}
		case fate == "hold" || held[key] && m.class == wire.Data:
			held[key] = true // what follows in the session waits, too
			left = append(left, m)
		default:
			n.arrive(m)
			moved = true
		}
	}
	n.queue = append(left, n.queue...)
	return moved
}

func (n *network) fate(m *message) string {
	for _, r := range n.rules {
		if r.hits(m) {
			switch {
			case r.refuse:
				return "refuse"
			case r.drop:
				return "drop"
			}
			return "hold"
		}
	}
	if o := n.w.osds[m.to]; o.running && o.gid == m.toGID && m.epoch > o.epoch {
		return "hold" // it gets the map first (3.3)
	}
	return ""
}

func (n *network) arrive(m *message) {
	o := n.w.osds[m.to]
	if n.w.verbose {
		n.w.printf("%d>%d %s%s", m.from, m.to, m.name(), brief(m.body))
	}
	if m.answers != nil {
		n.answered(m.answers, m.body, m.err, nil)
		return
	}
	if !o.running || o.gid != m.toGID {
		if m.call != nil {
			n.answered(m, nil, nil, core.ErrDown)
		}
		return
	}
	from := core.Peer{Entity: entityOf(m.from), GID: m.fromGID}
	if l, ok := m.body.(*wire.PGLeases); ok {
		for _, lease := range l.Leases {
			o.queue = append(o.queue, LeaseReceived{From: from, Lease: lease})
		}
		return
	}
	r := core.Received{From: from, Class: m.class, Type: m.typ, Epoch: m.epoch, Body: copied(m.body), Bulk: m.bulk}
	if m.call != nil {
		n.reqs++
		r.Request = core.Request(n.reqs)
		o.reqs[r.Request] = m
	}
	o.queue = append(o.queue, r)
}

// answered ends a call.
func (n *network) answered(call *message, body any, failed *wire.Error, err error) {
	if call.over {
		return
	}
	call.over = true
	n.calls = slices.DeleteFunc(n.calls, func(m *message) bool { return m == call })
	o := n.w.osds[call.from]
	if !o.running || o.gid != call.fromGID {
		return
	}
	a := core.Answered{Token: call.call.Token, From: core.Peer{Entity: entityOf(call.to), GID: call.toGID}, Err: err}
	switch {
	case failed != nil:
		a.Err = failed
	case err == nil:
		a.Body = body
	}
	o.queue = append(o.queue, a)
}

func (w *world) answer(o *testOSD, req core.Request, body any, bulk []byte, failed *wire.Error) {
	m := o.reqs[req]
	delete(o.reqs, req)
	switch {
	case m == nil:
	case m.client != nil:
		w.clientAnswer(m.client, body, bulk, failed)
	default:
		a := &message{from: o.id, to: m.from, fromGID: o.gid, toGID: m.fromGID, class: m.class, typ: m.typ, answers: m, err: failed}
		if body != nil {
			a.body = copied(body)
		}
		w.net.put(a)
	}
}

// reset ends the sessions of two OSDs.
func (n *network) reset(a, b osdmap.OSDID) {
	is := func(want, id osdmap.OSDID) bool { return want < 0 || want == id }
	between := func(m *message) bool { return is(a, m.from) && is(b, m.to) || is(b, m.from) && is(a, m.to) }
	n.queue = slices.DeleteFunc(n.queue, between)
	for _, m := range slices.Clone(n.calls) {
		if between(m) {
			n.answered(m, nil, nil, core.ErrReset)
		}
	}
}

// lose ends all sessions of an OSD that died.
func (n *network) lose(id osdmap.OSDID) {
	for _, o := range n.w.osds {
		n.reset(id, o.id)
	}
}

func (n *network) expire() {
	for _, m := range slices.Clone(n.calls) {
		if m.call.Timeout > 0 && n.w.now >= m.deadline {
			n.answered(m, nil, nil, core.ErrTimeout)
		}
	}
}

func (n *network) heal() {
	for _, r := range n.rules {
		if r.drop {
			for _, m := range slices.Clone(n.calls) {
				back := &message{from: m.to, to: m.from}
				if r.hits(m) || (&rule{from: r.from, to: r.to}).hits(back) {
					n.answered(m, nil, nil, core.ErrReset)
				}
			}
		}
	}
	n.rules = slices.DeleteFunc(n.rules, func(r rule) bool { return r.drop })
}

// brief says what matters of a body.
func brief(body any) string {
	switch b := body.(type) {
	case *wire.SubWrite:
		s := fmt.Sprintf(" %v %s", b.Version, b.Object)
		if b.EntryOnly {
			s += " entry only"
		}
		return s
	case *wire.SubWriteReply:
		return fmt.Sprintf(" %v %v", b.Ack, b.Version)
	case *wire.PGPush:
		s := fmt.Sprintf(" %s %v part %d", b.Object.Name, b.Version, b.Part)
		if b.Delete {
			s += " delete"
		}
		if b.Absent {
			s += " absent"
		}
		return s
	case *wire.PGPull:
		return fmt.Sprintf(" %s %v part %d", b.Object.Name, b.Need, b.Part)
	case *wire.PGActivate:
		return fmt.Sprintf(" since %v, %d entries", b.Since, len(b.Entries))
	case *wire.PGActivated:
		return fmt.Sprintf(" missing %d", len(b.Missing))
	case *wire.PGNotify:
		return fmt.Sprintf(" last_update %v les %d", b.Info.LastUpdate, b.Info.LES)
	}
	return ""
}

var errUnknownCommand = errors.New("unknown command")
