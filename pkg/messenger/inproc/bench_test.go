package inproc

import (
	"strconv"
	"testing"
)

// BenchmarkPipe is one way, by size of what one Writev is given: a small message each, then
// what a busy session gathers.
func BenchmarkPipe(b *testing.B) {
	for _, size := range []int{200, 4 << 10, 64 << 10, 1 << 20} {
		b.Run(strconv.Itoa(size), func(b *testing.B) { benchPipe(b, size) })
	}
}

func benchPipe(b *testing.B, size int) {
	p := newPipe()
	done := make(chan int)
	go func() {
		got := 0
		buf := make([]byte, 64<<10)
		for {
			n, err := p.read(buf)
			got += n
			if err != nil {
				done <- got
				return
			}
		}
	}()
	b.SetBytes(int64(size))
	b.ReportAllocs()
	bufs := [][]byte{make([]byte, size)}
	rest := make([][]byte, 1)
	for b.Loop() {
		for rest[0] = bufs[0]; len(rest[0]) > 0; {
			n, err := p.write(rest, true)
			if err != nil {
				b.Fatal(err)
			}
			rest[0] = rest[0][n:]
		}
	}
	p.closeWriter()
	if got := <-done; got != b.N*size {
		b.Fatalf("%d bytes came, want %d", got, b.N*size)
	}
}

// BenchmarkPingPong is the time there and back with one small message under way.
func BenchmarkPingPong(b *testing.B) {
	there, back := newPipe(), newPipe()
	go func() {
		buf := make([]byte, 200)
		for {
			n, err := there.read(buf)
			if err != nil {
				return
			}
			back.write([][]byte{buf[:n]}, true)
		}
	}()
	b.ReportAllocs()
	buf := make([]byte, 200)
	bufs := [][]byte{buf}
	for b.Loop() {
		there.write(bufs, true)
		back.read(buf)
	}
	there.closeWriter()
}
