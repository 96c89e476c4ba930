package disk

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"go.etcd.io/bbolt"

	"zeph/pkg/osdmap"
	"zeph/pkg/store"
	"zeph/pkg/store/storetest"
)

var (
	pgOne = osdmap.PGID{Pool: 1}
	keyA  = store.Key{Pool: 1, Hash: 1, Name: "a"}
	keyB  = store.Key{Pool: 1, Hash: 2, Name: "b"}
)

// do carries out a transaction that must succeed.
func do(t testing.TB, s *Store, build func(*store.Txn)) {
	t.Helper()
	if err := try(s, build); err != nil {
		t.Fatal(err)
	}
}

func try(s *Store, build func(*store.Txn)) error {
	var txn store.Txn
	build(&txn)
	told := make(chan error, 1)
	if err := s.Submit(&txn, func(err error) { told <- err }); err != nil {
		return err
	}
	return <-told
}

// TestWriteError takes the file away from under bbolt: the store is dead for good, for reads too, and those
// that were queued hear of it in order.
func TestWriteError(t *testing.T) {
	dir := t.TempDir()
	var file *os.File
	s := openNew(t, dir, Config{openFile: func(name string, flag int, mode fs.FileMode) (f *os.File, err error) {
		file, err = os.OpenFile(name, flag, mode)
		return file, err
	}})
	do(t, s, func(t *store.Txn) { t.MakePG(pgOne, 1); t.Write(keyA, 0, []byte("kept")) })

	const queued = batchTxns + 50
	told := make(chan error, queued)
	var first store.Txn
	err := s.Submit(&first, func(error) {
		if err := file.Close(); err != nil {
			t.Error(err)
		}
		for range queued {
			txn := new(store.Txn)
			txn.Write(keyA, 0, []byte("lost"))
			if err := s.Submit(txn, func(err error) { told <- err }); err != nil {
				t.Error(err)
				told <- nil
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for range queued {
		if err := <-told; !errors.Is(err, store.ErrDead) {
			t.Errorf("queued: %v", err)
		}
	}
	if err := try(s, func(*store.Txn) {}); !errors.Is(err, store.ErrDead) {
		t.Errorf("submitted to the dead: %v", err)
	}
	if _, _, err := s.Read(nil, keyA, 0, 10); !errors.Is(err, store.ErrDead) {
		t.Errorf("read from the dead: %v", err)
	}
	if err := s.Fsck(context.Background(), store.Quick, nil); !errors.Is(err, store.ErrDead) {
		t.Errorf("fsck of the dead: %v", err)
	}
	if st := s.Stats(); st.Queued != 0 || st.InFlight != 0 {
		t.Errorf("statistics: %+v", st)
	}
	if err := s.Close(); !errors.Is(err, store.ErrDead) {
		t.Errorf("close: %v", err)
	}
	s = reopen(t, dir, Config{})
	if got, _, err := s.Read(nil, keyA, 0, 10); err != nil || string(got) != "kept" {
		t.Errorf("after it: %q, %v", got, err)
	}
}

// TestReadersWait: a commit that bbolt shows before its sync has ended is not read.
func TestReadersWait(t *testing.T) {
	for _, synced := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			s := openNew(t, t.TempDir(), Config{})
			do(t, s, func(t *store.Txn) { t.MakePG(pgOne, 1); t.Touch(keyA) })
			s.mu.Lock()
			last := s.durable
			s.durable-- // as if the last sync were under way
			s.mu.Unlock()
			read := make(chan error, 1)
			go func() {
				_, err := s.Stat(keyA)
				read <- err
			}()
			synctest.Wait()
			select {
			case err := <-read:
				t.Fatalf("read what is not durable: %v", err)
			default:
			}
			if synced {
				s.settle(last)
			} else {
				_ = s.kill(errors.New("sync failed"))
			}
			if err := <-read; synced && err != nil || !synced && !errors.Is(err, store.ErrDead) {
				t.Errorf("synced %v: read gave %v", synced, err)
			}
		})
	}
}

// TestOverFull: what frees space and what tells of it is taken even beyond the limit.
func TestOverFull(t *testing.T) {
	dir := t.TempDir()
	s := openNew(t, dir, Config{})
	do(t, s, func(t *store.Txn) { t.MakePG(pgOne, 1); t.Write(keyA, 0, make([]byte, 3*MinSize)); t.Touch(keyB) })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = reopen(t, dir, Config{Size: MinSize})
	grow := func(t *store.Txn) { t.Write(keyB, 0, []byte("x")) }
	if err := try(s, grow); !errors.Is(err, store.ErrFull) {
		t.Errorf("a write: %v", err)
	}
	do(t, s, func(t *store.Txn) { t.SetInfo(pgOne, []byte("full")) })
	do(t, s, func(t *store.Txn) { t.Remove(keyA) })
	do(t, s, func(*store.Txn) {})
	if err := try(s, grow); err != nil {
		t.Errorf("a write after the removal: %v; %+v", err, s.Stats())
	}
}

// TestMisplaced: right bytes in the wrong place are damage.
func TestMisplaced(t *testing.T) {
	dir := t.TempDir()
	s := openNew(t, dir, Config{})
	do(t, s, func(t *store.Txn) {
		t.MakePG(pgOne, 1)
		t.Write(keyA, 0, bytes.Repeat([]byte("a"), 3*chunkSize))
		t.Write(keyB, 0, bytes.Repeat([]byte("b"), 3*chunkSize))
	})
	swaps := []struct {
		name    string
		bucket  []byte
		a, b    []byte
		corrupt map[store.Key][]int // chunks
	}{
		{"data of two objects", bucketData, chunkKey(objectKey(keyA), 0), chunkKey(objectKey(keyB), 0), map[store.Key][]int{keyA: {0}, keyB: {0}}},
		{"data of two chunks, alike", bucketData, chunkKey(objectKey(keyA), 1), chunkKey(objectKey(keyA), 2), nil},
		{"hashes of two chunks", bucketSums, chunkKey(objectKey(keyA), 1), chunkKey(objectKey(keyA), 2), map[store.Key][]int{keyA: {1, 2}}},
		{"records", bucketObjects, objectKey(keyA), objectKey(keyB), map[store.Key][]int{keyA: {0, 1, 2}, keyB: {0, 1, 2}}},
	}
	for _, tt := range swaps {
		swap := func() {
			t.Helper()
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			swapRows(t, dir, tt.bucket, tt.a, tt.b)
			s = reopen(t, dir, Config{})
		}
		swap()
		t.Run(tt.name, func(t *testing.T) {
			for _, k := range []store.Key{keyA, keyB} {
				for n := range 3 {
					_, _, err := s.Read(nil, k, uint64(n)*chunkSize, chunkSize)
					var corrupt *store.CorruptError
					wanted := false
					for _, c := range tt.corrupt[k] {
						wanted = wanted || c == n
					}
					if got := errors.As(err, &corrupt); got != wanted {
						t.Errorf("%v chunk %d: %v, damage wanted: %v", k, n, err, wanted)
					}
				}
			}
		})
		swap()
	}
}

// TestBlockHash: the hash of a block is of its bytes, its object and its place.
func TestBlockHash(t *testing.T) {
	block := make([]byte, store.BlockSize)
	seen := map[uint64]bool{}
	for _, k := range []store.Key{keyA, keyB, {}} {
		for n := range uint64(100) {
			seen[blockHash(objectSeed(objectKey(k)), n, block)] = true
		}
	}
	if len(seen) != 300 {
		t.Errorf("300 places have %d hashes", len(seen))
	}
}

func swapRows(t *testing.T, dir string, bucket, a, b []byte) {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(dir, dbName), 0o644, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		rows := tx.Bucket(bucket)
		va, vb := bytes.Clone(rows.Get(a)), bytes.Clone(rows.Get(b))
		return errors.Join(rows.Put(a, vb), rows.Put(b, va))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestLostRows: rows that vanish from under an object are damage, and fsck finds what is left over.
func TestLostRows(t *testing.T) {
	for _, tt := range []struct {
		name   string
		bucket []byte
		part   store.Part
	}{{"data", bucketData, store.PartData}, {"hashes", bucketSums, store.PartData}} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			s := openNew(t, dir, Config{})
			do(t, s, func(t *store.Txn) { t.MakePG(pgOne, 1); t.Write(keyA, 0, make([]byte, 2*chunkSize-100)) })
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			deleteRow(t, dir, tt.bucket, chunkKey(objectKey(keyA), 1))
			s = reopen(t, dir, Config{})
			lost := func(off, n uint64) {
				t.Helper()
				_, _, err := s.Read(nil, keyA, off, n)
				var corrupt *store.CorruptError
				if !errors.As(err, &corrupt) || corrupt.Part != tt.part {
					t.Errorf("read %d bytes from %d: %v", n, off, err)
				}
			}
			lost(0, 2*chunkSize)
			lost(chunkSize+3*store.BlockSize, 1)
			do(t, s, func(t *store.Txn) { t.Write(keyA, chunkSize, make([]byte, store.BlockSize)) }) // heals one block
			if _, _, err := s.Read(nil, keyA, 0, chunkSize+store.BlockSize); err != nil {
				t.Error(err)
			}
			lost(chunkSize+store.BlockSize, 1)
			lost(chunkSize+3*store.BlockSize, 1)
			do(t, s, func(t *store.Txn) { t.Zero(keyA, 100, 10); t.WriteFull(keyA, []byte("new")) })
			fsckClean(t, s)
		})
	}
	t.Run("record", func(t *testing.T) {
		dir := t.TempDir()
		s := openNew(t, dir, Config{})
		do(t, s, func(t *store.Txn) {
			t.MakePG(pgOne, 1)
			t.Write(keyA, 0, make([]byte, 100))
			t.SetOmap(keyA, store.Row{Key: "k"})
		})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		deleteRow(t, dir, bucketObjects, objectKey(keyA))
		s = reopen(t, dir, Config{})
		parts := map[store.Part]int{}
		err := s.Fsck(context.Background(), store.Quick, func(f store.Finding) { parts[f.Part]++ })
		if err != nil || parts[store.PartData] != 2 || parts[store.PartOmap] != 1 || parts[store.PartPG] != 1 {
			t.Errorf("fsck found %v, %v", parts, err)
		}
	})
}

func deleteRow(t *testing.T, dir string, bucket, key []byte) {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(dir, dbName), 0o644, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bucket).Delete(key) })
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

func fsckClean(t *testing.T, s *Store) {
	t.Helper()
	report := func(f store.Finding) { t.Errorf("fsck: %+v", f) }
	if err := s.Fsck(context.Background(), store.Deep, report); err != nil {
		t.Errorf("fsck: %v", err)
	}
	if err := s.checkPages(report); err != nil {
		t.Errorf("check of pages: %v", err)
	}
}

// checkPages has bbolt look through all its pages. Commits wait for it. It runs in a goroutine of
// bbolt's own, where no guard of ours catches a fault: a page that leads it astray ends the process.
func (s *Store) checkPages(report func(store.Finding)) error {
	s.committing.Lock()
	defer s.committing.Unlock()
	return s.view(func(tx *bbolt.Tx) error {
		if tooLong(tx) { // bbolt would count what is no page, for minutes
			report(store.Finding{Part: store.PartIndex, Text: "a page is longer than the file"})
			return nil
		}
		for err := range tx.Check() {
			report(store.Finding{Part: store.PartIndex, Text: err.Error()})
		}
		return nil
	})
}

// tooLong reports whether a page is said to go on beyond the last one.
func tooLong(tx *bbolt.Tx) bool {
	pages := int(tx.Size()) / tx.DB().Info().PageSize
	for id := 2; id < pages; id++ {
		page, err := tx.Page(id)
		if err != nil {
			return true
		}
		if page.Type != "free" {
			id += page.OverflowCount
		}
		if id >= pages {
			return true
		}
	}
	return false
}

// TestStatisticsAfterLostRecord: nobody knows what an object had whose record is damaged, so its PG
// is counted anew when it goes.
func TestStatisticsAfterLostRecord(t *testing.T) {
	dir := t.TempDir()
	s := openNew(t, dir, Config{})
	do(t, s, func(t *store.Txn) {
		t.MakePG(pgOne, 1)
		t.Write(keyA, 0, make([]byte, 1000))
		t.Write(keyB, 0, make([]byte, 50))
		t.AppendLog(pgOne, store.LogEntry{Version: store.Version{Seq: 1}})
	})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	damage(t, dir, storetest.Target{Part: store.PartObject, Key: keyA})
	s = reopen(t, dir, Config{})
	do(t, s, func(t *store.Txn) { t.Remove(keyA); t.Write(keyB, 0, make([]byte, 60)) })
	if st, err := s.PG(pgOne); err != nil || st.Stats != (store.PGStats{Objects: 1, Bytes: 60, LogEntries: 1}) {
		t.Errorf("pg: %+v, %v", st, err)
	}
	fsckClean(t, s)
}
