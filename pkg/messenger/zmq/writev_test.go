package zmq

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"testing"
	"time"

	"zeph/pkg/messenger"
)

// everywhere runs a test over each kind of socket.
func everywhere(t *testing.T, test func(t *testing.T, from, to messenger.Conn)) {
	for _, endpoint := range []string{"tcp://127.0.0.1:0", "ipc://"} {
		t.Run(endpoint[:3], func(t *testing.T) {
			from, to := pair(t, Settings{SendBuffer: 64 << 10, ReceiveBuffer: 64 << 10}, endpoint)
			test(t, from, to)
		})
	}
}

// fill writes without waiting until there is no room left, and returns what was written.
func fill(t *testing.T, c messenger.Conn) []byte {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 1))
	var written []byte
	for {
		p := make([]byte, 10_000)
		for i := range p {
			p[i] = byte(rng.Uint32())
		}
		n, err := c.Writev([][]byte{p[:1], nil, p[1:5000], p[5000:]}, false)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return written
		}
		written = append(written, p[:n]...)
	}
}

// A peer that does not read costs its sender no time, and finds everything in order later.
func TestWritevDoesNotWait(t *testing.T) {
	everywhere(t, func(t *testing.T, from, to messenger.Conn) {
		written := fill(t, from)
		if len(written) == 0 || len(written) > 16<<20 {
			t.Fatalf("there was room for %d bytes", len(written))
		}
		if got := read(t, to, len(written)); !bytes.Equal(got, written) {
			t.Error("what was read is not what was written")
		}
		talk(t, from, to)
	})
}

// With room for nothing, waiting ends in progress or not at all; here, in a deadline.
func TestWritevWaitsForRoom(t *testing.T) {
	everywhere(t, func(t *testing.T, from, _ messenger.Conn) {
		fill(t, from)
		if err := from.(*conn).net.SetWriteDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		for {
			n, err := from.Writev([][]byte{[]byte("more")}, true)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				return
			}
			if n == 0 || err != nil {
				t.Fatalf("%d, %v", n, err)
			}
		}
	})
}

// Waiting ends with the first progress.
func TestWritevWaits(t *testing.T) {
	everywhere(t, func(t *testing.T, from, to messenger.Conn) {
		written := fill(t, from)
		more := bytes.Repeat([]byte("more"), 16<<20)
		progress := make(chan int)
		go func() {
			n, err := from.Writev([][]byte{more[:3], more[3:]}, true)
			if err != nil {
				t.Error(err)
			}
			progress <- n
		}()
		if got := read(t, to, len(written)); !bytes.Equal(got, written) {
			t.Error("what was read is not what was written")
		}
		n := <-progress
		if n <= 0 || n >= len(more) {
			t.Fatalf("%d of %d bytes were written", n, len(more))
		}
		if got := read(t, to, n); !bytes.Equal(got, more[:n]) {
			t.Error("what was read is not what was written")
		}
	})
}

func TestCloseEndsWritev(t *testing.T) {
	everywhere(t, func(t *testing.T, from, _ messenger.Conn) {
		fill(t, from)
		done := make(chan error)
		go func() {
			_, err := from.Writev([][]byte{[]byte("more")}, true)
			done <- err
		}()
		if err := from.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; !errors.Is(err, net.ErrClosed) {
			t.Errorf("Writev under way: %v", err)
		}
		for _, wait := range []bool{false, true} {
			if n, err := from.Writev([][]byte{[]byte("more")}, wait); n != 0 || !errors.Is(err, net.ErrClosed) {
				t.Errorf("Writev after Close: %d, %v", n, err)
			}
		}
	})
}

func TestCloseEndsRead(t *testing.T) {
	everywhere(t, func(t *testing.T, from, to messenger.Conn) {
		done := make(chan error)
		go func() {
			_, err := to.Read(make([]byte, 1))
			done <- err
		}()
		if err := to.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; !errors.Is(err, net.ErrClosed) {
			t.Errorf("Read under way: %v", err)
		}
		if _, err := from.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("Read at the other end: %v", err)
		}
	})
}

// A peer that is gone is an error, in either mode, once the kernel knows.
func TestWritevToNobody(t *testing.T) {
	for _, wait := range []bool{false, true} {
		everywhere(t, func(t *testing.T, from, to messenger.Conn) {
			if err := to.Close(); err != nil {
				t.Fatal(err)
			}
			eventually(t, "Writev fails", func() bool {
				_, err := from.Writev([][]byte{[]byte("anybody"), []byte("there?")}, wait)
				return err != nil
			})
		})
	}
}

func TestWritevShapes(t *testing.T) {
	large := make([]byte, 5<<20)
	for i := range large {
		large[i] = byte(i * i >> 8)
	}
	many := slices.Collect(slices.Chunk(large[:30_000], 7)) // more than one call takes
	tests := map[string][][]byte{
		"nothing":        nil,
		"empty":          {{}, nil, {}},
		"one":            {[]byte("x")},
		"empty then one": {nil, {}, []byte("x")},
		"one then empty": {[]byte("x"), {}, nil},
		"many":           many,
		"many empty":     append(make([][]byte, 5000), many...),
		"large":          {large},
		"large parts":    {large[:3<<20], {}, large[3<<20:]},
	}
	for name, bufs := range tests {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, from, to messenger.Conn) {
				before := slices.Clone(bufs)
				want := slices.Concat(bufs...)
				heard := make(chan []byte)
				go func() {
					p := make([]byte, len(want))
					_, _ = io.ReadFull(to, p)
					heard <- p
				}()
				if err := writeAll(from, make([][]byte, len(bufs)), bufs); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(<-heard, want) {
					t.Error("what was read is not what was written")
				}
				for i := range bufs {
					if len(bufs[i]) != len(before[i]) {
						t.Fatal("Writev changed the slices it was given")
					}
				}
				for _, wait := range []bool{false, true} {
					if n, err := from.Writev([][]byte{nil, {}}, wait); n != 0 || err != nil {
						t.Errorf("Writev of nothing: %d, %v", n, err)
					}
				}
			})
		})
	}
}

func TestWritevDoesNotAllocate(t *testing.T) {
	everywhere(t, func(t *testing.T, from, to messenger.Conn) {
		drain(to, 64<<10)
		bufs := [][]byte{make([]byte, 128), make([]byte, 4096), make([]byte, 20)}
		for _, wait := range []bool{false, true} {
			for _, bufs := range [][][]byte{bufs, bufs[:1]} {
				allocs := testing.AllocsPerRun(1000, func() {
					if _, err := from.Writev(bufs, wait); err != nil {
						t.Fatal(err)
					}
				})
				if allocs != 0 {
					t.Errorf("%d buffers, wait %v: %v allocations", len(bufs), wait, allocs)
				}
			}
		}
	})
}
