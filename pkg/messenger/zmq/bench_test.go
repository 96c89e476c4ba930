package zmq

import (
	"fmt"
	"testing"

	"zeph/pkg/messenger"
)

// drain reads all that comes, and reports when it ends.
func drain(c messenger.Conn, size int) <-chan int {
	total := make(chan int, 1)
	go func() {
		buf, sum := make([]byte, size), 0
		for {
			n, err := c.Read(buf)
			sum += n
			if err != nil {
				total <- sum
				return
			}
		}
	}()
	return total
}

// stream writes bufs once for each round of the benchmark, and waits until all has arrived.
func stream(b *testing.B, from, to messenger.Conn, bufs [][]byte) {
	b.Helper()
	size := 0
	for _, p := range bufs {
		size += len(p)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	got := drain(to, 256<<10)
	b.ResetTimer()
	rest := make([][]byte, len(bufs))
	for range b.N {
		if err := writeAll(from, rest, bufs); err != nil {
			b.Fatal(err)
		}
	}
	if err := from.Close(); err != nil {
		b.Fatal(err)
	}
	if n := <-got; n != b.N*size {
		b.Fatalf("%d bytes arrived of %d", n, b.N*size)
	}
}

// writeAll writes all of bufs. It works in rest, which is as long.
func writeAll(c messenger.Conn, rest, bufs [][]byte) error {
	rest = rest[:copy(rest, bufs)]
	for len(rest) > 0 {
		n, err := c.Writev(rest, true)
		if err != nil {
			return err
		}
		for len(rest) > 0 && n >= len(rest[0]) {
			n -= len(rest[0])
			rest = rest[1:]
		}
		if n > 0 {
			rest[0] = rest[0][n:]
		}
	}
	return nil
}

func buffers(n, size int) [][]byte {
	bufs := make([][]byte, n)
	for i := range bufs {
		bufs[i] = make([]byte, size)
	}
	return bufs
}

// BenchmarkBuffers holds fixed buffer sizes against the kernel's own choice.
func BenchmarkBuffers(b *testing.B) {
	const kernel, small, large = KernelSize, 256 << 10, 1 << 20
	for _, s := range []Settings{
		{SendBuffer: kernel, ReceiveBuffer: kernel},
		{SendBuffer: small, ReceiveBuffer: kernel},
		{SendBuffer: small, ReceiveBuffer: small},
		{SendBuffer: large, ReceiveBuffer: kernel},
		{SendBuffer: large, ReceiveBuffer: large},
	} {
		for _, endpoint := range []string{"tcp://127.0.0.1:0", "ipc://"} {
			for _, message := range []int{4 << 10, 64 << 10, 4 << 20} {
				b.Run(fmt.Sprintf("%.3s/send=%s/receive=%s/message=%s", endpoint, kib(s.SendBuffer), kib(s.ReceiveBuffer), kib(message)), func(b *testing.B) {
					from, to := pair(b, s, endpoint)
					stream(b, from, to, buffers(1, message))
				})
			}
		}
	}
}

func kib(size int) string {
	if size == KernelSize {
		return "kernel"
	}
	return fmt.Sprintf("%dKiB", size>>10)
}

// BenchmarkWritev writes many buffers at a time, as an outbox under load does.
func BenchmarkWritev(b *testing.B) {
	for _, shape := range []struct{ count, size int }{{1, 64}, {16, 64}, {256, 64}, {2, 4 << 10}, {128, 4 << 10}, {1024, 4 << 10}, {1, 4 << 20}, {64, 64 << 10}} {
		b.Run(fmt.Sprintf("%dx%dB", shape.count, shape.size), func(b *testing.B) {
			from, to := pair(b, Settings{}, "tcp://127.0.0.1:0")
			stream(b, from, to, buffers(shape.count, shape.size))
		})
	}
}
