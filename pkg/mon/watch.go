package mon

import (
	"fmt"
	"maps"
	"slices"

	"zeph/pkg/status"
	"zeph/pkg/wire"
)

// healthWatch writes down in the cluster log when something begins to be wrong, and when it ends. What
// lasts for less than two looks is not worth a line.
type healthWatch struct {
	second int64                   // of the last look
	begun  bool                    // what was wrong at the first look, an earlier leader has written down
	seen   map[string]status.Check // at the last look
	noted  map[string]string       // what the log says is wrong, by code
}

// watchHealth looks once a second, as soon as the leader knows enough.
func (l *leader) watchHealth() {
	w := &l.watch
	now := int64(l.c.now.Mono / second)
	if now == w.second {
		return
	}
	w.second = now
	l.forgetMoves()
	h := l.health()
	if len(h.Waiting) > 0 {
		return
	}
	wrong := make(map[string]status.Check)
	for _, c := range h.Checks {
		wrong[c.Code] = c
	}
	if !w.begun {
		w.begun, w.seen, w.noted = true, wrong, make(map[string]string)
		for code, c := range wrong {
			w.noted[code] = c.Summary
		}
		return
	}
	if lines := w.changes(wrong, l.c.entity.String()); len(lines) > 0 {
		l.want(&notes{lines}, false)
	}
	w.seen = wrong
}

// changes are lines about what began or ended, as two looks in a row show.
func (w *healthWatch) changes(now map[string]status.Check, who string) []wire.LogLine {
	var lines []wire.LogLine
	line := func(level, text string) {
		lines = append(lines, wire.LogLine{Level: level, Who: who, Channel: "cluster", Text: text})
	}
	for _, code := range slices.Sorted(maps.Keys(now)) {
		c := now[code]
		if _, before := w.seen[code]; !before || w.noted[code] != "" {
			continue
		}
		level := "warn"
		if c.Severity == status.Err {
			level = "error"
		}
		w.noted[code] = c.Summary
		line(level, fmt.Sprintf("health: %s: %s", code, c.Summary))
	}
	for _, code := range slices.Sorted(maps.Keys(w.noted)) {
		_, before := w.seen[code]
		if _, still := now[code]; still || before {
			continue
		}
		line("info", fmt.Sprintf("health: %s is over (%s)", code, w.noted[code]))
		delete(w.noted, code)
	}
	if len(lines) > 0 && len(now) == 0 && len(w.noted) == 0 {
		line("info", "health: the cluster is well")
	}
	return lines
}

// notes are lines for the cluster log, and nothing else.
type notes struct {
	lines []wire.LogLine
}

func (n *notes) absorb(_ *leader, other intent) bool {
	o, ok := other.(*notes)
	if ok {
		n.lines = append(n.lines, o.lines...)
	}
	return ok
}

func (*notes) cancel(*leader, *wire.Error) {}

func (n *notes) plan(_ *leader, d *draft) verdict {
	if d.st.m == nil {
		return done
	}
	d.lines = append(d.lines[:len(d.lines):len(d.lines)], n.lines...)
	return planned
}
