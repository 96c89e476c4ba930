package status

import "zeph/pkg/osdmap"

// OSDTree is the CRUSH hierarchy with the state of its OSDs, each node before those below it.
type OSDTree struct {
	Nodes []TreeNode `json:"nodes"`
	Stray []TreeNode `json:"stray"` // OSDs that stand nowhere in it
}

// TreeNode is a bucket or an OSD.
type TreeNode struct {
	ID              int32   `json:"id"`
	Name            string  `json:"name"`
	Type            string  `json:"type"`
	Class           string  `json:"class,omitempty"`
	Depth           int     `json:"depth"`
	CrushWeight     Decimal `json:"crush_weight"`
	Children        []int32 `json:"children"`
	Status          string  `json:"status,omitempty"`   // of an OSD: up, down, destroyed
	Reweight        Decimal `json:"reweight"`           // of an OSD: 0 is out, 1 in
	PrimaryAffinity Decimal `json:"primary_affinity"`   // of an OSD
	AutoOut         bool    `json:"auto_out,omitempty"` // it was put out by itself, and comes in again when it boots
}

// OSDList is all OSDs.
type OSDList struct {
	OSDs []OSD `json:"osds"`
}

// OSD is one of them.
type OSD struct {
	ID        osdmap.OSDID      `json:"id"`
	Up        bool              `json:"up"`
	In        bool              `json:"in"`
	State     string            `json:"state"` // up+in, down+out, destroyed …
	Reweight  Decimal           `json:"reweight"`
	Affinity  Decimal           `json:"primary_affinity"`
	Store     string            `json:"store"`
	GID       string            `json:"gid"`
	UpFrom    osdmap.Epoch      `json:"up_from"`
	UpThru    osdmap.Epoch      `json:"up_thru"`
	DownAt    osdmap.Epoch      `json:"down_at"`
	LostAt    osdmap.Epoch      `json:"lost_at"`
	Goodbye   bool              `json:"goodbye"`
	Destroyed bool              `json:"destroyed"`
	AutoOut   bool              `json:"auto_out"`
	Location  []string          `json:"location"` // type=name, the lowest first
	Addrs     map[string]string `json:"addrs"`
}

// OSDDF says how full OSDs are.
type OSDDF struct {
	OSDs []OSDUse `json:"osds"`
	All  OSDUse   `json:"summary"`
}

// OSDUse is how full one OSD is.
type OSDUse struct {
	ID          osdmap.OSDID `json:"id"`
	Host        string       `json:"host,omitempty"`
	Class       string       `json:"class,omitempty"`
	CrushWeight Decimal      `json:"crush_weight"`
	Reweight    Decimal      `json:"reweight"`
	SizeBytes   uint64       `json:"size_bytes"`
	UsedBytes   uint64       `json:"used_bytes"`
	AvailBytes  uint64       `json:"avail_bytes"`
	Used        Decimal      `json:"used_share"`
	PGs         int          `json:"pgs"`     // that it should hold
	Primary     int          `json:"primary"` // of which it is the primary
	Up          bool         `json:"up"`
	Known       bool         `json:"known"` // it has told this leader
}

// OSDNew answers osd new.
type OSDNew struct {
	ID osdmap.OSDID `json:"id"`
}

// OkToStop says whether OSDs may stop without a PG that stops serving.
type OkToStop struct {
	OK       bool           `json:"ok_to_stop"`
	OSDs     []osdmap.OSDID `json:"osds"`
	PGs      int            `json:"pgs"`      // that they serve
	Degraded int            `json:"degraded"` // of these, those that would go on with fewer copies
	Bad      []PGRisk       `json:"bad"`      // those that would not serve
	Unknown  string         `json:"unknown,omitempty"`
}

// PGRisk is a PG that something would harm.
type PGRisk struct {
	PG  string `json:"pg"`
	Why string `json:"why"`
}

// SafeToDestroy says whether the data of OSDs can go.
type SafeToDestroy struct {
	Safe    bool           `json:"safe_to_destroy"`
	OSDs    []osdmap.OSDID `json:"osds"`
	Bad     []PGRisk       `json:"bad"`
	Unknown string         `json:"unknown,omitempty"`
}

// Heartbeats says who hears whom: of OSDs those that ping each other, of monitors each and each other.
type Heartbeats struct {
	OSDs  []Heartbeat    `json:"osds"`    // by osd, then peer
	Mons  []MonHeartbeat `json:"mons"`    // by mon, then peer
	Words []string       `json:"words"`   // what of it is not well
	Slow  uint32         `json:"slow_us"` // a round trip that is longer is slow
	Known bool           `json:"known"`
}

// Heartbeat is how one OSD hears another, as it told the leader.
type Heartbeat struct {
	OSD         osdmap.OSDID `json:"osd"`  // who pings
	Peer        osdmap.OSDID `json:"peer"` // who has to answer
	Heard       bool         `json:"heard"`
	RoundTripUS uint32       `json:"round_trip_us"`      // smoothed, in microseconds
	LastUS      uint32       `json:"last_round_trip_us"` // of the last answer
	AgeMS       int64        `json:"age_ms"`             // since the last answer; not heard: how long it has been so
	Reason      string       `json:"reason,omitempty"`   // it is not heard: silent, connection refused, no progress
}

// MonHeartbeat is how one monitor hears another.
type MonHeartbeat struct {
	Mon         string `json:"mon"`  // who pings, such as a
	Peer        string `json:"peer"` // who has to answer
	Heard       bool   `json:"heard"`
	RoundTripUS uint32 `json:"round_trip_us"` // of the last answer; 0: there was none
	AgeMS       int64  `json:"age_ms"`        // since the last answer
}
