package messenger

import "zeph/pkg/wire"

// grants are what the two sides of a session let each other send. The session's mu guards them.
//
// Each side says in its hello how many bytes it is ready to hold, and from then on how many it has
// dealt with. The other stops before it has more than that under way. And who asks keeps the sum
// of the answers that it expects below what the other side will queue for it, so that a reader
// who keeps its promises is never cut for reading slowly.
type grants struct {
	window  uint64 // how much the peer holds of ours
	sentSum uint64 // bytes sent
	doneSum uint64 // of these, dealt with

	replies  int // how much the peer queues for us; 0: it did not say
	expected int // of this, spent on calls under way
}

// mayGo reports whether there is credit for n bytes that cost so much in answers. One message
// may always be under way, and one call.
func (g *grants) mayGo(n, cost int) bool {
	under := g.sentSum - g.doneSum
	return (under == 0 || under+uint64(n) <= g.window) && (cost == 0 || g.expected == 0 || g.expected+cost <= g.replies)
}

func (g *grants) spend(n, cost int) {
	g.sentSum += uint64(n)
	g.expected += cost
}

// cost is what a call spends of the room for answers.
func (s *Session) cost(c *call) int {
	if c == nil {
		return 0
	}
	return wire.HeaderSize + min(wire.ReplyAllowance, s.limits.Message) + c.expect
}

// waitingCost is the cost of a call whose request waits; not wanted: the call has ended. mu is
// held.
func (s *Session) waitingCost(id uint64) (cost int, wanted bool) {
	if c := s.pending.get(id); c != nil {
		return c.cost, true
	}
	return 0, false
}

// departed notes that a request which waited is on its way, and its cost spent. mu is held.
func (s *Session) departed(id uint64) {
	if c := s.pending.get(id); c != nil {
		c.gone = true
	}
}

// credited takes a Credit from the peer, which cannot have dealt with more than was sent.
func (s *Session) credited(done uint64) error {
	s.mu.Lock()
	if done < s.doneSum || done > s.sentSum {
		s.mu.Unlock()
		return wire.Malformed.Errorf("credit for %d bytes: %d were sent, %d of them done before", done, s.sentSum, s.doneSum)
	}
	s.doneSum = done
	s.admit()
	s.wake(false)
	return nil
}

// creditBack notes that n bytes of what the peer sent have been dealt with, and says so when it
// adds up.
func (s *Session) creditBack(n int) {
	done := s.in.done.Add(uint64(n))
	if done-s.in.told.Load() < s.limits.creditStep() {
		return
	}
	s.mu.Lock()
	if done = s.in.done.Load(); s.state == open && done-s.in.told.Load() >= s.limits.creditStep() {
		s.in.told.Store(done)
		h := wire.Header{Type: wire.TypeCredit}
		s.oob(s.frame(&h, wire.AppendBody(nil, &wire.Credit{Done: done})))
	}
	s.wake(true)
}

// creditStep is how much adds up before a credit is worth a message: a quarter of the window, but
// never so much that the rest of it does not hold the longest message.
func (l *ClassLimits) creditStep() uint64 {
	return uint64(max(1, min(l.Window/4, l.Window-l.Message)))
}

// frame makes a message of the messenger's own, which needs no credit. mu is held.
func (s *Session) frame(h *wire.Header, body []byte) []byte {
	s.counter++
	s.out.stamp(h, s.counter, s.now(), len(body), 0)
	s.log(logSent, h)
	b := appendFrameHeader(nil, 0, wire.HeaderSize+len(body))
	return append(h.Append(b), body...)
}
