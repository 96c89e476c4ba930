package scenario

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Condition is something that may be so of a cluster.
//
//	pg 1.0 [not] active       the state of a placement group has the word, as its primary says; nobody's is none
//	all pgs [not] clean       of every placement group; "not": of one at least it is not so
//	osd.3 [not] up            in the newest map; also: in
//	health [not] OSD_DOWN     a code of zeph health; also: ok
type Condition struct {
	Of  string // pg, pgs, osd, health
	PG  string
	OSD int
	Not bool
	Is  string
}

// PGStates are the words that a placement group's state is made of.
var PGStates = []string{"active", "peered", "peering", "activating", "down", "incomplete", "unknown", "clean", "wait", "laggy", "recovering", "recovery_wait",
	"undersized", "degraded", "remapped", "backfilling", "backfill_wait", "backfill_toofull", "recovery_unfound", "scrubbing", "inconsistent"}

// UnmarshalText reads a condition.
func (c *Condition) UnmarshalText(text []byte) error {
	words := strings.Fields(string(text))
	bad := fmt.Errorf("condition %q: expected such as: pg 1.0 active, all pgs clean, osd.3 not up, health OSD_DOWN", text)
	*c = Condition{}
	var states []string
	switch {
	case len(words) > 2 && words[0] == "pg":
		c.Of, c.PG, states, words = "pg", words[1], PGStates, words[2:]
		if err := checkPG(c.PG); err != nil {
			return err
		}
	case len(words) > 2 && words[0] == "all" && words[1] == "pgs":
		c.Of, states, words = "pgs", PGStates, words[2:]
	case len(words) > 1 && strings.HasPrefix(words[0], "osd."):
		t, err := ParseTarget(words[0])
		if err != nil {
			return err
		}
		c.Of, c.OSD, states, words = "osd", t.N, []string{"up", "in"}, words[1:]
	case len(words) > 1 && words[0] == "health":
		c.Of, words = "health", slices.DeleteFunc(words[1:], func(w string) bool { return w == "says" })
	default:
		return bad
	}
	if c.Not = len(words) > 0 && words[0] == "not"; c.Not {
		words = words[1:]
	}
	if len(words) != 1 {
		return bad
	}
	c.Is = words[0]
	if states != nil && !slices.Contains(states, c.Is) {
		return oneOf("state", c.Is, states)
	}
	if states == nil && c.Is != "ok" && c.Is != strings.ToUpper(c.Is) {
		return fmt.Errorf("health %q: expected ok, or a code such as OSD_DOWN", c.Is)
	}
	return nil
}

// String is the form that UnmarshalText reads.
func (c *Condition) String() string {
	of := map[string]string{"pg": "pg " + c.PG, "pgs": "all pgs", "osd": fmt.Sprint("osd.", c.OSD), "health": "health"}[c.Of]
	if c.Not {
		of += " not"
	}
	return of + " " + c.Is
}

// MarshalText is the same.
func (c Condition) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// Claim is something that is expected of a run.
//
//	healthy within 30s                        after the faults every placement group is active+clean by then
//	available at least 99 %                   of the time of the faults, every placement group is active
//	available at most 90 %                    the opposite: it has to stand still
//	no gap over 2s                            in which some placement group is not active
//	a gap over 2s                             there is one
//	health says OSD_DOWN while osd.3 not up   at least once in that time
type Claim struct {
	Kind  ClaimKind
	Span  time.Duration
	Share Percent
	Code  string
	While Condition
}

// ClaimKind is which sentence a claim is.
type ClaimKind string

// The sentences, up to what varies.
const (
	Healthy ClaimKind = "healthy within"
	AtLeast ClaimKind = "available at least"
	AtMost  ClaimKind = "available at most"
	NoGap   ClaimKind = "no gap over"
	AGap    ClaimKind = "a gap over"
	Says    ClaimKind = "health says"
)

// ClaimKinds are all of them.
var ClaimKinds = []ClaimKind{Healthy, AtLeast, AtMost, NoGap, AGap, Says}

// UnmarshalText reads a claim.
func (c *Claim) UnmarshalText(text []byte) error {
	sentence := strings.Join(strings.Fields(string(text)), " ")
	for _, kind := range ClaimKinds {
		if rest, ok := strings.CutPrefix(sentence, string(kind)+" "); ok {
			c.Kind = kind
			return c.rest(rest)
		}
	}
	var forms []string
	for _, k := range ClaimKinds {
		forms = append(forms, string(k)+" …")
	}
	return fmt.Errorf("claim %q: expected one of: %s", sentence, strings.Join(forms, ", "))
}

func (c *Claim) rest(text string) (err error) {
	switch c.Kind {
	case AtLeast, AtMost:
		return c.Share.UnmarshalText([]byte(text))
	case Says:
		code, while, ok := strings.Cut(text, " while ")
		if !ok {
			return fmt.Errorf("claim %q: expected: health says CODE while CONDITION", "health says "+text)
		}
		c.Code = code
		return c.While.UnmarshalText([]byte(while))
	}
	c.Span, err = parseDuration(text)
	return err
}

// String is the form that UnmarshalText reads.
func (c *Claim) String() string {
	switch c.Kind {
	case AtLeast, AtMost:
		return string(c.Kind) + " " + c.Share.String()
	case Says:
		return string(c.Kind) + " " + c.Code + " while " + c.While.String()
	}
	return string(c.Kind) + " " + c.Span.String()
}

// MarshalText is the same.
func (c Claim) MarshalText() ([]byte, error) { return []byte(c.String()), nil }
