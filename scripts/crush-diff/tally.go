package main

import (
	"fmt"
	"strings"
	"sync"
)

// tally is the table of what was compared, and hands out what to compare next.
type tally struct {
	mu      sync.Mutex
	corners []corner
	cells   map[corner]*counts
	begun   map[corner]int // trials
	running map[corner]int
	objects int // whose PG was compared
	trials  int
}

func newTally() *tally {
	t := &tally{corners: corners(), cells: make(map[corner]*counts), begun: make(map[corner]int), running: make(map[corner]int)}
	for _, c := range t.corners {
		t.cells[c] = new(counts)
	}
	return t
}

// next begins a trial of the emptiest corner, of those that nobody is at if there are any.
func (t *tally) next(target int) (trialID, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	best, found := corner{}, false
	for _, c := range t.corners {
		if t.emptiest(c) < target && (!found || t.before(c, best)) {
			best, found = c, true
		}
	}
	if !found {
		return trialID{}, false
	}
	id := trialID{best, t.begun[best]}
	t.begun[best]++
	t.running[best]++
	return id, true
}

func (t *tally) before(a, b corner) bool {
	if t.running[a] != t.running[b] {
		return t.running[a] < t.running[b]
	}
	return t.emptiest(a) < t.emptiest(b)
}

func (t *tally) emptiest(c corner) int {
	cells := t.cells[c]
	least := cells[0]
	for _, n := range cells {
		least = min(least, n)
	}
	return least
}

// done counts what a trial compared.
func (t *tally) done(id trialID, compared counts, objects int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running[id.corner]--
	t.cells[id.corner].add(compared)
	t.objects += objects
	t.trials++
}

// summary is one line about all cells.
func (t *tally) summary(target int) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	total, full, least := 0, 0, -1
	for _, cells := range t.cells {
		for _, n := range cells {
			total += n
			if n >= target {
				full++
			}
			if least < 0 || n < least {
				least = n
			}
		}
	}
	return fmt.Sprintf("%d mappings of %d maps compared, %d of %d cells have %d, the emptiest has %d; %d objects",
		total, t.trials, full, len(t.cells)*numShapes, target, least, t.objects)
}

// markdown is the table, in thousands.
func (t *tally) markdown() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "Thousands of mappings compared; in each cell, in this order: %s.\n\n", strings.Join(features, ", "))
	fmt.Fprintf(&b, "| buckets | tunables | %s |\n|---|---|%s\n", strings.Join(shapes, " | "), strings.Repeat("---|", numShapes))
	for _, k := range kinds {
		for _, p := range profiles {
			fmt.Fprintf(&b, "| %s | %s |", k, p)
			for shape := range numShapes {
				for _, f := range features {
					b.WriteString(" " + t.thousands(corner{k, p, f}, shape))
				}
				b.WriteString(" |")
			}
			b.WriteString("\n")
		}
	}
	b.WriteString("\n–: Ceph makes no shadow trees of uniform buckets. Weight sets bear on straw2 buckets only;\n" +
		"in other buckets they must have no effect.\n")
	return b.String()
}

func (t *tally) thousands(c corner, shape int) string {
	if !c.possible() {
		return "–"
	}
	return fmt.Sprint(t.cells[c][shape] / 1000)
}
