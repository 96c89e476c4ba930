package objecter

import (
	"errors"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// How an operation can end beside well, and with a *wire.Error that an OSD or monitor gave.
var (
	ErrUnknown  = errors.New("outcome unknown: it may have happened, or may yet happen")
	ErrTimeout  = errors.New("timed out") // nothing happened
	ErrCanceled = errors.New("canceled")  // nothing happened
)

// Pool names a pool, by id or, if that is 0, by name. A name is looked up once: an operation never
// moves to another pool that gets the same name.
type Pool struct {
	ID   osdmap.PoolID
	Name string
}

// Object names an object.
type Object struct {
	Pool      Pool
	Namespace string
	Name      string
	Key       string // hashed instead of the name, if it is set
}

// Write asks for changes of one object, all or none.
type Write struct {
	Token   core.Token // chosen by the caller, comes back with Done; used once
	Object  Object
	Steps   []wire.Step
	Bulk    []byte        // of the steps, in order; nobody may write it any more
	Timeout time.Duration // 0: the Config's
}

// Read asks about one object.
type Read struct {
	Token   core.Token
	Object  Object
	Steps   []wire.Step
	Bulk    []byte // to compare with
	Expect  int    // bytes that the answer may bring; 0: as many as the steps can
	Timeout time.Duration
}

// List asks for a page of the objects of one PG, in the store's order.
type List struct {
	Token     core.Token
	PG        osdmap.PGID
	Namespace string
	All       bool        // of every namespace
	From      wire.Cursor // where to go on
	Max       uint32      // 0: as many as fit
	Timeout   time.Duration
}

// MonCommand asks the monitors to do something, or to tell.
type MonCommand struct {
	Token   core.Token
	Name    string
	Args    []wire.Setting
	Timeout time.Duration
}

// OSDCommand asks an OSD: the primary of PG, or OSD if PG is zero.
type OSDCommand struct {
	Token   core.Token
	PG      osdmap.PGID
	OSD     osdmap.OSDID
	Name    string
	Args    []wire.Setting
	Timeout time.Duration
}

// LookUp finds a pool: Done's Body is an *osdmap.Pool.
type LookUp struct {
	Token   core.Token
	Pool    Pool
	Timeout time.Duration
}

// GetMap asks for the osdmap: Done's Body is the *osdmap.Map.
type GetMap struct {
	Token   core.Token
	AtLeast osdmap.Epoch
	Fresh   bool // as a monitor has it now
	Timeout time.Duration
}

// Cancel gives an operation up. It ends by ErrUnknown or ErrCanceled, if it has not ended.
type Cancel struct {
	Token core.Token
}

// Done ends an operation.
type Done struct {
	Token core.Token
	Body  any    // of the answer: *wire.WriteReply, *wire.ReadReply, …; there may be one beside Err
	Bulk  []byte // of the answer
	Err   error
	PG    osdmap.PGID  // that held the object, if it came to that
	Epoch osdmap.Epoch // of our map
	Sends int          // how often it was sent; with 1, nobody looks at the bulk any more
}

// Waiting says what an operation waits for beside an answer; with an empty Why, for nothing more.
type Waiting struct {
	Token core.Token
	Why   string // such as "the cluster is paused"
}

// NewMap says that the osdmap moved on.
type NewMap struct {
	Map *osdmap.Map
}
