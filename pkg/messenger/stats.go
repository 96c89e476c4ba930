package messenger

import (
	"slices"
	"sync/atomic"
	"time"

	"zeph/pkg/wire"
)

// Stats are a messenger's numbers, since it was made.
type Stats struct {
	Classes [wire.NumClasses]ClassStats `json:"classes"`
	Links   []LinkStats                 `json:"links"` // of the present sessions, in the order they began

	Refused        uint64 `json:"refused"`         // connections that did not become a session
	Strangers      int    `json:"strangers"`       // connections without a hello
	Subscribers    int    `json:"subscribers"`     // of hints
	HintsPublished uint64 `json:"hints_published"` //
	HintsDropped   uint64 `json:"hints_dropped"`   // for subscribers that are slow
	ReportsDropped uint64 `json:"reports_dropped"` // not sent: no session, or no room
	ReportsUnheard uint64 `json:"reports_unheard"` // received, without a session
}

// ClassStats are the numbers of one class.
type ClassStats struct {
	Traffic
	Sessions  uint64 `json:"sessions"`     // begun
	Resets    uint64 `json:"resets"`       // ended
	Held      int64  `json:"held_bytes"`   // received and not released, without answers
	HeldLimit int64  `json:"held_limit"`   // of clients and of daemons, each
	Queued    int64  `json:"queued_bytes"` // not sent yet
	Limit     int64  `json:"queued_limit"`
}

// Traffic counts messages, and their bytes with headers.
type Traffic struct {
	SentMessages     uint64 `json:"sent_messages"`
	SentBytes        uint64 `json:"sent_bytes"`
	ReceivedMessages uint64 `json:"received_messages"`
	ReceivedBytes    uint64 `json:"received_bytes"`
	LateAnswers      uint64 `json:"late_answers"` // to calls that had ended
	Dropped          uint64 `json:"dropped"`      // one way, and of no use here
	CreditWaits      uint64 `json:"credit_waits"` // messages that had to wait for credit, or for the session
}

func (t *Traffic) add(o Traffic) {
	t.SentMessages += o.SentMessages
	t.SentBytes += o.SentBytes
	t.ReceivedMessages += o.ReceivedMessages
	t.ReceivedBytes += o.ReceivedBytes
	t.LateAnswers += o.LateAnswers
	t.Dropped += o.Dropped
	t.CreditWaits += o.CreditWaits
}

// LinkStats are the numbers of one session.
type LinkStats struct {
	Traffic
	Peer      string        `json:"peer"`
	Class     string        `json:"class"`
	Session   uint64        `json:"session"`
	Dialled   bool          `json:"dialled"` // by us
	Open      bool          `json:"open"`
	Queued    int           `json:"queued_bytes"`
	Held      int64         `json:"held_bytes"`    // received and not released
	Credit    int64         `json:"credit_bytes"`  // that may be sent now
	Calls     int           `json:"calls"`         // under way
	RoundTrip time.Duration `json:"round_trip_ns"` // smoothed
}

// totals are what is counted as it happens, and for sessions that have ended.
type totals struct {
	refused, droppedReports atomic.Uint64
	class                   [wire.NumClasses]classTotals
}

type classTotals struct {
	begun, ended atomic.Uint64
	past         [7]atomic.Uint64
}

// bury keeps what a session has counted, at its end.
func (t *classTotals) bury(o Traffic, opened bool) {
	if opened {
		t.ended.Add(1)
	}
	for i, n := range o.fields() {
		t.past[i].Add(n)
	}
}

func (t *Traffic) fields() [7]uint64 {
	return [7]uint64{t.SentMessages, t.SentBytes, t.ReceivedMessages, t.ReceivedBytes, t.LateAnswers, t.Dropped, t.CreditWaits}
}

func (t *classTotals) traffic() Traffic {
	p := &t.past
	return Traffic{p[0].Load(), p[1].Load(), p[2].Load(), p[3].Load(), p[4].Load(), p[5].Load(), p[6].Load()}
}

// Stats are the numbers so far.
func (m *Messenger) Stats() Stats {
	st := Stats{Refused: m.stats.refused.Load(), ReportsUnheard: m.stats.droppedReports.Load()}
	for c := range wire.NumClasses {
		cs, t := &st.Classes[c], &m.stats.class[c]
		cs.Traffic, cs.Sessions, cs.Resets = t.traffic(), t.begun.Load(), t.ended.Load()
		cs.Held = m.budgets[c][0].used.Load() + m.budgets[c][1].used.Load()
		cs.HeldLimit, cs.Queued, cs.Limit = m.budgets[c][0].limit, m.queued[c].Load(), int64(m.limits.Class[c].Send)
		for _, s := range m.watch.sessions(c) {
			l := s.Stats()
			cs.add(l.Traffic)
			st.Links = append(st.Links, l)
		}
	}
	slices.SortFunc(st.Links, func(a, b LinkStats) int { return int(int64(a.Session) - int64(b.Session)) })
	for _, e := range m.entrances {
		st.Strangers += e.strangers.len()
	}
	m.publisher.count(&st)
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.reporters {
		r.mu.Lock()
		st.ReportsDropped += r.dropped
		r.mu.Unlock()
	}
	return st
}

// Stats are the session's numbers so far.
func (s *Session) Stats() LinkStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return LinkStats{
		Traffic: s.traffic(), Peer: s.peer.String(), Class: s.class.String(), Session: s.number, Dialled: s.link != nil,
		Open: s.state == open, Queued: s.queued, Held: max(0, int64(s.received.counted-s.in.done.Load())), Calls: s.pending.len(), RoundTrip: s.roundTrip,
		Credit: int64(s.window) - int64(s.sentSum-s.doneSum),
	}
}

// traffic is what a session has counted. mu is held.
func (s *Session) traffic() Traffic {
	return Traffic{
		SentMessages: s.sent.messages, SentBytes: s.sent.bytes,
		ReceivedMessages: s.received.messages, ReceivedBytes: s.received.bytes,
		LateAnswers: s.in.late.Load(), Dropped: s.in.dropped.Load(), CreditWaits: s.pauses,
	}
}

func (s *strangers) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.order.Len()
}

func (p *publisher) count(st *Stats) {
	p.mu.Lock()
	defer p.mu.Unlock()
	st.Subscribers, st.HintsPublished, st.HintsDropped = len(p.subscribers), p.counter, p.dropped
}
