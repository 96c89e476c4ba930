package zmq

import (
	"errors"
	"os"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"zeph/pkg/messenger"
)

// descriptors counts what this process has open.
func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc: ", err)
	}
	return len(entries)
}

// TestNothingIsLeft runs through handshakes that fail in every way, and some that do not.
func TestNothingIsLeft(t *testing.T) {
	var attempts [][]byte
	for _, bad := range badGreetings {
		attempts = append(attempts, bad.said)
	}
	for _, bad := range badReadys {
		attempts = append(attempts, slices.Concat(greeting(), bad.said))
	}
	for _, good := range goodReadys {
		attempts = append(attempts, slices.Concat(greeting(), good))
	}
	goroutines, open := runtime.NumGoroutine(), descriptors(t)
	t.Run("attempts", func(t *testing.T) {
		for _, said := range attempts {
			nc, router := stranger(t)
			say(t, nc, said)
			_ = router.Handshake(soon())
		}
		for _, said := range stages() {
			nc, router := stranger(t)
			say(t, nc, said)
			_ = router.Handshake(time.Now().Add(time.Millisecond))
		}
	}) // its end closes all connections
	eventually(t, "goroutines end", func() bool { return runtime.NumGoroutine() <= goroutines })
	eventually(t, "descriptors are closed", func() bool { return descriptors(t) <= open })
}

// Accept hands the lack of descriptors to its caller, and works again when there are some.
func TestDescriptorsExhausted(t *testing.T) {
	l := listen(t, Settings{}, "tcp://127.0.0.1:0", messenger.Router)
	dealer := dial(t, Settings{}, l.Endpoint(), messenger.Dealer)

	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	next, err := os.Open("/")
	if err != nil {
		t.Fatal(err)
	}
	lower := syscall.Rlimit{Cur: uint64(next.Fd()), Max: limit.Max}
	if err := next.Close(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &lower); err != nil {
		t.Skip("cannot lower the limit: ", err)
	}
	_, err = l.Accept()
	if again := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); again != nil {
		t.Fatal(again)
	}
	if !errors.Is(err, syscall.EMFILE) {
		t.Errorf("got %v, want %v", err, syscall.EMFILE)
	}
	handshakes(t, dealer, accept(t, l))
}
