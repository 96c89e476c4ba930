package world

import (
	"zeph/pkg/core"
	"zeph/pkg/messenger"
	"zeph/pkg/wire"
)

// Log is a member of the replicated log. Its methods must not block, but for Stop.
type Log interface {
	Start(Hooks) error
	Stop() // waits until every goroutine of the log's has ended
	Propose(core.Propose)
	Barrier(core.Barrier)
	ChangeMembers(core.ChangeMembers)
	Called(call *wire.LogCall, bulk []byte, answer func(*wire.LogReply, []byte, error))
}

// Hooks are what a world does for a Log.
type Hooks struct {
	Post func(core.Event) // Leading, Applied, Proposed, Members
}

func (w *World) hooks() Hooks { return Hooks{Post: w.Post} }

func (w *World) logCalled(m *messenger.Message, body *wire.LogCall) {
	if w.cfg.Log == nil {
		m.Fail(wire.NoHandler.Errorf("%v keeps no log", w.cfg.Entity))
		m.Release()
		return
	}
	w.cfg.Log.Called(body, keep(m.Bulk), func(r *wire.LogReply, bulk []byte, err error) {
		if err != nil {
			m.Fail(err)
		} else {
			m.Reply(&messenger.Message{Body: wire.AppendBody(nil, r), Bulk: bulk})
		}
		m.Release()
	})
}
