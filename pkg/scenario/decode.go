package scenario

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// decoder fills structs by their yaml tags, of which one with dots is a key within a key, and remembers where
// everything stood.
type decoder struct {
	lines []string
	at    map[string]token.Position // by path; looked up only
	found []Problem
}

func (d *decoder) problem(at token.Position, format string, args ...any) {
	p := Problem{Line: at.Line, Column: at.Column, Text: fmt.Sprintf(format, args...)}
	if at.Line >= 1 && at.Line <= len(d.lines) {
		p.Source = strings.TrimRight(d.lines[at.Line-1], "\r")
	}
	d.found = append(d.found, p)
}

// where is the place of a path, or of the nearest thing around it that the file has.
func (d *decoder) where(path string) token.Position {
	for path != "" {
		if at, ok := d.at[path]; ok {
			return at
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return token.Position{Line: 1, Column: 1}
}

func position(n ast.Node) token.Position {
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 && !m.IsFlowStyle {
		n = m.Values[0].Key // the mapping's own token is its first colon
	}
	if m, ok := n.(*ast.MappingValueNode); ok {
		n = m.Key
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		return *t.Position
	}
	return token.Position{Line: 1, Column: 1}
}

// decode fills a struct by a document.
func (d *decoder) decode(n ast.Node, into any) { d.structure(n, "", "", reflect.ValueOf(into).Elem()) }

// fields are those of a struct whose tags begin with a prefix, by the next word of the tag.
func fields(t reflect.Type, prefix string) (names []string, index map[string]int) {
	index = make(map[string]int)
	for i := range t.NumField() {
		tag, ok := strings.CutPrefix(t.Field(i).Tag.Get("yaml"), prefix)
		if !ok || tag == "-" || tag == "" {
			continue
		}
		name, _, deeper := strings.Cut(tag, ".")
		if _, known := index[name]; known {
			continue
		}
		names = append(names, name)
		index[name] = i
		if deeper {
			index[name] = -1
		}
	}
	return names, index
}

// pairs are the keys and values of a mapping.
func (d *decoder) pairs(n ast.Node, path string) ([]*ast.MappingValueNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	if path == "" {
		d.problem(position(n), "expected keys and values")
	} else {
		d.problem(position(n), "%s: expected keys and values", path)
	}
	return nil, false
}

// structure fills the fields of a struct whose tags begin with prefix.
func (d *decoder) structure(n ast.Node, path, prefix string, into reflect.Value) {
	pairs, _ := d.pairs(n, path)
	names, index := fields(into.Type(), prefix)
	for _, p := range pairs {
		t := p.Key.GetToken()
		key := t.Value
		at := strings.TrimPrefix(path+"."+key, ".")
		field, known := index[key]
		if !known {
			d.unknown(*t.Position, path, key, names)
			continue
		}
		d.at[at] = *t.Position
		if _, none := p.Value.(*ast.NullNode); none || p.Value == nil {
			continue // as if it were not there
		}
		if field < 0 {
			d.structure(p.Value, at, prefix+key+".", into)
			continue
		}
		d.value(p.Value, at, into.Field(field))
	}
}

// unknown names the key that was meant, or all that there are.
func (d *decoder) unknown(at token.Position, path, key string, names []string) {
	where := ""
	if path != "" {
		where = " in " + path
	}
	if near := Nearest(key, names); near != "" {
		d.problem(at, "unknown key %q%s: did you mean %s?", key, where, near)
		return
	}
	d.problem(at, "unknown key %q%s: expected one of: %s", key, where, strings.Join(names, ", "))
}

var textual = reflect.TypeFor[encoding.TextUnmarshaler]()

// value fills whatever a field is.
func (d *decoder) value(n ast.Node, path string, into reflect.Value) {
	switch {
	case into.Kind() == reflect.Pointer:
		fresh := reflect.New(into.Type().Elem())
		d.value(n, path, fresh.Elem())
		into.Set(fresh)
	case into.Type() == reflect.TypeFor[Targets]():
		d.eachWord(n, path, into)
	case into.Addr().Type().Implements(textual):
		if text, ok := d.scalar(n, path); ok {
			if err := into.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)); err != nil {
				d.problem(position(n), "%v", err)
			}
		}
	case into.Kind() == reflect.Struct:
		d.structure(n, path, "", into)
	case into.Type() == reflect.TypeFor[[]string]():
		d.eachWord(n, path, into)
	case into.Kind() == reflect.Slice:
		d.list(n, path, into)
	default:
		d.plain(n, path, into)
	}
}

// list fills a slice, element by element.
func (d *decoder) list(n ast.Node, path string, into reflect.Value) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		d.problem(position(n), "%s: expected a list", path)
		return
	}
	for i, v := range seq.Values {
		at := fmt.Sprintf("%s[%d]", path, i)
		d.at[at] = position(v)
		element := reflect.New(into.Type().Elem()).Elem()
		d.value(v, at, element)
		into.Set(reflect.Append(into, element))
	}
}

// eachWord fills a list that may also be one value, or several with commas between.
func (d *decoder) eachWord(n ast.Node, path string, into reflect.Value) {
	nodes := []ast.Node{n}
	if seq, ok := n.(*ast.SequenceNode); ok {
		nodes = seq.Values
	}
	for _, n := range nodes {
		text, ok := d.scalar(n, path)
		if !ok {
			return
		}
		if into.Kind() == reflect.Slice && into.Type().Elem().Kind() == reflect.String {
			for word := range strings.SplitSeq(text, ",") {
				into.Set(reflect.Append(into, reflect.ValueOf(strings.TrimSpace(word))))
			}
			continue
		}
		if err := into.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)); err != nil {
			d.problem(position(n), "%v", err)
		}
	}
}

// scalar is a value that is one text.
func (d *decoder) scalar(n ast.Node, path string) (string, bool) {
	switch n := n.(type) {
	case *ast.LiteralNode:
		return strings.TrimSpace(n.Value.Value), true
	case *ast.StringNode:
		return n.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true
	}
	d.problem(position(n), "%s: expected one value", path)
	return "", false
}

// plain fills numbers, truths, lengths of time and texts.
func (d *decoder) plain(n ast.Node, path string, into reflect.Value) {
	text, ok := d.scalar(n, path)
	if !ok {
		return
	}
	key := path[strings.LastIndexByte(path, '.')+1:]
	var err error
	switch {
	case into.Type() == reflect.TypeFor[time.Duration]():
		var v time.Duration
		if v, err = parseDuration(text); err == nil {
			into.SetInt(int64(v))
		}
	case into.Kind() == reflect.Int:
		v, e := strconv.ParseInt(text, 10, 32)
		if into.SetInt(v); e != nil || v < 0 {
			err = fmt.Errorf("%q: expected a number", text)
		}
	case into.Kind() == reflect.Bool:
		if into.SetBool(text == "true"); text != "true" && text != "false" {
			err = fmt.Errorf("%q: expected true or false", text)
		}
	default:
		into.SetString(text)
	}
	if err != nil {
		d.problem(position(n), "%s: %v", key, err)
	}
}
