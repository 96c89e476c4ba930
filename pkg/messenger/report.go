package messenger

import (
	"context"
	"errors"
	"sync"
	"time"

	"zeph/pkg/wire"
)

// A reporter pushes one-way messages to one peer that it may do without. They quote the session
// of class control with that peer, and so say who sends them; without one they are dropped.
type reporter struct {
	m       *Messenger
	to      Peer
	control *Link
	life    context.Context
	kill    context.CancelFunc
	kick    chan struct{}
	counter uint64

	mu      sync.Mutex
	conn    Conn
	queue   []waiting
	queued  int
	pong    []byte // to be sent
	dropped uint64
	item    uint64
	items   uint64
	written uint64
}

// Report sends a message to a peer that may be lost: when the queue is full the oldest goes, and
// without a session of class control all do. Body and Bulk must not change until Free.
func (m *Messenger) Report(to Peer, msg *Message) error {
	if msg.size() > wire.MaxHintFrame {
		msg.free()
		return ErrTooLarge
	}
	r := m.reporter(to)
	if r == nil {
		msg.free()
		return ErrClosed
	}
	r.push(waiting{header: msg.Header, body: msg.Body, bulk: msg.Bulk, free: msg.Free})
	return nil
}

// reporter finds or makes the one for a peer; nil if the messenger is closed.
func (m *Messenger) reporter(to Peer) *reporter {
	control := m.Link(to, wire.Control)
	key := linkKey{entity: to.Entity, gid: to.GID, endpoint: to.Addrs[Reports]}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil
	}
	r, ok := m.reporters[key]
	if !ok {
		r = &reporter{m: m, to: to, control: control, kick: make(chan struct{}, 1)}
		r.life, r.kill = context.WithCancel(m.ctx)
		m.reporters[key] = r
		m.spawn(r.run)
	}
	return r
}

func (r *reporter) push(w waiting) {
	var dropped []waiting
	r.mu.Lock()
	for len(r.queue) > 0 && r.queued+w.size() > r.m.limits.ReportBytes {
		dropped = append(dropped, r.queue[0])
		r.queued -= r.queue[0].size()
		r.queue = r.queue[1:]
	}
	r.queue = append(r.queue, w)
	r.queued += w.size()
	r.dropped += uint64(len(dropped))
	r.mu.Unlock()
	freeAll(dropped)
	r.wake()
}

func (r *reporter) wake() {
	select {
	case r.kick <- struct{}{}:
	default:
	}
}

func freeAll(ws []waiting) {
	for _, w := range ws {
		if w.free != nil {
			w.free()
		}
	}
}

func (r *reporter) run() {
	again := redial{limits: r.m.limits}
	for {
		began := time.Now()
		err := r.serve()
		if time.Since(began) > r.m.limits.RedialMax {
			again.worked()
		}
		r.m.logger.Debug("reports end", "peer", r.to, "err", err)
		if !again.wait(r.life.Done(), nil) {
			q, _ := r.take()
			freeAll(q)
			return
		}
	}
}

// serve connects and sends what is pushed until that ends.
func (r *reporter) serve() error {
	ctx, cancel := context.WithTimeout(r.life, r.m.limits.Hello)
	defer cancel()
	conn, err := r.m.dialPlace(ctx, r.to.Addrs, Reports, Push)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(r.life, func() { conn.Close() })()
	if err := conn.Handshake(time.Now().Add(r.m.limits.Hello)); err != nil {
		return err
	}
	r.mu.Lock()
	r.conn, r.pong = conn, nil
	r.mu.Unlock()
	r.m.watch.add(r)
	defer r.m.watch.remove(r)
	ended := make(chan error, 1)
	r.m.spawn(func() { ended <- r.listen(conn) })
	for {
		select {
		case <-r.kick:
		case err := <-ended:
			return err
		case <-r.life.Done():
			return ErrClosed
		}
		if err := r.write(conn); err != nil {
			return err
		}
	}
}

// listen has PINGs answered, and returns when the connection ends. A puller says nothing else.
func (r *reporter) listen(c Conn) error {
	in := frameReader{conn: c}
	for {
		fr, b, err := in.wait(wire.MaxCommand)
		if err != nil {
			return err
		}
		if !fr.command {
			return errors.New("a message from who collects reports")
		}
		answer, err := answerTo(b)
		if err != nil {
			return err
		}
		r.mu.Lock()
		r.pong = answer // a puller that asks faster than it reads gets the last
		r.mu.Unlock()
		r.wake()
	}
}

// take takes what is to be sent: reports, and the answer to a PING if there was one.
func (r *reporter) take() (q []waiting, pong []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	q, pong = r.queue, r.pong
	r.queue, r.queued, r.pong = nil, 0, nil
	return q, pong
}

// write sends all that is queued, if there is a session to quote.
func (r *reporter) write(c Conn) error {
	q, pong := r.take()
	defer freeAll(q)
	if err := writeAll(c, pong); err != nil {
		r.lose(len(q))
		return err
	}
	s := r.control.Session()
	if !s.isOpen() {
		r.lose(len(q))
		return nil
	}
	var frames []byte
	for _, w := range q {
		frames = r.frame(frames, &w, s)
	}
	if err := r.writeAll(c, frames); err != nil {
		r.lose(len(q)) // some of them may have arrived
		return err
	}
	return nil
}

func (r *reporter) lose(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dropped += uint64(n)
}

func (r *reporter) frame(b []byte, w *waiting, s *Session) []byte {
	h := &w.header
	r.counter++
	h.Request, h.Flags = 0, 0
	s.out.stamp(h, r.counter, time.Now(), len(w.body), len(w.bulk))
	r.m.logLoose(logSent, r.to.String(), Reports, h)
	b = appendFrameHeader(b, 0, w.size())
	return append(append(h.Append(b), w.body...), w.bulk...)
}

func (r *reporter) writeAll(c Conn, b []byte) error {
	r.mu.Lock()
	r.items++
	r.item = r.items
	r.mu.Unlock()
	for len(b) > 0 {
		n, err := c.Writev([][]byte{b}, true)
		if err != nil {
			return err
		}
		b = b[n:]
		r.mu.Lock()
		r.written += uint64(n)
		r.mu.Unlock()
	}
	r.mu.Lock()
	r.item = 0
	r.mu.Unlock()
	return nil
}

func (r *reporter) stop() { r.kill() }

// die ends the present connection.
func (r *reporter) die(error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conn.Close()
}

func (r *reporter) progress() (in, out progress) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return progress{}, progress{r.item, r.written}
}

// puller is one connection that brings reports.
type puller struct {
	m    *Messenger
	in   frameReader
	seen map[wire.SessionID]uint64 // counters of the sessions that it quoted
}

// servePusher takes the reports of one connection.
func (m *Messenger) servePusher(st *stranger) {
	p := &puller{m: m, in: frameReader{conn: st.conn}, seen: make(map[wire.SessionID]uint64)}
	m.watch.add(p)
	defer m.watch.remove(p)
	for {
		fr, b, err := p.in.wait(wire.MaxHintFrame)
		switch {
		case err != nil:
		case fr.command:
			err = p.in.answer(b)
		case p.deliver(b):
			st.known()
		}
		if err != nil {
			m.refuse(Reports, st.conn, err)
			return
		}
	}
}

// deliver hands on one report, if its sender has a session; others are dropped and counted.
func (p *puller) deliver(b []byte) bool {
	h, err := wire.ParseHeader(b, len(b))
	s := p.m.inbound.reporting(h.Session)
	if err != nil || s == nil || !s.speaks(&h) || h.Mode != wire.None || h.Request != 0 || h.Flags != 0 || h.Counter <= p.seen[h.Session] || !stray(h.Type) {
		p.m.stats.droppedReports.Add(1)
		return false
	}
	if len(p.seen) > wire.MaxSubscriptions {
		clear(p.seen)
	}
	p.seen[h.Session] = h.Counter
	if p.m.cfg.Handler != nil {
		p.m.cfg.Handler(p.m.loose(&h, b, s, Reports))
	}
	return true
}

// speaks reports whether a header names the session's peer.
func (s *Session) speaks(h *wire.Header) bool {
	return h.Entity == s.peer.Entity && h.GID == s.peer.GID && h.Kind == s.peer.Entity.Kind()
}

func (p *puller) die(error) { p.in.conn.Close() }

func (p *puller) progress() (in, out progress) {
	return progress{p.in.item.Load(), p.in.moved.Load()}, progress{}
}
