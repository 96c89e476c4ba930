package disk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"zeph/pkg/osdmap"
	"zeph/pkg/store"
)

// The soak kills a process that writes, at a random moment, and looks at what it left. More rounds
// than usual: ZEPH_SOAK_ROUNDS=25 go test -run TestKill ./pkg/store/disk
const (
	writerEnv = "ZEPH_SOAK_WRITER" // the folder: the test binary is the writer
	roundsEnv = "ZEPH_SOAK_ROUNDS"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerEnv); dir != "" {
		if err := soakWriter(dir); err != nil {
			fmt.Fprintln(os.Stderr, "writer:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if dir := os.Getenv(rotEnv); dir != "" {
		if err := rotReader(dir, os.Getenv(rotBitsEnv), os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "reader:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// The writer's transactions are numbered, and each is known by its number alone.
const (
	soakObjects = 40
	soakKeep    = 100 // entries of the log
)

func soakKey(n uint64) store.Key {
	return store.Key{Pool: 1, Hash: uint32(n % soakObjects * 0x9e3779b9), Name: fmt.Sprint("object ", n%soakObjects)}
}

func soakTxn(n uint64) *store.Txn {
	r := rand.New(rand.NewPCG(n, 0))
	t, k := new(store.Txn), soakKey(r.Uint64())
	data := make([]byte, 1+r.IntN(3*store.BlockSize))
	if r.IntN(10) == 0 {
		data = make([]byte, 100_000+r.IntN(100_000))
	}
	for i := 0; i+8 <= len(data); i += 8 {
		binary.LittleEndian.PutUint64(data[i:], r.Uint64())
	}
	switch r.IntN(8) {
	case 0:
		t.Remove(k)
	case 1:
		t.Truncate(k, uint64(r.IntN(100_000)))
	case 2:
		t.WriteFull(k, data)
	default:
		t.Write(k, uint64(r.IntN(100_000)), data)
	}
	t.SetOmap(soakKey(r.Uint64()), store.Row{Key: fmt.Sprint(r.IntN(50)), Value: fmt.Append(nil, n)})
	t.AppendLog(pgOne, store.LogEntry{Version: store.Version{Epoch: 1, Seq: n}, Entry: fmt.Append(nil, "entry ", n)})
	if n > soakKeep {
		t.TrimLog(pgOne, store.Version{Epoch: 1, Seq: n - soakKeep})
	}
	t.SetInfo(pgOne, binary.LittleEndian.AppendUint64(nil, n))
	return t
}

// soakWriter goes on from where the store is, and writes the number of each transaction that
// is durable to standard output, for ever.
func soakWriter(dir string) error {
	s, err := Open(dir, Config{})
	if err != nil {
		return err
	}
	last, err := soakLast(s)
	if err != nil {
		return err
	}
	slots := make(chan struct{}, 32)
	for n := last + 1; ; n++ {
		slots <- struct{}{}
		err := s.Submit(soakTxn(n), func(err error) {
			if err == nil {
				_, err = os.Stdout.Write(binary.LittleEndian.AppendUint64(nil, n))
			}
			if err != nil {
				fmt.Fprintln(os.Stderr, "writer:", err)
				os.Exit(1)
			}
			<-slots
		})
		if err != nil {
			return err
		}
	}
}

func soakLast(s *Store) (uint64, error) {
	p, err := s.PG(pgOne)
	if err != nil || len(p.Info) == 0 {
		return 0, err
	}
	return binary.LittleEndian.Uint64(p.Info), nil
}

func TestKill(t *testing.T) {
	rounds := 4
	if text := os.Getenv(roundsEnv); text != "" {
		var err error
		if rounds, err = strconv.Atoi(text); err != nil {
			t.Fatalf("%s=%s: %v", roundsEnv, text, err)
		}
	}
	dir := filepath.Join(t.TempDir(), "osd.3")
	s := openNew(t, dir, Config{})
	do(t, s, func(txn *store.Txn) { txn.MakePG(pgOne, 1) })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	model := &soakModel{objects: make([]soakObject, soakObjects)}
	for round := range rounds {
		acked := killWriter(t, dir, model.last+uint64(1+rand.IntN(600)))
		s := reopen(t, dir, Config{})
		last := model.check(t, s, acked)
		t.Logf("round %d: %d was told, %d is there", round, acked, last)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if t.Failed() {
			return
		}
	}
}

// killWriter runs the writer, kills it at the moment that a number is told, and returns the last number that it
// told all the same.
func killWriter(t *testing.T, dir string, at uint64) (acked uint64) {
	t.Helper()
	writer := exec.Command(os.Args[0])
	writer.Env = append(os.Environ(), writerEnv+"="+dir)
	writer.Stderr = os.Stderr
	out, err := writer.StdoutPipe()
	if err == nil {
		err = writer.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	var number [8]byte
	for {
		if _, err := io.ReadFull(out, number[:]); err != nil {
			break
		}
		if acked = binary.LittleEndian.Uint64(number[:]); acked == at {
			if err := writer.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := writer.Wait(); acked < at {
		t.Fatalf("the writer ended by itself after %d: %v", acked, err)
	}
	return acked
}

// soakModel is what the store must be after a number of transactions.
type soakModel struct {
	last    uint64
	objects []soakObject
}

type soakObject struct {
	there bool
	data  []byte
	omap  map[string]string
}

// check demands that the store is as after some transaction, and that this is not one before acked.
func (m *soakModel) check(t *testing.T, s *Store, acked uint64) uint64 {
	t.Helper()
	fsckClean(t, s)
	last, err := soakLast(s)
	if err != nil || last < acked {
		t.Fatalf("%d was told, the store is at %d, error %v", acked, last, err)
	}
	for m.last < last {
		m.last++
		m.apply(soakTxn(m.last))
	}
	p, err := s.PG(pgOne)
	if err != nil || p.Head.Seq != last {
		t.Fatalf("info says %d, the log's head is %v, error %v", last, p.Head, err)
	}
	entries, more, err := s.LogAfter(pgOne, store.Version{}, 0)
	if err != nil || more || uint64(len(entries)) != min(last, soakKeep) {
		t.Errorf("a log of %d entries, more %v, error %v", len(entries), more, err)
	}
	for i, e := range entries {
		if n := last - uint64(len(entries)-1-i); e.Version.Seq != n || string(e.Entry) != fmt.Sprint("entry ", n) {
			t.Errorf("entry %v: %q, want %d", e.Version, e.Entry, n)
		}
	}
	for i := range m.objects {
		m.checkObject(t, s, soakKey(uint64(i)), m.objects[i])
	}
	return last
}

func (m *soakModel) apply(t *store.Txn) {
	for _, op := range t.Ops {
		if !op.Kind.OnObject() {
			continue
		}
		var at int
		_, _ = fmt.Sscanf(op.Key.Name, "object %d", &at)
		o := &m.objects[at]
		if op.Kind == store.OpRemove {
			*o = soakObject{}
			continue
		}
		o.there = true
		switch op.Kind {
		case store.OpWrite:
			if end := int(op.Off) + len(op.Data); end > len(o.data) {
				o.data = append(o.data, make([]byte, end-len(o.data))...)
			}
			copy(o.data[op.Off:], op.Data)
		case store.OpWriteFull:
			o.data = op.Data
		case store.OpTruncate:
			o.data = append(o.data, make([]byte, op.Len)...)[:op.Len]
		case store.OpSetOmap:
			if o.omap == nil {
				o.omap = map[string]string{}
			}
			o.omap[op.Rows[0].Key] = string(op.Rows[0].Value)
		}
	}
}

func (m *soakModel) checkObject(t *testing.T, s *Store, k store.Key, want soakObject) {
	t.Helper()
	got, _, err := s.Read(nil, k, 0, store.MaxObject)
	if !want.there {
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%v was removed: %v", k, err)
		}
		return
	}
	if err != nil || !bytes.Equal(got, want.data) {
		t.Errorf("%v: %d bytes, error %v; want %d bytes, or others", k, len(got), err, len(want.data))
	}
	rows, _, err := s.Omap(k, "", "", 0)
	if err != nil || len(rows) != len(want.omap) {
		t.Errorf("%v: omap %v, error %v, want %v", k, rows, err, want.omap)
	}
	for _, r := range rows {
		if want.omap[r.Key] != string(r.Value) {
			t.Errorf("%v: row %q is %q, want %q", k, r.Key, r.Value, want.omap[r.Key])
		}
	}
}

// TestTogether: writers, readers, listings and fsck at once, for the race detector.
func TestTogether(t *testing.T) {
	s := openNew(t, t.TempDir(), Config{})
	do(t, s, func(txn *store.Txn) { txn.MakePG(pgOne, 1) })
	const writers, each = 8, 40
	errs := make(chan error, 4*writers)
	for w := range writers {
		k := store.Key{Pool: 1, Hash: uint32(w), Name: "x"}
		go func() {
			for i := range each {
				want := bytes.Repeat([]byte{byte(w), byte(i)}, 3000)
				if err := try(s, func(txn *store.Txn) {
					txn.WriteFull(k, want)
					txn.SetVersion(k, store.Version{Seq: uint64(i)}, osdmap.UnixMilli(i))
				}); err != nil {
					errs <- err
					return
				}
				if got, _, err := s.Read(nil, k, 0, 10_000); err != nil || !bytes.Equal(got, want) {
					errs <- fmt.Errorf("writer %d, round %d: read %d bytes, %w", w, i, len(got), err)
					return
				}
			}
			errs <- nil
		}()
		go func() {
			for range each {
				from, to := store.SpanOf(pgOne, 1).Bounds()
				if _, _, err := s.List(from, to, 3); err != nil {
					errs <- err
					return
				}
				if _, err := s.PG(pgOne); err != nil {
					errs <- err
					return
				}
				_ = s.Stats()
			}
			errs <- nil
		}()
	}
	for range 2 * writers {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	fsckClean(t, s)
}
