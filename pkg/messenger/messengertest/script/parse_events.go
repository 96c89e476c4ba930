package script

import (
	"fmt"
	"slices"
	"strings"
)

// groups reads events: a comma between those that follow each other, "and" between others.
func (p *parser) groups(text string) ([]group, error) {
	var groups []group
	for _, part := range strings.Split(text, ",") {
		var g group
		for _, event := range strings.Split(part, " and ") {
			chains, err := p.chains(strings.Fields(event))
			if err != nil {
				return nil, fmt.Errorf("event %q: %w", strings.TrimSpace(event), err)
			}
			g = append(g, chains...)
		}
		groups = append(groups, g)
	}
	return groups, nil
}

// chains reads one event, or a range of them. A range of calls that did not end with an answer
// is of events in any order.
func (p *parser) chains(words []string) (group, error) {
	var c chain
	if len(words) > 0 && words[0] == "some" {
		c.some, words = true, words[1:]
	}
	if len(words) < 2 {
		return nil, fmt.Errorf("expected what and which")
	}
	what, which, rest := words[0], words[1], words[2:]
	if slices.Contains([]string{"up", "reset", "unreachable"}, what) {
		peer, err := p.who(which)
		c.events = []string{strings.Join(append([]string{what, peer}, noData(rest)...), " ")}
		return group{&c}, err
	}
	list, err := ids(which)
	if err != nil {
		return nil, err
	}
	what, outcome, err := outcomeOf(what, rest)
	if err != nil {
		return nil, err
	}
	for _, id := range list {
		c.events = append(c.events, fmt.Sprintf("%s %d%s", what, id, outcome))
	}
	if what != "call" || strings.HasPrefix(outcome, " answered") {
		return group{&c}, nil
	}
	var g group
	for _, e := range c.events {
		g = append(g, &chain{events: []string{e}})
	}
	return g, nil
}

// noData leaves out the class data, which need not be said.
func noData(place []string) []string {
	if len(place) == 1 && place[0] == "data" {
		return nil
	}
	return place
}

// outcomes are the words that may follow each sort of event.
var outcomes = map[string][]string{
	"note":    {""},
	"request": {""},
	"hint":    {""},
	"report":  {""},
	"call":    {"answered", "reset", "down", "full", "deadline", "closed", "too large"},
	"send":    {"down", "full", "closed", "too large"},
	"push":    {"down", "full", "closed", "too large"},
}

// outcomeOf is the sort of event, in the singular, and what an event has behind its number.
func outcomeOf(what string, rest []string) (string, string, error) {
	what = strings.TrimSuffix(what, "s")
	allowed, ok := outcomes[what]
	if what == "report" && len(rest) > 0 {
		allowed = outcomes["send"]
	}
	if !ok {
		return "", "", fmt.Errorf("there is no event %q", what)
	}
	bulk := ""
	if n := len(rest); n > 0 && strings.HasPrefix(rest[n-1], "bulk=") {
		size, err := bytes(strings.TrimPrefix(rest[n-1], "bulk="))
		if err != nil {
			return "", "", err
		}
		rest, bulk = rest[:n-1], fmt.Sprintf(" bulk=%d", size)
	}
	outcome := strings.Join(rest, " ")
	failed := what == "call" && strings.HasPrefix(outcome, "failed ")
	if !failed && !slices.Contains(allowed, outcome) {
		return "", "", fmt.Errorf("%q is not what becomes of a %s", outcome, what)
	}
	if outcome != "" {
		outcome = " " + outcome
	}
	return what, outcome + bulk, nil
}
