package main

import (
	"fmt"
	"io"
	"slices"
)

// Entries of the two tables of the logarithm.
const (
	steps = 129 // of an octave
	fines = 256 // of a step
)

// entryBits is how much finer an entry is than −ln u, in binary digits.
const entryBits = 4

// entries says which entries −ln u is made from, as the head of ln_table.go describes.
func entries(u uint16) (step, fine int) {
	x := uint32(u) + 1
	for x < 1<<15 {
		x <<= 1
	}
	step = int(x>>8) - 128
	return step, int(x*128/uint32(128+step)) & (fines - 1)
}

// sharpness is the least change of something that turns a duel, upwards and downwards;
// zero where there is no duel.
type sharpness struct {
	up, down int64
}

func (s *sharpness) note(slack int64) {
	side := &s.up
	if slack < 0 {
		side, slack = &s.down, -slack
	}
	if *side == 0 || slack < *side {
		*side = slack
	}
}

// both is the least change that shows in either direction; zero: none does.
func (s *sharpness) both() int64 {
	if s.up == 0 || s.down == 0 {
		return 0
	}
	return max(s.up, s.down)
}

func report(w io.Writer, duels, lost []duel) {
	value := make([]sharpness, values)
	step, fine := make([]sharpness, steps), make([]sharpness, fines)
	for _, d := range duels {
		s, f := entries(d.u)
		for _, at := range []*sharpness{&value[d.u], &step[s], &fine[f]} {
			at.note(d.slack)
		}
	}
	fmt.Fprintln(w, "                      checked        off by this much shows")
	line(w, "values of −ln u", value, 0)
	line(w, "table: steps", step, entryBits)
	line(w, "table: fine", fine, entryBits)
	fmt.Fprintf(w, "%d duels, of which crushtool decides %d otherwise\n", len(duels), len(lost))
	const shown = 20
	for _, d := range lost[:min(shown, len(lost))] {
		fmt.Fprintf(w, "  u %d weight %d against v %d weight %d, u first %v: turns when −ln u changes by %+d\n",
			d.u, d.uWeight, d.v, d.vWeight, d.uFirst, d.slack)
	}
}

// line tells how many are checked and how sharply, in units of the last binary digit.
func line(w io.Writer, name string, all []sharpness, bits int) {
	var checked []int64
	for _, s := range all {
		if n := s.both(); n > 0 {
			checked = append(checked, n<<bits)
		}
	}
	slices.Sort(checked)
	at := func(percent int) int64 { return checked[(len(checked)-1)*percent/100] }
	fmt.Fprintf(w, "%-18s %6d of %-6d   %d in half of them, %d in 99%%, %d in all\n",
		name, len(checked), len(all), at(50), at(99), at(100))
}
