package core

import (
	"fmt"
	"time"

	"zeph/pkg/osdmap"
)

// Core is the logic of one daemon or client. Step moves it by one event and returns what must
// happen next, in order. The slice is the caller's until the next Step.
type Core interface {
	Step(now Time, ev Event) []Effect
}

// Event is something that happened. The package lists the kinds; each core adds some of its own.
type Event any

// Effect is something that a core wants done.
type Effect any

// Time is when an event reaches a core.
type Time struct {
	Mono time.Duration    // since some start of the world's choosing; counts suspended time, never falls
	Wall osdmap.UnixMilli // for people and stamps only: it may jump
}

// After reports whether the time has come: whether t is at, or past, a monotonic instant.
func (t Time) After(at time.Duration) bool { return t.Mono >= at }

// Token tells things under way apart: calls, transactions, reads, proposals. It comes back with
// the event that ends them. A core uses each but once.
type Token struct {
	PG osdmap.PGID // whose it is; zero: the core's own
	N  uint64
}

// String is for traces.
func (t Token) String() string {
	if t.PG == (osdmap.PGID{}) {
		return fmt.Sprint(t.N)
	}
	return fmt.Sprintf("%v/%d", t.PG, t.N)
}

// Continue is an effect that comes back as an event, after others that wait: so long work is cut
// into slices.
type Continue struct {
	Token Token
}

// SetTimer asks for a Fired of the same key, no earlier than at. It takes nothing back: several
// may be under way with one key, and a core ignores those it no longer wants.
type SetTimer struct {
	Key any           // comparable; printed in traces
	At  time.Duration // monotonic
}

// Fired says that a timer's time has come, possibly long ago.
type Fired struct {
	Key any
}

// Log is a line of the daemon's log: a constant message, then keys and values in turn.
type Log struct {
	Level   Level
	Message string
	Args    []any
}

// Level says for whom a line of the log is. The values are those of log/slog.
type Level int

// The levels.
const (
	Debug Level = -4 // each message
	Info  Level = 0  // a change of state
	Warn  Level = 4  // something was wrong, and has been dealt with
	Error Level = 8  // needs a person
)

// Exit ends the daemon, with an error or well (nil).
type Exit struct {
	Err error
}
