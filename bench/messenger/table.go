package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// grid is a table with a title. Its first columns are words, the others numbers.
type grid struct {
	title string
	words int
	head  []string
	rows  [][]string
}

// grids are the tables of a report.
func (r *report) grids() []grid {
	all := r.cellGrids()
	if len(r.Inproc) > 0 {
		all = append(all, r.inprocGrid())
	}
	if r.Heartbeat != nil {
		all = append(all, r.Heartbeat.grid())
	}
	if r.Recovery != nil {
		all = append(all, r.Recovery.grid())
	}
	return append(all, aimsGrid(r.aims()))
}

// cellGrids are one for each kind and size.
func (r *report) cellGrids() []grid {
	var all []grid
	for i, c := range r.Results {
		if i == 0 || c.Kind != r.Results[i-1].Kind || c.Size != r.Results[i-1].Size {
			all = append(all, newCellGrid(c))
		}
		g := &all[len(all)-1]
		g.rows = append(g.rows, r.cells(c))
	}
	return all
}

func newCellGrid(c result) grid {
	g := grid{title: "Calls, " + sizeName(c.Size), words: 1, head: []string{"", "in flight"}}
	if c.Kind == "oneway" {
		g.title, g.head = "One way, "+sizeName(c.Size), []string{""}
	}
	g.head = append(g.head, "ops/s", "MB/s")
	if c.Kind == "call" {
		g.head = append(g.head, "p50 µs", "p99 µs")
	}
	g.head = append(g.head, "CPU µs/op", "allocs/op", "client MiB", "server MiB", "of raw")
	return g
}

func (r *report) cells(c result) []string {
	row := []string{c.Variant}
	if c.Kind == "call" {
		row = append(row, strconv.Itoa(c.Window))
	}
	row = append(row, perSecond(c.Ops), megabytes(c))
	if c.Kind == "call" {
		row = append(row, number(c.P50), number(c.P99))
	}
	row = append(row, number(c.CPU), allocs(c.Allocs), number(c.ClientPeak), number(c.ServerPeak))
	if bare, ok := r.find("raw", c.Kind, c.Size, c.Window); ok && bare.Ops > 0 {
		return append(row, percent(c.Ops/bare.Ops))
	}
	return append(row, "-")
}

func (r *report) inprocGrid() grid {
	g := grid{title: "Within one process, " + sizeName(r.Inproc[0].Size), words: 1,
		head: []string{"", "in flight", "ops/s", "p50 µs", "p99 µs", "CPU µs/op", "allocs/op"}}
	for _, c := range r.Inproc {
		g.rows = append(g.rows, []string{c.Variant, strconv.Itoa(c.Window), perSecond(c.Ops),
			number(c.P50), number(c.P99), number(c.CPU), allocs(c.Allocs)})
	}
	return g
}

func (h *heartbeat) grid() grid {
	return grid{title: "Heartbeats beside 8 calls of 4 MiB in flight",
		head: []string{"pings", "p50 ms", "p99 ms", "bulk MB/s"},
		rows: [][]string{{strconv.Itoa(h.Pings), number(h.P50), number(h.P99), number(h.BulkBytes)}}}
}

func (r *recovery) grid() grid {
	return grid{title: "Until the first call is answered again", words: 1,
		head: []string{"", "times", "median ms", "worst ms"},
		rows: [][]string{
			{"killed and restarted, from when it listens", strconv.Itoa(r.Restarts), number(r.RestartP50), number(r.RestartWorst)},
			{"SIGSTOP, from SIGCONT", strconv.Itoa(r.Stops), number(r.ContP50), number(r.ContWorst)},
		}}
}

// perSecond is a rate with three digits: 12, 3.45 k, 678 k, 1.23 M.
func perSecond(n float64) string {
	switch {
	case n >= 999500:
		return number(n/1e6) + " M"
	case n >= 999.5:
		return number(n/1e3) + " k"
	}
	return number(n)
}

// number has three digits, or more before the point.
func number(n float64) string {
	switch {
	case n >= 99.95:
		return strconv.FormatFloat(n, 'f', 0, 64)
	case n >= 9.995:
		return strconv.FormatFloat(n, 'f', 1, 64)
	}
	return strconv.FormatFloat(n, 'f', 2, 64)
}

func percent(share float64) string { return strconv.FormatFloat(100*share, 'f', 0, 64) + " %" }

func allocs(n float64) string {
	if n < 0 {
		return "-"
	}
	return strconv.FormatFloat(n, 'f', 1, 64)
}

// megabytes is the payload in a second, in millions of bytes.
func megabytes(c result) string {
	if c.Size == 0 {
		return "-"
	}
	return number(c.Ops * float64(c.Size) / 1e6)
}

// text writes the table in columns.
func (g grid) text(w io.Writer) {
	fmt.Fprintln(w, g.title)
	widths := make([]int, len(g.head))
	lines := append([][]string{g.head}, g.rows...)
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, line := range lines {
		var b strings.Builder
		for i, cell := range line {
			gap := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i < g.words {
				b.WriteString("  " + cell + gap)
			} else {
				b.WriteString("  " + gap + cell)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
}

func (g grid) markdown(w io.Writer) {
	fmt.Fprintf(w, "**%s**\n\n| %s |\n|", g.title, strings.Join(g.head, " | "))
	for i := range g.head {
		if i < g.words {
			fmt.Fprint(w, "---|")
		} else {
			fmt.Fprint(w, "---:|")
		}
	}
	fmt.Fprintln(w)
	for _, row := range g.rows {
		fmt.Fprintf(w, "| %s |\n", strings.Join(row, " | "))
	}
}
