package messengertest

import (
	"embed"
	"io/fs"
	"path"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"zeph/pkg/messenger"
	"zeph/pkg/messenger/messengertest/script"
)

// Scripts are the cases of the contract, for whoever has another world to play them in.
//
//go:embed testdata/*.txt
var Scripts embed.FS

// Backend is a transport under test.
type Backend struct {
	// Transport makes a transport of its own for each case.
	Transport func(testing.TB) messenger.Transport

	// Endpoint is where a messenger may listen, so that no other does: a port 0, a fresh name.
	Endpoint func(testing.TB) string
}

// Run holds a back end to the contract: all scripts, and the cases in Go.
func Run(t *testing.T, b Backend) {
	t.Run("scripts", func(t *testing.T) {
		RunScripts(t, func(t *testing.T, s *script.Script) { b.play(t, s, wall) })
	})
	b.runGo(t)
}

// RunBubbles plays the scripts on a clock of their own: what takes an hour takes no time, and a
// goroutine that is left over fails the test. The transport must allow it: no sockets.
func RunBubbles(t *testing.T, b Backend) {
	RunScripts(t, func(t *testing.T, s *script.Script) {
		synctest.Test(t, func(t *testing.T) { b.play(t, s, bubble) })
	})
}

// The clocks. How long a script waits for something that will happen is seen only when something
// does not, so it may be generous.
var (
	wall   = clock{wallPatience, func() {}}
	bubble = clock{30 * time.Minute, synctest.Wait}
)

const wallPatience = 20 * time.Second

// RunScripts has each script played in a test of its own.
func RunScripts(t *testing.T, play func(*testing.T, *script.Script)) {
	names, err := fs.Glob(Scripts, "testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		title := strings.TrimSuffix(path.Base(name), ".txt")
		t.Run(title, func(t *testing.T) {
			text, err := fs.ReadFile(Scripts, name)
			if err != nil {
				t.Fatal(err)
			}
			s, err := script.Parse(title, string(text))
			if err != nil {
				t.Fatal(err)
			}
			play(t, s)
		})
	}
}

// play plays one script with real messengers.
func (b Backend) play(t *testing.T, s *script.Script, c clock) {
	t.Helper()
	open := openWorld(b.Transport(t), func() string { return b.Endpoint(t) }, c)
	ok, err := s.Run(open)
	if err != nil {
		t.Error(err)
	} else if !ok {
		t.Skipf("the world has no %v", s.Needs)
	}
}
