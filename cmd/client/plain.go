package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// plain is text that a terminal shows and does not obey. Names come from files of others,
// and object names may hold anything; what is not printable is escaped as in Go.
func plain(s string) string {
	if utf8.ValidString(s) && strings.IndexFunc(s, hidden) < 0 {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case hidden(r):
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		default:
			b.WriteRune(r)
		}
		s = s[size:]
	}
	return b.String()
}

func hidden(r rune) bool { return !unicode.IsPrint(r) && r != '\n' }

// oneLine is plain text without line breaks.
func oneLine(s string) string { return strings.ReplaceAll(plain(s), "\n", `\n`) }

// plainWriter makes all talk plain.
type plainWriter struct{ io.Writer }

func (w plainWriter) Write(p []byte) (int, error) {
	if _, err := io.WriteString(w.Writer, plain(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}
