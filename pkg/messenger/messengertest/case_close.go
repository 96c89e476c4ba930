package messengertest

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zeph/pkg/messenger"
	"zeph/pkg/wire"
)

// A messenger that is closed leaves no goroutine, whatever it was used for.
func closeLeavesNothing(t *testing.T, b Backend) {
	round := func(t *testing.T) {
		p := b.open(t, answerAll)
		for c := range wire.NumClasses {
			p.a.Link(p.toB, c)
		}
		p.a.Subscribe(p.toB, wire.TypeNote)
		if err := p.a.Report(p.toB, p.echo(10)); err != nil {
			t.Error(err)
		}
		p.call(t, p.echo(100)).Release()
	}
	t.Run("first", round) // what lives as long as the process is started now
	before := runtime.NumGoroutine()
	for range 10 {
		t.Run("again", round)
	}
	eventually(t, "as many goroutines as before", func() bool { return runtime.NumGoroutine() <= before })
}

// Both sides are closed while many send, call, publish and report: nobody waits for ever, and
// every call has ended when Close has returned.
func closeWhileAllIsBusy(t *testing.T, b Backend) {
	for _, closing := range []string{"asker", "answerer"} {
		t.Run(closing, func(t *testing.T) {
			p := b.open(t, answerAll)
			var open atomic.Int64
			var work sync.WaitGroup
			stop := make(chan struct{})
			for range 4 {
				work.Go(func() { p.bother(stop, &open) })
			}
			eventually(t, "1000 calls", func() bool { return p.b.Stats().Classes[wire.Data].ReceivedMessages > 1000 })
			if closing == "asker" {
				closeNow(t, p.a)
			} else {
				closeNow(t, p.b)
			}
			close(stop)
			work.Wait()
			closeNow(t, p.a)
			if n := open.Load(); n != 0 {
				t.Errorf("%d calls have not ended", n)
			}
		})
	}
}

// bother uses a messenger until told to stop, with a bounded number of calls open.
func (p *two) bother(stop chan struct{}, open *atomic.Int64) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		p.link().Send(p.echo(10))
		p.a.Report(p.toB, p.echo(10))
		p.b.Publish(p.echo(10))
		if open.Load() > 500 {
			time.Sleep(time.Millisecond)
			continue
		}
		open.Add(1)
		p.link().Go(p.echo(1000), 0, func(m *messenger.Message, err error) {
			open.Add(-1)
			if err == nil {
				m.Release()
			}
		})
	}
}

// What is used after Close says so, and harms nothing.
func afterClose(t *testing.T, b Backend) {
	p := b.open(t, answerAll)
	p.call(t, p.echo(1)).Release()
	old := p.link()
	closeNow(t, p.a)
	for name, l := range map[string]*messenger.Link{"an old link": old, "a new link": p.link()} {
		if err := l.Send(p.echo(1)); !errors.Is(err, messenger.ErrClosed) {
			t.Errorf("Send by %s = %v", name, err)
		}
		if _, err := l.Call(t.Context(), p.echo(1)); !errors.Is(err, messenger.ErrClosed) {
			t.Errorf("Call by %s = %v", name, err)
		}
		l.Wake()
		l.Reset(nil)
		l.Close()
	}
	if err := p.a.Report(p.toB, p.echo(1)); !errors.Is(err, messenger.ErrClosed) {
		t.Errorf("Report = %v", err)
	}
	p.a.Publish(p.echo(1))
	p.a.Subscribe(p.toB, wire.TypeNote).Close()
	p.a.Stats()
	closeNow(t, p.a)
}

// While sessions are reset again and again, every call of many threads ends exactly once.
func everyCallEndsOnce(t *testing.T, b Backend) {
	const threads, each = 4, 500
	p := b.open(t, answerAll)
	ends := make([]atomic.Int32, threads*each)
	var work sync.WaitGroup
	for thread := range threads {
		work.Go(func() {
			for i := range each {
				p.waitUp()
				p.endure(&ends[thread*each+i], i)
			}
		})
	}
	stop := make(chan struct{})
	resets := make(chan struct{})
	go func() {
		defer close(resets)
		tick := time.NewTicker(3 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				p.link().Reset(nil)
			case <-stop:
				return
			}
		}
	}()
	work.Wait()
	close(stop)
	<-resets
	eventually(t, "all calls have ended", func() bool {
		for i := range ends {
			if ends[i].Load() == 0 {
				return false
			}
		}
		return true
	})
	closeNow(t, p.a)
	for i := range ends {
		if n := ends[i].Load(); n != 1 {
			t.Errorf("call %d ended %d times", i, n)
		}
	}
}

// waitUp waits for a session, for a while: most calls should have one to end with.
func (p *two) waitUp() {
	tick := time.NewTicker(100 * time.Microsecond)
	defer tick.Stop()
	for range 100 {
		if p.link().Up() {
			return
		}
		<-tick.C
	}
}

// endure makes a call, one way or the other.
func (p *two) endure(ended *atomic.Int32, i int) {
	done := func(m *messenger.Message, err error) {
		ended.Add(1)
		if err == nil {
			m.Release()
		}
	}
	if i%2 == 0 {
		p.link().Go(p.echo(100), time.Minute, done)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	done(p.link().Call(ctx, p.echo(20_000)))
}

// A messenger that cannot listen everywhere listens nowhere.
func newFailsInWhole(t *testing.T, b Backend) {
	tr := b.Transport(t)
	cfg := config(t, tr, "osd.first", answerAll)
	cfg.Listen = b.listen(t)
	first := start(t, cfg)

	second := config(t, tr, "osd.second", answerAll)
	second.Listen = b.listen(t)
	second.Listen["data"] = first.Addrs()["data"] // taken
	before := runtime.NumGoroutine()
	if m, err := messenger.New(second); err == nil {
		closeNow(t, m)
		t.Fatal("two messengers listen at one endpoint")
	}
	second.Listen = map[string]string{"data": b.Endpoint(t), "atlantis": b.Endpoint(t)}
	if _, err := messenger.New(second); err == nil {
		t.Fatal("a messenger listens for what nobody knows")
	}
	eventually(t, "as many goroutines as before", func() bool { return runtime.NumGoroutine() <= before })
}
