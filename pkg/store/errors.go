package store

import (
	"errors"
	"fmt"

	"zeph/pkg/osdmap"
)

// What a caller branches on. But for ErrDead they are definite: nothing happened.
var (
	ErrNotFound = errors.New("not found")                        // no such object or PG
	ErrFull     = errors.New("store is full")                    // only what needs no more space is taken
	ErrTooBig   = errors.New("beyond a limit")                   // sending it again will not help
	ErrBusy     = errors.New("store has too much queued")        // try again after the next outcome
	ErrInvalid  = errors.New("makes no sense")                   // a mistake of the caller
	ErrConflict = errors.New("contradicts what the store holds") // a PG that is not there, a log out of order
	ErrDead     = errors.New("store is dead")                    // it could not write, or is closed; what was under way may have happened
)

// CorruptError says that something did not check. Nothing of it was returned.
type CorruptError struct {
	Part Part
	Key  Key         // of the object; of no meaning for the parts of a PG
	PG   osdmap.PGID // of a PG's parts
	Off  uint64      // of data: where the damaged blocks begin in the object
	Len  uint64      // of data: how many bytes long they are
	Why  string      // for people: which check failed
}

// Error names what is damaged.
func (e *CorruptError) Error() string {
	switch e.Part {
	case PartData:
		return fmt.Sprintf("object %v: bytes %d to %d are damaged: %s", e.Key, e.Off, e.Off+e.Len, e.Why)
	case PartObject, PartOmap:
		return fmt.Sprintf("object %v: its %v is damaged: %s", e.Key, e.Part, e.Why)
	case PartIndex:
		return fmt.Sprintf("the %v is damaged: %s", e.Part, e.Why)
	}
	return fmt.Sprintf("pg %v: its %v is damaged: %s", e.PG, e.Part, e.Why)
}

// Part is what of an object or PG is damaged.
type Part uint8

// The parts.
const (
	PartData   Part = iota + 1 // blocks of an object's data
	PartObject                 // an object's own record: size, version, attributes
	PartOmap                   // a row of an object's omap
	PartPG                     // a PG's own record: info, statistics
	PartLog                    // an entry of a PG's log
	PartRows                   // one of a PG's rows
	PartIndex                  // what the store finds all others by
)

// String is the part's name.
func (p Part) String() string {
	switch p {
	case PartData:
		return "data"
	case PartObject:
		return "record"
	case PartOmap:
		return "omap"
	case PartPG:
		return "record"
	case PartLog:
		return "log"
	case PartRows:
		return "rows"
	case PartIndex:
		return "index"
	}
	return fmt.Sprintf("part %d", uint8(p))
}
