package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"strconv"

	"zeph/pkg/crush"
)

// tryJSON prints one JSON document, piece by piece: there may be more mappings than memory.
//
//	{"runs": [{"rule_id": 0, "rule_name": "r", "num_rep": 3, "min_x": 0, "max_x": 1023,
//	  "mappings": [{"x": 0, "result": [4, null, 2], "bad": true}, …],
//	  "sizes": [{"size": 3, "count": 1024}],
//	  "devices": [{"id": 0, "stored": 300, "expected": 307.2}, …]}, …]}
//
// The last three are there when they were asked for.
type tryJSON struct {
	w    *bufio.Writer
	plan *tryPlan
	line []byte // in the making, reused
	runs separator
	maps separator
}

// separator is what goes before an element of a list.
type separator int

func (s *separator) next() string {
	*s++
	if *s == 1 {
		return "\n"
	}
	return ",\n"
}

func (p *tryJSON) begin()        { p.w.WriteString(`{"runs": [`) }
func (p *tryJSON) end()          { p.w.WriteString("\n]}\n") }
func (p *tryJSON) rule(*tryRule) {}

func (p *tryJSON) beginRun(r *tryRule, copies int) {
	name, _ := json.Marshal(r.rule.Name) // of a string this cannot fail
	fmt.Fprintf(p.w, `%s{"rule_id": %d, "rule_name": %s, "num_rep": %d, "min_x": %d, "max_x": %d`,
		p.runs.next(), r.id, name, copies, p.plan.minX, p.plan.maxX)
	if p.plan.show.mappings || p.plan.show.badMappings {
		p.w.WriteString(",\n" + `  "mappings": [`)
		p.maps = 0
	}
}

func (p *tryJSON) mapping(x int64, items []crush.ItemID, bad bool) {
	if !p.plan.show.mappings && !(bad && p.plan.show.badMappings) {
		return
	}
	p.line = append(p.line[:0], p.maps.next()...)
	p.line = append(p.line, `    {"x": `...)
	p.line = strconv.AppendInt(p.line, x, 10)
	p.line = append(p.line, `, "result": [`...)
	for i, id := range items {
		if i > 0 {
			p.line = append(p.line, ", "...)
		}
		if id == crush.None {
			p.line = append(p.line, "null"...)
		} else {
			p.line = strconv.AppendInt(p.line, int64(id), 10)
		}
	}
	p.line = append(p.line, ']')
	if bad {
		p.line = append(p.line, `, "bad": true`...)
	}
	p.line = append(p.line, '}')
	p.w.Write(p.line)
}

func (p *tryJSON) endRun(t *tally) {
	if p.plan.show.mappings || p.plan.show.badMappings {
		p.w.WriteString("]")
	}
	if p.plan.show.counts() {
		p.sizes(t)
	}
	if p.plan.show.utilization || p.plan.show.utilizationAll {
		p.devices(t)
	}
	p.w.WriteByte('}')
}

func (p *tryJSON) sizes(t *tally) {
	p.w.WriteString(",\n" + `  "sizes": [`)
	var sep separator
	for size, count := range t.sizes {
		if count > 0 {
			fmt.Fprintf(p.w, `%s    {"size": %d, "count": %d}`, sep.next(), size, count)
		}
	}
	p.w.WriteByte(']')
}

func (p *tryJSON) devices(t *tally) {
	p.w.WriteString(",\n" + `  "devices": [`)
	var sep separator
	for id := range p.plan.shown(t) {
		fmt.Fprintf(p.w, `%s    {"id": %d, "stored": %d, "expected": %v}`, sep.next(), id, t.stored[id], t.expected[id])
	}
	p.w.WriteByte(']')
}
