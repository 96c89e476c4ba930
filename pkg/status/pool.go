package status

import "zeph/pkg/osdmap"

// DF says where the room is.
type DF struct {
	SizeBytes   uint64    `json:"size_bytes"`
	UsedBytes   uint64    `json:"used_bytes"`
	AvailBytes  uint64    `json:"avail_bytes"`
	Used        Decimal   `json:"used_share"`
	StoredBytes uint64    `json:"stored_bytes"`
	Objects     uint64    `json:"objects"`
	Pools       []PoolUse `json:"pools"`
	Known       bool      `json:"known"`
}

// PoolUse is how much a pool holds.
type PoolUse struct {
	ID          osdmap.PoolID `json:"id"`
	Name        string        `json:"name"`
	PGs         uint32        `json:"pgs"`
	StoredBytes uint64        `json:"stored_bytes"` // of objects, each counted once
	UsedBytes   uint64        `json:"used_bytes"`   // with all copies
	Objects     uint64        `json:"objects"`
	Used        Decimal       `json:"used_share"`      // of what it could hold
	MaxAvail    uint64        `json:"max_avail_bytes"` // that it can still take, until the first OSD is full
	QuotaBytes  uint64        `json:"quota_bytes"`     // 0: none
	QuotaCount  uint64        `json:"quota_objects"`   // 0: none
}

// Pools lists pools.
type Pools struct {
	Pools []Pool `json:"pools"`
}

// Pool is what the map says of one.
type Pool struct {
	ID          osdmap.PoolID `json:"id"`
	Name        string        `json:"name"`
	Type        string        `json:"type"`
	Size        uint32        `json:"size"`
	MinSize     uint32        `json:"min_size"`
	PGNum       uint32        `json:"pg_num"`
	PGPNum      uint32        `json:"pgp_num"`
	Rule        string        `json:"rule"`
	RuleID      int32         `json:"rule_id"`
	Flags       []string      `json:"flags"`
	QuotaBytes  uint64        `json:"quota_bytes"`
	QuotaCount  uint64        `json:"quota_objects"`
	ReadLeaseMS uint32        `json:"read_lease_interval_ms"`
	Application string        `json:"application,omitempty"`
	Created     osdmap.Epoch  `json:"created_epoch"`
	Changed     osdmap.Epoch  `json:"changed_epoch"`
}

// ClusterMap is an osdmap for people. What programs place data by is the map itself (GetMaps).
type ClusterMap struct {
	Epoch        osdmap.Epoch     `json:"epoch"`
	FSID         string           `json:"fsid"`
	CreatedMS    osdmap.UnixMilli `json:"created_ms"`
	ModifiedMS   osdmap.UnixMilli `json:"modified_ms"`
	Flags        []string         `json:"flags"`
	NearFull     Decimal          `json:"nearfull_ratio"`
	BackfillFull Decimal          `json:"backfillfull_ratio"`
	Full         Decimal          `json:"full_ratio"`
	MaxOSD       int              `json:"max_osd"`
	Pools        []Pool           `json:"pools"`
	OSDs         []OSD            `json:"osds"`
	PGTemp       []PGOSDs         `json:"pg_temp"`
	Upmap        []PGOSDs         `json:"pg_upmap"`
	UpmapItems   []PGMoves        `json:"pg_upmap_items"`
	OldestEpoch  osdmap.Epoch     `json:"oldest_epoch"` // that the monitors still have
}

// PGOSDs is a PG with OSDs.
type PGOSDs struct {
	PG   string         `json:"pg"`
	OSDs []osdmap.OSDID `json:"osds"`
}

// PGMoves is a PG with corrections of its mapping.
type PGMoves struct {
	PG    string `json:"pg"`
	Moves []Move `json:"moves"`
}

// Move puts one OSD in the place of another.
type Move struct {
	From osdmap.OSDID `json:"from"`
	To   osdmap.OSDID `json:"to"`
}

// Rules lists CRUSH rules.
type Rules struct {
	Rules []Rule `json:"rules"`
}

// Rule is one of them.
type Rule struct {
	ID    int32    `json:"id"`
	Name  string   `json:"name"`
	Type  string   `json:"type"`
	Steps []string `json:"steps"`
	Pools []string `json:"pools"` // that use it
}
