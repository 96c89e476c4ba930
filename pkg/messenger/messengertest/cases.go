package messengertest

import (
	"context"
	"testing"
	"time"

	"zeph/pkg/messenger"
	"zeph/pkg/wire"
)

// runGo runs the cases that a script would tell badly: they look at memory, at goroutines, at
// numbers, or have many threads.
func (b Backend) runGo(t *testing.T) {
	for name, test := range map[string]func(*testing.T, Backend){
		"released bulk is poisoned":        releasedBulkIsPoisoned,
		"a message may be kept by several": aMessageMayBeKeptBySeveral,
		"answers go once":                  answersGoOnce,
		"request ids may be chosen":        requestIDsMayBeChosen,
		"a context that is over":           aContextThatIsOver,
		"stats add up":                     statsAddUp,
		"close leaves nothing":             closeLeavesNothing,
		"close while all is busy":          closeWhileAllIsBusy,
		"after close":                      afterClose,
		"every call ends once":             everyCallEndsOnce,
		"new fails in whole":               newFailsInWhole,
	} {
		t.Run(name, func(t *testing.T) { test(t, b) })
	}
}

// two are a daemon and who dials it.
type two struct {
	a, b   *messenger.Messenger
	toB    messenger.Peer
	ledger *ledger
}

// open starts both; handle serves b.
func (b Backend) open(t *testing.T, handle func(*messenger.Message)) *two {
	t.Helper()
	return b.openLimited(t, messenger.Limits{}, handle)
}

func (b Backend) openLimited(t *testing.T, limits messenger.Limits, handle func(*messenger.Message)) *two {
	t.Helper()
	tr := b.Transport(t)
	p := &two{ledger: newLedger(t)}
	cfgA, cfgB := config(t, tr, "client.a", handle), config(t, tr, "osd.b", handle)
	cfgA.Limits, cfgB.Limits, cfgB.Listen = limits, limits, b.listen(t)
	p.a, p.b = start(t, cfgA), start(t, cfgB)
	p.toB = messenger.Peer{Entity: cfgB.Entity, GID: cfgB.GID, Addrs: p.b.Addrs()}
	return p
}

func config(t *testing.T, tr messenger.Transport, name string, handle func(*messenger.Message)) messenger.Config {
	t.Helper()
	entity, err := wire.ParseEntity(name)
	if err != nil {
		t.Fatal(err)
	}
	return messenger.Config{Entity: entity, GID: wire.GID(len(name)), Transport: tr, Handler: handle, Poison: true}
}

// listen is everything that one can listen for.
func (b Backend) listen(t *testing.T) map[string]string {
	w := world{endpoint: func() string { return b.Endpoint(t) }}
	return w.places()
}

func start(t *testing.T, cfg messenger.Config) *messenger.Messenger {
	t.Helper()
	m, err := messenger.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeNow(t, m) })
	return m
}

func closeNow(t *testing.T, m *messenger.Messenger) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), wallPatience)
	defer cancel()
	if err := m.Close(ctx); err != nil {
		t.Error(err)
	}
}

// link is a's to b.
func (p *two) link() *messenger.Link { return p.a.Link(p.toB, wire.Data) }

// echo is a request with so much bulk, which the ledger follows.
func (p *two) echo(bulk int) *messenger.Message {
	m := &messenger.Message{Body: wire.AppendBody(nil, &wire.Echo{}), Bulk: make([]byte, bulk)}
	m.Type = wire.TypeEcho
	m.Free = p.ledger.lend("an echo", m.Body, m.Bulk)
	return m
}

// call makes a call that must go well.
func (p *two) call(t *testing.T, m *messenger.Message) *messenger.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), wallPatience)
	defer cancel()
	answer, err := p.link().Call(ctx, m)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// answerAll serves requests, with the bulk that they brought.
func answerAll(m *messenger.Message) {
	if m.Request != 0 {
		m.Reply(&messenger.Message{Body: m.Body, Bulk: m.Bulk, Free: m.Retain().Release})
	}
	m.Release()
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	deadline := time.After(wallPatience)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("never: %s", what)
		}
	}
}
