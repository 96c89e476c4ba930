package status

import "zeph/pkg/osdmap"

// The health of a cluster, and the severity of a check.
const (
	OK      = "HEALTH_OK"
	Warn    = "HEALTH_WARN"
	Err     = "HEALTH_ERR"
	Unknown = "HEALTH_UNKNOWN" // nothing is known to be wrong, but not every OSD has told the leader yet
)

// Health says what is wrong.
type Health struct {
	Status  string         `json:"status"` // HEALTH_OK, HEALTH_WARN, HEALTH_ERR, HEALTH_UNKNOWN
	Checks  []Check        `json:"checks"` // the most severe first, then by code
	Waiting []osdmap.OSDID `json:"waiting"`
}

// Check is one thing that is wrong.
type Check struct {
	Code     string           `json:"code"`     // Ceph's, such as OSD_DOWN
	Severity string           `json:"severity"` // HEALTH_WARN, HEALTH_ERR
	Summary  string           `json:"summary"`
	Detail   []string         `json:"detail"`
	Why      string           `json:"why"`  // what it means and what may come of it
	Next     []string         `json:"next"` // what to do, the first thing first
	SinceMS  osdmap.UnixMilli `json:"since_ms"`
	Seconds  int64            `json:"since_seconds"` // as far as this leader knows
}
