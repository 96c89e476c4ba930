package sim

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/scenario"
)

// Strike is one strike of a fault. Its kind and number alone say which random numbers it uses: with others left out it
// does the same to the same cluster.
type Strike struct {
	Kind   string        `json:"kind"`
	Number int           `json:"number"`
	At     time.Duration `json:"at"`            // since clients and faults began
	Did    []string      `json:"did,omitempty"` // what it came to, in words
	deeds  []deed
}

// String names it, such as isolate/3@2.51s.
func (s *Strike) String() string { return eventName(s.Kind, s.Number, s.At) }

// ParseStrike reads what String writes.
func ParseStrike(text string) (Strike, error) {
	kind, number, at, err := parseEvent(text)
	if err == nil && !slices.Contains(scenario.KindNames(), kind) {
		err = fmt.Errorf("strike %q: no kind of fault is named %q", text, kind)
	}
	return Strike{Kind: kind, Number: number, At: at}, err
}

func eventName(name string, number int, at time.Duration) string {
	return fmt.Sprintf("%s/%d@%v", name, number, at)
}

func parseEvent(text string) (name string, number int, at time.Duration, err error) {
	what, when, _ := strings.Cut(text, "@")
	name, count, _ := strings.Cut(what, "/")
	number, errN := strconv.Atoi(count)
	at, ok := parseTime(when)
	if errN != nil || !ok || number < 1 {
		return "", 0, 0, fmt.Errorf("%q: expected NAME/NUMBER@TIME, such as crash/3@2.5s", text)
	}
	return name, number, at, nil
}

// parseTime reads what a time.Duration prints, to the nanosecond. Package time's own belongs to a clock.
func parseTime(text string) (at time.Duration, ok bool) {
	for text != "" {
		end := strings.IndexFunc(text, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
		if end < 1 {
			return 0, false
		}
		number := text[:end]
		text = text[end:]
		next := strings.IndexFunc(text, func(r rune) bool { return r >= '0' && r <= '9' })
		if next < 0 {
			next = len(text)
		}
		unit := map[string]time.Duration{"ns": 1, "us": 1000, "µs": 1000, "ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour}[text[:next]]
		text = text[next:]
		whole, part, _ := strings.Cut(number, ".")
		n, errN := strconv.ParseUint(whole, 10, 32)
		p, errP := strconv.ParseUint((part + "000000000")[:9], 10, 32)
		if errN != nil || errP != nil || unit == 0 || len(part) > 9 || part != "" && unit > time.Second {
			return 0, false
		}
		at += time.Duration(n)*unit + time.Duration(p)*unit/time.Second
		ok = true
	}
	return at, ok
}

// plan are the strikes of a run in their order: those that were asked for, or drawn for each kind apart.
func (c *Cluster) plan() []*Strike {
	var all []*Strike
	if c.opt.Strikes != nil {
		for _, s := range c.opt.Strikes {
			all = append(all, &Strike{Kind: s.Kind, Number: s.Number, At: s.At})
		}
	} else {
		for _, f := range c.cfg.Faults {
			r := core.RandFor(c.cfg.Seed, "plan/"+f.Kind)
			at := between(r, 0, 2*f.Every)
			for n := 1; at < time.Duration(c.cfg.Seconds)*time.Second; n++ {
				all = append(all, &Strike{Kind: f.Kind, Number: n, At: at})
				at += between(r, 0, 2*f.Every)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *Strike) int { return cmp.Compare(a.At, b.At) })
	return all
}

// begin carries a strike out, unless the faults are over.
func (n *nemesis) begin() {
	if n.over {
		return
	}
	n.c.faults++
	n.struck = append(n.struck, n.strike)
	n.acting(func() {
		n.c.w.Note("nemesis", "fault", n.strike.Kind+"/"+strconv.Itoa(n.strike.Number))
		strikes[n.strike.Kind](n)
	})
}

// acting does something of which the strike keeps a record.
func (n *nemesis) acting(do func()) {
	w := n.c.w
	outer := w.noted
	if n.strike != nil {
		w.noted = n.record
	}
	do()
	w.noted = outer
}

// deed is something that a strike did: one to several others.
type deed struct {
	after     time.Duration // since the strike
	who, what string
	to        []string
}

// record notes what a strike did.
func (n *nemesis) record(who, what, text string) {
	if who == "nemesis" {
		return
	}
	s := n.strike
	after := (n.c.w.now - n.c.began - s.At).Round(time.Millisecond)
	for i := range s.deeds {
		if d := &s.deeds[i]; d.after == after && d.who == who && d.what == what {
			d.to = append(d.to, text)
			return
		}
	}
	s.deeds = append(s.deeds, deed{after, who, what, []string{text}})
}

// tell puts into words what a strike did. Several who did the same are one.
func (s *Strike) tell() {
	s.Did = nil
	for i := 0; i < len(s.deeds); i++ {
		d := s.deeds[i]
		who := d.who
		for ; i+1 < len(s.deeds) && s.deeds[i+1].like(d); i++ {
			who += ", " + s.deeds[i+1].who
		}
		line := strings.TrimSpace(who + " " + d.what + " " + strings.Join(d.to, ", "))
		if d.after > 0 {
			line = "+" + d.after.String() + " " + line
		}
		s.Did = append(s.Did, line)
	}
}

func (d deed) like(other deed) bool {
	return d.after == other.after && d.what == other.what && slices.Equal(d.to, other.to)
}
