package consensus

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	"go.etcd.io/bbolt"
)

// makeTest makes a log store, and openTest opens it. It must not fail.
func makeTest(t testing.TB) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := makeLog(dir, "a/1"); err != nil {
		t.Fatal(err)
	}
	return dir
}

func openTest(t testing.TB, dir string) *logStore {
	t.Helper()
	s, err := openLog(dir, "a/1", false, func(err error) { t.Errorf("the store failed: %v", err) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.close() })
	return s
}

// testEntry is the entry of an index: anybody can tell what must be in it.
func testEntry(index uint64) *raft.Log {
	return &raft.Log{Index: index, Term: 1 + index/10, Type: raft.LogCommand, AppendedAt: time.Unix(int64(index), 5),
		Data: bytes.Repeat([]byte{byte(index)}, int(index*37%500))}
}

func testEntries(from, to uint64) []*raft.Log {
	var all []*raft.Log
	for i := from; i <= to; i++ {
		all = append(all, testEntry(i))
	}
	return all
}

func wantEntries(t *testing.T, s raft.LogStore, first, last uint64) {
	t.Helper()
	f, err1 := s.FirstIndex()
	l, err2 := s.LastIndex()
	if f != first || l != last || err1 != nil || err2 != nil {
		t.Errorf("entries %d to %d (%v, %v), expected %d to %d", f, l, err1, err2, first, last)
	}
	if err := sameEntries(s, first, last); err != nil {
		t.Error(err)
	}
	for _, i := range []uint64{0, first - 1, last + 1} {
		if err := s.GetLog(i, new(raft.Log)); !errors.Is(err, raft.ErrLogNotFound) {
			t.Errorf("entry %d: %v", i, err)
		}
	}
}

func sameEntries(s raft.LogStore, first, last uint64) error {
	for i := max(first, 1); i <= last; i++ {
		var e raft.Log
		if err := s.GetLog(i, &e); err != nil {
			return fmt.Errorf("entry %d: %w", i, err)
		}
		want := testEntry(i)
		if e.Index != i || e.Term != want.Term || e.Type != want.Type || !e.AppendedAt.Equal(want.AppendedAt) || !bytes.Equal(e.Data, want.Data) || len(e.Extensions) > 0 {
			return fmt.Errorf("entry %d is %v", i, e)
		}
	}
	return nil
}

// TestLogStore: what raft wants of a log store, before and after it is opened again.
func TestLogStore(t *testing.T) {
	for _, tt := range []struct {
		name        string
		do          func(*logStore) error
		first, last uint64
		commit      uint64
	}{
		{"empty", func(s *logStore) error { return s.StoreLogs(nil) }, 0, 0, 0},
		{"one", func(s *logStore) error { return s.StoreLog(testEntry(1)) }, 1, 1, 0},
		{"not from one", func(s *logStore) error { return s.StoreLogs(testEntries(7, 9)) }, 7, 9, 0},
		{"groups", func(s *logStore) error {
			return errors.Join(s.StoreLogs(testEntries(1, 20)), s.StoreLogs(testEntries(21, 25)))
		}, 1, 25, 0},
		{"front removed", func(s *logStore) error {
			return errors.Join(s.StoreLogs(testEntries(1, 20)), s.DeleteRange(1, 12))
		}, 13, 20, 0},
		{"end removed", func(s *logStore) error {
			return errors.Join(s.StoreLogs(testEntries(1, 20)), s.DeleteRange(12, 20), s.DeleteRange(15, 30))
		}, 1, 11, 0},
		{"end replaced", func(s *logStore) error {
			return errors.Join(s.StoreLogs(testEntries(1, 20)), s.DeleteRange(12, 20), s.StoreLogs(testEntries(12, 14)))
		}, 1, 14, 0},
		{"all removed", func(s *logStore) error {
			return errors.Join(s.StoreLogs(testEntries(1, 20)), s.DeleteRange(1, 20))
		}, 0, 0, 0},
		{"after a snapshot", func(s *logStore) error {
			return errors.Join(s.StoreLogs(testEntries(1, 20)), s.DeleteRange(1, 20), s.StoreLogs(testEntries(101, 102)))
		}, 101, 102, 0},
		{"commit index", func(s *logStore) error {
			return errors.Join(s.StageCommitIndex(3), s.StoreLogs(testEntries(1, 5)))
		}, 1, 5, 3},
		{"commit index beyond", func(s *logStore) error {
			return errors.Join(s.StageCommitIndex(30), s.StoreLogs(testEntries(1, 5)))
		}, 1, 5, 5},
		{"commit index staged only", func(s *logStore) error {
			return errors.Join(s.StoreLogs(testEntries(1, 5)), s.StageCommitIndex(4))
		}, 1, 5, 0},
		{"commit index of removed entries", func(s *logStore) error {
			return errors.Join(s.StageCommitIndex(5), s.StoreLogs(testEntries(1, 5)), s.DeleteRange(1, 5))
		}, 0, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := makeTest(t)
			s := openTest(t, dir)
			if err := tt.do(s); err != nil {
				t.Fatal(err)
			}
			wantEntries(t, s, tt.first, tt.last)
			if err := s.close(); err != nil {
				t.Fatal(err)
			}
			s = openTest(t, dir)
			wantEntries(t, s, tt.first, tt.last)
			if c, err := s.GetCommitIndex(); c != tt.commit || err != nil {
				t.Errorf("commit index %d, %v, expected %d", c, err, tt.commit)
			}
		})
	}
}

func TestStableStore(t *testing.T) {
	dir := makeTest(t)
	s := openTest(t, dir)
	if v, err := s.Get([]byte("vote")); len(v) > 0 || err != nil {
		t.Errorf("before it is set: %q, %v", v, err)
	}
	if n, err := s.GetUint64([]byte("term")); n != 0 || err != nil {
		t.Errorf("before it is set: %d, %v", n, err)
	}
	for i := range uint64(3) {
		if err := errors.Join(s.SetUint64([]byte("term"), 1<<40+i), s.Set([]byte("vote"), []byte{byte(i)})); err != nil {
			t.Fatal(err)
		}
		if err := s.close(); err != nil {
			t.Fatal(err)
		}
		s = openTest(t, dir)
		n, err1 := s.GetUint64([]byte("term"))
		v, err2 := s.Get([]byte("vote"))
		if n != 1<<40+i || !bytes.Equal(v, []byte{byte(i)}) || err1 != nil || err2 != nil {
			t.Errorf("after opening again: %d, %q, %v, %v", n, v, err1, err2)
		}
	}
}

// TestLogStoreRefuses: a folder that is somebody else's, and one in which there is nothing any more. A new
// log would have forgotten its vote.
func TestLogStoreRefuses(t *testing.T) {
	dir := makeTest(t)
	if _, err := openLog(dir, "a/2", false, nil); !errors.Is(err, ErrForeign) {
		t.Errorf("another store's: %v", err)
	}
	if err := os.Truncate(filepath.Join(dir, logName), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := openLog(dir, "a/1", false, nil); !errors.Is(err, ErrDamaged) {
		t.Errorf("an empty one: %v", err)
	}
	if _, err := openLog(t.TempDir(), "a/1", false, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("none: %v", err)
	}
}

// TestFailedWriteNeverReturns: raft would panic, or tell somebody that nothing happened.
func TestFailedWriteNeverReturns(t *testing.T) {
	failed := make(chan error, 1)
	s, err := openLog(makeTest(t), "a/1", false, func(err error) { failed <- err })
	if err != nil {
		t.Fatal(err)
	}
	returned := make(chan error, 1)
	go func() { returned <- s.StoreLogs([]*raft.Log{testEntry(1), testEntry(3)}) }()
	select {
	case err := <-failed:
		if !errors.Is(err, errGap) {
			t.Error(err)
		}
	case err := <-returned:
		t.Fatalf("the write returned: %v", err)
	}
	if !s.watch.hung(time.Hour) {
		t.Error("a disk that failed does not count as one that hangs")
	}
	select {
	case err := <-returned:
		t.Errorf("the write returned: %v", err)
	default:
	}
}

// TestDamagedLog: with any byte wrong, or anything missing at the end, a log store says so, or holds what
// it held after its last write.
func TestDamagedLog(t *testing.T) {
	dir := makeTest(t)
	s := openTest(t, dir)
	for i := uint64(1); i <= 120; i += 10 {
		if err := errors.Join(s.StoreLogs(testEntries(i, i+9)), s.SetUint64([]byte("term"), i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.DeleteRange(1, 25); err != nil {
		t.Fatal(err)
	}
	var used int64 // beyond it there is only room
	_ = s.db.View(func(tx *bbolt.Tx) error { used = tx.Size(); return nil })
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(dir, logName))
	if err != nil {
		t.Fatal(err)
	}
	whole = whole[:used]
	stride := 499
	if *soak > 0 {
		stride = 7
	}
	outcomes := make(map[string]int)
	for at := 0; at < len(whole); at += stride {
		flipped := bytes.Clone(whole)
		flipped[at] ^= 1 << (at % 8)
		outcomes["flipped: "+damage(t, flipped, fmt.Sprintf("byte %d flipped", at))]++
	}
	for size := len(whole) - 1; size > 0; size -= 2039 {
		outcomes["cut: "+damage(t, whole[:size], fmt.Sprintf("cut to %d bytes", size))]++
	}
	t.Logf("%d bytes: %v", len(whole), outcomes)
	for _, o := range []string{"flipped: refused", "flipped: whole", "cut: refused"} {
		if outcomes[o] == 0 {
			t.Errorf("nothing was %s", o)
		}
	}
}

// damage opens a file with damage in it.
func damage(t *testing.T, file []byte, what string) string {
	t.Helper()
	dir, err := os.MkdirTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, logName), file, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := openLog(dir, "a/1", false, func(err error) { t.Errorf("%s: opened, then %v", what, err) })
	if err != nil {
		if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrForeign) {
			t.Errorf("%s: %v", what, err)
		}
		return "refused"
	}
	defer s.close()
	b := s.held()
	term, _ := s.GetUint64([]byte("term"))
	if b.last != 120 || b.first != 26 || term != 111 {
		t.Errorf("%s: opened with entries %d to %d, term %d", what, b.first, b.last, term)
	}
	if err := sameEntries(s, b.first, b.last); err != nil {
		t.Errorf("%s: %v", what, err)
	}
	return "whole"
}

// TestNoRoom: a full disk is no damage, and whoever starts the monitor hears what to do.
func TestNoRoom(t *testing.T) {
	for _, err := range []error{
		&os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC},
		errors.New("file resize error: truncate x: no space left on device"), // bbolt's, not wrapped
		fmt.Errorf("sync: %w", syscall.EDQUOT),
	} {
		got := damaged(noRoom(err, "/data/mon.a/log.db", 5000<<10))
		if !errors.Is(got, ErrNoRoom) || errors.Is(got, ErrDamaged) || !strings.Contains(got.Error(), "up to 6024 KiB in /data/mon.a ") {
			t.Errorf("%v: %v", err, got)
		}
	}
	if err := noRoom(ErrForeign, "x", 1); err != ErrForeign {
		t.Errorf("%v", err)
	}
	if err := noRoom(nil, "x", 1); err != nil {
		t.Errorf("%v", err)
	}
}
