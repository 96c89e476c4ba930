package script

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"zeph/pkg/wire"
)

// setLimits reads what follows "limits": perhaps a class, then KEY=VALUE.
func (p *parser) setLimits(words []string) error {
	class := wire.Data
	if len(words) > 0 && isClass(words[0]) {
		class = wire.Class(slices.Index(places, words[0]))
		words = words[1:]
	}
	for _, word := range words {
		key, value, _ := strings.Cut(word, "=")
		if err := p.limits.set(class, key, value); err != nil {
			return err
		}
	}
	return nil
}

func (l *Limits) set(class wire.Class, key, value string) (err error) {
	c := &l.Class[class]
	durations := map[string]*time.Duration{"redial": &l.Redial, "stall": &l.Stall, "linger": &l.Linger}
	sizes := map[string]*int{
		"hints": &l.Hints, "message": &c.Message, "outbox": &c.Outbox, "reserve": &c.Reserve,
		"window": &c.Window, "receive": &c.Receive, "queue": &c.Send,
	}
	switch {
	case durations[key] != nil:
		*durations[key], err = time.ParseDuration(value)
	case sizes[key] != nil:
		*sizes[key], err = bytes(value)
	default:
		err = fmt.Errorf("there is no limit %q", key)
	}
	return err
}
