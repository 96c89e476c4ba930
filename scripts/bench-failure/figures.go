package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// sample is what one fault gave, by what was measured, in the order of what.
type sample map[string]time.Duration

// what is measured, in the order in which it is printed.
var what = []string{"down in the map", "first write", "first read", "next command", "longest wait of a writer"}

func (s sample) String() string {
	var words []string
	for _, w := range what {
		if d, ok := s[w]; ok {
			words = append(words, fmt.Sprintf("%s %.2f s", w, d.Seconds()))
		}
	}
	return strings.Join(words, ", ")
}

// fault is all samples of one kind.
type fault struct {
	Name    string   `json:"fault"`
	Figures []figure `json:"figures"`
}

type figure struct {
	What    string    `json:"what"`
	Seconds []float64 `json:"seconds"` // ascending
	Median  float64   `json:"median"`
	Worst   float64   `json:"worst"`
}

func (f *fault) add(s sample) {
	for _, w := range what {
		d, ok := s[w]
		if !ok {
			continue
		}
		i := slices.IndexFunc(f.Figures, func(g figure) bool { return g.What == w })
		if i < 0 {
			i = len(f.Figures)
			f.Figures = append(f.Figures, figure{What: w})
		}
		f.Figures[i].add(d.Seconds())
	}
}

func (f *figure) add(x float64) {
	i, _ := slices.BinarySearch(f.Seconds, x)
	f.Seconds = slices.Insert(f.Seconds, i, x)
	n := len(f.Seconds)
	f.Median = (f.Seconds[(n-1)/2] + f.Seconds[n/2]) / 2
	f.Worst = f.Seconds[n-1]
}

func (f *fault) print(w io.Writer) {
	fmt.Fprintf(w, "%s\n", f.Name)
	for _, g := range f.Figures {
		fmt.Fprintf(w, "  %-26s median %6.2f s   worst %6.2f s   of %d\n", g.What, g.Median, g.Worst, len(g.Seconds))
	}
}
