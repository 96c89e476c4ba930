package mon

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"zeph/pkg/osdmap"
)

// Setting documents one setting of a cluster, which an operator changes with zeph config set. Names are
// Ceph's where Ceph has them. A change holds at once: the leader reads its own, OSDs get theirs with the
// answer to their next beacon.
type Setting struct {
	Name    string
	Kind    Kind
	Default string
	Reader  string // mon, osd
	Doc     string
	Least   uint64   // of a length in milliseconds, of others as they are
	Words   []string // of a Word: which there are; none: any
}

// Kind says how a value is written.
type Kind uint8

// The kinds.
const (
	Length Kind = iota // of time, such as 500ms, 2s, 1m; a plain number counts seconds, as in Ceph
	Number             // a whole one
	Bytes              // a whole number, also with K, M, G, T: powers of 1024
	Share              // of one, such as 0.25
	Bool               // true, false
	Word
)

// Settings lists all settings, by name.
func Settings() []Setting { return slices.Clone(settings) }

var settings = []Setting{
	{"mon_clock_drift_allowed", Length, "500ms", "mon", "warn when a monitor's clock differs by more from the leader's; stamps only, no rule rests on it", 1, nil},
	{"mon_max_pg_per_osd", Number, "250", "mon", "refuse a pool that would give the OSDs more PGs than this each, on average", 1, nil},
	{"mon_min_osdmap_epochs", Number, "500", "mon", "how many old maps are kept, needed or not", 1, nil},
	{"mon_osd_adjust_heartbeat_grace", Bool, "true", "mon", "be more patient with OSDs that were wrongly found dead", 0, nil},
	{"mon_osd_auto_mark_new_in", Bool, "true", "mon", "an OSD that boots for the first time is in", 0, nil},
	{"mon_osd_down_out_interval", Length, "60s", "mon", "an OSD that is down so long goes out, and its data moves; 0: never", 0, nil},
	{"mon_osd_down_out_subtree_limit", Word, "rack", "mon", "no OSD goes out by itself when all of this CRUSH type around it is down: that is no disk, that is a switch", 0, nil},
	{"mon_osd_gather", Length, "50ms", "mon", "how long failures and other changes of the map are gathered into one epoch", 0, nil},
	{"mon_osd_max_auto_out_ratio", Share, "0.25", "mon", "no further OSD goes out by itself when more than this share of all would be", 0, nil},
	{"mon_osd_min_down_reporters", Number, "2", "mon", "from how many failure domains an OSD must be reported; fewer count where there are fewer", 1, nil},
	{"mon_osd_min_up_ratio", Share, "0.3", "mon", "OSDs without a beacon are not marked down when fewer than this share of all would stay up", 0, nil},
	{"mon_osd_report_timeout", Length, "10s", "mon", "an OSD that sends no beacon for so long is down", 1000, nil},
	{"mon_osd_reporter_subtree_level", Word, "host", "mon", "CRUSH type of the failure domains of those who report", 0, nil},
	{"mon_warn_on_slow_ping_ratio", Share, "0.25", "mon", "warn when pings between OSDs take longer than this share of the grace; 0: never (Ceph: 0.05 of 20 s)", 0, nil},
	{"osd_beacon_interval", Length, "1s", "osd", "between beacons to the monitors", 100, nil},
	{"osd_client_message_cap", Number, "4096", "osd", "operations of clients under way, before they have to wait", 1, nil},
	{"osd_client_message_size_cap", Bytes, "256M", "osd", "bytes of clients' writes under way, before they have to wait", 1 << 20, nil},
	{"osd_deep_scrub_interval", Length, "168h", "osd", "between deep scrubs of a PG, which read every byte; up to half as much longer, so that not all are due at once", 1000, nil},
	{"osd_heartbeat_grace", Length, "2s", "osd", "report an OSD that has been silent so long", 100, nil},
	{"osd_heartbeat_interval", Length, "500ms", "osd", "between pings to one peer", 10, nil},
	{"osd_max_backfills", Number, "2", "osd", "PGs that recover at a time: as primary, and again as a target", 1, nil},
	{"osd_max_scrubs", Number, "1", "osd", "PGs that are scrubbed at a time: as primary, and again as a copy", 1, nil},
	{"osd_op_complaint_time", Length, "30s", "osd", "an operation that takes longer is slow", 1, nil},
	{"osd_pool_default_min_size", Number, "0", "mon", "copies of a new pool that must be there to serve; 0: its size less half of it", 0, nil},
	{"osd_pool_default_pg_num", Number, "32", "mon", "PGs of a new pool", 1, nil},
	{"osd_pool_default_size", Number, "3", "mon", "copies of a new pool", 1, nil},
	{"osd_recovery_max_bytes", Bytes, "64M", "osd", "that recovery pushes in a second while clients are at work", 1 << 16, nil},
	{"osd_recovery_max_ops", Number, "500", "osd", "objects that recovery pushes in a second while clients are at work", 1, nil},
	{"osd_scrub_max_interval", Length, "168h", "osd", "between scrubs of a PG at most, clients at work or not; up to half as much longer", 1000, nil},
	{"osd_scrub_min_interval", Length, "24h", "osd", "between scrubs of a PG while clients are idle; up to half as much longer", 1000, nil},
}

func settingNamed(name string) (Setting, bool) {
	i, ok := slices.BinarySearchFunc(settings, name, func(s Setting, name string) int { return strings.Compare(s.Name, name) })
	if !ok {
		return Setting{}, false
	}
	return settings[i], true
}

// canonical checks a value and gives the form that daemons read: lengths with a unit, plain numbers.
func (s *Setting) canonical(value string) (string, error) {
	var n uint64
	var err error
	out := value
	switch s.Kind {
	case Length:
		var d time.Duration
		d, err = parseLength(value)
		n, out = uint64(d/time.Millisecond), formatLength(d)
	case Number:
		n, err = strconv.ParseUint(value, 10, 32)
		if err != nil {
			err = fmt.Errorf("%q: expected a whole number", value)
		}
	case Bytes:
		n, err = parseBytes(value)
		out = strconv.FormatUint(n, 10)
	case Share:
		var r osdmap.Ratio
		r, err = parseShare(value)
		n = uint64(r)
	case Bool:
		if value != "true" && value != "false" {
			err = fmt.Errorf("%q: expected true or false", value)
		}
		return value, err
	case Word:
		if value == "" || len(s.Words) > 0 && !slices.Contains(s.Words, value) {
			err = fmt.Errorf("%q: expected one of %s", value, strings.Join(s.Words, ", "))
		}
		return value, err
	}
	if err == nil && n < s.Least {
		err = fmt.Errorf("%q: the least is %d%s", value, s.Least, map[Kind]string{Length: "ms"}[s.Kind])
	}
	return out, err
}

// units of time, as time.ParseDuration has them; cores must not call that.
var units = []struct {
	suffix string
	unit   time.Duration
}{{"ms", time.Millisecond}, {"s", time.Second}, {"m", time.Minute}, {"h", time.Hour}, {"d", 24 * time.Hour}, {"", time.Second}}

func parseLength(s string) (time.Duration, error) {
	for _, u := range units {
		digits, ok := strings.CutSuffix(s, u.suffix)
		if !ok {
			continue
		}
		millionths, err := parseMillionths(digits)
		if err != nil || millionths > 1<<40 {
			break
		}
		whole, part := time.Duration(millionths/1_000_000), time.Duration(millionths%1_000_000)
		return (whole*u.unit + part*(u.unit/1_000_000)).Truncate(time.Millisecond), nil
	}
	return 0, fmt.Errorf("%q: expected a length of time, such as 500ms, 2s, 1.5m", s)
}

func formatLength(d time.Duration) string {
	if d%time.Second == 0 {
		return strconv.FormatInt(int64(d/time.Second), 10) + "s"
	}
	return strconv.FormatInt(int64(d/time.Millisecond), 10) + "ms"
}

func parseBytes(s string) (uint64, error) {
	digits, shift := s, 0
	trimmed := strings.TrimSuffix(strings.TrimSuffix(s, "B"), "i")
	for i, unit := range []string{"K", "M", "G", "T"} {
		if d, ok := strings.CutSuffix(trimmed, unit); ok {
			digits, shift = d, 10*(i+1)
		}
	}
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil || n<<shift>>shift != n {
		return 0, fmt.Errorf("%q: expected a number of bytes, such as 4096, 64M, 10GiB", s)
	}
	return n << shift, nil
}

func parseShare(s string) (osdmap.Ratio, error) {
	n, err := parseMillionths(s)
	if err != nil || n > uint64(osdmap.Whole) {
		return 0, fmt.Errorf("%q: expected a share from 0 to 1, such as 0.25", s)
	}
	return osdmap.Ratio(n), nil
}

// parseMillionths reads a decimal with at most six digits after the point.
func parseMillionths(s string) (uint64, error) {
	whole, part, _ := strings.Cut(s, ".")
	if len(part) > 6 || len(whole) > 12 || whole == "" {
		return 0, fmt.Errorf("%q: no decimal, or too many digits", s)
	}
	return strconv.ParseUint(whole+(part + "000000")[:6], 10, 64)
}

// value is what holds for a daemon: what was set for it, for all of its kind, for all, or the default.
func (s *State) value(name string, who ...string) string {
	for _, w := range append(who, global) {
		if i, ok := slices.BinarySearchFunc(s.config, configEdit{Who: w, Name: name}, compareConfig); ok {
			return s.config[i].Value
		}
	}
	doc, ok := settingNamed(name)
	if !ok {
		panic("mon: no setting " + name)
	}
	v, err := doc.canonical(doc.Default)
	if err != nil {
		panic("mon: setting " + name + ": " + err.Error())
	}
	return v
}

// global is who a setting is for when it is for all.
const global = "global"

func (s *State) length(name string, who ...string) time.Duration {
	d, _ := parseLength(s.value(name, append(who, "mon")...)) // checked when it was set
	return d
}

func (s *State) number(name string) uint64 {
	n, _ := strconv.ParseUint(s.value(name, "mon"), 10, 64)
	return n
}

func (s *State) share(name string) osdmap.Ratio {
	r, _ := parseShare(s.value(name, "mon"))
	return r
}

func (s *State) yes(name string) bool { return s.value(name, "mon") == "true" }

func (s *State) word(name string) string { return s.value(name, "mon") }
