package store

import (
	"fmt"

	"zeph/pkg/osdmap"
)

// Op is one operation of a transaction. Which fields it uses, its Kind tells; the methods of
// Txn make it.
type Op struct {
	Kind     OpKind
	Key      Key         // of operations on an object
	PG       osdmap.PGID // of operations on a PG
	Off, Len uint64
	Name     string // of an attribute
	From, To string // of a range of rows; To "": to the end
	Data     []byte // what is written, an attribute's value, an info
	Rows     []Row
	Entries  []LogEntry
	Version  Version
	Modified osdmap.UnixMilli
	Count    uint32 // pg_num, or how many objects to remove
}

// OpKind is what an operation does. All but the removing kinds make the object they name if it is
// not there; what removes something that is not there does nothing.
type OpKind uint8

// The operations.
const (
	OpTouch      OpKind = iota + 1 // makes an empty object unless there is one
	OpWrite                        // writes Data at Off; a hole before it reads as zeros
	OpWriteFull                    // replaces all data by Data; the rest of the object stays
	OpZero                         // makes Len bytes from Off on read as zeros, as far as the object goes; removing
	OpTruncate                     // cuts the data at Len, or fills it up to there with zeros
	OpRemove                       // removes the object with all it has; removing
	OpSetAttr                      // sets the attribute Name to Data
	OpRemoveAttr                   // removes the attribute Name; removing
	OpSetOmap                      // sets Rows, which are in order
	OpDeleteOmap                   // deletes the rows of a range; removing
	OpSetVersion                   // notes Version and Modified
	OpMakePG                       // makes a PG of a pool with Count PGs unless it is there
	OpSetInfo                      // replaces the PG's info by Data
	OpAppendLog                    // adds Entries to the log, each newer than the one before and the log's head
	OpTrimLog                      // removes the entries up to Version
	OpRewindLog                    // removes the entries after Version; it is the log's head then, unless the head is older
	OpSetRows                      // sets Rows of the PG, which are in order
	OpDeleteRows                   // deletes the PG's rows of a range
	OpRemovePG                     // removes the PG's first Count objects; when none is left, all the rest
	opKinds
)

var opNames = [opKinds]string{
	OpTouch: "touch", OpWrite: "write", OpWriteFull: "write full", OpZero: "zero", OpTruncate: "truncate",
	OpRemove: "remove", OpSetAttr: "set attr", OpRemoveAttr: "remove attr", OpSetOmap: "set omap",
	OpDeleteOmap: "delete omap", OpSetVersion: "set version", OpMakePG: "make pg", OpSetInfo: "set info",
	OpAppendLog: "append log", OpTrimLog: "trim log", OpRewindLog: "rewind log", OpSetRows: "set rows",
	OpDeleteRows: "delete rows", OpRemovePG: "remove pg",
}

// String is the operation's name.
func (k OpKind) String() string {
	if k > 0 && k < opKinds {
		return opNames[k]
	}
	return fmt.Sprintf("operation %d", uint8(k))
}

// OnObject reports whether the operation is about an object, not a PG.
func (k OpKind) OnObject() bool { return k >= OpTouch && k <= OpSetVersion }

// Makes reports whether the operation makes the object that it names.
func (k OpKind) Makes() bool {
	switch k {
	case OpZero, OpRemove, OpRemoveAttr, OpDeleteOmap:
		return false
	}
	return k.OnObject()
}
