package main

import (
	"bufio"
	"slices"
	"strings"
	"unicode/utf8"
)

// table lines up columns, two spaces apart, as Ceph's tables are: numbers to the right, heads
// to the left.
type table struct {
	heads []string
	left  []bool // cells go to the left
	rows  [][]string
}

func (t *table) column(head string, left bool) {
	t.heads = append(t.heads, head)
	t.left = append(t.left, left)
}

func (t *table) row(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) write(w *bufio.Writer) {
	widths := make([]int, len(t.heads))
	all := append([][]string{t.heads}, t.rows...)
	for _, row := range all {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var line strings.Builder
	for n, row := range all {
		line.Reset()
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i > 0 {
				line.WriteString("  ")
			}
			if n == 0 || t.left[i] {
				line.WriteString(cell + pad)
			} else {
				line.WriteString(pad + cell)
			}
		}
		w.WriteString(strings.TrimRight(line.String(), " "))
		w.WriteByte('\n')
	}
}

// columns is an empty table of columns, to the right but for those that end in <.
func columns(heads ...string) *table {
	t := &table{}
	for _, head := range heads {
		name, left := strings.CutSuffix(head, "<")
		t.column(name, left)
	}
	return t
}

// drop leaves a column out in which every cell is the same as given: a terminal is narrow, and all of them say nothing.
func (t *table) drop(head, cell string) {
	i := slices.Index(t.heads, head)
	if i < 0 || slices.ContainsFunc(t.rows, func(row []string) bool { return row[i] != cell }) {
		return
	}
	t.heads, t.left = slices.Delete(t.heads, i, i+1), slices.Delete(t.left, i, i+1)
	for n := range t.rows {
		t.rows[n] = slices.Delete(t.rows[n], i, i+1)
	}
}
