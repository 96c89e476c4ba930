package crush

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// dumpReader collects what is wrong with a dump. Reading goes on after an error, with
// zeros; the first one is kept and what was read is thrown away.
type dumpReader struct {
	err      error
	warnings []string
	seen     map[string]bool // kinds of unknown keys already warned of
}

func newDumpReader() *dumpReader { return &dumpReader{seen: make(map[string]bool)} }

func (r *dumpReader) warn(format string, args ...any) {
	r.warnings = append(r.warnings, fmt.Sprintf(format, args...))
}

// node is a value in a dump and the way to it.
type node struct {
	r     *dumpReader
	path  string
	kind  string // the path without numbers, the same for all elements of a list
	value any
}

func (n node) fail(format string, args ...any) {
	if n.r.err == nil {
		n.r.err = fmt.Errorf("%s: %s", n.path, fmt.Sprintf(format, args...))
	}
}

func (n node) wants(what string) {
	got := fmt.Sprintf("%T", n.value)
	switch v := n.value.(type) {
	case nil:
		got = "null"
	case json.Number:
		got = "the number " + v.String()
	case string:
		got = "the string " + strconv.Quote(v)
	case []any:
		got = "an array"
	case map[string]any:
		got = "an object"
	}
	n.fail("expected %s, got %s", what, got)
}

func (n node) object() map[string]any {
	o, ok := n.value.(map[string]any)
	if !ok {
		n.wants("an object")
	}
	return o
}

// knows warns of keys that are not among those the reader has use for.
func (n node) knows(keys ...string) {
	for _, key := range sortedKeys(n.object()) {
		if kind := n.kind + "." + key; !slices.Contains(keys, key) && !n.r.seen[kind] {
			n.r.seen[kind] = true
			n.r.warn("%s.%s: unknown key, ignored wherever it appears", n.path, key)
		}
	}
}

func sortedKeys(o map[string]any) []string {
	keys := make([]string, 0, len(o))
	for key := range o {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func (n node) has(key string) bool {
	_, ok := n.object()[key]
	return ok
}

// at is the value under a key that must be there.
func (n node) at(key string) node {
	value, ok := n.object()[key]
	child := node{n.r, n.path + "." + key, n.kind + "." + key, value}
	if !ok {
		child.fail("missing")
	}
	return child
}

func (n node) list() []node {
	values, ok := n.value.([]any)
	if !ok {
		n.wants("an array")
	}
	nodes := make([]node, len(values))
	for i, v := range values {
		nodes[i] = n.element(strconv.Itoa(i), v)
	}
	return nodes
}

// element is one of many values of the same kind.
func (n node) element(index string, value any) node {
	return node{n.r, n.path + "[" + index + "]", n.kind, value}
}

func (n node) string() string {
	s, ok := n.value.(string)
	if !ok {
		n.wants("a string")
	}
	return s
}

// name is a string that Ceph allows as a name.
func (n node) name() string {
	s := n.string()
	n.checkName(s)
	return s
}

func (n node) checkName(s string) {
	if !validName(s) {
		n.fail("%q is no name: expected letters, digits, '-', '_' and '.'", s)
	}
}

func (n node) int(least, most int64) int64 {
	num, ok := n.value.(json.Number)
	i, err := strconv.ParseInt(num.String(), 10, 64)
	if !ok || err != nil || i < least || i > most {
		n.wants(fmt.Sprintf("a whole number from %d to %d", least, most))
		return 0
	}
	return i
}
