package script

import (
	"fmt"
	"strings"
)

// expectation is what a script waits for.
type expectation struct {
	node   string
	groups []group // seen one after the other
	state  string  // holds, tells, lost, sent, idle; empty: not asked
	count  int     // of the first three
}

// group is what is seen in any order: each chain in its own.
type group []*chain

// chain is events one after the other.
type chain struct {
	events []string
	some   bool // events may be left out, but not the last, and not none
	left   int  // how many were
}

// met sees what there is to see, and reports whether that is all.
func (x *expectation) met(w World, log *Log) bool {
	for len(x.groups) > 0 {
		for log.take(x.node, x.groups[0].accept) {
		}
		if !x.groups[0].done() {
			return false
		}
		x.groups = x.groups[1:]
	}
	return x.unmet(w) == ""
}

// unmet says what is missing; empty if nothing is.
func (x *expectation) unmet(w World) string {
	if len(x.groups) > 0 {
		return "never seen: " + x.groups[0].String()
	}
	st := w.State(x.node)
	counts := map[string]int{"holds": st.Kept, "tells": st.Heard, "lost": st.Lost}
	if n, ok := counts[x.state]; ok && n != x.count {
		return fmt.Sprintf("%s %d", x.state, n)
	}
	busy := x.state == "idle" && (st.Held != 0 || st.Calls != 0)
	if busy || (x.state == "idle" || x.state == "sent") && st.Queued != 0 {
		return fmt.Sprintf("has %d bytes to send, %d not let go of, %d calls", st.Queued, st.Held, st.Calls)
	}
	return ""
}

func (g group) done() bool {
	for _, c := range g {
		if len(c.events) > 0 {
			return false
		}
	}
	return true
}

func (g group) accept(event string) bool {
	for _, c := range g {
		if c.accept(event) {
			return true
		}
	}
	return false
}

func (c *chain) accept(event string) bool {
	for i, want := range c.events {
		if want == event {
			last := i == len(c.events)-1
			if c.left += i; c.some && last && c.left == 0 {
				return false // nothing was lost
			}
			c.events = c.events[i+1:]
			return true
		}
		if !c.some {
			break
		}
	}
	return false
}

// String is what is still to be seen.
func (g group) String() string {
	var parts []string
	for _, c := range g {
		if n := len(c.events); n > 1 {
			parts = append(parts, fmt.Sprintf("%s and %d more", c.events[0], n-1))
		} else if n == 1 {
			parts = append(parts, c.events[0])
		}
	}
	const most = 5
	if more := len(parts) - most; more > 0 {
		parts = append(parts[:most], fmt.Sprintf("… and %d more", more))
	}
	return strings.Join(parts, " and ")
}
