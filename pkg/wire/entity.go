package wire

import (
	"bytes"
	"fmt"
	"strconv"
)

// Entity is the name of a daemon or client, such as osd.3 or client.admin, padded with zeros.
type Entity [32]byte

// Kind is what sort of entity a name belongs to: the part before its first dot.
type Kind uint8

// The kinds of entity. The table only grows.
const (
	Mon    Kind = 1 // a monitor
	OSD    Kind = 2 // an object storage daemon
	Client Kind = 3 // whoever uses the cluster
)

var kinds = []string{Mon: "mon", OSD: "osd", Client: "client"}

// String is the part of a name before its first dot.
func (k Kind) String() string {
	if int(k) < len(kinds) && k != 0 {
		return kinds[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// ParseEntity reads a name such as osd.3: a kind, a dot, and printable characters, 32 in all at
// most.
func ParseEntity(name string) (Entity, error) {
	var e Entity
	if len(name) > len(e) {
		return Entity{}, fmt.Errorf("entity %q: %d characters, at most %d fit", name, len(name), len(e))
	}
	copy(e[:], name)
	if e.Kind() == 0 || !e.valid() || e.String() != name {
		return Entity{}, fmt.Errorf("entity %q: expected mon., osd. or client. and an id in printable ASCII", name)
	}
	return e, nil
}

// String is the name without its padding.
func (e Entity) String() string { return string(e.name()) }

func (e *Entity) name() []byte { return bytes.TrimRight(e[:], "\x00") }

// Kind is what the name says before its first dot; 0 if that is none that we know.
func (e Entity) Kind() Kind {
	for k, name := range kinds {
		if n := len(name); n > 0 && string(e[:n]) == name && e[n] == '.' && e[n+1] != 0 {
			return Kind(k)
		}
	}
	return 0
}

// Number is the id of an entity of a kind where ids are numbers, such as osd.3; false: the name is another.
func (e *Entity) Number(k Kind) (int32, bool) {
	kind := kinds[k]
	if string(e[:len(kind)]) != kind || e[len(kind)] != '.' {
		return 0, false
	}
	digits := e[len(kind)+1:]
	n := int64(0)
	for i, d := range digits {
		switch {
		case d == 0 && i > 0:
			return int32(n), true
		case d < '0' || d > '9' || n > 1<<27:
			return 0, false
		}
		n = 10*n + int64(d-'0')
	}
	return 0, false // no such number is so long
}

// Numbered is the name of the entity of a kind with a number, which must not be negative.
func Numbered(k Kind, n int32) Entity {
	var e Entity
	strconv.AppendUint(append(append(e[:0], kinds[k]...), '.'), uint64(uint32(n)), 10)
	return e
}

// valid reports whether the name is printable ASCII without spaces, then zeros only.
func (e *Entity) valid() bool {
	n := 0
	for n < len(e) && e[n] > ' ' && e[n] <= '~' {
		n++
	}
	var padding Entity
	return n > 0 && string(e[n:]) == string(padding[n:])
}

// IsZero reports whether the name is nobody's.
func (e Entity) IsZero() bool { return e == Entity{} }
