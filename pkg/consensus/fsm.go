package consensus

import (
	"encoding/binary"
	"fmt"
	"io"
	"sync"

	"github.com/hashicorp/raft"

	"zeph/pkg/core"
)

// fsm turns what raft has agreed on into states, and publishes each with its index.
//
// The state of a snapshot is: index u64 of the last command or configuration in it, configuration bytes, the
// machine's own encoding.
type fsm struct {
	machine core.Machine
	publish func(core.Event)

	mu      sync.Mutex
	begun   bool
	index   uint64
	state   core.State
	members raft.Configuration // as of the last configuration that was agreed on
}

var _ raft.BatchingFSM = (*fsm)(nil)

// result is what a command came to.
type result struct {
	index uint64
	value any
}

func newFSM(m core.Machine, publish func(core.Event)) *fsm {
	return &fsm{machine: m, publish: publish, state: m.New()}
}

// begin publishes the state that there is at the start, unless a snapshot's was.
func (f *fsm) begin() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.first()
}

func (f *fsm) first() {
	if !f.begun {
		f.begun = true
		f.publish(core.Applied{From: f.index + 1, To: f.index, State: f.state})
	}
}

// Apply applies one entry.
func (f *fsm) Apply(e *raft.Log) any { return f.ApplyBatch([]*raft.Log{e})[0] }

// ApplyBatch applies entries: commands, and configurations.
func (f *fsm) ApplyBatch(entries []*raft.Log) []any {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.first()
	from := f.index + 1
	results := make([]any, len(entries))
	changed := false
	for i, e := range entries {
		switch e.Type {
		case raft.LogCommand:
			var value any
			f.state, value = f.machine.Apply(f.state, e.Index, e.Data)
			results[i] = result{e.Index, value}
		case raft.LogConfiguration:
			f.members, changed = raft.DecodeConfiguration(e.Data), true
		}
		f.index = e.Index
	}
	f.publish(core.Applied{From: from, To: f.index, State: f.state})
	if changed {
		f.publish(core.Members{Members: membersOf(f.members)})
	}
	return results
}

// Snapshot takes the state as it is; states never change.
func (f *fsm) Snapshot() (raft.FSMSnapshot, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return &fsmSnapshot{f.machine, f.index, f.members, f.state}, nil
}

type fsmSnapshot struct {
	machine core.Machine
	index   uint64
	members raft.Configuration
	state   core.State
}

// Persist writes the state.
func (s *fsmSnapshot) Persist(sink raft.SnapshotSink) error {
	b, err := s.machine.Encode(s.state)
	if err == nil {
		head := binary.BigEndian.AppendUint64(nil, s.index)
		_, err = sink.Write(appendBytes(head, raft.EncodeConfiguration(s.members)))
	}
	if err == nil {
		_, err = sink.Write(b)
	}
	if err != nil {
		_ = sink.Cancel()
		return fmt.Errorf("snapshot at %d: %w", s.index, err)
	}
	return sink.Close()
}

// Release does nothing.
func (s *fsmSnapshot) Release() {}

// Restore replaces the state by a snapshot's.
func (f *fsm) Restore(from io.ReadCloser) error {
	b, err := io.ReadAll(from)
	if err != nil {
		return err
	}
	r := &reader{b: b}
	index, configuration := r.number(), r.bytes(maxConfig)
	if r.err != nil {
		return r.err
	}
	var members raft.Configuration
	if index > 0 {
		if members, err = decodeConfiguration(configuration); err != nil {
			return err
		}
	}
	state, err := f.machine.Decode(r.b)
	if err != nil {
		return fmt.Errorf("state at %d: %w", index, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.begun, f.index, f.members, f.state = true, index, members, state
	f.publish(core.Applied{From: index + 1, To: index, State: state})
	if len(members.Servers) > 0 {
		f.publish(core.Members{Members: membersOf(members)})
	}
	return nil
}
