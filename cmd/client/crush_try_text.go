package main

import (
	"bufio"
	"fmt"
	"strconv"

	"zeph/pkg/crush"
)

// tryText prints the lines of crushtool, to the last space.
type tryText struct {
	w    *bufio.Writer
	plan *tryPlan
	line []byte // in the making, reused
	of   *tryRule
	n    int // copies wanted
}

func (p *tryText) begin() {}
func (p *tryText) end()   {}

func (p *tryText) rule(r *tryRule) {
	switch {
	case !p.plan.show.counts():
	case r.rule == nil:
		fmt.Fprintf(p.w, "rule %d dne\n", r.id)
	default:
		fmt.Fprintf(p.w, "rule %d (%s), x = %d..%d, numrep = %d..%d\n",
			r.id, r.rule.Name, p.plan.minX, p.plan.maxX, r.minRep, r.maxRep)
	}
}

func (p *tryText) beginRun(r *tryRule, copies int) { p.of, p.n = r, copies }

func (p *tryText) mapping(x int64, items []crush.ItemID, bad bool) {
	if p.plan.show.mappings {
		p.line = append(p.line[:0], "CRUSH rule "...)
		p.line = strconv.AppendInt(p.line, int64(p.of.id), 10)
		p.line = append(p.line, " x "...)
		p.line = strconv.AppendInt(p.line, x, 10)
		p.line = append(p.line, ' ')
		p.items(items)
	}
	if bad && p.plan.show.badMappings {
		p.line = append(p.line[:0], "bad mapping rule "...)
		p.line = strconv.AppendInt(p.line, int64(p.of.id), 10)
		p.line = append(p.line, " x "...)
		p.line = strconv.AppendInt(p.line, x, 10)
		p.line = append(p.line, " num_rep "...)
		p.line = strconv.AppendInt(p.line, int64(p.n), 10)
		p.line = append(p.line, " result "...)
		p.items(items)
	}
}

// items ends the line with a list.
func (p *tryText) items(items []crush.ItemID) {
	p.line = append(p.line, '[')
	for i, id := range items {
		if i > 0 {
			p.line = append(p.line, ',')
		}
		p.line = strconv.AppendInt(p.line, int64(id), 10)
	}
	p.line = append(p.line, "]\n"...)
	p.w.Write(p.line)
}

func (p *tryText) endRun(t *tally) {
	if !p.plan.show.counts() {
		return
	}
	for size, count := range t.sizes {
		if count > 0 {
			fmt.Fprintf(p.w, "rule %d (%s) num_rep %d result size == %d:\t%d/%d\n",
				p.of.id, p.of.rule.Name, p.n, size, count, t.inputs)
		}
	}
	for id := range p.plan.shown(t) {
		fmt.Fprintf(p.w, "  device %d:\t\t stored : %d\t expected : %.6g\n", id, t.stored[id], t.expected[id])
	}
}
