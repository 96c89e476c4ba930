package script

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// parser keeps what earlier statements said.
type parser struct {
	script   *Script
	runs     map[string]int    // by node: how many were started
	identity map[string]string // by run: whose entity and gid it has
	limits   Limits            // of the next node
}

func (p *parser) statement(line int, text string) error {
	words := strings.Fields(text)
	st := statement{line: line, text: text}
	var err error
	switch {
	case words[0] == "needs":
		p.script.Needs = append(p.script.Needs, words[1:]...)
		return nil
	case words[0] == "limits":
		return p.setLimits(words[1:])
	case len(words) == 1 && words[0] == "settle":
		st.settle = true
	case len(words) > 1 && slices.Contains(conditions, words[1]):
		st.expect, err = p.expectation(words)
	default:
		st.command, err = p.command(words)
	}
	p.script.statements = append(p.script.statements, st)
	return err
}

// run finds the run that a script means: b@2, or the newest of b.
func (p *parser) run(name string) (string, error) {
	node, number, given := strings.Cut(name, "@")
	newest := p.runs[node]
	if newest == 0 {
		return "", fmt.Errorf("node %q was not started", node)
	}
	if !given {
		number = strconv.Itoa(newest)
	}
	if number == "any" {
		return node + "@any", nil
	}
	if n, err := strconv.Atoi(number); err != nil || n < 1 || n > newest {
		return "", fmt.Errorf("run %q: %s was started %d times", name, node, newest)
	}
	return node + "@" + number, nil
}

// who is the run as its peers see it.
func (p *parser) who(name string) (string, error) {
	run, err := p.run(name)
	if id := p.identity[run]; id != "" {
		return id, err
	}
	return run, err
}

// conditions are what a script may wait for.
var conditions = []string{"sees", "holds", "tells", "lost", "sent", "idle"}

// expectation reads "N sees EVENTS" or what else a script may wait for.
func (p *parser) expectation(words []string) (*expectation, error) {
	node, err := p.run(words[0])
	if err != nil {
		return nil, err
	}
	x := &expectation{node: node}
	rest := words[2:]
	switch words[1] {
	case "sees":
		x.groups, err = p.groups(strings.Join(rest, " "))
		return x, err
	case "holds", "tells", "lost":
		if len(rest) == 0 {
			return nil, errors.New("expected a number")
		}
		x.count, err = strconv.Atoi(rest[0])
		rest = rest[1:]
	}
	if len(rest) > 0 && err == nil {
		err = fmt.Errorf("unexpected %q", rest)
	}
	x.state = words[1]
	return x, err
}

// ids reads 7 or 1..500.
func ids(text string) ([]int, error) {
	low, high, isRange := strings.Cut(text, "..")
	first, err := strconv.Atoi(low)
	last := first
	if isRange && err == nil {
		last, err = strconv.Atoi(high)
	}
	if err != nil || first < 1 || last < first || last-first >= maxRange {
		return nil, fmt.Errorf("%q: expected a number such as 7, or a range of at most %d such as 1..500", text, maxRange)
	}
	list := make([]int, 0, last-first+1)
	for id := first; id <= last; id++ {
		list = append(list, id)
	}
	return list, nil
}

const maxRange = 100_000

// bytes reads 100, 4K or 16M.
func bytes(text string) (int, error) {
	digits, unit := text, 1
	switch {
	case strings.HasSuffix(text, "K"):
		digits, unit = text[:len(text)-1], 1<<10
	case strings.HasSuffix(text, "M"):
		digits, unit = text[:len(text)-1], 1<<20
	}
	n, err := strconv.ParseUint(digits, 10, 31)
	if err != nil || int(n)*unit >= 1<<31 {
		return 0, fmt.Errorf("%q: expected a number of bytes, such as 100, 4K or 16M", text)
	}
	return int(n) * unit, nil
}
