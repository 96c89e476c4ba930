package status

import (
	"encoding/json"

	"zeph/pkg/osdmap"
)

// PGList is PGs with their numbers.
type PGList struct {
	PGs   []PG `json:"pgs"`
	Known bool `json:"known"`
}

// PG is one of them, as its primary told.
type PG struct {
	PG        string           `json:"pg"`
	Pool      string           `json:"pool"`
	State     string           `json:"state"` // unknown, when its primary has not told this leader
	Up        []osdmap.OSDID   `json:"up"`
	Acting    []osdmap.OSDID   `json:"acting"`
	Primary   osdmap.OSDID     `json:"primary"` // -1: none
	Objects   uint64           `json:"objects"`
	Bytes     uint64           `json:"bytes"`
	Degraded  uint64           `json:"degraded_copies"`
	Misplaced uint64           `json:"misplaced_copies"`
	Unfound   uint64           `json:"unfound_objects"`
	Damaged   uint64           `json:"inconsistent_objects"`
	ToRecover uint64           `json:"left_bytes"`
	Cause     string           `json:"cause,omitempty"` // of what moves
	Version   string           `json:"version"`
	Log       uint64           `json:"log_entries"`
	Interval  osdmap.Epoch     `json:"interval"` // first epoch of it
	Clean     osdmap.Epoch     `json:"last_epoch_clean"`
	Epoch     osdmap.Epoch     `json:"reported_epoch"`
	Blocked   []osdmap.OSDID   `json:"blocked_by"` // whom peering waits for
	ScrubMS   osdmap.UnixMilli `json:"last_scrub_ms"`
	DeepMS    osdmap.UnixMilli `json:"last_deep_scrub_ms"`
	Seconds   int64            `json:"state_seconds"` // in this state, as far as the leader knows
}

// PGMap says where an object is.
type PGMap struct {
	Epoch       osdmap.Epoch      `json:"epoch"`
	Pool        string            `json:"pool"`
	PoolID      osdmap.PoolID     `json:"pool_id"`
	Object      string            `json:"object"`
	Namespace   string            `json:"namespace,omitempty"`
	Hash        uint32            `json:"hash"` // of the name
	PG          string            `json:"pg"`
	Seed        uint32            `json:"pg_seed"`
	Up          []osdmap.OSDID    `json:"up"`
	Acting      []osdmap.OSDID    `json:"acting"`
	UpPrimary   osdmap.OSDID      `json:"up_primary"` // -1: none
	Primary     osdmap.OSDID      `json:"primary"`    // of acting: it serves; -1: none
	PrimaryGID  string            `json:"primary_gid,omitempty"`
	PrimaryAddr map[string]string `json:"primary_addrs"` // by class, as in public.data
}

// Query is what a PG's primary says of it. State and so on are common to all; what else it holds is
// the PG's own, for people.
type Query struct {
	PG      string          `json:"pg"`
	State   string          `json:"state"`
	Epoch   osdmap.Epoch    `json:"epoch"`
	Up      []osdmap.OSDID  `json:"up"`
	Acting  []osdmap.OSDID  `json:"acting"`
	Blocked []osdmap.OSDID  `json:"blocked_by"`
	Why     []string        `json:"why"` // it is not active+clean, the first cause first
	Detail  json.RawMessage `json:"detail,omitempty"`
}

// Unfound lists objects that no reachable copy has.
type Unfound struct {
	PG      string         `json:"pg"`
	Objects []UnfoundOne   `json:"objects"`
	Asked   []osdmap.OSDID `json:"asked"` // and had none
	ToAsk   []osdmap.OSDID `json:"to_ask"`
	More    bool           `json:"more"`
}

// UnfoundOne is one of them.
type UnfoundOne struct {
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
	Need      string `json:"need"`           // version
	Prior     string `json:"have,omitempty"` // version that revert goes back to
}

// Inconsistent lists objects whose copies differ.
type Inconsistent struct {
	PG      string            `json:"pg"`
	ScrubMS osdmap.UnixMilli  `json:"scrub_ms"` // that found them
	Objects []InconsistentOne `json:"objects"`
}

// InconsistentOne is one of them.
type InconsistentOne struct {
	Namespace string      `json:"namespace,omitempty"`
	Name      string      `json:"name"`
	Version   string      `json:"version"` // the authoritative one
	Copies    []CopyState `json:"copies"`
	Fixable   bool        `json:"repairable"` // some copy is right
}

// CopyState is what scrub found of one copy.
type CopyState struct {
	OSD    osdmap.OSDID `json:"osd"`
	Errors []string     `json:"errors"` // none: it is right
	From   uint64       `json:"from,omitempty"`
	To     uint64       `json:"to,omitempty"` // the bytes that are damaged
}
