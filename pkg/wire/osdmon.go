package wire

import "zeph/pkg/osdmap"

// What OSDs say to the monitors. Any monitor takes it; one that does not lead forwards it. Hence the
// bodies name who speaks.

// Boot asks to be up. The answer comes once a map says so.
type Boot struct {
	OSD      osdmap.OSDID  `cbor:"1,keyasint"`
	GID      GID           `cbor:"2,keyasint"`            // of this run, durably noted before
	Store    osdmap.UUID   `cbor:"3,keyasint"`            // drawn by mkfs
	GIDs     []GID         `cbor:"4,keyasint,omitempty"`  // all noted since the last one seen in a map, that one included
	Addrs    []osdmap.Addr `cbor:"5,keyasint"`            // where it listens
	Location []string      `cbor:"6,keyasint,omitempty"`  // in the CRUSH map, as type=name; empty: leave it where it is
	Weight   uint32        `cbor:"7,keyasint,omitzero"`   // CRUSH weight, 16.16 fixed point, when it is new there
	Class    string        `cbor:"8,keyasint,omitzero"`   // of device, when it is new there
	Size     uint64        `cbor:"9,keyasint,omitzero"`   // of its store, in bytes
	Epoch    osdmap.Epoch  `cbor:"10,keyasint,omitzero"`  // of its newest map
	Software string        `cbor:"11,keyasint,omitempty"` // name and version
	Host     string        `cbor:"12,keyasint,omitempty"` // for people
	Waits    string        `cbor:"13,keyasint,omitempty"` // why it does not ask to be up yet, though it runs: noted, for people
}

// Done answers what needs no more than that: it is so as of an epoch.
type Done struct {
	Epoch osdmap.Epoch `cbor:"1,keyasint,omitzero"` // that shows it
}

// UpThru asks that the map say that the OSD was up as long as to an interval's first epoch.
type UpThru struct {
	OSD  osdmap.OSDID `cbor:"1,keyasint"`
	GID  GID          `cbor:"2,keyasint"`
	Want osdmap.Epoch `cbor:"3,keyasint"`
}

// Reason is why an OSD reports another.
type Reason uint8

// The reasons.
const (
	Silent     Reason = 1 // no answer to pings
	Refused    Reason = 2 // two of its ports refuse connections
	NoProgress Reason = 3 // it answers, but its loop or its disk stands still
)

// String is the reason's name.
func (r Reason) String() string {
	switch r {
	case Silent:
		return "silent"
	case Refused:
		return "connection refused"
	case NoProgress:
		return "no progress"
	}
	return "unknown reason"
}

// Failure reports that an OSD cannot be reached, or takes that back.
type Failure struct {
	OSD       osdmap.OSDID `cbor:"1,keyasint"` // who reports
	GID       GID          `cbor:"2,keyasint"`
	Target    osdmap.OSDID `cbor:"3,keyasint"`
	TargetGID GID          `cbor:"4,keyasint"`
	Reason    Reason       `cbor:"5,keyasint,omitzero"`
	For       Millis       `cbor:"6,keyasint,omitzero"` // how long it has been so, in milliseconds
	Withdraw  bool         `cbor:"7,keyasint,omitzero"` // it is well again
}

// Goodbye says that an OSD has stopped serving, all leases of its included.
type Goodbye struct {
	OSD osdmap.OSDID `cbor:"1,keyasint"`
	GID GID          `cbor:"2,keyasint"`
}

// PGTemp asks that other OSDs be in charge of PGs for a while, or no longer.
type PGTemp struct {
	OSD  osdmap.OSDID `cbor:"1,keyasint"` // the primary of them all
	GID  GID          `cbor:"2,keyasint"`
	Asks []TempAsk    `cbor:"3,keyasint"`
}

// TempAsk is what is asked for one PG.
type TempAsk struct {
	PG       PG             `cbor:"1,keyasint"`
	Interval osdmap.Epoch   `cbor:"2,keyasint"`           // first epoch of the interval that it was computed for
	OSDs     []osdmap.OSDID `cbor:"3,keyasint,omitempty"` // nobody: the entry should go
}

// Beacon says that an OSD is well, each second.
type Beacon struct {
	OSD      osdmap.OSDID `cbor:"1,keyasint"`
	GID      GID          `cbor:"2,keyasint"`
	Size     uint64       `cbor:"3,keyasint,omitzero"`   // of the store, in bytes
	Used     uint64       `cbor:"4,keyasint,omitzero"`   // of it
	PGs      []PGStat     `cbor:"5,keyasint,omitempty"`  // of which it is the primary; those that changed, and in turn the others
	Copies   uint32       `cbor:"6,keyasint,omitzero"`   // PGs that it has a copy of
	Config   uint64       `cbor:"7,keyasint,omitzero"`   // version of the settings that it has
	Unheard  []Unheard    `cbor:"8,keyasint,omitempty"`  // OSDs whose pings have no answer
	SlowOps  uint32       `cbor:"9,keyasint,omitzero"`   // operations that have taken more than 30 s so far
	Complete bool         `cbor:"10,keyasint,omitzero"`  // by now this run has told this leader of every PG that it is the primary of
	Drifts   []Drift      `cbor:"11,keyasint,omitempty"` // peers whose clocks run at another rate
	Damaged  uint64       `cbor:"12,keyasint,omitzero"`  // reads that did not check, since it started
	Term     uint64       `cbor:"13,keyasint,omitzero"`  // of the leader that Complete is about, from the last BeaconReply
	Mons     uint64       `cbor:"14,keyasint,omitzero"`  // version of the monmap that it has
	Hears    []Heard      `cbor:"15,keyasint,omitempty"` // OSDs that answer pings: all that are slow, and others in turn
}

// Unheard is an OSD that does not answer.
type Unheard struct {
	OSD    osdmap.OSDID `cbor:"1,keyasint"`
	Reason Reason       `cbor:"2,keyasint"`
	For    Millis       `cbor:"3,keyasint"`
}

// Heard is an OSD that answers pings.
type Heard struct {
	OSD  osdmap.OSDID `cbor:"1,keyasint"`
	RTT  uint32       `cbor:"2,keyasint"`           // round trip, smoothed, in microseconds
	Last uint32       `cbor:"3,keyasint"`           // that of the last answer, in microseconds
	Age  Millis       `cbor:"4,keyasint,omitempty"` // since the last answer, in milliseconds
}

// Drift is by how much a peer's clock runs faster than ours.
type Drift struct {
	OSD   osdmap.OSDID `cbor:"1,keyasint"`
	Parts int32        `cbor:"2,keyasint"` // per million
}

// PGStat are the numbers of one PG, from its primary.
type PGStat struct {
	PG         PG             `cbor:"1,keyasint"`
	State      string         `cbor:"2,keyasint"`            // as in active+undersized+degraded
	Epoch      osdmap.Epoch   `cbor:"3,keyasint"`            // of the primary's map
	Interval   osdmap.Epoch   `cbor:"4,keyasint"`            // first epoch of the interval
	Up         []osdmap.OSDID `cbor:"5,keyasint,omitempty"`  //
	Acting     []osdmap.OSDID `cbor:"6,keyasint,omitempty"`  // the first one is the primary
	Version    PGVersion      `cbor:"7,keyasint,omitzero"`   // of the last write
	Clean      osdmap.Epoch   `cbor:"8,keyasint"`            // last_epoch_clean: maps before it are not needed for this PG
	Objects    uint64         `cbor:"9,keyasint,omitzero"`   //
	Bytes      uint64         `cbor:"10,keyasint,omitzero"`  //
	Degraded   uint64         `cbor:"11,keyasint,omitzero"`  // copies of objects that are lacking
	Misplaced  uint64         `cbor:"12,keyasint,omitzero"`  // copies that are not where they should be
	Unfound    uint64         `cbor:"13,keyasint,omitzero"`  // objects that no copy is found of
	Damaged    uint64         `cbor:"14,keyasint,omitzero"`  // objects that scrub found inconsistent
	ReadOps    uint64         `cbor:"15,keyasint,omitzero"`  // since this run began, as is all below
	ReadBytes  uint64         `cbor:"16,keyasint,omitzero"`  //
	WriteOps   uint64         `cbor:"17,keyasint,omitzero"`  //
	WriteBytes uint64         `cbor:"18,keyasint,omitzero"`  //
	Recovered  uint64         `cbor:"19,keyasint,omitzero"`  // bytes of objects pushed
	ToRecover  uint64         `cbor:"20,keyasint,omitzero"`  // bytes to push yet, as far as is known
	Cause      string         `cbor:"21,keyasint,omitempty"` // why data moves: which change of the map
	Blocked    []osdmap.OSDID `cbor:"22,keyasint,omitempty"` // whom peering waits for
	Scrubbed   uint64         `cbor:"23,keyasint,omitzero"`  // when, in milliseconds since 1970
	DeepScrub  uint64         `cbor:"24,keyasint,omitzero"`  // the same
	Log        uint64         `cbor:"25,keyasint,omitzero"`  // entries in the log
	Anew       []osdmap.OSDID `cbor:"26,keyasint,omitempty"` // whose copies could not be read, and are filled anew
}

// BeaconReply answers a Beacon.
type BeaconReply struct {
	Epoch    osdmap.Epoch `cbor:"1,keyasint"`           // of the leader's map
	Oldest   osdmap.Epoch `cbor:"2,keyasint,omitzero"`  // the oldest map that anyone may still need: older ones may go
	Term     uint64       `cbor:"3,keyasint,omitzero"`  // of the leader: a new one has to be told everything
	Config   uint64       `cbor:"4,keyasint,omitzero"`  // version of the settings
	Settings []Setting    `cbor:"5,keyasint,omitempty"` // all that hold for this OSD, if it has another version
	Grace    []PeerGrace  `cbor:"6,keyasint,omitempty"` // OSDs that deserve more patience than others
	Monmap   Monmap       `cbor:"7,keyasint,omitzero"`  // the monitors, if it has an older version
}

// Setting is a name and a value of the configuration.
type Setting struct {
	Name  string `cbor:"1,keyasint"`
	Value string `cbor:"2,keyasint"`
}

// PeerGrace is how long an OSD may be silent before it is reported, if that is not the usual.
type PeerGrace struct {
	OSD   osdmap.OSDID `cbor:"1,keyasint"`
	Grace Millis       `cbor:"2,keyasint"`
}
