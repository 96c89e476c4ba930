package osdmap

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"zeph/pkg/crush"
)

// dumpReader collects what is to be said about a dump: the first error, and all warnings.
// After an error reading goes on with zero values, so that the code above it is straight.
type dumpReader struct {
	err      error
	warnings []string
}

func (r *dumpReader) fail(path, format string, args ...any) {
	if path == "" {
		path = "top level"
	}
	if r.err == nil {
		r.err = fmt.Errorf("%s: "+format, append([]any{path}, args...)...)
	}
}

func (r *dumpReader) warn(format string, args ...any) {
	r.warnings = append(r.warnings, fmt.Sprintf(format, args...))
}

// dumpObject is a JSON object of which it is known what has been read.
type dumpObject struct {
	r      *dumpReader
	path   string // such as pools[0].options
	fields dumpFields
	done   map[string]bool
}

type dumpFields map[string]json.RawMessage

func (r *dumpReader) object(path string, text []byte) *dumpObject {
	o := &dumpObject{r: r, path: path, done: make(map[string]bool)}
	r.read(path, text, &o.fields, "an object")
	return o
}

func (r *dumpReader) read(path string, text []byte, into any, want string) {
	if err := json.Unmarshal(text, into); err != nil || string(text) == "null" {
		r.fail(path, "%s: expected %s", shorten(text), want)
	}
}

// shorten makes JSON fit for a message.
func shorten(text []byte) string {
	const most = 80
	var line bytes.Buffer
	if json.Compact(&line, text) == nil {
		text = line.Bytes()
	}
	if len(text) > most {
		return strings.ToValidUTF8(string(text[:most]), "") + "…"
	}
	return string(text)
}

func (o *dumpObject) has(key string) bool { return o.fields[key] != nil }

func (o *dumpObject) at(key string) string { return strings.TrimPrefix(o.path+"."+key, ".") }

// names are the keys in order.
func (o *dumpObject) names() []string { return slices.Sorted(maps.Keys(o.fields)) }

// take hands out a field, which is then done.
func (o *dumpObject) take(key string, into any, want string) {
	text, ok := o.fields[key]
	if !ok {
		o.r.fail(o.at(key), "is missing")
		return
	}
	if o.done != nil {
		o.done[key] = true
	}
	o.r.read(o.at(key), text, into, want)
}

// ignore passes over fields that only inform.
func (o *dumpObject) ignore(keys ...string) {
	for _, key := range keys {
		o.done[key] = true
	}
}

// ignoreIf passes over a field whose text is harmless.
func (o *dumpObject) ignoreIf(key string, harmless func(text string) bool) {
	if text, ok := o.fields[key]; ok {
		o.done[key] = harmless(string(text)) // decided last: looking at a field must not make it done
	}
}

// rest warns of all fields that were not read and say something.
func (o *dumpObject) rest() {
	for _, key := range o.names() {
		if text := o.fields[key]; !o.done[key] && !saysNothing(text) {
			o.r.warn("%s: not supported: %s", o.at(key), shorten(text))
		}
	}
}

// saysNothing reports whether JSON holds only zero, false, empty text and lists of nothing.
func saysNothing(text []byte) bool {
	var v any
	return json.Unmarshal(text, &v) == nil && isNothing(v)
}

func isNothing(v any) bool {
	switch v := v.(type) {
	case []any:
		return len(v) == 0
	case map[string]any:
		for _, inner := range v {
			if !isNothing(inner) {
				return false
			}
		}
		return true
	}
	return v == nil || v == false || v == "" || v == 0.0
}

func (o *dumpObject) object(key string) *dumpObject {
	inner := &dumpObject{r: o.r, path: o.at(key), done: make(map[string]bool)}
	o.take(key, &inner.fields, "an object")
	return inner
}

// list is a list; one that is not there is empty, for older releases lack some.
// require is for lists that a map cannot do without, even when they are empty.
func (o *dumpObject) require(key string) {
	if !o.has(key) {
		o.r.fail(o.at(key), "is missing")
	}
}

func (o *dumpObject) list(key string) []json.RawMessage {
	var list []json.RawMessage
	if o.has(key) {
		o.take(key, &list, "a list")
	}
	return list
}

func (o *dumpObject) objects(key string) []*dumpObject {
	var objects []*dumpObject
	for i, text := range o.list(key) {
		objects = append(objects, o.r.object(fmt.Sprintf("%s[%d]", o.at(key), i), text))
	}
	return objects
}

func (o *dumpObject) text(key string) string {
	var s string
	o.take(key, &s, "text")
	return s
}

func (o *dumpObject) texts(key string) []string {
	var list []string
	o.take(key, &list, "a list of text")
	return list
}

// integer reads a number, which Ceph puts in quotes now and then.
func (o *dumpObject) integer(key string, least, most int64) int64 {
	var number json.Number
	o.take(key, &number, "a number")
	if o.r.err != nil {
		return 0
	}
	n, err := strconv.ParseInt(number.String(), 10, 64)
	if err != nil || n < least || n > most {
		o.r.fail(o.at(key), "%q: expected %d to %d", number, least, most)
		return 0
	}
	return n
}

// fixed reads a number from 0 to 1 as a number of parts, of which one makes whole.
func (o *dumpObject) fixed(key string, whole uint32) uint32 {
	var x float64
	o.take(key, &x, "a number")
	if x < 0 || x > 1 {
		o.r.fail(o.at(key), "%v: expected 0 to 1", x)
		return 0
	}
	return roundTo(x, whole)
}

func roundTo(x float64, whole uint32) uint32 { return uint32(math.Round(x * float64(whole))) }

func (o *dumpObject) weight(key string) crush.Weight {
	return crush.Weight(o.fixed(key, uint32(crush.One)))
}

func (o *dumpObject) ratio(key string) Ratio { return Ratio(o.fixed(key, uint32(Whole))) }

func (o *dumpObject) epoch(key string) Epoch { return Epoch(o.integer(key, 0, math.MaxUint32)) }

func (o *dumpObject) osd(key string) OSDID { return OSDID(o.integer(key, 0, int64(NoOSD))) }

func (o *dumpObject) osdList(key string) []OSDID {
	var osds []OSDID
	o.take(key, &osds, "a list of osd ids")
	return osds
}

func (o *dumpObject) pgid(key string) PGID {
	s := o.text(key)
	if o.r.err != nil {
		return PGID{}
	}
	pg, err := ParsePGID(s)
	if err != nil {
		o.r.fail(o.at(key), "%w", err)
	}
	return pg
}

func (o *dumpObject) uuid(key string) UUID {
	s := o.text(key)
	if o.r.err != nil {
		return UUID{}
	}
	u, err := ParseUUID(s)
	if err != nil {
		o.r.fail(o.at(key), "%w", err)
	}
	return u
}
