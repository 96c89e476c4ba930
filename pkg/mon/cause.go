package mon

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"zeph/pkg/osdmap"
)

// cause says in words why data moves. Primaries name the epoch of the change that made it move; what that
// change was, the leader knows, and so all PGs that move for one change come under one cause.
func (l *leader) cause(told string) string {
	digits, ok := strings.CutPrefix(told, "epoch ")
	if !ok {
		return or(told, "unknown")
	}
	digits, _, _ = strings.Cut(digits, ":")
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil {
		return told
	}
	epoch := osdmap.Epoch(n)
	if text, known := l.causes[epoch]; known {
		return text
	}
	text := fmt.Sprintf("epoch %d", epoch)
	if b, ok := l.c.st.Change(epoch); ok {
		if c, err := osdmap.DecodeChange(b); err == nil {
			text = or(changeWords(c), or(l.lineOf(epoch), "the map changed")) + fmt.Sprintf(" (epoch %d)", epoch)
		}
	}
	l.causes[epoch] = text
	return text
}

// lineOf is what the cluster log says about an epoch, in short.
func (l *leader) lineOf(e osdmap.Epoch) string {
	for n := l.c.st.lines.end(); n > l.c.st.lines.start; n-- {
		if line, _ := l.c.st.lines.at(n - 1); line.Epoch == e {
			parts := strings.SplitN(line.Text, ": ", 3)
			return strings.Join(parts[:min(2, len(parts))], ": ")
		}
	}
	return ""
}

// changeWords says what of a change can make data move.
func changeWords(c *osdmap.Change) string {
	var words []string
	for _, id := range slices.Sorted(maps.Keys(c.OSDs)) {
		o := c.OSDs[id]
		switch {
		case o.Up != nil && o.Weight != nil:
			words = append(words, id.String()+" up and in")
		case o.Up != nil:
			words = append(words, id.String()+" up")
		case o.Remove:
			words = append(words, id.String()+" removed")
		case o.Down:
			words = append(words, id.String()+" down")
		case o.AutoOut, o.Weight != nil && *o.Weight == 0:
			words = append(words, id.String()+" out")
		case o.Weight != nil:
			words = append(words, fmt.Sprintf("%v weight %v", id, *o.Weight))
		}
	}
	for _, p := range c.Pools {
		words = append(words, "pool "+p.Name)
	}
	if len(c.Upmap)+len(c.UpmapItems) > 0 {
		words = append(words, "upmap")
	}
	if len(words) > 4 {
		words = append(words[:4], fmt.Sprintf("%d more", len(words)-4))
	}
	return strings.Join(words, ", ")
}

// forgetMoves drops what is known of causes that no PG moves for any more.
func (l *leader) forgetMoves() {
	if len(l.moved)+len(l.causes) < 100 {
		return
	}
	current := make(map[string]bool)
	for _, p := range l.pgs {
		current[l.cause(p.Cause)] = true
	}
	maps.DeleteFunc(l.moved, func(cause string, _ *moving) bool { return !current[cause] })
	maps.DeleteFunc(l.causes, func(_ osdmap.Epoch, cause string) bool { return !current[cause] })
}
