package crush

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// SyntaxError says where the text of a map stops making sense. Columns count bytes.
type SyntaxError struct {
	Line, Col int // from 1
	Msg       string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d:%d: %s", e.Line, e.Col, e.Msg) }

// position is a place in the text, for complaints about what stands there.
type position struct{ line, col int }

func (at position) errorf(format string, args ...any) error {
	return &SyntaxError{at.line, at.col, fmt.Sprintf(format, args...)}
}

// token is a brace, a bracket, or a run of anything else but space; empty at the end.
type token struct {
	text string
	at   position
}

func (t token) String() string {
	const enough = 40
	switch {
	case t.text == "":
		return "the end of the text"
	case len(t.text) > enough:
		return strconv.Quote(t.text[:enough]) + "…"
	}
	return strconv.Quote(t.text)
}

const (
	spaces = " \t\r\n\v\f"
	solo   = "{}[]" // tokens that need no space around them
	breaks = spaces + solo + "#"
)

// lexer cuts the text into tokens; comments run from # to the end of the line.
type lexer struct {
	rest []byte
	at   position
}

func newLexer(src []byte) lexer { return lexer{rest: src, at: position{1, 1}} }

func (l *lexer) next() token {
	l.skip()
	at := l.at
	if len(l.rest) == 0 {
		return token{at: at}
	}
	n := 1
	if !strings.Contains(solo, string(l.rest[:1])) {
		if n = bytes.IndexAny(l.rest, breaks); n < 0 {
			n = len(l.rest)
		}
	}
	return token{string(l.take(n)), at}
}

func (l *lexer) skip() {
	for len(l.rest) > 0 {
		switch c := l.rest[0]; {
		case c == '#':
			n := bytes.IndexByte(l.rest, '\n')
			if n < 0 {
				n = len(l.rest)
			}
			l.take(n)
		case c == '\n':
			l.rest = l.rest[1:]
			l.at = position{l.at.line + 1, 1}
		case strings.IndexByte(spaces, c) >= 0:
			l.take(1)
		default:
			return
		}
	}
}

// take cuts off n bytes that hold no line end.
func (l *lexer) take(n int) []byte {
	cut := l.rest[:n]
	l.rest = l.rest[n:]
	l.at.col += n
	return cut
}

// validName reports whether a name can stand in a text map: Ceph's rule for names.
func validName(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return s != ""
}
