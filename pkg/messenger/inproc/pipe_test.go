package inproc

import (
	"bytes"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"

	"pgregory.net/rapid"
)

// Whatever the sizes of writes and reads, the bytes come out as they went in.
func TestPipeKeepsBytesInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := newPipe()
		var in, out byte
		held := 0
		t.Repeat(map[string]func(*rapid.T){
			"write": func(t *rapid.T) {
				sizes := rapid.SliceOfN(rapid.IntRange(0, 100_000), 0, 5).Draw(t, "sizes")
				n, err := p.write(counting(&in, sizes), false)
				if err != nil {
					t.Fatal(err)
				}
				if want := sum(sizes); n > want {
					t.Fatalf("wrote %d of %d bytes", n, want)
				} else {
					in -= byte(want - n) // what did not fit
				}
				held += n
			},
			"read": func(t *rapid.T) {
				if held == 0 {
					return
				}
				b := make([]byte, rapid.IntRange(1, 100_000).Draw(t, "size"))
				n, err := p.read(b)
				if n == 0 || err != nil {
					t.Fatal(n, err)
				}
				checkCounting(t, &out, b[:n])
				held -= n
			},
			"": func(t *rapid.T) {
				if held < 0 || held > minRing+growth*minRing+maxRing {
					t.Fatalf("%d bytes are held", held)
				}
			},
		})
	})
}

type fataler interface{ Fatalf(string, ...any) }

// counting fills buffers with bytes that count on from next.
func counting(next *byte, sizes []int) [][]byte {
	bufs := make([][]byte, 0, len(sizes))
	for _, size := range sizes {
		b := make([]byte, size)
		for i := range b {
			b[i] = *next
			*next++
		}
		bufs = append(bufs, b)
	}
	return bufs
}

func checkCounting(t fataler, next *byte, b []byte) {
	for i, c := range b {
		if c != *next {
			t.Fatalf("byte %d of %d is %d, want %d", i, len(b), c, *next)
		}
		*next++
	}
}

func sum(sizes []int) int {
	n := 0
	for _, size := range sizes {
		n += size
	}
	return n
}

// A writer and a reader at full speed, with the writer waiting and the reader waiting.
func TestPipeAcrossGoroutines(t *testing.T) {
	t.Parallel()
	const total = 8 << 20
	p := newPipe()
	go func() {
		defer p.closeWriter()
		var next byte
		for sent, size := 0, 1; sent < total; size = size*5%99_991 + 1 {
			b := counting(&next, []int{min(size, total-sent)})
			sent += len(b[0])
			for len(b[0]) > 0 {
				n, err := p.write(b, true)
				if n == 0 || err != nil {
					t.Errorf("write = %d, %v", n, err)
					return
				}
				b[0] = b[0][n:]
			}
		}
	}()
	var next byte
	got := 0
	for b := make([]byte, 70_000); ; {
		n, err := p.read(b)
		checkCounting(t, &next, b[:n])
		got += n
		if err != nil {
			if err != io.EOF || got != total {
				t.Fatalf("%d of %d bytes, then %v", got, total, err)
			}
			return
		}
	}
}

func TestPipeSaysThatItIsFull(t *testing.T) {
	t.Parallel()
	p := newPipe()
	big := [][]byte{make([]byte, 1<<20)}
	n, err := p.write(big, true)
	if err != nil || n < maxRing || n > minRing+growth*minRing+maxRing {
		t.Fatalf("write = %d, %v, want as much as the pipe holds", n, err)
	}
	for _, bufs := range [][][]byte{big, {nil, {1}}} {
		if n, err := p.write(bufs, false); n != 0 || err != nil {
			t.Errorf("write to a full pipe = %d, %v, want 0, nil", n, err)
		}
	}
	for _, bufs := range [][][]byte{nil, {}, {nil}} {
		if n, err := p.write(bufs, true); n != 0 || err != nil {
			t.Errorf("write of nothing = %d, %v, want 0, nil", n, err)
		}
	}
	if _, err := p.read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	left := n - 1
	for b := make([]byte, 5000); left > 0; {
		n, err := p.read(b)
		if err != nil {
			t.Fatal(err)
		}
		left -= n
	}
	if n, err := p.write([][]byte{{1}, {2, 3}}, true); n != 3 || err != nil {
		t.Errorf("write to an emptied pipe = %d, %v, want 3", n, err)
	}
}

func TestPipeEnds(t *testing.T) {
	t.Parallel()
	b := make([]byte, 10)
	p := newPipe()
	p.write([][]byte{[]byte("last words")}, false)
	p.closeWriter()
	if n, err := p.read(b); err != nil || !bytes.Equal(b[:n], []byte("last words")) {
		t.Errorf("read = %q, %v, want what was written before the end", b[:n], err)
	}
	if n, err := p.read(b); n != 0 || err != io.EOF {
		t.Errorf("read = %d, %v, want EOF", n, err)
	}
	if n, err := p.write([][]byte{b}, true); n != 0 || !errors.Is(err, net.ErrClosed) {
		t.Errorf("write after close = %d, %v", n, err)
	}

	p = newPipe()
	p.write([][]byte{b}, false)
	p.closeReader()
	if n, err := p.write([][]byte{b}, true); n != 0 || !errors.Is(err, syscall.EPIPE) {
		t.Errorf("write to a reader that left = %d, %v", n, err)
	}
	if n, err := p.read(b); n != 0 || !errors.Is(err, net.ErrClosed) {
		t.Errorf("read after close = %d, %v", n, err)
	}
}
