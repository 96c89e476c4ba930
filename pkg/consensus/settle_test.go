package consensus

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/raft"

	"zeph/pkg/consensus/logtest"
	"zeph/pkg/core"
)

func command(index, term uint64) *raft.Log {
	return &raft.Log{Index: index, Term: term, Type: raft.LogCommand, Data: logtest.Command(1000+index, 0)}
}

func commands(from, to, term uint64) []*raft.Log {
	var all []*raft.Log
	for i := from; i <= to; i++ {
		all = append(all, command(i, term))
	}
	return all
}

func configEntry(index, term uint64) *raft.Log {
	return &raft.Log{Index: index, Term: term, Type: raft.LogConfiguration, Data: raft.EncodeConfiguration(testMembers())}
}

// stateSnapshot is a snapshot of the machine with so many commands.
func stateSnapshot(t *testing.T, s *snapshots, term, index uint64) {
	t.Helper()
	f := newFSM(logtest.Machine{}, func(core.Event) {})
	f.Apply(configEntry(1, 1))
	f.ApplyBatch(commands(2, index, term))
	b, _ := f.Snapshot()
	sink, err := s.Create(1, index, term, testMembers(), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Persist(sink); err != nil {
		t.Fatal(err)
	}
}

// TestSettle: what a crash may leave in a folder, and what becomes of it before raft sees it.
func TestSettle(t *testing.T) {
	for _, tt := range []struct {
		name        string
		make        func(*testing.T, *logStore, *snapshots) error
		first, last uint64 // entries that stay
		newest      uint64 // snapshot
		damaged     bool
	}{
		{name: "nothing agreed on yet", last: 5, first: 1, make: func(_ *testing.T, s *logStore, _ *snapshots) error {
			return errors.Join(s.StoreLog(configEntry(1, 1)), s.StoreLogs(commands(2, 5, 1)))
		}},
		{name: "a configuration that raft would overlook", first: 1, last: 20, newest: 12, make: func(_ *testing.T, s *logStore, _ *snapshots) error {
			return errors.Join(s.StoreLog(configEntry(1, 1)), s.StageCommitIndex(12), s.StoreLogs(commands(2, 20, 1)))
		}},
		{name: "commands alone", first: 2, last: 20, newest: 9, make: func(t *testing.T, s *logStore, n *snapshots) error {
			stateSnapshot(t, n, 1, 9)
			return errors.Join(s.StageCommitIndex(12), s.StoreLogs(commands(2, 20, 1)))
		}},
		{name: "more commands than raft could replay", first: 2, last: maxReplay + 100, newest: maxReplay + 50, make: func(t *testing.T, s *logStore, n *snapshots) error {
			stateSnapshot(t, n, 1, 9)
			return errors.Join(s.StageCommitIndex(maxReplay+50), s.StoreLogs(commands(2, maxReplay+100, 1)))
		}},
		{name: "entries from before a snapshot", newest: 50, make: func(t *testing.T, s *logStore, n *snapshots) error {
			stateSnapshot(t, n, 3, 50)
			return s.StoreLogs(commands(2, 20, 1))
		}},
		{name: "entries that a snapshot contradicts", newest: 50, make: func(t *testing.T, s *logStore, n *snapshots) error {
			stateSnapshot(t, n, 3, 50)
			return s.StoreLogs(commands(2, 70, 2))
		}},
		{name: "entries that a snapshot agrees with", first: 2, last: 70, newest: 50, make: func(t *testing.T, s *logStore, n *snapshots) error {
			stateSnapshot(t, n, 3, 50)
			return s.StoreLogs(commands(2, 70, 3))
		}},
		{name: "entries right behind a snapshot", first: 51, last: 70, newest: 50, make: func(t *testing.T, s *logStore, n *snapshots) error {
			stateSnapshot(t, n, 3, 50)
			return s.StoreLogs(commands(51, 70, 3))
		}},
		{name: "entries are missing", damaged: true, make: func(t *testing.T, s *logStore, n *snapshots) error {
			stateSnapshot(t, n, 3, 50)
			return s.StoreLogs(commands(52, 70, 3))
		}},
		{name: "the newest snapshot is damaged", first: 20, last: 70, newest: 40, make: func(t *testing.T, s *logStore, n *snapshots) error {
			stateSnapshot(t, n, 3, 40)
			stateSnapshot(t, n, 3, 50)
			return errors.Join(os.Truncate(filepath.Join(n.dir, snapshotID(3, 50)), 100), s.StoreLogs(commands(20, 70, 3)))
		}},
		{name: "the newest snapshot is damaged, and what it stood for is gone", damaged: true, make: func(t *testing.T, s *logStore, n *snapshots) error {
			stateSnapshot(t, n, 3, 40)
			stateSnapshot(t, n, 3, 50)
			return errors.Join(os.Truncate(filepath.Join(n.dir, snapshotID(3, 50)), 100), s.StoreLogs(commands(45, 70, 3)))
		}},
		{name: "no snapshot is whole", damaged: true, make: func(t *testing.T, s *logStore, n *snapshots) error {
			stateSnapshot(t, n, 3, 50)
			return os.Truncate(filepath.Join(n.dir, snapshotID(3, 50)), 100)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := makeTest(t)
			s, n := openTest(t, dir), testSnapshots(t, dir)
			if err := tt.make(t, s, n); err != nil {
				t.Fatal(err)
			}
			err := settle(s, n, logtest.Machine{})
			if tt.damaged {
				if !errors.Is(err, ErrDamaged) {
					t.Errorf("settle: %v", err)
				}
				return
			}
			newest, err2 := newestWhole(n)
			if b := s.held(); err != nil || err2 != nil || b.first != tt.first || b.last != tt.last || newest.Index != tt.newest {
				t.Errorf("entries %d to %d, snapshot %d (%v, %v), expected %d to %d, %d", b.first, b.last, newest.Index, err, err2, tt.first, tt.last, tt.newest)
			}
			if tt.newest == 0 {
				return
			}
			f := newFSM(logtest.Machine{}, func(core.Event) {})
			if err := restoreFrom(n, newest.ID, f); err != nil || f.state.(*logtest.State).Count != tt.newest-1 || len(newest.Configuration.Servers) != 3 {
				t.Errorf("snapshot %d: %d commands, %+v, %v", newest.Index, f.state.(*logtest.State).Count, newest.Configuration, err)
			}
		})
	}
}
