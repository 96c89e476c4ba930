package mon

import (
	"cmp"
	"slices"
	"time"

	"zeph/pkg/osdmap"
	"zeph/pkg/status"
)

// sinceThen is when a check was first found wrong, as far as this leader knows.
type sinceThen struct {
	mono time.Duration
	wall osdmap.UnixMilli
}

// health is everything that is wrong, each with what it means and what to do. What only PGs can tell is
// not known until every OSD has spoken (protocol 15.5).
func (l *leader) health() status.Health {
	h := status.Health{Status: status.OK, Checks: []status.Check{}, Waiting: l.waiting()}
	for _, find := range []func(*leader) *status.Check{
		checkMons, checkMonsApart, checkMonClocks, checkDown, checkSilent, checkHeartbeat, checkSlowPings, checkFlags, checkFew, checkFull, checkBackfillFull, checkNearFull,
		checkPoolFull, checkAvailability, checkDegraded, checkUnfound, checkDamaged, checkAnew, checkReads, checkSlow, checkDrift, checkSize, checkPlaces, checkNoPlace,
	} {
		if c := find(l); c != nil {
			h.Checks = append(h.Checks, *c)
		}
	}
	if len(h.Waiting) > 0 {
		h.Status = status.Unknown
	}
	for i := range h.Checks {
		l.settle(&h.Checks[i])
		if h.Checks[i].Severity == status.Err {
			h.Status = status.Err
		} else if h.Status != status.Err {
			h.Status = status.Warn
		}
	}
	if len(h.Waiting) > 0 && h.Status == status.Warn {
		h.Status = status.Unknown // there may be worse
	}
	for code := range l.checks {
		if !slices.ContainsFunc(h.Checks, func(c status.Check) bool { return c.Code == code }) {
			delete(l.checks, code)
		}
	}
	slices.SortStableFunc(h.Checks, func(a, b status.Check) int {
		return cmp.Or(cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.Code, b.Code)) // HEALTH_ERR before HEALTH_WARN
	})
	return h
}

// settle fills in since when, and makes lists of nothing empty.
func (l *leader) settle(c *status.Check) {
	then, known := l.checks[c.Code]
	if !known {
		then = sinceThen{l.c.now.Mono, l.c.now.Wall}
		l.checks[c.Code] = then
	}
	c.SinceMS, c.Seconds = then.wall, int64((l.c.now.Mono-then.mono)/second)
	if c.Detail == nil {
		c.Detail = []string{}
	}
	if c.Next == nil {
		c.Next = []string{}
	}
}
