package sim

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"strconv"
	"time"
)

// trace writes what happens, a line each, and keeps the hash of all lines: two runs are the same
// if their hashes are.
type trace struct {
	line  []byte
	hash  hash.Hash
	out   io.Writer // may be nil
	last  [][]byte  // the newest lines, a ring
	lines uint64
}

// kept is how many of the newest lines a failure can show.
const kept = 200

func newTrace(out io.Writer) *trace {
	return &trace{hash: sha256.New(), out: out, last: make([][]byte, kept)}
}

// begin starts a line: when, who, what. The virtual time is in microseconds.
func (t *trace) begin(now time.Duration, who, what string) *trace {
	t.line = strconv.AppendInt(t.line[:0], int64(now/time.Microsecond), 10)
	t.line = append(append(t.line, ' '), who...)
	t.line = append(append(t.line, ' '), what...)
	return t
}

func (t *trace) s(s string) *trace {
	t.line = append(append(t.line, ' '), s...)
	return t
}

func (t *trace) u(n uint64) *trace {
	t.line = strconv.AppendUint(append(t.line, ' '), n, 10)
	return t
}

func (t *trace) x(n uint64) *trace {
	t.line = strconv.AppendUint(append(t.line, ' '), n, 16)
	return t
}

// end finishes the line. What detail adds is shown, but is no part of the hash.
func (t *trace) end(detail func() string) {
	t.line = append(t.line, '\n')
	t.hash.Write(t.line)
	slot := &t.last[t.lines%kept]
	*slot = append((*slot)[:0], t.line...)
	t.lines++
	if t.out == nil {
		return
	}
	if detail != nil {
		t.line = append(t.line[:len(t.line)-1], '\t')
		t.line = append(append(t.line, detail()...), '\n')
	}
	t.out.Write(t.line) // the writer keeps its error
}

// sum is the hash so far.
func (t *trace) sum() string { return hex.EncodeToString(t.hash.Sum(nil)) }

// newest are the last n lines.
func (t *trace) newest(n uint64) []string {
	n = min(n, t.lines, kept)
	lines := make([]string, 0, n)
	for i := t.lines - n; i < t.lines; i++ {
		line := t.last[i%kept]
		lines = append(lines, string(line[:len(line)-1]))
	}
	return lines
}
