package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
)

// writeYAML goes by way of JSON, so that both have the same keys in the same order. A string stands
// without quotes only where no reader could take it for something else, such as the number 1e3 or
// the word no; quoted it is as in JSON, which is YAML, too, and hides nothing from a terminal.
func writeYAML(w *bufio.Writer, r result) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	y := &yamlWriter{w: w, dec: json.NewDecoder(bytes.NewReader(text))}
	y.dec.UseNumber()
	return y.value(0, "")
}

type yamlWriter struct {
	w       *bufio.Writer
	dec     *json.Decoder
	bullets int // dashes that the next line begins with, in place of its last indents
}

// value writes the next value of the JSON text after lead, which is what stands before it on its
// line: "key:", "-", or nothing.
func (y *yamlWriter) value(depth int, lead string) error {
	t, err := y.dec.Token()
	if err != nil {
		return err
	}
	switch t := t.(type) {
	case json.Delim:
		return y.inside(depth, lead, t)
	case string:
		y.line(depth, lead, yamlString(t))
	case nil:
		y.line(depth, lead, "null")
	case bool:
		y.line(depth, lead, map[bool]string{true: "true", false: "false"}[t])
	case json.Number:
		y.line(depth, lead, t.String())
	}
	return nil
}

func (y *yamlWriter) line(depth int, lead, value string) {
	indent := strings.Repeat("  ", depth-y.bullets) + strings.Repeat("- ", y.bullets)
	y.bullets = 0
	y.w.WriteString(indent + strings.Trim(lead+" "+value, " ") + "\n")
}

// inside writes a list or an object, each element below the last.
func (y *yamlWriter) inside(depth int, lead string, open json.Delim) error {
	if !y.dec.More() {
		_, err := y.dec.Token()
		y.line(depth, lead, map[json.Delim]string{'[': "[]", '{': "{}"}[open])
		return err
	}
	switch lead {
	case "":
	case "-":
		y.bullets++
		depth++
	default:
		y.line(depth, lead, "")
		depth++
	}
	for y.dec.More() {
		next := "-"
		if open == '{' {
			key, err := y.dec.Token()
			if err != nil {
				return err
			}
			next = yamlString(key.(string)) + ":" // in an object every other token is a key
		}
		if err := y.value(depth, next); err != nil {
			return err
		}
	}
	_, err := y.dec.Token()
	return err
}

var (
	yamlPlain = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_./+-]*( [A-Za-z0-9_./+-]+)*$`)
	yamlWord  = regexp.MustCompile(`^(?i:true|false|null|yes|no|on|off|y|n)$`)
)

func yamlString(s string) string {
	if yamlPlain.MatchString(s) && !yamlWord.MatchString(s) {
		return s
	}
	var quoted bytes.Buffer
	enc := json.NewEncoder(&quoted)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string can always be encoded
	return strings.TrimRight(quoted.String(), "\n")
}
