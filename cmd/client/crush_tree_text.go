package main

import (
	"bufio"
	"fmt"
	"strings"

	"zeph/pkg/crush"
)

// text prints the tree as Ceph does, with the share between the weights and the names.
func (t *tree) text(w *bufio.Writer) {
	var tab table
	tab.column("ID", false)
	tab.column("CLASS", false)
	tab.column("WEIGHT", false)
	for _, set := range t.m.ChooseArgs {
		tab.column(setName(set.ID), false)
	}
	tab.column("SHARE", false)
	tab.column("TYPE NAME", true)
	for _, n := range t.Nodes {
		tab.row(t.cells(n)...)
	}
	for _, n := range t.Stray {
		tab.row(t.cells(n)...)
	}
	tab.write(w)
}

// setName is what Ceph calls the default weight set, for it also serves clients so old that
// they know of no other.
func setName(id int64) string {
	if id == crush.DefaultChooseArgs {
		return "(compat)"
	}
	return fmt.Sprint(id)
}

func (t *tree) cells(n treeNode) []string {
	cells := []string{fmt.Sprint(n.ID), n.Class, weightCell(n.Weight)}
	known := n.WeightSets
	for _, set := range t.m.ChooseArgs {
		cell := ""
		if len(known) > 0 && known[0].ID == set.ID {
			cell, known = weightCell(known[0].Weight), known[1:]
		}
		cells = append(cells, cell)
	}
	name := n.Name
	if n.ID.IsBucket() {
		name = n.Type + " " + name
	}
	return append(cells, fmt.Sprintf("%.2f %%", n.Share), strings.Repeat("    ", n.Depth)+name)
}

func weightCell(w float64) string {
	if w == 0 {
		return "0"
	}
	return fmt.Sprintf("%.5f", w)
}
