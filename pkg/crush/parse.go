package crush

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// ParseText reads a map in the text form, the one "crushtool -d" prints and "crushtool -c"
// compiles, and means by it what crushtool 16 means:
//
//	map     = { "tunable" name number | "device" id name [ "class" name ] | "type" id name }
//	          { bucket } { rule } { args }
//	bucket  = typename name "{" { "id" -id [ "class" name ] } "alg" alg { "hash" hash }
//	          { "item" name [ "weight" decimal ] [ "pos" number ] } "}"
//	rule    = "rule" [ name ] "{" ( "id" | "ruleset" ) id "type" ruletype
//	          [ "min_size" number ] [ "max_size" number ] { "step" step } "}"
//	args    = "choose_args" id "{" { "{" "bucket_id" -id
//	          [ "weight_set" "[" { "[" { decimal } "]" } "]" ] [ "ids" "[" { id } "]" ] "}" } "}"
//
// The warnings name what the text says without effect. An error that has a place in the
// text is a *SyntaxError. More than crushtool we read: xxhash64, noop steps, rule types by
// number, rules without sizes or steps (as newer releases print them), and choose_args -1.
// Unlike crushtool we want space between words, and refuse numbers it would wrap around.
func ParseText(src []byte) (*Map, []string, error) {
	p := newTextParser(src)
	p.header()
	p.buckets()
	p.rules()
	p.chooseArgs()
	if p.tok.text != "" {
		p.fail("expected a bucket, a rule, choose_args or the end (in this order), got %v", p.tok)
	}
	if p.err != nil {
		return nil, p.warnings, p.err
	}
	p.m.sort()
	if err := p.m.Validate(); err != nil {
		return nil, p.warnings, err
	}
	return p.m, p.warnings, nil
}

// textParser reads the text from start to end. After the first error, kept in err, every
// token is the end of the text, so that all loops stop; what they made is thrown away.
type textParser struct {
	lex      lexer
	tok      token // the next one
	m        *Map
	warnings []string
	err      error

	types     map[string]TypeID
	items     map[string]ItemID
	sums      map[ItemID]Weight // of the buckets, for items that state no weight
	devices   map[ItemID]int    // index in m.Devices
	typeAt    map[TypeID]int    // index in m.Types
	classes   []string          // in order of appearance: Ceph numbers them so
	shadowIDs map[shadowKey]ItemID
	used      map[ItemID]bool // bucket ids that the text mentions
	free      ItemID          // no id above it is free
}

func newTextParser(src []byte) *textParser {
	p := &textParser{
		lex:       newLexer(src),
		m:         &Map{Tunables: LegacyTunables()},
		types:     make(map[string]TypeID),
		items:     make(map[string]ItemID),
		sums:      make(map[ItemID]Weight),
		devices:   make(map[ItemID]int),
		typeAt:    make(map[TypeID]int),
		shadowIDs: make(map[shadowKey]ItemID),
		used:      make(map[ItemID]bool),
		free:      -1,
	}
	p.tok = p.lex.next()
	return p
}

// header reads the tunables, devices and types, in any order.
func (p *textParser) header() {
	for {
		switch {
		case p.accept("tunable"):
			p.tunable()
		case p.accept("device"):
			p.device()
		case p.accept("type"):
			p.itemType()
		default:
			return
		}
	}
}

func (p *textParser) tunable() {
	name := p.name("the name of a tunable")
	value := p.number("a number", 0, math.MaxInt32)
	for _, t := range p.m.Tunables.named() {
		if t.name == name.text {
			*t.value = int(value)
			return
		}
	}
	p.failAt(name.at, "unknown tunable %v", name)
}

// device declares a device. A second declaration of an id gives it another name, and
// both names then stand for it.
func (p *textParser) device() {
	id := ItemID(p.number("a device id", 0, MaxDeviceID))
	name := p.name("the name of the device")
	if _, dup := p.items[name.text]; dup {
		p.failAt(name.at, "device %v is declared twice", name)
		return
	}
	i, known := p.devices[id]
	if known {
		p.warn(name.at, "device %d: the name %v replaces %q", id, name, p.m.Devices[i].Name)
		p.m.Devices[i].Name = name.text
	} else {
		i = len(p.m.Devices)
		p.m.Devices = append(p.m.Devices, Device{ID: id, Name: name.text})
		p.devices[id] = i
	}
	p.items[name.text] = id
	if p.accept("class") {
		p.m.Devices[i].Class = p.class().text
	}
}

func (p *textParser) itemType() {
	id := TypeID(p.number("a type id", 0, math.MaxUint16))
	name := p.name("the name of the type")
	if other, dup := p.types[name.text]; dup {
		p.failAt(name.at, "type name %v: already type %d", name, other)
		return
	}
	p.types[name.text] = id
	if i, known := p.typeAt[id]; known {
		p.warn(name.at, "type %d: the name %v replaces %q", id, name, p.m.Types[i].Name)
		p.m.Types[i].Name = name.text
		return
	}
	p.typeAt[id] = len(p.m.Types)
	p.m.Types = append(p.m.Types, Type{id, name.text})
}

// class reads the name of a device class and notes it.
func (p *textParser) class() token {
	name := p.name("a device class")
	if name.text == "" || slices.Contains(p.classes, name.text) {
		return name
	}
	if len(p.classes) == maxClasses {
		p.failAt(name.at, "device class %v: more than %d classes", name, maxClasses)
		return token{}
	}
	p.classes = append(p.classes, name.text)
	return name
}

func (p *textParser) fail(format string, args ...any) { p.failAt(p.tok.at, format, args...) }

func (p *textParser) failAt(at position, format string, args ...any) {
	p.abort(at.errorf(format, args...))
}

func (p *textParser) abort(err error) {
	if p.err == nil {
		p.err = err
	}
	p.tok, p.lex.rest = token{at: p.tok.at}, nil
}

func (p *textParser) warn(at position, format string, args ...any) {
	p.warnings = append(p.warnings, at.errorf(format, args...).Error())
}

func (p *textParser) next() token {
	t := p.tok
	p.tok = p.lex.next()
	return t
}

// accept takes the next token if it is this one.
func (p *textParser) accept(text string) bool {
	if p.tok.text != text {
		return false
	}
	p.next()
	return true
}

func (p *textParser) expect(text string) {
	if !p.accept(text) {
		p.fail("expected %q, got %v", text, p.tok)
	}
}

// oneOf takes one of several words.
func (p *textParser) oneOf(words ...string) string {
	if !slices.Contains(words, p.tok.text) {
		p.fail("expected one of %s, got %v", strings.Join(words, ", "), p.tok)
		return ""
	}
	return p.next().text
}

// name takes a name, or after an error an empty one.
func (p *textParser) name(what string) token {
	if !validName(p.tok.text) {
		p.fail("expected %s (letters, digits, '-', '_', '.'), got %v", what, p.tok)
		return token{}
	}
	return p.next()
}

func (p *textParser) number(what string, least, most int64) int64 {
	n, err := strconv.ParseInt(p.tok.text, 10, 64)
	if err != nil || n < least || n > most || strings.HasPrefix(p.tok.text, "+") {
		p.fail("expected %s from %d to %d, got %v", what, least, most, p.tok)
		return 0
	}
	p.next()
	return n
}

func (p *textParser) weight() Weight {
	w, err := readWeight(p.tok.text)
	if err != nil {
		p.fail("%v", err)
		return 0
	}
	p.next()
	return w
}
