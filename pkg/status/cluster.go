package status

import "zeph/pkg/osdmap"

// Flags lists what holds for the whole cluster.
type Flags struct {
	Flags []string `json:"flags"`
}

// Config lists settings.
type Config struct {
	Version  uint64    `json:"version"`
	Settings []Setting `json:"settings"`
}

// Setting is one of them.
type Setting struct {
	Who     string `json:"who"` // global, osd, osd.3, mon; default when nobody set it
	Name    string `json:"name"`
	Value   string `json:"value"`
	Default string `json:"default"`
	Doc     string `json:"doc"`
}

// MonList is the monitors.
type MonList struct {
	FSID    string `json:"fsid"`
	Version uint64 `json:"version"` // of the monmap
	Leader  string `json:"leader"`
	Term    uint64 `json:"term"`
	Mons    []Mon  `json:"mons"`
}

// Mon is one of them.
type Mon struct {
	Name    string            `json:"name"` // such as a
	Store   string            `json:"store"`
	Addrs   map[string]string `json:"addrs"` // control, bulk, hints
	Voter   bool              `json:"voter"`
	Leader  bool              `json:"leader"`
	Heard   bool              `json:"heard"`         // by the leader, in the last seconds
	Seconds int64             `json:"heard_seconds"` // since the leader heard of it; -1: not yet
	Epoch   osdmap.Epoch      `json:"epoch"`         // of its map
	SkewMS  int64             `json:"skew_ms"`       // of its clock against the leader's
}

// LogLines are lines of the cluster log, in order.
type LogLines struct {
	Lines []LogLine `json:"lines"`
}

// LogLine is one of them.
type LogLine struct {
	Seq     uint64           `json:"seq"`
	TimeMS  osdmap.UnixMilli `json:"time_ms"`
	Level   string           `json:"level"`   // info, warn, error
	Channel string           `json:"channel"` // cluster; audit, when somebody asked for it
	Who     string           `json:"who"`
	Text    string           `json:"text"`
	Epoch   osdmap.Epoch     `json:"epoch,omitempty"`
}
