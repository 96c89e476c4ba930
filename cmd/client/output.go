package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// format is the value of -o.
type format int

const (
	formatTable format = iota
	formatJSON
	formatYAML
)

var formatNames = []string{formatTable: "table", formatJSON: "json", formatYAML: "yaml"}

func (f format) String() string { return formatNames[f] }
func (f format) Type() string   { return "FORMAT" }

// Set makes a format a flag. What is for people is a table, and "text" where it is none.
func (f *format) Set(name string) error {
	if name == "text" {
		name = "table"
	}
	for i, known := range formatNames {
		if name == known {
			*f = format(i)
			return nil
		}
	}
	return fmt.Errorf("expected one of: %s", strings.Join(formatNames, ", "))
}

// result is what a command found out. Its JSON form is the one of encoding/json; keys are
// in snake_case, and are a promise to scripts. YAML is the same in other clothes.
type result interface {
	// text writes the form for people. The writer keeps errors until it is flushed.
	text(w *bufio.Writer)
}

// print writes a result to stdout in the form that -o asks for.
func (a *app) print(r result) error { return a.printTo(a.stdout, r) }

func (a *app) printTo(out io.Writer, r result) error {
	w := bufio.NewWriter(out)
	switch a.output {
	case formatJSON:
		if err := writeJSON(w, r); err != nil {
			return err
		}
	case formatYAML:
		if err := writeYAML(w, r); err != nil {
			return err
		}
	default:
		r.text(w)
	}
	return w.Flush()
}

func writeJSON(w io.Writer, r result) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}
