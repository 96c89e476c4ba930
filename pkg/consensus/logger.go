package consensus

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
)

// raftLog passes raft's log on. raft calls an error what goes by with a member that is away, and says so
// many times a second: here it is a warning, and each message of one kind comes once in a while.
type raftLog struct {
	to *slog.Logger

	mu   sync.Mutex
	said map[string]time.Time
}

const quiet = 10 * time.Second

func newRaftLog(to *slog.Logger) hclog.Logger {
	l := hclog.NewInterceptLogger(&hclog.LoggerOptions{Output: io.Discard, Level: hclog.Off})
	l.RegisterSink(&raftLog{to: to, said: make(map[string]time.Time)})
	return l
}

// Accept passes a line on.
func (l *raftLog) Accept(_ string, level hclog.Level, msg string, args ...any) {
	to := slog.LevelDebug
	switch {
	case level >= hclog.Warn && l.first(msg, args):
		to = slog.LevelWarn
	case level == hclog.Info:
		to = slog.LevelDebug // its changes of state come as our own events
	}
	if !l.to.Enabled(context.Background(), to) {
		return
	}
	for i, a := range args {
		if f, ok := a.(hclog.Format); ok && len(f) > 0 {
			args[i] = fmt.Sprintf(fmt.Sprint(f[0]), f[1:]...)
		}
	}
	l.to.Log(context.Background(), to, "raft: "+msg, args...)
}

// first reports whether nothing like it was said lately.
func (l *raftLog) first(msg string, args []any) bool {
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] == "peer" || args[i] == "server-id" || args[i] == "target" {
			msg += fmt.Sprint(args[i+1])
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if last, ok := l.said[msg]; ok && now.Sub(last) < quiet {
		return false
	}
	l.said[msg] = now
	return true
}
