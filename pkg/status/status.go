package status

import "zeph/pkg/osdmap"

// Status is the cluster at a glance.
type Status struct {
	FSID    string           `json:"fsid"`
	Epoch   osdmap.Epoch     `json:"epoch"`
	TimeMS  osdmap.UnixMilli `json:"time_ms"` // of the leader
	Health  Health           `json:"health"`
	Mons    Mons             `json:"mons"`
	OSDs    OSDCounts        `json:"osds"`
	Flags   []string         `json:"flags"`
	Data    Data             `json:"data"`
	PGs     PGCounts         `json:"pgs"`
	IO      IO               `json:"io"`
	Moving  []Moving         `json:"moving"`  // why data moves, the largest first
	Known   bool             `json:"known"`   // every OSD that is up has told this leader everything
	Waiting []osdmap.OSDID   `json:"waiting"` // of those that have not yet
}

// Mons is the state of the monitors.
type Mons struct {
	Total   int      `json:"total"`
	Quorum  []string `json:"quorum"` // members that the leader hears, itself included
	Missing []string `json:"missing"`
	Leader  string   `json:"leader"`
	Term    uint64   `json:"term"`
}

// OSDCounts counts OSDs.
type OSDCounts struct {
	Total int     `json:"total"`
	Up    int     `json:"up"`
	In    int     `json:"in"`
	Down  []Going `json:"down"`
}

// Going is an OSD that is down, and when it goes out by itself.
type Going struct {
	OSD        osdmap.OSDID `json:"osd"`
	Host       string       `json:"host,omitempty"`
	In         bool         `json:"in"`
	OutSeconds int64        `json:"out_seconds"`       // until it is marked out; -1: it is not going to be
	Held       string       `json:"held,omitempty"`    // why it stays in
	Seconds    int64        `json:"down_seconds"`      // as far as this leader knows
	Why        string       `json:"reason,omitempty"`  // it was marked down
	Waits      string       `json:"waits,omitempty"`   // it runs, and this is why it does not ask to be up yet
	Goodbye    bool         `json:"goodbye,omitempty"` // it said that it stops
}

// Data says how much there is.
type Data struct {
	Pools       int    `json:"pools"`
	Objects     uint64 `json:"objects"`
	StoredBytes uint64 `json:"stored_bytes"` // of objects, each counted once
	UsedBytes   uint64 `json:"used_bytes"`   // of the disks
	SizeBytes   uint64 `json:"size_bytes"`   // of the disks
	AvailBytes  uint64 `json:"avail_bytes"`
}

// PGCounts counts PGs, and copies of objects that are not as they should be.
type PGCounts struct {
	Total     int          `json:"total"`
	States    []StateCount `json:"by_state"` // the most frequent first
	Copies    uint64       `json:"object_copies"`
	Degraded  uint64       `json:"degraded_copies"`  // that are lacking
	Misplaced uint64       `json:"misplaced_copies"` // that are not where they should be
	Unfound   uint64       `json:"unfound_objects"`
	Damaged   uint64       `json:"inconsistent_objects"`
}

// StateCount counts the PGs in one state.
type StateCount struct {
	State string `json:"state"`
	Count int    `json:"count"`
}

// IO is what clients do, over the last seconds.
type IO struct {
	ReadBytes  uint64 `json:"read_bytes_per_second"`
	WriteBytes uint64 `json:"write_bytes_per_second"`
	ReadOps    uint64 `json:"read_ops_per_second"`
	WriteOps   uint64 `json:"write_ops_per_second"`
}

// Moving is recovery and backfill for one cause: which change of the map made data move.
type Moving struct {
	Cause      string `json:"cause"`
	PGs        int    `json:"pgs"`
	DoneBytes  uint64 `json:"done_bytes"` // since this leader has watched
	LeftBytes  uint64 `json:"left_bytes"`
	Rate       uint64 `json:"bytes_per_second"`
	ETASeconds int64  `json:"eta_seconds"` // -1: nothing moves, so nobody knows
}
