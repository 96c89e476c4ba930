package main

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"text/tabwriter"

	"zeph/pkg/wire"
)

// cddl writes the schema of all bodies, and after each whatever it is made of.
func cddl(src *source) string {
	c := cddlWriter{src: src}
	c.add(reflect.TypeFor[wire.Error]())
	for _, t := range src.consts["Type"] {
		typ := wire.Type(t.value)
		c.add(reflect.TypeOf(typ.NewBody(0)).Elem())
		if !typ.OneWay() {
			c.add(reflect.TypeOf(typ.NewBody(wire.Reply)).Elem())
		}
	}
	c.add(reflect.TypeFor[wire.Pairs]())
	for i := 0; i < len(c.todo); i++ { // grows as it goes
		c.rule(c.todo[i])
	}
	return "```cddl\n" + strings.TrimSpace(c.text.String()) + "\n```\n"
}

type cddlWriter struct {
	src  *source
	todo []reflect.Type
	text strings.Builder
}

func (c *cddlWriter) add(t reflect.Type) {
	if !slices.Contains(c.todo, t) {
		c.todo = append(c.todo, t)
	}
}

func (c *cddlWriter) rule(t reflect.Type) {
	doc := c.src.types[t.Name()]
	if t.Kind() != reflect.Struct {
		fmt.Fprintf(&c.text, "%s = %s ; %s\n\n", kebab(t.Name()), basic(t), firstSentence(doc))
		return
	}
	fmt.Fprintf(&c.text, "; %s\n%s = {\n", doc, kebab(t.Name()))
	w := tabwriter.NewWriter(&c.text, 0, 0, 1, ' ', 0)
	for _, f := range reflect.VisibleFields(t) {
		key, options, _ := strings.Cut(f.Tag.Get("cbor"), ",")
		if key == "" { // embedded: its fields come by themselves
			continue
		}
		optional := " "
		if strings.Contains(options, "omit") {
			optional = "?"
		}
		fmt.Fprintf(w, "  %s %s: %s,\t; %s\n", optional, key, c.typeName(f.Type), c.fieldDoc(t, f))
	}
	w.Flush()
	c.text.WriteString("}\n\n")
}

// typeName is what a field of the type is in CDDL. Types that have a name get a rule.
func (c *cddlWriter) typeName(t reflect.Type) string {
	switch {
	case t.PkgPath() != "":
		c.add(t)
		return kebab(t.Name())
	case t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8:
		return "[* " + c.typeName(t.Elem()) + "]"
	}
	return basic(t)
}

func basic(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "bool"
	case reflect.String:
		return "tstr"
	case reflect.Int32, reflect.Int64:
		return "int"
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return fmt.Sprintf("uint .size %d", t.Size())
	case reflect.Array:
		return fmt.Sprintf("bstr .size %d", t.Len())
	case reflect.Slice:
		return "bstr"
	}
	panic("wiredoc: no CDDL for " + t.String())
}

// fieldDoc is the field's name in Go and its comment, which stands where it was declared.
func (c *cddlWriter) fieldDoc(t reflect.Type, f reflect.StructField) string {
	if len(f.Index) > 1 {
		t = t.Field(f.Index[0]).Type
	}
	if doc := c.src.fields[t.Name()+"."+f.Name]; doc != "" {
		return words(f.Name) + ": " + doc
	}
	return words(f.Name)
}

func firstSentence(doc string) string {
	first, _, _ := strings.Cut(doc, ". ")
	return strings.TrimSuffix(first, ".")
}
