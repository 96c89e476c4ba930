package wire

import "fmt"

// Type says what the body of a message holds. The table only grows; numbers are never used for
// something else.
type Type uint16

// The types.
const (
	TypeHello    Type = 1 // opens a session
	TypeCredit   Type = 2 // lets the other side send more
	TypePing     Type = 3 // asks for a sign of life: among OSDs by class heartbeat; a health check by control
	TypeEcho     Type = 4 // asks for the same bytes back; for tests and measurements
	TypeNote     Type = 5 // one way, a line of text; for tests and measurements
	TypeWrite    Type = 6 // changes one object
	TypeRead     Type = 7 // reads one object
	TypeSubWrite Type = 8 // a write on its way to a replica
)

// The types that keep maps and monitors going.
const (
	TypeMaps     Type = 20 // changes of the osdmap, for a peer that is behind
	TypeGetMaps  Type = 21 // asks for changes, or for a whole osdmap
	TypeMapHint  Type = 22 // published: there is a newer osdmap
	TypeBoot     Type = 24 // an OSD wants to be up
	TypeUpThru   Type = 25 // an OSD wants the map to say that it is still up
	TypeFailure  Type = 26 // an OSD cannot reach another
	TypeBeacon   Type = 27 // an OSD is well, and these are its numbers
	TypeGoodbye  Type = 28 // an OSD has stopped serving
	TypePGTemp   Type = 29 // a primary wants other OSDs in charge of a PG for a while
	TypeCommand  Type = 31 // an operator's, to a monitor or an OSD
	TypeForward  Type = 32 // a request that a monitor passes on to the leader
	TypeLog      Type = 33 // between monitors, of the replicated log
	TypeFollow   Type = 34 // a monitor is well, to the one that leads
	TypeList     Type = 40 // lists objects of a PG
	TypeLogLines Type = 41 // published: new lines of the cluster log
)

// The types that the OSDs of a PG need among themselves.
const (
	TypePGQuery      Type = 50 // asks a copy what it is, or for its log
	TypePGNotify     Type = 51 // what a copy is
	TypePGLog        Type = 52 // the log of a copy
	TypePGActivate   Type = 53 // makes a copy part of an interval
	TypePGActivated  Type = 54 // it is part of it, on disk
	TypePGLeases     Type = 55 // grants and acknowledges leases
	TypePGHistory    Type = 56 // what a PG has reached
	TypePGHistoryAck Type = 57 // a copy has that on disk
	TypePGRemove     Type = 58 // a stray may go
	TypePGPull       Type = 59 // asks for an object
	TypePGPush       Type = 60 // part of an object
	TypePGPushed     Type = 61 // it is on disk
	TypePGReserve    Type = 62 // asks for a place to be recovered, or answers
	TypePGScan       Type = 63 // asks a backfill target what it has
	TypePGScanned    Type = 64 // what it has
	TypePGCursor     Type = 65 // moves the cursor of a backfill
	TypePGCursorAck  Type = 66 // it has been moved, on disk
	TypePGScrub      Type = 67 // asks what the objects of a chunk are
	TypePGScrubbed   Type = 68 // what they are
	TypePGRepair     Type = 69 // an object is not what it should be
	TypePGRepaired   Type = 70 // that is noted, on disk
)

// row is what the table says of a type.
type row struct {
	name    string
	classes Classes    // may carry it
	request func() any // the body of a request or one-way message; nil: there is none
	reply   func() any // the body of the answer; nil: it is one way
}

var types = []row{
	TypeHello:  {"hello", AllClasses, body[Hello], body[Welcome]},
	TypeCredit: {"credit", AllClasses, body[Credit], nil},
	TypePing:   {"ping", Classes(0).With(Heartbeat).With(Control), body[Ping], body[Pong]},
	TypeEcho:   {"echo", AllClasses, body[Echo], body[Echo]},
	TypeNote:   {"note", AllClasses, body[Note], nil},

	TypeWrite:    {"write", Classes(0).With(Data), body[Write], body[WriteReply]},
	TypeRead:     {"read", Classes(0).With(Data), body[Read], body[ReadReply]},
	TypeSubWrite: {"sub-write", Classes(0).With(Data), body[SubWrite], body[SubWriteReply]},

	TypeMaps:     {"maps", Classes(0).With(Control), body[Maps], nil},
	TypeGetMaps:  {"get maps", Classes(0).With(Control).With(Data), body[GetMaps], body[GetMapsReply]},
	TypeMapHint:  {"map hint", 0, body[MapHint], nil},
	TypeBoot:     {"boot", Classes(0).With(Control), body[Boot], body[Done]},
	TypeUpThru:   {"up thru", Classes(0).With(Control), body[UpThru], body[Done]},
	TypeFailure:  {"failure", Classes(0).With(Control), body[Failure], body[Done]},
	TypeBeacon:   {"beacon", Classes(0).With(Control), body[Beacon], body[BeaconReply]},
	TypeGoodbye:  {"goodbye", Classes(0).With(Control), body[Goodbye], body[Done]},
	TypePGTemp:   {"pg temp", Classes(0).With(Control), body[PGTemp], body[Done]},
	TypeCommand:  {"command", Classes(0).With(Control), body[Command], body[CommandReply]},
	TypeForward:  {"forward", Classes(0).With(Control), body[Forward], body[Forwarded]},
	TypeLog:      {"log", Classes(0).With(Control).With(Bulk), body[LogCall], body[LogReply]},
	TypeFollow:   {"follow", Classes(0).With(Control), body[Follow], body[Followed]},
	TypeList:     {"list", Classes(0).With(Data), body[List], body[ListReply]},
	TypeLogLines: {"log lines", 0, body[LogLines], nil},

	TypePGQuery:      {"pg query", Classes(0).With(Control), body[PGQuery], nil},
	TypePGNotify:     {"pg notify", Classes(0).With(Control), body[PGNotify], nil},
	TypePGLog:        {"pg log", Classes(0).With(Data), body[PGLog], nil},
	TypePGActivate:   {"pg activate", Classes(0).With(Data), body[PGActivate], nil},
	TypePGActivated:  {"pg activated", Classes(0).With(Data), body[PGActivated], nil},
	TypePGLeases:     {"pg leases", Classes(0).With(Control), body[PGLeases], nil},
	TypePGHistory:    {"pg history", Classes(0).With(Control), body[PGHistory], nil},
	TypePGHistoryAck: {"pg history ack", Classes(0).With(Control), body[PGHistoryAck], nil},
	TypePGRemove:     {"pg remove", Classes(0).With(Control), body[PGRemove], nil},
	TypePGPull:       {"pg pull", Classes(0).With(Control).With(Bulk), body[PGPull], nil},
	TypePGPush:       {"pg push", Classes(0).With(Bulk), body[PGPush], nil},
	TypePGPushed:     {"pg pushed", Classes(0).With(Control).With(Bulk), body[PGPushed], nil},
	TypePGReserve:    {"pg reserve", Classes(0).With(Control), body[PGReserve], nil},
	TypePGScan:       {"pg scan", Classes(0).With(Control), body[PGScan], nil},
	TypePGScanned:    {"pg scanned", Classes(0).With(Data), body[PGScanned], nil},
	TypePGCursor:     {"pg cursor", Classes(0).With(Control), body[PGCursor], nil},
	TypePGCursorAck:  {"pg cursor ack", Classes(0).With(Control), body[PGCursorAck], nil},
	TypePGScrub:      {"pg scrub", Classes(0).With(Control), body[PGScrub], nil},
	TypePGScrubbed:   {"pg scrubbed", Classes(0).With(Data), body[PGScrubbed], nil},
	TypePGRepair:     {"pg repair", Classes(0).With(Control), body[PGRepair], nil},
	TypePGRepaired:   {"pg repaired", Classes(0).With(Control), body[PGRepaired], nil},
}

func body[T any]() any { return new(T) }

// Known reports whether the type is in the table.
func (t Type) Known() bool { return int(t) < len(types) && types[t].name != "" }

// String is the type's name.
func (t Type) String() string {
	if t.Known() {
		return types[t].name
	}
	return fmt.Sprintf("type %d", uint16(t))
}

// TravelsBy reports whether messages of the type may come by the class.
func (t Type) TravelsBy(c Class) bool { return t.Known() && types[t].classes.Has(c) }

// OneWay reports whether messages of the type have no answer.
func (t Type) OneWay() bool { return t.Known() && types[t].reply == nil }

// NewBody makes an empty body for a message of the type with the flags: a pointer to one of
// this package's structs. It is nil if there is none.
func (t Type) NewBody(f Flags) any {
	switch {
	case f&Failed != 0:
		return new(Error)
	case !t.Known() || f&Reply != 0 && types[t].reply == nil:
		return nil
	case f&Reply != 0:
		return types[t].reply()
	}
	return types[t].request()
}

// Class is a sort of traffic. Each has a connection and limits of its own, so that none delays
// another.
type Class uint8

// The classes.
const (
	Control   Class = iota // maps, peering, administration
	Data                   // what clients write and read, and its replication
	Bulk                   // recovery, backfill, snapshots
	Heartbeat              // signs of life
	NumClasses
)

var classNames = [NumClasses]string{"control", "data", "bulk", "heartbeat"}

// String is the class's name.
func (c Class) String() string {
	if c < NumClasses {
		return classNames[c]
	}
	return fmt.Sprintf("class %d", uint8(c))
}

// Classes is a set of classes.
type Classes uint8

// AllClasses has every class.
const AllClasses Classes = 1<<NumClasses - 1

// With is the set with one class more.
func (s Classes) With(c Class) Classes { return s | 1<<c }

// Has reports whether the class is in the set.
func (s Classes) Has(c Class) bool { return c < NumClasses && s>>c&1 == 1 }
