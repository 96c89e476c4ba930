package main

import (
	"bufio"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"zeph/pkg/osdmap"
	"zeph/pkg/status"
)

func (a *app) heartbeatCommand() *cobra.Command {
	matrix := addWatch(verb("matrix", "Show who hears whom, and how quickly", takes(), asks(a, "heartbeat matrix", nil, showHeartbeats)))
	matrix.Long = `OSDs ping those that they share PGs with, and some more; monitors ping each other. A row is
who pings, a column who answers: how long that takes there and back, or why there is no answer. An
age stands behind an answer that is older than two seconds; a dot is a pair that does not ping.`
	return group("heartbeat", "See which daemons hear each other", matrix)
}

// mostColumns is how many OSDs a matrix has that fits a terminal; of more, each gets a line.
const mostColumns = 8

func showHeartbeats(w *bufio.Writer, h *status.Heartbeats) {
	var osds []osdmap.OSDID
	for _, e := range h.OSDs {
		osds = append(osds, e.OSD, e.Peer)
	}
	slices.Sort(osds)
	osds = slices.Compact(osds)
	switch {
	case len(osds) > mostColumns:
		heartbeatLines(w, h, osds)
	case len(osds) > 0:
		heartbeatMatrix(w, h, osds)
	}
	monMatrix(w, h.Mons)
	if len(h.Words) > 0 {
		w.WriteString("\n")
	}
	for _, text := range h.Words {
		fmt.Fprintf(w, "%s\n", oneLine(text))
	}
	unknownNote(w, h.Known)
}

func heartbeatMatrix(w *bufio.Writer, h *status.Heartbeats, osds []osdmap.OSDID) {
	heads := []string{"OSD<"}
	for _, id := range osds {
		heads = append(heads, id.String())
	}
	t := columns(heads...)
	for _, id := range osds {
		row := []string{id.String()}
		for _, peer := range osds {
			row = append(row, heartbeatCell(h.OSDs, id, peer))
		}
		t.row(row...)
	}
	t.write(w)
}

func heartbeatCell(all []status.Heartbeat, id, peer osdmap.OSDID) string {
	if id == peer {
		return ""
	}
	i, ok := slices.BinarySearchFunc(all, status.Heartbeat{OSD: id, Peer: peer}, func(a, b status.Heartbeat) int {
		return cmp.Or(cmp.Compare(a.OSD, b.OSD), cmp.Compare(a.Peer, b.Peer))
	})
	switch {
	case !ok:
		return "."
	case all[i].Heard:
		return microsText(all[i].RoundTripUS) + agedText(all[i].AgeMS)
	}
	return unheardText(&all[i])
}

// unheardText is why a peer is not heard, in a word, and for how long.
func unheardText(e *status.Heartbeat) string {
	word, ok := map[string]string{"connection refused": "refused", "no progress": "hangs"}[e.Reason]
	if !ok {
		word = plain(e.Reason)
	}
	return fmt.Sprintf("%s %ds", strings.ToUpper(word), e.AgeMS/1000)
}

func agedText(ms int64) string {
	if ms < 2000 {
		return ""
	}
	return fmt.Sprintf(" %ds", ms/1000)
}

// microsText is a short time.
func microsText(us uint32) string {
	switch {
	case us < 1000:
		return fmt.Sprintf("%dµs", us)
	case us < 10_000:
		return fmt.Sprintf("%d.%dms", us/1000, us%1000/100)
	}
	return fmt.Sprintf("%dms", us/1000)
}

// heartbeatLines sums up each OSD: a matrix of many would not fit.
func heartbeatLines(w *bufio.Writer, h *status.Heartbeats, osds []osdmap.OSDID) {
	t := columns("OSD<", "PINGS", "HEARS", "SLOWEST", "OF<", "DOES NOT HEAR<")
	for _, id := range osds {
		pings, slowest, of := 0, uint32(0), ""
		var deaf []osdmap.OSDID
		for _, e := range h.OSDs {
			switch {
			case e.OSD != id:
				continue
			case !e.Heard:
				deaf = append(deaf, e.Peer)
			case e.RoundTripUS >= slowest:
				slowest, of = e.RoundTripUS, e.Peer.String()
			}
			pings++
		}
		t.row(id.String(), fmt.Sprint(pings), fmt.Sprint(pings-len(deaf)), microsText(slowest), of, osdsText(deaf))
	}
	t.write(w)
}

func monMatrix(w *bufio.Writer, all []status.MonHeartbeat) {
	var mons []string
	cells := make(map[[2]string]string)
	for _, e := range all {
		mons = append(mons, e.Mon, e.Peer)
		cell := fmt.Sprintf("SILENT %ds", e.AgeMS/1000)
		switch {
		case e.Heard && e.RoundTripUS == 0:
			cell = "not yet"
		case e.Heard:
			cell = microsText(e.RoundTripUS)
		}
		cells[[2]string{e.Mon, e.Peer}] = cell
	}
	slices.Sort(mons)
	if mons = slices.Compact(mons); len(mons) < 2 {
		return
	}
	heads := []string{"MON<"}
	for _, m := range mons {
		heads = append(heads, "mon."+plain(m))
	}
	t := columns(heads...)
	for _, m := range mons {
		row := []string{"mon." + plain(m)}
		for _, peer := range mons {
			cell, ok := cells[[2]string{m, peer}]
			if !ok && m != peer {
				cell = "."
			}
			row = append(row, cell)
		}
		t.row(row...)
	}
	w.WriteString("\n")
	t.write(w)
}
