package zmq_test

import (
	"os"
	"runtime"
	"testing"
	"time"

	"zeph/pkg/messenger"
	"zeph/pkg/wire"
)

// openDescriptors counts what this process has open.
func openDescriptors(t testing.TB) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc: ", err)
	}
	return len(entries)
}

// A thousand from the honest client's own address, greeted and not, who say no more: the oldest
// of them go, and the honest stay and come as they like.
func TestHostileIdleCrowd(t *testing.T) {
	const n, most = 1000, 64
	s := besieged(t, messenger.Limits{Hello: 10 * siegePatience, Strangers: most})
	s.during(func() {
		for k := range n {
			i := s.intrude("data")
			if k%2 == 0 {
				_ = i.say(zmtpGreeting(), i.ready())
			}
			if k%250 == 249 {
				if err := s.settleMore(wire.GID(100 + k)).call(1000); err != nil {
					t.Error("one who came meanwhile: ", err)
				}
			}
		}
		waitFor(t, "most are gone", func() bool {
			st := s.m.Stats()
			return st.Strangers <= most && st.Refused >= n-most
		})
	})
	if strangers := s.m.Stats().Strangers; strangers == 0 {
		t.Error("all are gone")
	}
}

// Sessions may be idle as long as they like.
func TestHostileIdleSessions(t *testing.T) {
	const n = 300
	s := besieged(t, messenger.Limits{Stall: 200 * time.Millisecond})
	before, goroutines := heap(), runtime.NumGoroutine()
	var crowd []*intruder
	s.during(func() {
		for range n {
			crowd = append(crowd, s.intrude("data").enter())
		}
	})
	t.Logf("a session costs %d bytes and %d goroutines, both ends' buffers included", (heap()-before)/n, (runtime.NumGoroutine()-goroutines)/n)
	for _, i := range crowd {
		i.alive()
	}
}

// A thousand who come and go at any stage leave nothing: no goroutine, descriptor or memory.
func TestHostileComeAndGo(t *testing.T) {
	const n = 1000
	s := besieged(t, messenger.Limits{Hello: 10 * siegePatience})
	s.comeAndGo(t, 10) // whatever is made once
	before, goroutines, open := heap(), runtime.NumGoroutine(), openDescriptors(t)
	s.during(func() { s.comeAndGo(t, n) })
	waitFor(t, "the goroutines have ended", func() bool { return runtime.NumGoroutine() <= goroutines })
	waitFor(t, "the descriptors are closed", func() bool { return openDescriptors(t) <= open })
	waitFor(t, "the memory is free", func() bool { return heap() < before+1<<20 })
}

// comeAndGo has n intruders come as far as a stage each, and go.
func (s *siege) comeAndGo(t *testing.T, n int) {
	t.Run("visits", func(t *testing.T) { // at its end, nothing of theirs is left on this side
		for k := range n {
			i := intrudeAt(t, s.m.Addrs()["data"], "data")
			switch k % 5 {
			case 1:
				_ = i.say(zmtpGreeting(), i.ready())
			case 2:
				i.greet()
			case 3:
				i.enter()
			case 4:
				i.enter()
				_ = i.say(halfFrame(i.next(1), 100<<10, 50<<10))
			}
			if k%2 == 0 {
				_ = i.conn.CloseWrite()
				i.cut()
			}
			i.leave()
		}
	})
	s.rid()
	waitFor(t, "nobody is a stranger", func() bool { return s.m.Stats().Strangers == 0 })
	s.nothingHeld()
}
