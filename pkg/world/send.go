package world

import (
	"zeph/pkg/core"
	"zeph/pkg/messenger"
	"zeph/pkg/wire"
)

// message is an effect as the messenger wants it.
func message(e *core.Send) messenger.Message {
	return messenger.Message{
		Header:   wire.Header{Type: e.Type, Epoch: e.Epoch, Trace: e.Trace, Need: need(e.Type)},
		Body:     wire.AppendBody(nil, e.Body),
		Bulk:     e.Bulk,
		Reserved: e.Reserved,
	}
}

// need is the authority that a message of a type asks for.
func need(t wire.Type) wire.Need {
	switch t {
	case wire.TypeRead, wire.TypeList, wire.TypeGetMaps:
		return wire.NeedRead
	case wire.TypeWrite:
		return wire.NeedRead | wire.NeedWrite
	case wire.TypeCommand:
		return wire.NeedAdmin
	}
	return 0
}

// send sends what nobody answers. It may be lost.
func (r *run) send(e core.Send) {
	m := message(&e)
	if l := r.to(e.To, e.Class); l != nil {
		l.Send(&m)
	} else if s := r.back(e.To.Peer, e.Class); s != nil {
		s.Send(&m)
	}
}

// call sends a request. It ends with Answered, exactly once.
func (r *run) call(e core.Call) {
	l := r.to(e.To, e.Class)
	if l == nil {
		r.w.box.put(core.Answered{Token: e.Token, From: e.To.Peer, Err: core.ErrDown})
		return
	}
	m := message(&e.Send)
	m.Request, m.Expect = e.ID, e.Expect
	l.Go(&m, e.Timeout, func(a *messenger.Message, err error) {
		r.w.box.put(answered(e.Token, e.To.Peer, a, err))
	})
}

// answered is how a call ended, as the core sees it.
func answered(t core.Token, from core.Peer, m *messenger.Message, err error) core.Answered {
	if err != nil {
		return core.Answered{Token: t, From: from, Err: coreError(err)}
	}
	defer m.Release()
	a := core.Answered{Token: t, From: core.Peer{Entity: m.Entity, GID: m.GID}, Epoch: m.Epoch}
	body := m.Type.NewBody(m.Flags)
	if body == nil {
		a.Err = wire.Malformed.Errorf("an answer of type %v", m.Type)
	} else if err := m.Parse(body); err != nil {
		a.Err = err
	} else {
		a.Body, a.Bulk = body, keep(m.Bulk)
	}
	return a
}

// publish tells everyone who listens.
func (r *run) publish(e core.Publish) {
	for _, m := range r.nets {
		m.Publish(&messenger.Message{Header: wire.Header{Type: e.Type, Epoch: e.Epoch}, Body: wire.AppendBody(nil, e.Body)})
	}
}

// reply answers a request, if whoever asked is still there.
func (l *loop) reply(e core.Reply) {
	if m := l.box.done(e.To); m != nil {
		m.Reply(&messenger.Message{Header: wire.Header{Epoch: e.Epoch}, Body: wire.AppendBody(nil, e.Body), Bulk: e.Bulk})
		m.Release()
	}
}

// refuse answers a request with an error.
func (l *loop) refuse(e core.Fail) {
	if m := l.box.done(e.To); m != nil {
		m.Reply(&messenger.Message{Header: wire.Header{Epoch: e.Epoch, Flags: wire.Failed}, Body: wire.AppendBody(nil, e.Err)})
		m.Release()
	}
}

// drop ends a request without an answer.
func (l *loop) drop(e core.Drop) {
	if m := l.box.done(e.To); m != nil {
		m.Release()
	}
}
