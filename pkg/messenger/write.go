package messenger

import "time"

// maxInline is how many conversations a session may have under way for a sender to write to the
// socket itself. With more, it pays to leave writing to another goroutine, which gathers several
// messages for one system call.
const maxInline = 2

// quiet reports whether so little is going on that a sender had better write by itself.
func (s *Session) quiet() bool {
	return s.pending.len() <= maxInline && s.in.unanswered.Load() <= maxInline
}

// wake sees to it that what is ready gets written, and what is due gets called. It is called with
// mu held and releases it. With inline it writes here, as far as that goes without waiting.
func (s *Session) wake(inline bool) {
	due := s.due
	s.due = nil
	b := s.start(inline)
	s.mu.Unlock()
	if b != nil {
		s.write(b, false)
	}
	for _, f := range due {
		f()
	}
}

// start finds out who writes what is ready. It is nobody if somebody does already; the flusher;
// or, with inline, the caller, who gets a batch to write. mu is held.
func (s *Session) start(inline bool) *batch {
	if s.writing || s.state != open || s.ready.empty() || s.corked && !s.ready.train() {
		return nil
	}
	s.writing = true
	if inline || s.corked {
		return s.take()
	}
	s.pass <- nil // there is room: who holds the token has not passed it on
	return nil
}

// take makes of what is ready the batch being written. mu and the token are held.
func (s *Session) take() *batch {
	b := s.ready
	s.ready, s.spare = s.spare, nil
	if s.ready == nil {
		s.ready = new(batch)
	}
	s.item++
	return b
}

// write writes a batch and, if it may wait, all that becomes ready meanwhile. It holds the token
// and gives it up when nothing is left, or to the flusher when it must not wait.
func (s *Session) write(b *batch, wait bool) {
	for b != nil {
		n, err := s.conn.Writev(b.rest(), wait)
		b.advance(n)
		settled := b.settle(n)
		if err != nil {
			s.die(err)
		}
		if err != nil || b.empty() {
			b.release(s.m.cfg.Poison)
		}
		b = s.wrote(b, n, settled, wait)
	}
}

// wrote notes that n bytes were written, and so many are off the queue. It returns what to write
// next: nil if the token is given up.
func (s *Session) wrote(b *batch, n, settled int, wait bool) *batch {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.written += uint64(n)
	switch {
	case s.state == dead && b.empty():
		return nil
	case s.state == dead: // the next attempt fails, and releases it
		return b
	}
	s.count(-settled)
	switch {
	case !b.empty() && wait:
		return b
	case !b.empty():
		s.pass <- b
		return nil
	}
	s.spare = b
	switch {
	case s.ready.empty():
		s.writing = false
		s.item++
		return nil
	case wait:
		return s.take()
	}
	s.pass <- nil // others are sending too: one goroutine writes for all
	return nil
}

// flush is the goroutine that writes when others must not wait.
func (s *Session) flush() {
	for {
		select {
		case b := <-s.pass:
			if b = s.claim(b); b != nil {
				s.write(b, true)
			}
		case <-s.life.Done():
			select {
			case b := <-s.pass:
				s.claim(b)
			default:
			}
			return
		}
	}
}

// claim is the batch that came with the token, or what is ready if none did. Of a dead session
// there is nothing to write.
func (s *Session) claim(b *batch) *batch {
	s.mu.Lock()
	isDead := s.state == dead
	if b == nil && !isDead {
		b = s.take()
	}
	s.mu.Unlock()
	if isDead && b != nil {
		b.release(s.m.cfg.Poison)
		return nil
	}
	return b
}

// cork keeps what is sent until uncork, which writes it at once: the reading goroutine deals with
// all that has come before it answers.
func (s *Session) cork() {
	s.mu.Lock()
	s.corked, s.in.came = true, time.Now()
	s.mu.Unlock()
}

func (s *Session) uncork() {
	s.mu.Lock()
	s.corked, s.received = false, s.in.tally
	s.wake(true)
}
