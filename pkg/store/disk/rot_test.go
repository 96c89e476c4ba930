package disk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"zeph/pkg/store"
)

// TestRot flips one bit of the index at a time. Whatever it hits, nobody reads a wrong byte:
// the store refuses to open, or an answer is right, or damage is told. What bbolt does not
// find any more, for its own pages have no checksums, a check tells of.
func TestRot(t *testing.T) {
	flips := 200
	if testing.Short() {
		flips = 30
	}
	dir := t.TempDir()
	s := openNew(t, dir, Config{})
	want := fillForRot(t, s)
	high := 0 // beyond it the file is only reserved
	if err := s.db.View(func(tx *bbolt.Tx) error { high = int(tx.Size()); return nil }); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, dbName)
	file, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	results := map[string]int{}
	for i := range flips {
		at := (i*high/flips + i*i*31) % high
		flip(t, file, at, i%8)
		results[readRotten(t, dir, at, want)]++ // reads only: flipped back, the file is as it was
		flip(t, file, at, i%8)
	}
	t.Logf("%d bits in %d bytes: %v", flips, high, results)
	if results["told"] == 0 {
		t.Error("no flip was told of: is there any data in the file?")
	}
}

func flip(t *testing.T, file *os.File, at, bit int) {
	t.Helper()
	var b [1]byte
	_, err := file.ReadAt(b[:], int64(at))
	b[0] ^= 1 << bit
	_, writeErr := file.WriteAt(b[:], int64(at))
	if err := errors.Join(err, writeErr); err != nil {
		t.Fatal(err)
	}
}

func fillForRot(t *testing.T, s *Store) map[store.Key][]byte {
	t.Helper()
	want := map[store.Key][]byte{}
	do(t, s, func(txn *store.Txn) { txn.MakePG(pgOne, 1) })
	for i := range 40 {
		k := store.Key{Pool: 1, Hash: uint32(i) * 0x9e3779b9, Name: fmt.Sprint("object ", i)}
		want[k] = bytes.Repeat([]byte{byte(i), 1, 2, 3, byte(i)}, 200*(1+i*i%37))
		do(t, s, func(txn *store.Txn) {
			txn.Write(k, 0, want[k])
			txn.AppendLog(pgOne, store.LogEntry{Version: store.Version{Epoch: 1, Seq: uint64(i + 1)}, Entry: want[k][:100]})
			txn.SetInfo(pgOne, fmt.Append(nil, i))
		})
	}
	return want
}

// readRotten reads everything, and says in a word how it went.
func readRotten(t *testing.T, dir string, at int, want map[store.Key][]byte) string {
	t.Helper()
	s, err := Open(dir, Config{})
	if err != nil {
		return "refused"
	}
	defer func() { _ = s.Close() }()
	result, missing := "unseen", false
	for k, data := range want {
		got, _, err := s.Read(nil, k, 0, store.MaxObject)
		var corrupt *store.CorruptError
		switch {
		case err == nil && !bytes.Equal(got, data):
			t.Errorf("byte %d flipped: %v reads wrong", at, k)
		case errors.As(err, &corrupt):
			result = "told"
		case errors.Is(err, store.ErrNotFound):
			missing = true
		case err != nil:
			t.Errorf("byte %d flipped: %v: %v", at, k, err)
		}
	}
	state, err := s.PG(pgOne)
	if err == nil && string(state.Info) != "39" {
		t.Errorf("byte %d flipped: the info is %q", at, state.Info)
	}
	if missing = missing || errors.Is(err, store.ErrNotFound); missing {
		result = "missing, told by fsck"
		if !checkTells(s) {
			t.Errorf("byte %d flipped: something is missing, and no check tells", at)
		}
	} else if result == "unseen" && checkTells(s) {
		result = "told by fsck"
	}
	return result
}

func checkTells(s *Store) bool {
	told := false
	report := func(store.Finding) { told = true }
	err := errors.Join(s.Fsck(context.Background(), store.Deep, report), s.CheckPages(report))
	return told || err != nil
}
