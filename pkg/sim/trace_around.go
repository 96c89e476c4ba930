package sim

import (
	"bytes"
	"time"
)

// Around repeats a run up to a violation, and gives the last lines of its trace before it that say something of what it
// is about: messages and steps for its placement group, what clients did with its object, faults, and what daemons logged.
func Around(o Options, v *Violation, n int) []string {
	a := &around{pg: field("pg", v.PG), object: field("object", v.Object), until: v.At, n: n}
	o.Trace = a
	Try(o)
	return a.lines
}

// around keeps the newest lines that matter.
type around struct {
	pg, object []byte // as lines have them; nil: whatever
	until      time.Duration
	n          int
	lines      []string
}

func field(name, value string) []byte {
	if value == "" {
		return nil
	}
	return append(appendString([]byte(`"`+name+`":`), value), ',')
}

// Write takes one line.
func (a *around) Write(line []byte) (int, error) {
	if timeOf(line) <= a.until && a.matters(line) {
		if len(a.lines) == a.n {
			a.lines = append(a.lines[:0], a.lines[1:]...)
		}
		a.lines = append(a.lines, string(bytes.TrimSuffix(line, []byte("\n"))))
	}
	return len(line), nil
}

// matters reports whether a line says something of what the violation is about.
func (a *around) matters(line []byte) bool {
	flat := append(bytes.TrimSuffix(line, []byte("}\n")), ',')
	switch {
	case bytes.Contains(flat, []byte(`"event":"session",`)), bytes.Contains(flat, []byte(`"event":"durable",`)):
		return false
	case bytes.Contains(flat, []byte(`"object":`)):
		return a.object == nil && (a.pg == nil || bytes.Contains(flat, a.pg)) || a.object != nil && bytes.Contains(flat, a.object)
	case bytes.Contains(flat, []byte(`"event":"step",`)):
		return false // what was stepped with had its line when it arrived
	case bytes.Contains(flat, []byte(`"peer":`)):
		return a.pg == nil || bytes.Contains(flat, a.pg)
	}
	return true
}

// timeOf is when a line's event was.
func timeOf(line []byte) time.Duration {
	var us int64
	for _, c := range bytes.TrimPrefix(line, []byte(`{"t":`)) {
		if c < '0' || c > '9' {
			break
		}
		us = us*10 + int64(c-'0')
	}
	return time.Duration(us) * time.Microsecond
}
