package messengertest

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"zeph/pkg/messenger"
	"zeph/pkg/messenger/messengertest/script"
	"zeph/pkg/wire"
)

// newLedger is a ledger that its test checks at the end, after its messengers are closed.
func newLedger(t *testing.T) *ledger {
	l := &ledger{log: script.NewLog()}
	t.Cleanup(func() {
		for _, err := range []error{l.check(), l.log.Err()} {
			if err != nil {
				t.Error(err)
			}
		}
	})
	return l
}

// Who looks at bulk after its release sees that it must not.
func releasedBulkIsPoisoned(t *testing.T, b Backend) {
	came := make(chan *messenger.Message, 1)
	p := b.open(t, func(m *messenger.Message) { came <- m })
	m := p.echo(64 << 10)
	fill(m.Bulk, 7)
	if err := p.link().Send(m); err != nil {
		t.Fatal(err)
	}
	got := <-came
	bulk := got.Bulk
	if at := differs(bulk, 7); at >= 0 || len(bulk) != 64<<10 {
		t.Fatalf("%d bytes of bulk came, wrong from %d", len(bulk), at)
	}
	got.Release()
	if !bytes.Equal(bulk, bytes.Repeat(bulk[:1], len(bulk))) {
		t.Error("bulk that was released looks as before")
	}
}

// Each of those who retained a message has it until it releases it.
func aMessageMayBeKeptBySeveral(t *testing.T, b Backend) {
	came := make(chan *messenger.Message, 3)
	p := b.open(t, func(m *messenger.Message) { came <- m.Retain().Retain() })
	m := p.echo(10000)
	fill(m.Bulk, 3)
	if err := p.link().Send(m); err != nil {
		t.Fatal(err)
	}
	got := <-came
	for range 3 {
		if at := differs(got.Bulk, 3); at >= 0 {
			t.Fatalf("bulk changed at %d", at)
		}
		got.Release()
	}
	eventually(t, "b holds nothing", func() bool { return p.b.Stats().Classes[wire.Data].Held == 0 })
}

// A request has one answer; what is one way has none.
func answersGoOnce(t *testing.T, b Backend) {
	errs := make(chan error, 4)
	var p *two
	p = b.open(t, func(m *messenger.Message) {
		errs <- m.Reply(p.echo(10))
		errs <- m.Reply(p.echo(20))
		m.Release()
	})
	answer := p.call(t, p.echo(0))
	if len(answer.Bulk) != 10 {
		t.Errorf("answer with %d bytes, want the first", len(answer.Bulk))
	}
	if err := answer.Reply(p.echo(30)); !errors.Is(err, messenger.ErrOneWay) {
		t.Errorf("answer to an answer: %v", err)
	}
	answer.Release()
	if err := p.link().Send(p.echo(0)); err != nil {
		t.Fatal(err)
	}
	for i, want := range []error{nil, messenger.ErrAnswered, messenger.ErrOneWay, messenger.ErrOneWay} {
		if err := <-errs; !errors.Is(err, want) {
			t.Errorf("Reply %d = %v, want %v", i, err, want)
		}
	}
}

// A caller may choose request ids, to send the same request again after a reset.
func requestIDsMayBeChosen(t *testing.T, b Backend) {
	asked := make(chan *messenger.Message, 4)
	p := b.open(t, func(m *messenger.Message) { asked <- m })
	first := p.echo(0)
	first.Request = 77
	ended := make(chan error, 1)
	p.link().Go(first, 0, func(m *messenger.Message, err error) {
		if err == nil {
			m.Release()
		}
		ended <- err
	})
	ctx, cancel := context.WithTimeout(t.Context(), wallPatience)
	defer cancel()
	for _, id := range []uint64{77, 1 << 63, 1<<64 - 1} {
		again := p.echo(0)
		again.Request = id
		if _, err := p.link().Call(ctx, again); !errors.Is(err, messenger.ErrRequestID) {
			t.Errorf("request id %d: %v, want it refused", id, err)
		}
	}
	m := <-asked
	if m.Request != 77 {
		t.Errorf("request id %d came, want 77", m.Request)
	}
	answerAll(m)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// A context that is over before or during a call ends it with its own error.
func aContextThatIsOver(t *testing.T, b Backend) {
	asked := make(chan *messenger.Message, 1)
	p := b.open(t, func(m *messenger.Message) { asked <- m })
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := p.link().Call(ctx, p.echo(10))
		ended <- err
	}()
	m := <-asked
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("call = %v, want that it was cancelled", err)
	}
	if _, err := p.link().Call(ctx, p.echo(10)); !errors.Is(err, context.Canceled) {
		t.Errorf("call = %v, want that it was cancelled before", err)
	}
	answerAll(m) // late
	eventually(t, "the late answer was dropped", func() bool { return p.a.Stats().Classes[wire.Data].LateAnswers == 1 })
}
