package disk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"zeph/pkg/store"
)

const (
	rotEnv     = "ZEPH_ROT_READER" // the folder: the test binary is the reader
	rotBitsEnv = "ZEPH_ROT_BITS"   // a rotBits
)

// rotBits says which bits the reader flips, one after the other.
type rotBits struct{ from, end, high int }

// at is the byte and the bit in it of one flip: all over the file, which is used up to high.
func (b rotBits) at(i int) (at, bit int) { return (i*b.high/b.end + i*i*31) % b.high, i % 8 }

func (b rotBits) String() string { return fmt.Sprint(b.from, " ", b.end, " ", b.high) }

// TestRot flips one bit of the index at a time. Whatever it hits, nobody reads a wrong byte:
// the store refuses to open, or an answer is right, or damage is told. What bbolt does not
// find any more, for its own pages have no checksums, a check tells of. All of it happens in a
// process of its own: bbolt's check can be led so far astray that its process ends.
func TestRot(t *testing.T) {
	flips := 200
	if testing.Short() {
		flips = 30
	}
	dir := t.TempDir()
	bits := rotBits{end: flips, high: fillForRot(t, dir)}
	whole, err := os.ReadFile(filepath.Join(dir, dbName))
	if err != nil {
		t.Fatal(err)
	}
	results := map[string]int{}
	for ; bits.from < flips; bits.from++ { // it ended at this one: the next reader begins after it
		if err := os.WriteFile(filepath.Join(dir, dbName), whole, 0o644); err != nil {
			t.Fatal(err)
		}
		for _, result := range runRotReader(t, dir, bits) {
			results[result]++
			bits.from++
		}
		if bits.from < flips {
			results["ended"]++
		}
	}
	t.Logf("%d bits in %d bytes: %v", flips, bits.high, results)
	if results["told"] == 0 {
		t.Error("no flip was told of: is there any data in the file?")
	}
	if results["ended"] > flips/20 {
		t.Error("too many processes ended: do the guards still hold?")
	}
}

// rotTime is how long all flips may take: mostly a second.
const rotTime = 2 * time.Minute

// runRotReader gives a line for each flip that the reader came through.
func runRotReader(t *testing.T, dir string, bits rotBits) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), rotTime)
	defer cancel()
	reader := exec.CommandContext(ctx, os.Args[0])
	reader.Cancel = func() error { return reader.Process.Signal(syscall.SIGQUIT) } // so that it says where it was
	reader.Env = append(os.Environ(), rotEnv+"="+dir, rotBitsEnv+"="+bits.String())
	var wrong bytes.Buffer
	reader.Stderr = &wrong
	out, err := reader.Output()
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(out) == 0 {
		lines = nil
	}
	var ended *exec.ExitError
	if ctx.Err() != nil {
		at, bit := bits.at(bits.from + len(lines))
		t.Fatalf("byte %d, bit %d flipped: still reading after %v: %s", at, bit, rotTime, wrong.Bytes())
	}
	if errors.As(err, &ended) && ended.ExitCode() == 2 { // a Go program that was led astray
		at, bit := bits.at(bits.from + len(lines))
		why, _, _ := strings.Cut(wrong.String(), "\n")
		t.Logf("byte %d, bit %d flipped: the process ended: %s", at, bit, why)
	} else if err != nil {
		t.Fatalf("%v: %s", err, wrong.Bytes())
	}
	return lines
}

func rotKey(i int) store.Key {
	return store.Key{Pool: 1, Hash: uint32(i) * 0x9e3779b9, Name: fmt.Sprint("object ", i)}
}

func rotData(i int) []byte {
	return bytes.Repeat([]byte{byte(i), 1, 2, 3, byte(i)}, 200*(1+i*i%37))
}

const rotObjects = 40

// fillForRot makes a store, and says how much of its file is used: beyond that it is only reserved.
func fillForRot(t *testing.T, dir string) int {
	t.Helper()
	s := openNew(t, dir, Config{})
	do(t, s, func(txn *store.Txn) { txn.MakePG(pgOne, 1) })
	for i := range rotObjects {
		do(t, s, func(txn *store.Txn) {
			txn.Write(rotKey(i), 0, rotData(i))
			txn.AppendLog(pgOne, store.LogEntry{Version: store.Version{Epoch: 1, Seq: uint64(i + 1)}, Entry: rotData(i)[:100]})
			txn.SetInfo(pgOne, fmt.Append(nil, i))
		})
	}
	high := 0
	err := s.db.View(func(tx *bbolt.Tx) error { high = int(tx.Size()); return nil })
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	return high
}

// rotReader is the child. It reads only, so a bit that is flipped back leaves the file as it was.
func rotReader(dir, bits string, out io.Writer) error {
	var b rotBits
	if _, err := fmt.Sscan(bits, &b.from, &b.end, &b.high); err != nil {
		return err
	}
	file, err := os.OpenFile(filepath.Join(dir, dbName), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	for i := b.from; i < b.end; i++ {
		at, bit := b.at(i)
		if err := flip(file, at, bit); err != nil {
			return err
		}
		result, err := readRotten(dir)
		if err != nil {
			return fmt.Errorf("byte %d, bit %d flipped: %w", at, bit, err)
		}
		if err := flip(file, at, bit); err != nil {
			return err
		}
		fmt.Fprintln(out, result)
	}
	return nil
}

func flip(file *os.File, at, bit int) error {
	var b [1]byte
	_, err := file.ReadAt(b[:], int64(at))
	b[0] ^= 1 << bit
	_, writeErr := file.WriteAt(b[:], int64(at))
	return errors.Join(err, writeErr)
}

// readRotten reads everything, and says in a word how it went. An error: it went wrong.
func readRotten(dir string) (result string, err error) {
	s, err := Open(dir, Config{})
	if err != nil {
		return "refused", nil
	}
	defer func() { _ = s.Close() }()
	result, missing := "unseen", false
	for i := range rotObjects {
		got, _, err := s.Read(nil, rotKey(i), 0, store.MaxObject)
		var corrupt *store.CorruptError
		switch {
		case err == nil && !bytes.Equal(got, rotData(i)):
			return "", fmt.Errorf("%v reads wrong", rotKey(i))
		case errors.As(err, &corrupt):
			result = "told"
		case errors.Is(err, store.ErrNotFound):
			missing = true
		case err != nil:
			return "", fmt.Errorf("%v: %w", rotKey(i), err)
		}
	}
	state, err := s.PG(pgOne)
	if err == nil && string(state.Info) != "39" {
		return "", fmt.Errorf("the info is %q", state.Info)
	}
	if missing = missing || errors.Is(err, store.ErrNotFound); missing {
		result = "missing, told by fsck"
		if !checkTells(s) {
			return "", errors.New("something is missing, and no check tells")
		}
	} else if result == "unseen" && checkTells(s) {
		result = "told by fsck"
	}
	return result, nil
}

func checkTells(s *Store) bool {
	told := false
	report := func(store.Finding) { told = true }
	err := errors.Join(s.Fsck(context.Background(), store.Deep, report), s.checkPages(report))
	return told || err != nil
}
