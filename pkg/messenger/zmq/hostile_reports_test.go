package zmq_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"zeph/pkg/messenger"
	"zeph/pkg/wire"
)

// reporter is an intruder with a session of class control, and a connection for reports that
// quotes it.
func (s *siege) reporter() (control, reports *intruder) {
	s.t.Helper()
	control = s.intrude("control").enter()
	control.alive() // the welcome is on its way a little before the session is open
	reports = s.intrude(messenger.Reports).greet()
	reports.id, reports.gid = control.id, control.gid
	return control, reports
}

// report is a note in a frame.
func (i *intruder) report(text string, change ...func(*wire.Header)) []byte {
	h := i.oneWay(wire.TypeNote)
	for _, f := range change {
		f(&h)
	}
	return wholeFrame(h, wire.AppendBody(nil, &wire.Note{Text: text}), nil)
}

// delivered wants an honest report to arrive, and nothing before it.
func (s *siege) delivered(i *intruder) {
	s.t.Helper()
	text := fmt.Sprint("honest ", i.gid, i.counter)
	before := s.heard()
	_ = i.say(i.report(text))
	waitFor(s.t, "a report arrives", func() bool { return len(s.heard()) > len(before) })
	if got := s.heard()[len(before):]; !slices.Equal(got, []string{text}) {
		s.t.Errorf("reports %q came, want %q alone", got, text)
	}
}

// Whoever has no session is not heard, and not suffered for longer than any stranger.
func TestHostileReportsWithoutSession(t *testing.T) {
	t.Parallel()
	s := besieged(t, messenger.Limits{Hello: 300 * time.Millisecond})
	i := s.intrude(messenger.Reports).greet()
	for name, id := range map[string]wire.SessionID{"none": {}, "made up": {1, 2, 3}, "a publisher's": wire.PublisherSession(daemonGID)} {
		i.id = id
		_ = i.say(i.report(name))
	}
	s.during(i.cut)
	if unheard, heard := s.m.Stats().ReportsUnheard, s.heard(); unheard != 3 || len(heard) != 0 {
		t.Errorf("%d unheard, %q heard", unheard, heard)
	}
}

// Reports that are not in order are dropped and counted, each for itself.
func TestHostileReports(t *testing.T) {
	s := besieged(t, messenger.Limits{})
	_, i := s.reporter()
	other := s.intrude("control").enter()
	data := s.intrude("data")
	data.gid = i.gid
	data.enter()
	s.delivered(i)
	forged := map[string]func(*wire.Header){
		"another's session": func(h *wire.Header) { h.Session = other.id },
		"a session of data": func(h *wire.Header) { h.Session = data.id },
		"another's name":    func(h *wire.Header) { h.Entity = entityNamed(t, "client.honest") },
		"another's gid":     func(h *wire.Header) { h.GID = other.gid },
		"another kind":      func(h *wire.Header) { h.Kind = wire.OSD },
		"an equal counter":  func(h *wire.Header) { h.Counter-- },
		"a lower counter":   func(h *wire.Header) { h.Counter -= 2 },
		"counter 0":         func(h *wire.Header) { h.Counter = 0 },
		"a request":         func(h *wire.Header) { h.Request = 1 },
		"an answer":         func(h *wire.Header) { h.Flags = wire.Reply },
		"an error":          func(h *wire.Header) { h.Flags = wire.Reply | wire.Failed },
		"an unknown type":   func(h *wire.Header) { h.Type = 999 },
		"a hello":           func(h *wire.Header) { h.Type = wire.TypeHello },
		"a credit":          func(h *wire.Header) { h.Type = wire.TypeCredit },
		"published":         func(h *wire.Header) { h.Mode = wire.Published },
		"an unknown mode":   func(h *wire.Header) { h.Mode = 77 },
		"an unknown flag":   func(h *wire.Header) { h.Flags = 1 << 13 },
		"not a name":        func(h *wire.Header) { h.Entity[0] = 0 },
	}
	s.during(func() {
		for name, change := range forged {
			before := s.m.Stats().ReportsUnheard
			_ = i.say(i.report(name, change))
			i.counter += 2 // whatever counter it had, the next is higher
			s.delivered(i)
			if n := s.m.Stats().ReportsUnheard - before; n != 1 {
				t.Errorf("%s: %d reports were dropped", name, n)
			}
		}
		for range 100 {
			_ = i.say(zmtpFrame(0, []byte("garbage")))
		}
		s.delivered(i)
	})
}

// A session that is over cannot be quoted.
func TestHostileReportsAfterSession(t *testing.T) {
	s := besieged(t, messenger.Limits{})
	control, i := s.reporter()
	s.delivered(i)
	control.leave()
	s.rid()
	s.during(func() {
		before := len(s.heard())
		_ = i.say(i.report("from beyond"))
		waitFor(t, "it is dropped", func() bool { return s.m.Stats().ReportsUnheard == 1 })
		if n := len(s.heard()) - before; n != 0 {
			t.Errorf("%d reports came", n)
		}
	})
}

func TestHostileReportFrames(t *testing.T) {
	t.Parallel()
	s := besieged(t, messenger.Limits{Stall: 300 * time.Millisecond})
	for name, said := range map[string]func(i *intruder) []byte{
		"64 KiB and a byte":  func(i *intruder) []byte { return halfFrame(i.oneWay(wire.TypeNote), 64<<10+1-wire.HeaderSize, 0) },
		"2^62 bytes":         func(*intruder) []byte { return zmtpLength(0, 1<<62) },
		"more to come":       func(i *intruder) []byte { return more(i.report("in parts")) },
		"an unknown command": func(*intruder) []byte { return zmtpCommandFrame("XYZZY", nil) },
		"half a report":      func(i *intruder) []byte { return i.report("half")[:140] },
	} {
		t.Run(name, func(t *testing.T) {
			control, i := s.reporter()
			i.t = t
			s.delivered(i)
			_ = i.say(said(i))
			i.cut()
			control.alive()
			control.leave()
		})
	}
	s.during(s.rid)
}

// Whoever has a session may PING a place for reports, but must take the answers.
func TestHostileReporterPings(t *testing.T) {
	t.Parallel()
	s := besieged(t, messenger.Limits{Stall: 300 * time.Millisecond})
	_, i := s.reporter()
	i.deaf()
	s.delivered(i)
	pings := slices.Repeat(zmtpCommandFrame("PING", []byte{0, 9}), 10_000)
	defer i.pour(pings)()
	s.during(func() {
		waitFor(t, "it is cut", func() bool { return s.m.Stats().Refused == 1 })
	})
}

// Reports may come as fast as they like.
func TestHostileReportFlood(t *testing.T) {
	const n = 10_000
	s := besieged(t, messenger.Limits{})
	_, i := s.reporter()
	s.during(func() {
		<-i.flood(n, func() []byte { return i.report("again") })
		waitFor(t, "all have come", func() bool { return len(s.heard()) == n })
		s.delivered(i)
	})
}
