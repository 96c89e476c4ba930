package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"zeph/pkg/crush"
)

// compareMappings has crushtool map a range of inputs by every rule, and follows it.
func (b *bench) compareMappings(c *testCase, m *crush.Map) (counts, error) {
	mp, err := crush.NewMapper(m)
	if err != nil {
		return counts{}, err
	}
	q := query{mapper: mp, reweight: c.deviceWeights(), pool: c.pool}
	inputs := q.affordable(m, b.draws)
	args := []string{"-i", "map", "--test", "--show-mappings",
		"--min-x", strconv.Itoa(c.firstX), "--max-x", strconv.Itoa(c.firstX + inputs - 1)}
	if c.pool >= 0 {
		args = append(args, "--pool-id", strconv.Itoa(c.pool))
	}
	for _, id := range slices.Sorted(maps.Keys(c.reweight)) {
		args = append(args, "--weight", strconv.Itoa(int(id)), strconv.FormatFloat(c.reweight[id].Float(), 'f', -1, 64))
	}
	theirs, err := b.run(b.tools.crushtool, args...)
	if err != nil {
		return counts{}, err
	}
	var compared counts
	var want []byte
	for i := range m.Rules {
		rule := &m.Rules[i]
		for x := c.firstX; x < c.firstX+inputs; x++ {
			want = q.line(want[:0], rule, x)
			line, rest, _ := bytes.Cut(theirs, []byte("\n"))
			if !bytes.Equal(line, want) {
				return counts{}, &mismatch{
					command: commandLine(b.tools.crushtool, args),
					where:   fmt.Sprintf("rule %d, x %d", rule.ID, x),
					ours:    string(want),
					theirs:  string(line),
				}
			}
			theirs = rest
		}
		compared[c.shapes[rule.ID]] += inputs
	}
	if len(theirs) > 0 {
		return counts{}, fmt.Errorf("crushtool says more than it was asked: %.80q", theirs)
	}
	return compared, nil
}

// query maps as crushtool --test does.
type query struct {
	mapper   *crush.Mapper
	reweight []crush.Weight
	pool     int
	scratch  crush.Scratch
	items    []crush.ItemID
}

func (q *query) mapping(rule *crush.Rule, x int, trace crush.Tracer) []crush.ItemID {
	hashed := uint32(x)
	if q.pool >= 0 {
		hashed = crush.Hash2(hashed, uint32(q.pool))
	}
	q.items = q.mapper.Map(q.items[:0], &q.scratch, crush.Query{
		Rule: rule.ID, X: hashed, Count: rule.MaxSize,
		Reweight:  q.reweight,
		WeightSet: q.mapper.WeightSet(0), // crushtool knows the set of pool 0 and the default one
		Trace:     trace,
	})
	return q.items
}

// line is what crushtool prints of a mapping.
func (q *query) line(dst []byte, rule *crush.Rule, x int) []byte {
	dst = append(dst, "CRUSH rule "...)
	dst = strconv.AppendInt(dst, int64(rule.ID), 10)
	dst = append(dst, " x "...)
	dst = strconv.AppendInt(dst, int64(x), 10)
	dst = append(dst, ' ')
	return appendList(dst, q.mapping(rule, x, nil))
}

func appendList[T ~int32](dst []byte, ids []T) []byte {
	dst = append(dst, '[')
	for i, id := range ids {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(dst, int64(id), 10)
	}
	return append(dst, ']')
}

// How many inputs (or PGs) a trial has for each rule.
const (
	fewInputs  = 50
	manyInputs = 6_000
)

// affordable is a number of inputs for which the rules of the map cost about so many
// draws: where items are lacking a mapping may take hundreds of times the usual.
func (q *query) affordable(m *crush.Map, draws int) int {
	const samples = 8
	var spent drawCounter
	for i := range m.Rules {
		for x := range samples {
			q.mapping(&m.Rules[i], x*7919, &spent)
		}
	}
	return min(max(draws*samples/(1+int(spent)), fewInputs), manyInputs)
}

// drawCounter counts draws.
type drawCounter int

func (n *drawCounter) Step(crush.Step)       {}
func (n *drawCounter) Draw(crush.Draw)       { *n++ }
func (n *drawCounter) Judge(crush.Judgement) {}
