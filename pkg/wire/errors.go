package wire

import "fmt"

// Code is what went wrong, for the program at the other end. The table only grows; codes are
// never used for something else.
type Code uint16

// The codes that sessions need.
const (
	Malformed      Code = 1  // the bytes are no message, or its body is not what its type has
	UnknownVersion Code = 2  // of the message format
	UnknownMode    Code = 3  // of protection
	UnknownType    Code = 4  // of message
	UnknownFlag    Code = 5  // in the header
	UnknownField   Code = 6  // in the body of a request that must be understood
	TooLarge       Code = 7  // for the class it came by, or for the answer
	WrongCluster   Code = 8  // the fsids differ
	WrongPeer      Code = 9  // the hello was meant for another entity, or another run of it
	BadSession     Code = 10 // the header is not that of its session
	WrongClass     Code = 11 // that type does not travel by that class
	OverCredit     Code = 12 // more was sent than the receiver had granted
	NoHandler      Code = 13 // this daemon does not serve that type
	Busy           Code = 14 // no room now
	Closing        Code = 15 // the daemon is going away
	Internal       Code = 16 // the daemon failed while it did what was asked
	Replaced       Code = 17 // a newer session of the same run took this one's place
)

// The codes that reads and writes of objects need.
const (
	UnknownStep Code = 18 // the step is not in the table, or not in that of its request
	NotFound    Code = 19 // there is no such object, attribute or key of the omap
	Exists      Code = 20 // there is such an object
	Mismatch    Code = 21 // a compare found something else
)

// The codes that a cluster needs, whose members know different maps at different times.
const (
	WrongPrimary Code = 22 // by the answerer's map another OSD serves the PG: get that map, send again
	Interrupted  Code = 23 // the PG's interval ended with the operation under way: send again, marked as resent
	Forgotten    Code = 24 // a resend whose result may have been dropped: nobody knows
	NoPool       Code = 25 // the pool is gone, or never was
	Full         Code = 26 // no room for growth
	NoQuorum     Code = 27 // no monitor leads now
	Overtaken    Code = 28 // what the request was computed from has moved on: compute it anew
	Denied       Code = 29 // the request makes no sense, or would do harm: the text says why
	Expired      Code = 30 // its time ran out before it began
	Lost         Code = 31 // the leader changed with the proposal under way
	Damaged      Code = 32 // every copy that could be read has the bytes damaged
	WrongStore   Code = 33 // an OSD wants to boot from a store that is not the one the map knows
)

// Outcome is what an error says about whether anything happened. Clients act on it.
type Outcome uint8

// The outcomes.
const (
	Definite  Outcome = iota + 1 // nothing happened, and trying again will not help
	Retry                        // nothing happened; try again
	Ambiguous                    // it may have happened, or not
)

// String is the outcome's name.
func (o Outcome) String() string {
	switch o {
	case Definite:
		return "definite"
	case Retry:
		return "retry"
	}
	return "unknown"
}

// codes is the table: by code, its name and its outcome.
var codes = []struct {
	name    string
	outcome Outcome
}{
	Malformed:      {"malformed", Definite},
	UnknownVersion: {"unknown version", Definite},
	UnknownMode:    {"unknown mode", Definite},
	UnknownType:    {"unknown type", Definite},
	UnknownFlag:    {"unknown flag", Definite},
	UnknownField:   {"unknown field", Definite},
	TooLarge:       {"too large", Definite},
	WrongCluster:   {"wrong cluster", Definite},
	WrongPeer:      {"wrong peer", Definite},
	BadSession:     {"bad session", Ambiguous},
	WrongClass:     {"wrong class", Definite},
	OverCredit:     {"over credit", Ambiguous},
	NoHandler:      {"no handler", Definite},
	Busy:           {"busy", Retry},
	Closing:        {"closing", Retry},
	Internal:       {"internal error", Ambiguous},
	Replaced:       {"replaced", Ambiguous},
	UnknownStep:    {"unknown step", Definite},
	NotFound:       {"not found", Definite},
	Exists:         {"exists", Definite},
	Mismatch:       {"mismatch", Definite},
	WrongPrimary:   {"wrong primary", Retry},
	Interrupted:    {"interrupted", Ambiguous},
	Forgotten:      {"forgotten", Ambiguous},
	NoPool:         {"no such pool", Definite},
	Full:           {"full", Definite},
	NoQuorum:       {"no quorum", Retry},
	Overtaken:      {"overtaken", Retry},
	Denied:         {"denied", Definite},
	Expired:        {"expired", Definite},
	Lost:           {"lost", Ambiguous},
	Damaged:        {"damaged", Definite},
	WrongStore:     {"wrong store", Definite},
}

// Known reports whether the code is in the table.
func (c Code) Known() bool { return int(c) < len(codes) && codes[c].name != "" }

// Error is the code's name, so that a Code can be a sentinel: errors.Is(err, wire.Busy).
func (c Code) Error() string {
	if c.Known() {
		return codes[c].name
	}
	return fmt.Sprintf("error code %d", uint16(c))
}

// Outcome is what the code says about whether anything happened. Of a code that we do not know,
// from a newer peer, we must believe the worst.
func (c Code) Outcome() Outcome {
	if c.Known() {
		return codes[c].outcome
	}
	return Ambiguous
}

// Errorf makes an Error of the code.
func (c Code) Errorf(format string, args ...any) *Error {
	return &Error{Code: c, Text: fmt.Sprintf(format, args...)}
}

// Error is the body of an answer that failed.
type Error struct {
	Code Code   `cbor:"1,keyasint"`
	Text string `cbor:"2,keyasint,omitzero"` // for a person: what and why
}

// Error is the code's name and the text.
func (e *Error) Error() string {
	if e.Text == "" {
		return e.Code.Error()
	}
	return e.Code.Error() + ": " + e.Text
}

// Unwrap is the code.
func (e *Error) Unwrap() error { return e.Code }
