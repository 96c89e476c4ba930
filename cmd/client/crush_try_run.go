package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"zeph/pkg/crush"
)

// tryPlan is a try without open questions.
type tryPlan struct {
	rules      []tryRule
	minX, maxX int64
	pool       int64 // -1: none
	weightSet  int64
	reweight   []crush.Weight // by device
	show       tryShow
}

// tryRule is a rule to try, once for each number of copies from minRep to maxRep.
type tryRule struct {
	id             crush.RuleID
	rule           *crush.Rule // nil: the map has none of this id
	minRep, maxRep int
}

// tryPrinter hears what a try finds, as it is found.
type tryPrinter interface {
	begin()
	rule(r *tryRule)
	beginRun(r *tryRule, copies int)
	mapping(x int64, items []crush.ItemID, bad bool)
	endRun(t *tally)
	end()
}

// tally is what became of all inputs of a run.
type tally struct {
	inputs   int64
	sizes    []int64   // how many mappings have 0, 1, 2 … items
	stored   []int64   // how many mappings have the device
	expected []float32 // how many should, were the spread perfect
}

func (a *app) runTry(ctx context.Context, m *crush.Map, plan *tryPlan) error {
	mapper, err := crush.NewMapper(m)
	if err != nil {
		return err
	}
	if plan.show.utilizationAll {
		fmt.Fprintf(a.stderr, "devices weights (hex): [%s]\n", hexList(plan.reweight))
	}
	out := bufio.NewWriterSize(a.stdout, 1<<16)
	var printer tryPrinter = &tryText{w: out, plan: plan}
	if a.output == formatJSON {
		printer = &tryJSON{w: out, plan: plan}
	}
	t := &trier{plan: plan, m: m, mapper: mapper, out: out, printer: printer}
	err = t.run(ctx)
	return errors.Join(err, out.Flush())
}

func hexList(weights []crush.Weight) string {
	hex := make([]string, len(weights))
	for i, w := range weights {
		hex[i] = fmt.Sprintf("%x", uint32(w))
	}
	return strings.Join(hex, ",")
}

// trier carries a plan out.
type trier struct {
	plan    *tryPlan
	m       *crush.Map
	mapper  *crush.Mapper
	out     *bufio.Writer
	printer tryPrinter
	scratch crush.Scratch
	items   []crush.ItemID
}

func (t *trier) run(ctx context.Context) error {
	t.printer.begin()
	for i := range t.plan.rules {
		r := &t.plan.rules[i]
		t.printer.rule(r)
		if r.rule == nil || t.plan.totalWeight() == 0 {
			continue
		}
		for copies := r.minRep; copies <= r.maxRep; copies++ {
			t.printer.beginRun(r, copies)
			tally, err := t.mapAll(ctx, r, copies)
			if err != nil {
				return err
			}
			t.printer.endRun(tally)
		}
	}
	t.printer.end()
	return nil
}

// mapAll maps every input by one rule.
func (t *trier) mapAll(ctx context.Context, r *tryRule, copies int) (*tally, error) {
	all := t.newTally(r, copies)
	query := crush.Query{
		Rule:      r.id,
		Count:     copies,
		Reweight:  t.plan.reweight,
		WeightSet: t.mapper.WeightSet(t.plan.weightSet),
	}
	for x := t.plan.minX; x <= t.plan.maxX; x++ {
		if x%1024 == 0 {
			if err := errors.Join(ctx.Err(), t.out.Flush()); err != nil {
				return nil, err
			}
		}
		query.X = uint32(x)
		if t.plan.pool != -1 {
			query.X = crush.Hash2(uint32(x), uint32(t.plan.pool))
		}
		t.items = t.mapper.Map(t.items[:0], &t.scratch, query)
		bad := len(t.items) != copies || slices.Contains(t.items, crush.None)
		all.add(t.items)
		t.printer.mapping(x, t.items, bad)
	}
	return all, nil
}

func (t *trier) newTally(r *tryRule, copies int) *tally {
	all := &tally{
		inputs:   t.plan.maxX - t.plan.minX + 1,
		sizes:    make([]int64, copies+1),
		stored:   make([]int64, len(t.plan.reweight)),
		expected: make([]float32, len(t.plan.reweight)),
	}
	// crushtool reckons in float32, and it shows in the last digits.
	items := float32(int64(min(copies, mostItems(t.m, r.rule))) * all.inputs)
	total := float32(t.plan.totalWeight())
	for i, w := range t.plan.reweight {
		all.expected[i] = float32(w) / total * items
	}
	return all
}

func (t *tally) add(items []crush.ItemID) {
	t.sizes[len(items)]++
	for _, id := range items {
		if id.IsDevice() { // some rules give buckets
			t.stored[id]++
		}
	}
}

// shown lists the devices of which the utilization is printed. Like crushtool we do not show
// all when both are asked for.
func (p *tryPlan) shown(t *tally) iter.Seq[int] {
	return func(yield func(int) bool) {
		for id := range t.stored {
			some := p.show.utilization && t.expected[id] > 0 && t.stored[id] > 0
			all := p.show.utilizationAll && !p.show.utilization
			if (some || all) && !yield(id) {
				return
			}
		}
	}
}

func (p *tryPlan) totalWeight() int64 {
	var sum int64
	for _, w := range p.reweight {
		sum += int64(w)
	}
	return sum
}

// mostItems is crushtool's guess at how many items a rule can find at most: for every type
// that it chooses, the number of such buckets, shadows included, or how many it asks for if
// that is fewer; and the least of these. Two steps with the same type count its buckets
// twice, and the last one says how many are asked for. Devices do not limit it.
func mostItems(m *crush.Map, rule *crush.Rule) int {
	most := max(bucketSlots(m), m.MaxDevices())
	asked := make(map[crush.TypeID]int)
	found := make(map[crush.TypeID]int)
	for _, s := range rule.Steps {
		if !s.Op.IsChoose() {
			continue
		}
		kind := crush.TypeID(s.Arg2)
		asked[kind] = int(s.Arg1)
		for i := range m.Buckets {
			if m.Buckets[i].Type == kind {
				found[kind]++
			}
		}
	}
	for kind, n := range found {
		if asked[kind] > 0 {
			n = min(n, asked[kind])
		}
		most = min(most, n)
	}
	return most
}

// bucketSlots is the size of the table in which crushtool keeps buckets by id: it starts with
// 8 and doubles.
func bucketSlots(m *crush.Map) int {
	if len(m.Buckets) == 0 {
		return 0
	}
	slots := 8
	for slots < -int(m.Buckets[len(m.Buckets)-1].ID) {
		slots *= 2
	}
	return slots
}
