package consensus

import (
	"fmt"
	"io"

	"github.com/hashicorp/raft"

	"zeph/pkg/core"
)

// maxReplay is how many entries raft may find to replay when it starts. It hands them to a goroutine that it
// has not started yet, through a channel of 128 batches: with more than those hold it waits for ever.
const maxReplay = 4096

// settle makes a folder one that raft can start from. It looks for states that a crash or damage may have
// left and that raft does not check, and it replays what was agreed on into a snapshot where raft would go
// wrong: NewRaft (v1.8.0), with RestoreCommittedLogs, overlooks configurations among the entries that it
// replays, and a member that knows of no members never stands for election again.
func settle(s *logStore, snaps *snapshots, machine core.Machine) error {
	newest, err := newestWhole(snaps)
	if err != nil {
		return err
	}
	s.anchored(newest.Index, newest.Term)
	b := s.held()
	if b.last > 0 && b.first > newest.Index+1 {
		return fmt.Errorf("%w: entries begin at %d, the newest whole snapshot ends at %d", ErrDamaged, b.first, newest.Index)
	}
	stale, err := staleEntries(s, b, newest)
	if err != nil {
		return err
	}
	if stale {
		return s.DeleteRange(b.first, b.last)
	}
	commit, err := s.GetCommitIndex()
	if err != nil || commit <= newest.Index {
		return err
	}
	return replay(s, snaps, machine, newest, commit)
}

// newestWhole is the newest snapshot that is not damaged; the zero one if there never was any.
func newestWhole(snaps *snapshots) (*raft.SnapshotMeta, error) {
	ids, err := snaps.ids()
	if err != nil || len(ids) == 0 {
		return new(raft.SnapshotMeta), err
	}
	for _, id := range ids {
		meta, state, err := snaps.Open(id)
		if err == nil {
			return meta, state.Close()
		}
		snaps.log.Warn("snapshot is damaged", "err", err)
	}
	return nil, fmt.Errorf("%w: no snapshot of %d is whole", ErrDamaged, len(ids))
}

// staleEntries reports whether the entries are from before a snapshot that another member sent: the process
// ended after it was there, and before they were removed.
func staleEntries(s *logStore, b bounds, newest *raft.SnapshotMeta) (bool, error) {
	if b.last == 0 || newest.Index == 0 {
		return false, nil
	}
	if b.last < newest.Index {
		return true, nil
	}
	if b.first > newest.Index {
		return false, nil
	}
	var e raft.Log
	err := s.GetLog(newest.Index, &e)
	return e.Term != newest.Term, err
}

// replay makes a snapshot of the newest one and the entries after it, up to what was agreed on, if raft
// could not replay them.
func replay(s *logStore, snaps *snapshots, machine core.Machine, newest *raft.SnapshotMeta, commit uint64) error {
	configuration, index, found, err := lastConfiguration(s, newest, commit)
	if err != nil || !found && commit-newest.Index <= maxReplay {
		return err
	}
	f := newFSM(machine, func(core.Event) {})
	if newest.Index > 0 {
		if err := restoreFrom(snaps, newest.ID, f); err != nil {
			return err
		}
	}
	var e raft.Log
	for i := newest.Index + 1; i <= commit; i++ {
		if err := s.GetLog(i, &e); err != nil {
			return fmt.Errorf("entry %d: %w", i, err)
		}
		if e.Type == raft.LogCommand || e.Type == raft.LogConfiguration {
			f.Apply(&e)
		}
	}
	snapshot, err := f.Snapshot()
	if err != nil {
		return err
	}
	sink, err := snaps.Create(1, commit, e.Term, configuration, index, nil)
	if err != nil {
		return err
	}
	return snapshot.Persist(sink)
}

// lastConfiguration is the last one that was agreed on, and whether it is among the entries.
func lastConfiguration(s *logStore, newest *raft.SnapshotMeta, commit uint64) (c raft.Configuration, index uint64, found bool, err error) {
	c, index = newest.Configuration, newest.ConfigurationIndex
	var e raft.Log
	for i := newest.Index + 1; i <= commit; i++ {
		if err := s.GetLog(i, &e); err != nil {
			return c, index, found, fmt.Errorf("entry %d: %w", i, err)
		}
		if e.Type != raft.LogConfiguration {
			continue
		}
		if c, err = decodeConfiguration(e.Data); err != nil {
			return c, index, found, fmt.Errorf("%w: entry %d: %w", ErrDamaged, i, err)
		}
		index, found = i, true
	}
	return c, index, found, nil
}

func restoreFrom(snaps *snapshots, id string, f *fsm) error {
	_, state, err := snaps.Open(id)
	if err != nil {
		return err
	}
	defer state.Close()
	return f.Restore(io.NopCloser(state))
}
