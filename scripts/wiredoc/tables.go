package main

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"zeph/pkg/wire"
)

// table is a Markdown table, built row by row.
type table struct{ strings.Builder }

func newTable(columns ...string) *table {
	t := new(table)
	t.row(columns...)
	t.WriteString(strings.Repeat("|---", len(columns)) + "|\n")
	return t
}

func (t *table) row(cells ...string) {
	for i, cell := range cells {
		cells[i] = strings.ReplaceAll(cell, "|", `\|`)
	}
	fmt.Fprintf(t, "| %s |\n", strings.Join(cells, " | "))
}

var headerRow = regexp.MustCompile(`(?m)^\s+(\d+)\s+(\d+)  (\w+)\s+(.*)$`)

// headerFields are the rows of the table in wire's package comment: offset, size, name, meaning.
func headerFields(src *source) [][]string {
	rows := headerRow.FindAllStringSubmatch(src.header, -1)
	for i := range rows {
		rows[i] = rows[i][1:]
	}
	return rows
}

func headerTable(src *source) string {
	t := newTable("offset", "bytes", "field", "meaning")
	for _, row := range headerFields(src) {
		t.row(row...)
	}
	return t.String()
}

func modeTable(src *source) string {
	t := newTable("mode", "name", "meaning")
	for _, c := range src.consts["Mode"] {
		t.row(fmt.Sprint(c.value), strings.ToLower(c.name), c.text)
	}
	return t.String()
}

func flagTable(src *source) string {
	t := newTable("bit", "name", "meaning")
	for _, c := range src.consts["Flags"] {
		t.row(fmt.Sprintf("0x%04x", c.value), words(c.name), c.text)
	}
	return t.String()
}

func needTable(src *source) string {
	t := newTable("bit", "name", "authority")
	for _, c := range src.consts["Need"] {
		t.row(fmt.Sprintf("0x%02x", c.value), strings.ToLower(strings.TrimPrefix(c.name, "Need")), c.text)
	}
	return t.String()
}

func kindTable(src *source) string {
	t := newTable("kind", "name begins with", "meaning")
	for _, c := range src.consts["Kind"] {
		t.row(fmt.Sprint(c.value), "`"+wire.Kind(c.value).String()+".`", c.text)
	}
	return t.String()
}

func classTable(src *source) string {
	t := newTable("class", "name", "longest message, bytes", "carries")
	for _, c := range src.consts["Class"] {
		if class := wire.Class(c.value); class < wire.NumClasses {
			t.row(fmt.Sprint(c.value), class.String(), fmt.Sprint(class.MaxFrame()), c.text)
		}
	}
	return t.String()
}

func typeTable(src *source) string {
	t := newTable("type", "name", "classes", "body", "answer", "meaning")
	for _, c := range src.consts["Type"] {
		typ := wire.Type(c.value)
		var classes []string
		for class := range wire.NumClasses {
			if typ.TravelsBy(class) {
				classes = append(classes, class.String())
			}
		}
		if len(classes) == int(wire.NumClasses) {
			classes = []string{"all"}
		}
		answer := "none: one way"
		if !typ.OneWay() {
			answer = bodyName(typ.NewBody(wire.Reply))
		}
		t.row(fmt.Sprint(c.value), typ.String(), strings.Join(classes, ", "), bodyName(typ.NewBody(0)), answer, c.text)
	}
	return t.String()
}

func bodyName(body any) string { return "`" + kebab(reflect.TypeOf(body).Elem().Name()) + "`" }

func codeTable(src *source) string {
	t := newTable("code", "name", "outcome", "meaning")
	for _, c := range src.consts["Code"] {
		code := wire.Code(c.value)
		t.row(fmt.Sprint(c.value), code.Error(), code.Outcome().String(), c.text)
	}
	return t.String()
}

func outcomeTable(src *source) string {
	t := newTable("outcome", "meaning")
	for _, c := range src.consts["Outcome"] {
		t.row(wire.Outcome(c.value).String(), c.text)
	}
	return t.String()
}

func stepTable(src *source) string {
	t := newTable("step", "name", "in", "uses", "meaning")
	for _, c := range src.consts["StepOp"] {
		op := wire.StepOp(c.value)
		t.row(fmt.Sprint(c.value), op.String(),
			listed(op, use{wire.InWrite, "write"}, use{wire.InRead, "read"}),
			listed(op,
				use{wire.UsesOffset, "offset"}, use{wire.UsesLength, "length"}, use{wire.UsesName, "name"}, use{wire.UsesVersion, "version"},
				use{wire.SendsBulk, "bulk"}, use{wire.GetsBulk, "bulk of the answer"}),
			c.text)
	}
	return t.String()
}

type use struct {
	uses wire.Uses
	word string
}

func listed(op wire.StepOp, uses ...use) string {
	var words []string
	for _, u := range uses {
		if op.Uses()&u.uses != 0 {
			words = append(words, u.word)
		}
	}
	return strings.Join(words, ", ")
}

func ackTable(src *source) string {
	t := newTable("ack", "name", "meaning")
	for _, c := range src.consts["Ack"] {
		t.row(fmt.Sprint(c.value), wire.Ack(c.value).String(), c.text)
	}
	return t.String()
}

// limitTable has the constants of limits.go. Those of time are worked out here, because the
// source is read without package time.
func limitTable(src *source) string {
	times := map[string]fmt.Stringer{"HelloTimeout": wire.HelloTimeout, "StallTimeout": wire.StallTimeout}
	t := newTable("limit", "value", "of what")
	for _, c := range src.consts[""] {
		value := fmt.Sprint(c.value)
		if d, ok := times[c.name]; ok {
			value = d.String()
		}
		t.row(words(c.name), value, c.text)
	}
	return t.String()
}

// words turns MaxHelloFrame into "max hello frame".
func words(name string) string { return strings.ReplaceAll(kebab(name), "-", " ") }

var hump = regexp.MustCompile(`([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])`)

// kebab turns SubWriteReply into sub-write-reply and PGVersion into pg-version.
func kebab(name string) string {
	return strings.ToLower(hump.ReplaceAllString(name, "$1$3-$2$4"))
}
