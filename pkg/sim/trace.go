package sim

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"strconv"
	"time"
)

// trace writes what happens as lines of JSON, an object for each event, and keeps the hash of all lines: two runs are
// the same if their hashes are.
//
//	{"t":2113904,"node":"osd.1","event":"call","peer":"osd.0","type":"write","sent":2113801,"pg":"1.0","object":"reg.3"}
//
// Every line has t, node and event first; what else an event says follows in the order of its writer. Every run is
// hashed, so that a line is put together by hand.
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
	t.line = strconv.AppendInt(append(t.line[:0], `{"t":`...), int64(now/time.Microsecond), 10)
	return t.s("node", who).s("event", what)
}

// name begins a field. Names are plain: they need no escapes.
func (t *trace) name(name string) {
	t.line = append(append(append(t.line, `,"`...), name...), `":`...)
}

func (t *trace) s(name, value string) *trace {
	t.name(name)
	t.line = appendString(t.line, value)
	return t
}

func (t *trace) u(name string, n uint64) *trace {
	t.name(name)
	t.line = strconv.AppendUint(t.line, n, 10)
	return t
}

// x is for numbers that JSON's readers do not keep whole.
func (t *trace) x(name string, n uint64) *trace {
	t.name(name)
	t.line = append(strconv.AppendUint(append(t.line, '"'), n, 16), '"')
	return t
}

// end finishes the line. What detail adds is shown, but is no part of the hash.
func (t *trace) end(detail func() string) {
	t.line = append(t.line, "}\n"...)
	t.hash.Write(t.line)
	slot := &t.last[t.lines%kept]
	*slot = append((*slot)[:0], t.line...)
	t.lines++
	if t.out == nil {
		return
	}
	if detail != nil {
		t.line = t.line[:len(t.line)-2]
		t.s("detail", detail())
		t.line = append(t.line, "}\n"...)
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

// appendString adds a string of JSON.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			return appendEscaped(b, s)
		}
	}
	return append(append(b, s...), '"')
}

func appendEscaped(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	for _, c := range s { // bytes that are no UTF-8 become U+FFFD
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', byte(c))
		case c == '\n':
			b = append(b, `\n`...)
		case c < ' ' || c == 0x7f:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			b = append(b, string(c)...)
		}
	}
	return append(b, '"')
}
