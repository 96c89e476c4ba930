package scenario

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Role says whom a target means.
type Role string

// The roles.
const (
	OneOSD    Role = "osd.N"            // that OSD
	OneMon    Role = "mon.X"            // that monitor: mon.a and so on
	Host      Role = "host N"           // the OSDs of a host
	Rack      Role = "rack N"           // the OSDs of a rack
	AllOSDs   Role = "all osds"         //
	AllMons   Role = "all mons"         //
	Leader    Role = "the leader"       // the monitor that leads
	AnyOSD    Role = "any osd"          // one drawn by seed
	Primary   Role = "primary of pg P"  // who leads the placement group by the newest map
	Replicas  Role = "replicas of pg P" // the others of its acting set
	Members   Role = "N of pg P"        // so many of its acting set, the primary first
	Outsiders Role = "others"           // the other side only: all OSDs and monitors, and no clients
	Clients   Role = "clients"          // all of them
	PG        Role = "pg P"             // for scrub and repair: a placement group
	AllPGs    Role = "all pgs"          //
)

// Roles are all of them, as they are written.
var Roles = []Role{OneOSD, OneMon, Host, Rack, AllOSDs, AllMons, Leader, AnyOSD, Primary, Replicas, Members, Outsiders, Clients, PG, AllPGs}

// Target is whom a step befalls.
type Target struct {
	Role Role
	N    int    // of OSDs, hosts and racks; how many members
	Name string // of a monitor, a placement group
}

var counts = []string{"", "one", "two", "three", "four", "five", "six"}

// ParseTarget reads one target.
func ParseTarget(text string) (Target, error) {
	text = strings.Join(strings.Fields(text), " ")
	for _, r := range []Role{AllOSDs, AllMons, Leader, AnyOSD, Outsiders, Clients, AllPGs} {
		if text == string(r) {
			return Target{Role: r}, nil
		}
	}
	for _, p := range []struct {
		prefix string
		letter string // that a name may begin with
		role   Role
	}{{"osd.", "", OneOSD}, {"host ", "h", Host}, {"rack ", "r", Rack}} {
		if rest, ok := strings.CutPrefix(text, p.prefix); ok {
			n, err := strconv.ParseUint(strings.TrimPrefix(rest, p.letter), 10, 16)
			if err != nil {
				return Target{}, fmt.Errorf("%q: expected a number after %q", text, p.prefix)
			}
			return Target{Role: p.role, N: int(n)}, nil
		}
	}
	if name, ok := strings.CutPrefix(text, "mon."); ok && name != "" {
		return Target{Role: OneMon, Name: name}, nil
	}
	if t, ok := parseMembers(text); ok {
		return t, checkPG(t.Name)
	}
	var forms []string
	for _, r := range Roles {
		forms = append(forms, string(r))
	}
	return Target{}, fmt.Errorf("target %q: expected one of: %s", text, strings.Join(forms, ", "))
}

func parseMembers(text string) (Target, bool) {
	if pg, ok := strings.CutPrefix(text, "pg "); ok {
		return Target{Role: PG, Name: pg}, true
	}
	who, pg, ok := strings.Cut(text, " of pg ")
	if !ok {
		return Target{}, false
	}
	who = strings.TrimPrefix(who, "the ")
	switch {
	case who == "primary":
		return Target{Role: Primary, Name: pg}, true
	case who == "replicas":
		return Target{Role: Replicas, Name: pg}, true
	}
	n := slices.Index(counts, who)
	if n < 0 {
		n, _ = strconv.Atoi(who)
	}
	return Target{Role: Members, N: n, Name: pg}, n > 0
}

// checkPG holds the form of a placement group's id: the pool's number, a dot, the group's in hexadecimal.
func checkPG(id string) error {
	pool, seed, ok := strings.Cut(id, ".")
	_, err := strconv.ParseUint(pool, 10, 31)
	_, err2 := strconv.ParseUint(seed, 16, 32)
	if !ok || err != nil || err2 != nil {
		return fmt.Errorf("pg %q: expected such as 1.0: the pool's number, a dot, and the group's in hexadecimal", id)
	}
	return nil
}

// String is the form that ParseTarget reads.
func (t Target) String() string {
	switch t.Role {
	case OneOSD:
		return "osd." + strconv.Itoa(t.N)
	case OneMon:
		return "mon." + t.Name
	case Host:
		return "host h" + strconv.Itoa(t.N)
	case Rack:
		return "rack r" + strconv.Itoa(t.N)
	case Primary:
		return "primary of pg " + t.Name
	case Replicas:
		return "replicas of pg " + t.Name
	case Members:
		if t.N < len(counts) {
			return counts[t.N] + " of pg " + t.Name
		}
		return strconv.Itoa(t.N) + " of pg " + t.Name
	case PG:
		return "pg " + t.Name
	}
	return string(t.Role)
}

// Targets are several. In a scenario they are a list, or stand behind each other with commas.
type Targets []Target

// UnmarshalText reads targets with commas between them.
func (ts *Targets) UnmarshalText(text []byte) error {
	for one := range strings.SplitSeq(string(text), ",") {
		t, err := ParseTarget(one)
		if err != nil {
			return err
		}
		*ts = append(*ts, t)
	}
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (ts Targets) MarshalText() ([]byte, error) { return []byte(ts.String()), nil }

func (ts Targets) String() string {
	var all []string
	for _, t := range ts {
		all = append(all, t.String())
	}
	return strings.Join(all, ", ")
}
