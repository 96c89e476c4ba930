package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// format is the value of -o.
type format int

const (
	formatText format = iota
	formatJSON
)

var formatNames = []string{formatText: "text", formatJSON: "json"}

func (f format) String() string { return formatNames[f] }
func (f format) Type() string   { return "FORMAT" }

// Set makes a format a flag.
func (f *format) Set(name string) error {
	i := slices.Index(formatNames, name)
	if i < 0 {
		return fmt.Errorf("expected one of: %s", strings.Join(formatNames, ", "))
	}
	*f = format(i)
	return nil
}

// result is what a command found out. Its JSON form is the one of encoding/json; keys are
// in snake_case, and are a promise to scripts.
type result interface {
	// text writes the form for people. The writer keeps errors until it is flushed.
	text(w *bufio.Writer)
}

// print writes a result to stdout in the form that -o asks for.
func (a *app) print(r result) error {
	w := bufio.NewWriter(a.stdout)
	switch a.output {
	case formatJSON:
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(r); err != nil {
			return err
		}
	default:
		r.text(w)
	}
	return w.Flush()
}
