package osd

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"zeph/pkg/pg"
	"zeph/pkg/wire"
)

// Settings are what an operator may change while the OSD runs. Zero means the default.
type Settings struct {
	HeartbeatInterval time.Duration // between pings to one peer; default 500ms
	HeartbeatGrace    time.Duration // report a peer after this much silence; default 2s
	BeaconInterval    time.Duration // default 1s
	SlowOp            time.Duration // an operation that takes longer is slow; default 30s

	ClientBytes uint64 // of writes under way, before clients are told to wait; default 256 MiB
	ClientOps   uint64 // operations under way, the same; default 4096

	MaxBackfills  uint64 // PGs that recover at a time: as primary, and again as a target; default 2
	MaxScrubs     uint64 // PGs that are scrubbed at a time, the same; default 1
	RecoveryBytes uint64 // pushed in a second while clients are at work; default 64 MiB
	RecoveryOps   uint64 // pushes in a second, the same; default 500

	PG pg.Settings // of every PG
}

// setting is a name of the configuration and the field that it sets: a length of time, or a number.
type setting struct {
	name   string
	length func(*Settings) *time.Duration
	number func(*Settings) *uint64
}

var settings = []setting{
	{name: "osd_beacon_interval", length: func(s *Settings) *time.Duration { return &s.BeaconInterval }},
	{name: "osd_client_message_cap", number: func(s *Settings) *uint64 { return &s.ClientOps }},
	{name: "osd_client_message_size_cap", number: func(s *Settings) *uint64 { return &s.ClientBytes }},
	{name: "osd_deep_scrub_interval", length: func(s *Settings) *time.Duration { return &s.PG.DeepScrub }},
	{name: "osd_heartbeat_grace", length: func(s *Settings) *time.Duration { return &s.HeartbeatGrace }},
	{name: "osd_heartbeat_interval", length: func(s *Settings) *time.Duration { return &s.HeartbeatInterval }},
	{name: "osd_max_backfills", number: func(s *Settings) *uint64 { return &s.MaxBackfills }},
	{name: "osd_max_scrubs", number: func(s *Settings) *uint64 { return &s.MaxScrubs }},
	{name: "osd_op_complaint_time", length: func(s *Settings) *time.Duration { return &s.SlowOp }},
	{name: "osd_recovery_max_bytes", number: func(s *Settings) *uint64 { return &s.RecoveryBytes }},
	{name: "osd_recovery_max_ops", number: func(s *Settings) *uint64 { return &s.RecoveryOps }},
	{name: "osd_scrub_max_interval", length: func(s *Settings) *time.Duration { return &s.PG.ScrubMax }},
	{name: "osd_scrub_min_interval", length: func(s *Settings) *time.Duration { return &s.PG.ScrubMin }},
}

func (s Settings) filled() Settings {
	fill(&s.HeartbeatInterval, 500*time.Millisecond)
	fill(&s.HeartbeatGrace, 2*time.Second)
	fill(&s.BeaconInterval, time.Second)
	fill(&s.SlowOp, 30*time.Second)
	fill(&s.ClientBytes, 256<<20)
	fill(&s.ClientOps, 4096)
	fill(&s.MaxBackfills, 2)
	fill(&s.MaxScrubs, 1)
	fill(&s.PG.ScrubMin, 24*time.Hour)
	fill(&s.PG.ScrubMax, 7*24*time.Hour)
	fill(&s.PG.DeepScrub, 7*24*time.Hour)
	fill(&s.RecoveryBytes, 64<<20)
	fill(&s.RecoveryOps, 500)
	s.PG.RecoveryBytes = int(min(s.RecoveryBytes/s.MaxBackfills+1, 1<<30)) // so many PGs recover at once
	s.PG.RecoveryRate = int(min(s.RecoveryOps/s.MaxBackfills+1, 1<<30))
	return s
}

func fill[T comparable](v *T, def T) {
	if *v == *new(T) {
		*v = def
	}
}

// with is the settings with those that the monitors sent; the others are as they were at the start. A
// value that makes no sense is named, and passed over.
func (s Settings) with(list []wire.Setting) (Settings, []error) {
	var errs []error
	for _, v := range list {
		i := slices.IndexFunc(settings, func(s setting) bool { return s.name == v.Name })
		if i < 0 {
			continue // of another daemon, or a newer release
		}
		if err := settings[i].set(&s, v.Value); err != nil {
			errs = append(errs, fmt.Errorf("setting %s: %w", v.Name, err))
		}
	}
	return s.filled(), errs
}

func (d *setting) set(s *Settings, value string) error {
	if d.length != nil {
		v, err := ParseLength(value)
		if err == nil {
			*d.length(s) = v
		}
		return err
	}
	n, err := strconv.ParseUint(value, 10, 64)
	if err != nil || n == 0 {
		return fmt.Errorf("%q: expected a number above 0", value)
	}
	*d.number(s) = n
	return nil
}

// list is the settings in force, as names and values.
func (s Settings) list() []wire.Setting {
	var list []wire.Setting
	for _, d := range settings {
		v := wire.Setting{Name: d.name}
		if d.length != nil {
			v.Value = d.length(&s).String()
		} else {
			v.Value = strconv.FormatUint(*d.number(&s), 10)
		}
		list = append(list, v)
	}
	return list
}

// units of time, as time.ParseDuration has them; that one is not for cores.
var units = []struct {
	suffix string
	unit   time.Duration
}{{"ms", time.Millisecond}, {"s", time.Second}, {"m", time.Minute}, {"h", time.Hour}}

// ParseLength reads a length of time such as 500ms, 2s, 1.5m.
func ParseLength(s string) (time.Duration, error) {
	for _, u := range units {
		digits, ok := strings.CutSuffix(s, u.suffix)
		if !ok {
			continue
		}
		whole, part, _ := strings.Cut(digits, ".")
		n, err := strconv.ParseUint(whole, 10, 32)
		if err != nil || len(part) > 6 {
			break
		}
		d := time.Duration(n) * u.unit
		if part != "" {
			f, err := strconv.ParseUint(part, 10, 32)
			if err != nil {
				break
			}
			unit := u.unit
			for range len(part) {
				unit /= 10
			}
			d += time.Duration(f) * unit
		}
		if d > 0 {
			return d, nil
		}
	}
	return 0, fmt.Errorf("%q: expected a length of time, such as 500ms or 2s", s)
}
