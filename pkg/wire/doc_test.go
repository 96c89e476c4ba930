package wire

import (
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"testing"
)

var tableRow = regexp.MustCompile(`(?m)^\s+(\d+)\s+(\d+)  (\w+) `)

// TestHeaderTable holds the table in the package comment to what a header's bytes are. The one
// in docs/wire.md is made from it.
func TestHeaderTable(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "doc.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	end := 0
	for _, row := range tableRow.FindAllStringSubmatch(file.Doc.Text(), -1) {
		offset, _ := strconv.Atoi(row[1])
		size, _ := strconv.Atoi(row[2])
		if offset != end {
			t.Errorf("%s is at %d, expected %d", row[3], offset, end)
		}
		end = offset + size
		checkRow(t, row[3], offset, end)
	}
	if end != HeaderSize {
		t.Errorf("the table ends at %d", end)
	}
}

// checkRow sets the field of a header to ones and looks which bytes that changes.
func checkRow(t *testing.T, name string, from, to int) {
	t.Helper()
	var h Header
	set, ok := map[string]func(){
		"magic":   nil,
		"version": nil,
		"mode":    func() { h.Mode = ^h.Mode },
		"type":    func() { h.Type = ^h.Type },
		"payload": func() { h.Payload = ^h.Payload },
		"need":    func() { h.Need = ^h.Need },
		"kind":    func() { h.Kind = ^h.Kind },
		"flags":   func() { h.Flags = ^h.Flags },
		"session": func() { fillOnes(h.Session[:]) },
		"counter": func() { h.Counter = ^h.Counter },
		"request": func() { h.Request = ^h.Request },
		"clock":   func() { h.Clock = ^h.Clock },
		"gid":     func() { h.GID = ^h.GID },
		"entity":  func() { fillOnes(h.Entity[:]) },
		"epoch":   func() { h.Epoch = ^h.Epoch },
		"body":    func() { h.Body = ^h.Body },
		"trace":   func() { h.Trace = ^h.Trace },
		"caps":    func() { fillOnes(h.Caps[:]) },
	}[name]
	if !ok {
		t.Errorf("%s is no field", name)
	}
	before := h.Append(nil)
	if set == nil { // the same in every header
		clear(before[from:to])
	} else {
		set()
	}
	for i, c := range h.Append(nil) {
		if changed := c != before[i]; changed != (i >= from && i < to) {
			t.Errorf("%s: byte %d changed: %v", name, i, changed)
		}
	}
}

func fillOnes(b []byte) {
	for i := range b {
		b[i] = 0xff
	}
}
