package disk

import (
	"fmt"
	"sync/atomic"
	"testing"

	"zeph/pkg/store"
)

// BenchmarkSubmit writes new objects of 4 KiB with a log entry and an info, durably.
func BenchmarkSubmit(b *testing.B) {
	for _, submitters := range []int{1, 16, 64} {
		b.Run(fmt.Sprint(submitters), func(b *testing.B) {
			s := openNew(b, b.TempDir(), Config{})
			do(b, s, func(t *store.Txn) { t.MakePG(pgOne, 1) })
			data := make([]byte, 4096)
			b.SetBytes(int64(len(data)))
			bench(b, submitters, func(n uint64) error { return try(s, func(t *store.Txn) { benchTxn(t, n, data) }) })
		})
	}
}

// BenchmarkOverwrite writes 4 KiB at random places of 16 objects of 4 MiB.
func BenchmarkOverwrite(b *testing.B) {
	for _, submitters := range []int{1, 16} {
		b.Run(fmt.Sprint(submitters), func(b *testing.B) {
			s := openNew(b, b.TempDir(), Config{})
			do(b, s, func(t *store.Txn) { t.MakePG(pgOne, 1) })
			for i := range 16 {
				do(b, s, func(t *store.Txn) { t.Write(store.Key{Pool: 1, Hash: uint32(i), Name: "x"}, 0, make([]byte, 4<<20)) })
			}
			data := make([]byte, 4096)
			b.SetBytes(int64(len(data)))
			bench(b, submitters, func(n uint64) error {
				at := n * 0x9e3779b97f4a7c15
				return try(s, func(t *store.Txn) {
					t.Write(store.Key{Pool: 1, Hash: uint32(at >> 60), Name: "x"}, at>>32%1024*4096, data)
				})
			})
		})
	}
}

// BenchmarkLarge writes new objects of 4 MiB.
func BenchmarkLarge(b *testing.B) {
	s := openNew(b, b.TempDir(), Config{})
	do(b, s, func(t *store.Txn) { t.MakePG(pgOne, 1) })
	data := make([]byte, 4<<20)
	b.SetBytes(int64(len(data)))
	bench(b, 4, func(n uint64) error {
		return try(s, func(t *store.Txn) { t.Write(store.Key{Pool: 1, Hash: uint32(n), Name: "x"}, 0, data) })
	})
}

func BenchmarkRead(b *testing.B) {
	s := openNew(b, b.TempDir(), Config{})
	do(b, s, func(t *store.Txn) { t.MakePG(pgOne, 1) })
	const objects = 1000
	data := make([]byte, 4096)
	for n := range uint64(objects) {
		do(b, s, func(t *store.Txn) { benchTxn(t, n, data) })
	}
	large := store.Key{Pool: 1, Name: "large"}
	do(b, s, func(t *store.Txn) { t.Write(large, 0, make([]byte, 4<<20)) })
	b.Run("4KiB", func(b *testing.B) {
		b.SetBytes(4096)
		buffer := make([]byte, 0, 4096)
		for n := uint64(0); b.Loop(); n++ {
			if _, _, err := s.Read(buffer, benchKey(n%objects), 0, 4096); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("4MiB", func(b *testing.B) {
		b.SetBytes(4 << 20)
		buffer := make([]byte, 0, 4<<20)
		for b.Loop() {
			if _, _, err := s.Read(buffer, large, 0, 4<<20); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func benchKey(n uint64) store.Key {
	return store.Key{Pool: 1, Hash: uint32(n * 0x9e3779b9), Name: fmt.Sprint("object ", n)}
}

func benchTxn(t *store.Txn, n uint64, data []byte) {
	t.Write(benchKey(n), 0, data)
	t.SetVersion(benchKey(n), store.Version{Epoch: 1, Seq: n + 1}, 0)
	t.SetInfo(pgOne, data[:200])
	t.SetRows(pgOne, store.Row{Key: fmt.Sprint(n % 1000), Value: data[:200]})
}

// bench calls do b.N times from so many goroutines at once, with numbers that differ.
func bench(b *testing.B, submitters int, do func(n uint64) error) {
	b.Helper()
	var next atomic.Uint64
	errs := make(chan error, submitters)
	b.ResetTimer()
	for range submitters {
		go func() {
			for {
				n := next.Add(1)
				if n > uint64(b.N) {
					errs <- nil
					return
				}
				if err := do(n); err != nil {
					errs <- err
					return
				}
			}
		}()
	}
	for range submitters {
		if err := <-errs; err != nil {
			b.Fatal(err)
		}
	}
}
