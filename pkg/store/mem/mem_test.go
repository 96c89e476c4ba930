package mem_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"zeph/pkg/osdmap"
	"zeph/pkg/store"
	"zeph/pkg/store/mem"
)

var (
	pgOne = osdmap.PGID{Pool: 1}
	keyA  = store.Key{Pool: 1, Name: "a"}
)

// stepped is a store with a PG, and numbered writes waiting; told gathers their outcomes.
func stepped(t *testing.T, waiting int) (s *mem.Store, told *[]string) {
	t.Helper()
	s, told = mem.New(mem.Config{Stepped: true}), new([]string)
	var pool store.Txn
	pool.MakePG(pgOne, 1)
	if err := s.Submit(&pool, func(error) {}); err != nil {
		t.Fatal(err)
	}
	s.Commit(1)
	for i := range waiting {
		var txn store.Txn
		txn.SetVersion(keyA, store.Version{Epoch: 1, Seq: uint64(i + 1)}, 0)
		if err := s.Submit(&txn, func(err error) { *told = append(*told, fmt.Sprint(i+1, err)) }); err != nil {
			t.Fatal(err)
		}
	}
	return s, told
}

// at is the number of the last write that a read sees.
func at(t *testing.T, s *mem.Store) uint64 {
	t.Helper()
	info, err := s.Stat(keyA)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		t.Fatal(err)
	}
	return info.Version.Seq
}

func TestCommit(t *testing.T) {
	s, told := stepped(t, 3)
	if s.Pending() != 3 || at(t, s) != 0 || len(*told) != 0 {
		t.Fatalf("%d pending, read %d, told %v", s.Pending(), at(t, s), *told)
	}
	s.Commit(2)
	if s.Pending() != 1 || at(t, s) != 2 || !slices.Equal(*told, []string{"1 <nil>", "2 <nil>"}) {
		t.Fatalf("%d pending, read %d, told %v", s.Pending(), at(t, s), *told)
	}
	s.Commit(10)
	if s.Pending() != 0 || at(t, s) != 3 || len(*told) != 3 {
		t.Fatalf("%d pending, read %d, told %v", s.Pending(), at(t, s), *told)
	}
	if st := s.Stats(); st.Txns != 4 || st.Queued != 0 || st.InFlight != 0 {
		t.Errorf("statistics: %+v", st)
	}
}

// TestSubmitFromOutcome: what an outcome submits waits for its own turn.
func TestSubmitFromOutcome(t *testing.T) {
	s, told := stepped(t, 1)
	err := s.Submit(&store.Txn{}, func(error) {
		if err := s.Submit(&store.Txn{}, func(error) { *told = append(*told, "later") }); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Commit(2)
	if s.Pending() != 1 || len(*told) != 1 {
		t.Fatalf("%d pending, told %v", s.Pending(), *told)
	}
	s.Commit(1)
	if !slices.Equal(*told, []string{"1 <nil>", "later"}) {
		t.Fatalf("told %v", *told)
	}
}

// TestCrash: a prefix stays, the rest is gone, and nobody is told of either.
func TestCrash(t *testing.T) {
	for keep := range 5 {
		s, told := stepped(t, 3)
		s.Crash(keep)
		if got := at(t, s); got != uint64(min(keep, 3)) || s.Pending() != 0 || len(*told) != 0 {
			t.Errorf("%d kept: read %d, %d pending, told %v", keep, got, s.Pending(), *told)
		}
		if st := s.Stats(); st.Queued != 0 || st.InFlight != 0 {
			t.Errorf("%d kept: statistics %+v", keep, st)
		}
		s.Commit(9)
		if len(*told) != 0 {
			t.Errorf("%d kept: told %v after the restart", keep, *told)
		}
	}
}

func TestFail(t *testing.T) {
	s, told := stepped(t, 3)
	s.Fail(2)
	if len(*told) != 3 || s.Pending() != 0 {
		t.Fatalf("told %v, %d pending", *told, s.Pending())
	}
	if err := s.Submit(&store.Txn{}, nil); !errors.Is(err, store.ErrDead) {
		t.Errorf("submitted to the dead: %v", err)
	}
	if _, err := s.Stat(keyA); !errors.Is(err, store.ErrDead) {
		t.Errorf("read from the dead: %v", err)
	}
	s.Restart()
	if got := at(t, s); got != 2 {
		t.Errorf("after the restart: read %d, want 2", got)
	}
}

// TestDamageRuns: an error covers the first run of damaged blocks, Verify lists each.
func TestDamageRuns(t *testing.T) {
	s := mem.New(mem.Config{})
	var txn store.Txn
	txn.MakePG(pgOne, 1)
	txn.Write(keyA, 0, make([]byte, 10*store.BlockSize-1))
	if err := s.Submit(&txn, func(error) {}); err != nil {
		t.Fatal(err)
	}
	s.Damage(keyA, 9*store.BlockSize, 1<<60)
	s.Damage(keyA, 3*store.BlockSize-1, 2)
	if s.Damage(keyA, 10*store.BlockSize, 1) || s.Damage(store.Key{Pool: 1, Name: "none"}, 0, 1) {
		t.Error("damaged what is not there")
	}
	v, err := s.Verify(keyA)
	if err != nil || len(v.Damage) != 2 {
		t.Fatalf("verify: %+v, %v", v, err)
	}
	if e := v.Damage[0]; e.Off != 2*store.BlockSize || e.Len != 2*store.BlockSize {
		t.Errorf("the first run: %+v", e)
	}
	if e := v.Damage[1]; e.Off != 9*store.BlockSize || e.Len != store.BlockSize-1 {
		t.Errorf("the second run: %+v", e)
	}
	if _, _, err := s.Read(nil, keyA, 4*store.BlockSize, 5*store.BlockSize); err != nil {
		t.Errorf("between them: %v", err)
	}
}

func TestFsckFinds(t *testing.T) {
	s, _ := stepped(t, 1)
	s.Commit(1)
	s.DamageRecord(keyA)
	s.DamagePG(pgOne)
	var parts []store.Part
	if err := s.Fsck(context.Background(), store.Quick, func(f store.Finding) { parts = append(parts, f.Part) }); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(parts, []store.Part{store.PartObject, store.PartPG}) {
		t.Errorf("found %v", parts)
	}
}

func TestSetSize(t *testing.T) {
	s := mem.New(mem.Config{})
	write := func() error {
		var txn store.Txn
		txn.MakePG(osdmap.PGID{Pool: 1}, 1)
		txn.Write(store.Key{Pool: 1, Name: "a"}, 0, make([]byte, 1000))
		return s.Submit(&txn, func(error) {})
	}
	if err := write(); err != nil {
		t.Fatal(err)
	}
	s.SetSize(500)
	if err := write(); !errors.Is(err, store.ErrFull) {
		t.Errorf("full: %v", err)
	}
	var own store.Txn
	own.Write(store.Key{Name: "map"}, 0, make([]byte, 1000))
	if err := s.Submit(&own, func(error) {}); err != nil {
		t.Errorf("what a core keeps for itself: %v", err)
	}
	s.SetSize(1 << 20)
	if err := write(); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

// TestClone: a clone has what is durable, and what happens to one of the two the other does not see.
func TestClone(t *testing.T) {
	t.Parallel()
	s, _ := stepped(t, 3)
	s.Commit(1)
	c := s.Clone()
	s.Commit(1)
	if at(t, s) != 2 || at(t, c) != 1 || c.Pending() != 0 {
		t.Errorf("at %d, the clone at %d with %d waiting", at(t, s), at(t, c), c.Pending())
	}
	var txn store.Txn
	txn.Write(keyA, 0, []byte("clone"))
	if err := c.Submit(&txn, func(error) {}); err != nil {
		t.Fatal(err)
	}
	c.Commit(1)
	if data, _, err := s.Read(nil, keyA, 0, 5); err != nil || len(data) != 0 {
		t.Errorf("%q, %v: it was written to the clone", data, err)
	}
	if data, _, err := c.Read(nil, keyA, 0, 5); err != nil || string(data) != "clone" {
		t.Errorf("the clone has %q, %v", data, err)
	}
}
