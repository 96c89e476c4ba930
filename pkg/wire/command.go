package wire

import "zeph/pkg/osdmap"

// Command is an operator's, to a monitor (a name such as "osd out") or to an OSD ("pg query").
type Command struct {
	Name string    `cbor:"1,keyasint"`
	Args []Setting `cbor:"2,keyasint,omitempty"` // in any order, each name once
}

// Arg is the value of an argument, and whether it was given.
func (c *Command) Arg(name string) (string, bool) {
	for _, a := range c.Args {
		if a.Name == name {
			return a.Value, true
		}
	}
	return "", false
}

// CommandReply answers a Command. Its bulk is what was asked for, as JSON; there may be none.
type CommandReply struct {
	Text  string       `cbor:"1,keyasint,omitempty"` // for people: what was done
	Epoch osdmap.Epoch `cbor:"2,keyasint,omitzero"`  // of the map that shows it
	Size  uint64       `cbor:"3,keyasint,omitzero"`  // of the JSON in all, where an answer does not hold it: ask again with argument "offset"
}

// Forward passes a request on to the monitor that leads, with its bulk.
type Forward struct {
	Type   Type   `cbor:"1,keyasint"`
	Body   []byte `cbor:"2,keyasint"`
	Entity string `cbor:"3,keyasint"` // who asked
	GID    GID    `cbor:"4,keyasint"`
	ID     uint64 `cbor:"5,keyasint"`           // of the request
	Origin string `cbor:"6,keyasint,omitempty"` // where it came from, for the cluster log
}

// Forwarded is the leader's answer, with its bulk, to be passed back.
type Forwarded struct {
	Body []byte `cbor:"1,keyasint"`
}

// LogCall is a request of the replicated log, between monitors. Its bulk is the request.
type LogCall struct {
	Kind uint8  `cbor:"1,keyasint"`           // which request, as package consensus numbers them
	Part uint64 `cbor:"2,keyasint,omitzero"`  // of a snapshot: where in it the bulk begins
	ID   uint64 `cbor:"3,keyasint,omitzero"`  // of a snapshot under way
	Last bool   `cbor:"4,keyasint,omitzero"`  // of a snapshot: nothing follows
	Body []byte `cbor:"5,keyasint,omitempty"` // of the request, beside its bulk
}

// MaxLogAnswer is the most that the bulk of a LogReply takes, in bytes.
const MaxLogAnswer = 2 << 10

// LogReply answers a LogCall. Its bulk is the answer.
type LogReply struct {
	Text string `cbor:"1,keyasint,omitempty"` // why it failed
}

// LogLines are new lines of the cluster log.
type LogLines struct {
	Lines []LogLine `cbor:"1,keyasint"`
}

// LogLine is a line of the cluster log: what happened, when, and who asked for it.
type LogLine struct {
	Seq     uint64           `cbor:"1,keyasint"` // counts lines
	Time    osdmap.UnixMilli `cbor:"2,keyasint"` // in milliseconds since 1970
	Level   string           `cbor:"3,keyasint"` // info, warn, error
	Who     string           `cbor:"4,keyasint"` // entity that asked, or the monitor that decided
	Text    string           `cbor:"5,keyasint"`
	Epoch   osdmap.Epoch     `cbor:"6,keyasint,omitzero"`  // of the map that came of it
	Channel string           `cbor:"7,keyasint,omitempty"` // cluster, audit
}

// List asks for objects of one PG, in the store's order.
type List struct {
	PG        PG     `cbor:"1,keyasint"`
	Namespace string `cbor:"2,keyasint,omitempty"` // only these; empty: the default one
	All       bool   `cbor:"3,keyasint,omitzero"`  // of every namespace
	From      Cursor `cbor:"4,keyasint,omitzero"`  // where to go on
	Max       uint32 `cbor:"5,keyasint,omitzero"`  // 0: as many as fit
}

// Cursor is a place in the order of a PG's objects.
type Cursor struct {
	Hash      uint32 `cbor:"1,keyasint,omitzero"`
	Namespace string `cbor:"2,keyasint,omitempty"`
	Name      string `cbor:"3,keyasint,omitempty"` // empty: before all objects of the hash
}

// ListReply answers a List.
type ListReply struct {
	Objects []Listed `cbor:"1,keyasint,omitempty"`
	Next    Cursor   `cbor:"2,keyasint,omitzero"` // where to go on
	More    bool     `cbor:"3,keyasint,omitzero"` // there are more
}

// Listed is an object in a listing.
type Listed struct {
	Namespace string           `cbor:"1,keyasint,omitempty"`
	Name      string           `cbor:"2,keyasint"`
	Size      uint64           `cbor:"3,keyasint,omitzero"`
	Version   PGVersion        `cbor:"4,keyasint,omitzero"`
	Modified  osdmap.UnixMilli `cbor:"5,keyasint,omitzero"`
}
