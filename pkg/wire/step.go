package wire

import "fmt"

// Step is one thing to do to an object. The steps of a request happen in order, all or none.
type Step struct {
	Op      StepOp    `cbor:"1,keyasint"`
	Offset  uint64    `cbor:"2,keyasint,omitzero"` // in the object, in bytes
	Length  uint64    `cbor:"3,keyasint,omitzero"` // in bytes; of list omap, in keys
	Name    string    `cbor:"4,keyasint,omitzero"` // of an attribute, or a key of the omap
	Version PGVersion `cbor:"5,keyasint,omitzero"` // to compare with
}

// StepOp is what a step does. The table only grows; numbers are never used for something else.
type StepOp uint8

// The steps. One that fails makes the whole request fail.
const (
	StepCreate      StepOp = 1  // makes an empty object unless there is one
	StepWrite       StepOp = 2  // writes at the offset; a hole before it reads as zeros
	StepWriteFull   StepOp = 3  // replaces all bytes of the object
	StepAppend      StepOp = 4  // writes at the end
	StepTruncate    StepOp = 5  // cuts the object at the offset, or fills it up to there with zeros
	StepZero        StepOp = 6  // makes a range of the object read as zeros
	StepRemove      StepOp = 7  // removes the object, with its attributes and omap
	StepSetXattr    StepOp = 8  // sets an attribute
	StepRemoveXattr StepOp = 9  // removes an attribute
	StepSetOmap     StepOp = 10 // sets a key of the omap
	StepRemoveOmap  StepOp = 11 // removes a key of the omap
	StepClearOmap   StepOp = 12 // removes every key of the omap
	StepExists      StepOp = 13 // fails unless the object exists
	StepAbsent      StepOp = 14 // fails if the object exists
	StepIsVersion   StepOp = 15 // fails unless the last write of the object had the version
	StepIsXattr     StepOp = 16 // fails unless the attribute has that value
	StepRead        StepOp = 17 // reads a range, as far as the object goes; length 0: to its end
	StepStat        StepOp = 18 // reads nothing but what every answer says: version, size, time
	StepGetXattr    StepOp = 19 // reads an attribute
	StepListXattrs  StepOp = 20 // reads all attributes, as Pairs
	StepGetOmap     StepOp = 21 // reads the value of a key of the omap
	StepListOmap    StepOp = 22 // reads keys after the name, and their values, as Pairs; at most length keys, 0: as many as fit
)

// Uses is a set of what a step may be part of, and which fields it uses.
type Uses uint8

// What a step uses.
const (
	InWrite     Uses = 1 << iota // may be part of a write
	InRead                       // may be part of a read
	UsesOffset                   // the field Offset
	UsesLength                   // the field Length
	UsesName                     // the field Name
	UsesVersion                  // the field Version
	SendsBulk                    // Length bytes of the request's bulk belong to it
	GetsBulk                     // part of the answer's bulk belongs to it
)

// stepOps is the table: by number, a name and what the step uses.
var stepOps = []struct {
	name string
	uses Uses
}{
	StepCreate:      {"create", InWrite},
	StepWrite:       {"write", InWrite | UsesOffset | UsesLength | SendsBulk},
	StepWriteFull:   {"write full", InWrite | UsesLength | SendsBulk},
	StepAppend:      {"append", InWrite | UsesLength | SendsBulk},
	StepTruncate:    {"truncate", InWrite | UsesOffset},
	StepZero:        {"zero", InWrite | UsesOffset | UsesLength},
	StepRemove:      {"remove", InWrite},
	StepSetXattr:    {"set xattr", InWrite | UsesName | UsesLength | SendsBulk},
	StepRemoveXattr: {"remove xattr", InWrite | UsesName},
	StepSetOmap:     {"set omap", InWrite | UsesName | UsesLength | SendsBulk},
	StepRemoveOmap:  {"remove omap", InWrite | UsesName},
	StepClearOmap:   {"clear omap", InWrite},
	StepExists:      {"exists", InWrite | InRead},
	StepAbsent:      {"absent", InWrite | InRead},
	StepIsVersion:   {"is version", InWrite | InRead | UsesVersion},
	StepIsXattr:     {"is xattr", InWrite | InRead | UsesName | UsesLength | SendsBulk},
	StepRead:        {"read", InRead | UsesOffset | UsesLength | GetsBulk},
	StepStat:        {"stat", InRead},
	StepGetXattr:    {"get xattr", InRead | UsesName | GetsBulk},
	StepListXattrs:  {"list xattrs", InRead | GetsBulk},
	StepGetOmap:     {"get omap", InRead | UsesName | GetsBulk},
	StepListOmap:    {"list omap", InRead | UsesName | UsesLength | GetsBulk},
}

// Known reports whether the step is in the table.
func (op StepOp) Known() bool { return int(op) < len(stepOps) && stepOps[op].name != "" }

// String is the step's name.
func (op StepOp) String() string {
	if op.Known() {
		return stepOps[op].name
	}
	return fmt.Sprintf("step %d", uint8(op))
}

// Uses is what the table says of the step; nothing of one that is not in it.
func (op StepOp) Uses() Uses {
	if op.Known() {
		return stepOps[op].uses
	}
	return 0
}

// CheckSteps refuses steps that a request may not have: that are not in the table, may not be
// part of it (in is InWrite or InRead), or do not share out its bulk to the last byte. The
// error is an *Error.
func CheckSteps(steps []Step, in Uses, bulk int) error {
	left := uint64(bulk)
	for i, step := range steps {
		uses := step.Op.Uses()
		if uses&in == 0 {
			return UnknownStep.Errorf("step %d is %v", i, step.Op)
		}
		if uses&SendsBulk == 0 {
			continue
		}
		if step.Length > left {
			return Malformed.Errorf("step %d, %v, has %d bytes, and %d are left in the bulk", i, step.Op, step.Length, left)
		}
		left -= step.Length
	}
	if left > 0 {
		return Malformed.Errorf("%d bytes of the bulk belong to no step", left)
	}
	return nil
}
