package messengertest

import (
	"testing"

	"zeph/pkg/messenger"
	"zeph/pkg/wire"
)

// What one side sent the other received, to the byte; and in the end nothing is left.
func statsAddUp(t *testing.T, b Backend) {
	const calls = 200
	var limits messenger.Limits
	limits.Class[wire.Data].Window = 64 << 10 // so that credit is given, too, which is not counted
	p := b.openLimited(t, limits, answerAll)
	for range calls {
		p.call(t, p.echo(3000)).Release()
	}
	if err := p.link().Send(p.echo(100)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "all has come", func() bool { return p.b.Stats().Classes[wire.Data].ReceivedMessages >= calls+1 })
	a, peer := p.a.Stats(), p.b.Stats()
	x, y := a.Classes[wire.Data], peer.Classes[wire.Data]
	if x.SentMessages != y.ReceivedMessages || x.SentBytes != y.ReceivedBytes || x.SentMessages < calls+1 {
		t.Errorf("a sent %d messages, %d bytes; b received %d, %d", x.SentMessages, x.SentBytes, y.ReceivedMessages, y.ReceivedBytes)
	}
	if y.SentMessages != x.ReceivedMessages || y.SentBytes != x.ReceivedBytes || x.ReceivedMessages < calls {
		t.Errorf("b sent %d messages, %d bytes; a received %d, %d", y.SentMessages, y.SentBytes, x.ReceivedMessages, x.ReceivedBytes)
	}
	if least := uint64(calls * (wire.HeaderSize + 3000)); x.SentBytes < least || x.ReceivedBytes < least {
		t.Errorf("%d bytes sent, %d received, want %d at least", x.SentBytes, x.ReceivedBytes, least)
	}
	if x.Sessions != 1 || y.Sessions != 1 || x.Resets+y.Resets != 0 {
		t.Errorf("%d and %d sessions, %d and %d resets", x.Sessions, y.Sessions, x.Resets, y.Resets)
	}
	eventually(t, "both are empty", func() bool { return empty(p.a.Stats()) && empty(p.b.Stats()) })
	if links := a.Links; len(links) != 1 || links[0].Class != "data" || !links[0].Dialled || !links[0].Open || links[0].RoundTrip <= 0 {
		t.Errorf("links of a: %+v", links)
	}

	p.link().Close()
	eventually(t, "the session is no link any more", func() bool { return len(p.b.Stats().Links) == 0 })
	past := p.b.Stats().Classes[wire.Data]
	if past.Resets != 1 || past.ReceivedBytes != y.ReceivedBytes || past.SentMessages != y.SentMessages {
		t.Errorf("after its end the class has %+v, before %+v", past, y)
	}
}

// empty reports whether a messenger has nothing left.
func empty(st messenger.Stats) bool {
	for _, l := range st.Links {
		if l.Queued != 0 || l.Held != 0 || l.Calls != 0 {
			return false
		}
	}
	for _, c := range st.Classes {
		if c.Queued != 0 || c.Held != 0 {
			return false
		}
	}
	return true
}
