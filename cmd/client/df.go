package main

import (
	"bufio"
	"fmt"

	"github.com/spf13/cobra"

	"zeph/pkg/status"
)

func (a *app) dfCommand() *cobra.Command {
	return addWatch(verb("df", "Say how much room there is, and which pools use it", takes(), asks(a, "df", nil, showDF)))
}

func showDF(w *bufio.Writer, d *status.DF) {
	fmt.Fprintf(w, "disks  %s, %s used (%s %%), %s free   objects %s, %s\n", sizeText(d.SizeBytes), sizeText(d.UsedBytes),
		d.Used.Percent(), sizeText(d.AvailBytes), countText(d.Objects), sizeText(d.StoredBytes))
	if !d.Known {
		w.WriteString("not all OSDs have told the leader yet\n")
	}
	if len(d.Pools) == 0 {
		return
	}
	w.WriteString("\n")
	t := columns("ID", "POOL<", "PGS", "OBJECTS", "STORED", "USED", "%USED", "MAX AVAIL", "QUOTA")
	for _, p := range d.Pools {
		t.row(fmt.Sprint(p.ID), plain(p.Name), fmt.Sprint(p.PGs), countText(p.Objects), sizeText(p.StoredBytes),
			sizeText(p.UsedBytes), p.Used.Percent(), sizeText(p.MaxAvail), quotaText(p.QuotaBytes, p.QuotaCount))
	}
	t.write(w)
}

func quotaText(bytes, objects uint64) string {
	switch {
	case bytes > 0 && objects > 0:
		return sizeText(bytes) + ", " + countText(objects) + " objects"
	case bytes > 0:
		return sizeText(bytes)
	case objects > 0:
		return countText(objects) + " objects"
	}
	return "-"
}
