package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"zeph/pkg/status"
)

func showOSDTree(w *bufio.Writer, tree *status.OSDTree) {
	t := columns("ID", "CLASS", "WEIGHT", "TYPE NAME<", "STATUS<", "REWEIGHT", "PRI-AFF")
	for _, n := range append(tree.Nodes, tree.Stray...) {
		name := plain(n.Name)
		if n.ID < 0 {
			name = plain(n.Type) + " " + name
		}
		name = strings.Repeat("    ", n.Depth) + name
		if n.ID < 0 {
			t.row(fmt.Sprint(n.ID), n.Class, fixed(n.CrushWeight), name, "", "", "")
			continue
		}
		state := n.Status
		if n.AutoOut {
			state += " (auto-out)"
		}
		t.row(fmt.Sprint(n.ID), plain(n.Class), fixed(n.CrushWeight), name, state, fixed(n.Reweight), fixed(n.PrimaryAffinity))
	}
	t.drop("CLASS", "")
	t.write(w)
}

// fixed is a weight as Ceph prints it.
func fixed(d status.Decimal) string {
	return fmt.Sprintf("%d.%05d", d/status.Unit, d%status.Unit/10)
}

func showOSDDF(w *bufio.Writer, d *status.OSDDF) {
	t := columns("ID", "HOST<", "CLASS<", "WEIGHT", "REWEIGHT", "SIZE", "USED", "FREE", "%USED", "PGS", "LEADS", "STATUS<")
	for _, o := range d.OSDs {
		t.row(append([]string{fmt.Sprint(int32(o.ID)), plain(o.Host), plain(o.Class), fixed(o.CrushWeight), fixed(o.Reweight)}, use(&o)...)...)
	}
	all := use(&d.All)
	all[len(all)-1] = ""
	t.row(append([]string{"", "all", "", fixed(d.All.CrushWeight), ""}, all...)...)
	t.drop("CLASS", "")
	t.write(w)
}

func use(o *status.OSDUse) []string {
	state := "down"
	if o.Up {
		state = "up"
	}
	size, used, free, share := sizeText(o.SizeBytes), sizeText(o.UsedBytes), sizeText(o.AvailBytes), o.Used.Percent()
	if !o.Known && o.SizeBytes == 0 {
		size, used, free, share = "?", "?", "?", "?"
	}
	return []string{size, used, free, share, fmt.Sprint(o.PGs), fmt.Sprint(o.Primary), state}
}

func showOSDList(w *bufio.Writer, l *status.OSDList) { osdTable(w, l.OSDs) }

func osdTable(w *bufio.Writer, osds []status.OSD) {
	t := columns("OSD<", "STATE<", "REWEIGHT", "UP FROM", "UP THRU", "DOWN AT", "LOCATION<", "ADDRESS<")
	for _, o := range osds {
		t.row(o.ID.String(), plain(o.State), fixed(o.Reweight), fmt.Sprint(o.UpFrom), fmt.Sprint(o.UpThru), fmt.Sprint(o.DownAt),
			plain(strings.Join(o.Location, " ")), plain(o.Addrs["public.data"]))
	}
	t.write(w)
}

func showClusterMap(w *bufio.Writer, m *status.ClusterMap) {
	fmt.Fprintf(w, "epoch %d (oldest kept %d)   fsid %s\n", m.Epoch, m.OldestEpoch, plain(m.FSID))
	fmt.Fprintf(w, "created %s   modified %s\n", momentText(m.CreatedMS), momentText(m.ModifiedMS))
	fmt.Fprintf(w, "flags %s   nearfull %s, backfillfull %s, full %s\n\n", listText(m.Flags), m.NearFull, m.BackfillFull, m.Full)
	poolTable(w, m.Pools)
	w.WriteString("\n")
	osdTable(w, m.OSDs)
	for _, p := range m.PGTemp {
		fmt.Fprintf(w, "pg_temp %s %s\n", p.PG, osdsText(p.OSDs))
	}
	for _, p := range m.Upmap {
		fmt.Fprintf(w, "pg_upmap %s %s\n", p.PG, osdsText(p.OSDs))
	}
	for _, p := range m.UpmapItems {
		for _, move := range p.Moves {
			fmt.Fprintf(w, "pg_upmap_items %s %v → %v\n", p.PG, move.From, move.To)
		}
	}
}

func listText(all []string) string {
	if len(all) == 0 {
		return "none"
	}
	return plain(strings.Join(all, ","))
}

func showOSDNew(w *bufio.Writer, n *status.OSDNew) { fmt.Fprintln(w, int32(n.ID)) }

func showOkToStop(a *app, cmd *cobra.Command, args arguments) error {
	answer := &status.OkToStop{}
	return a.yesOrNo(cmd, "osd ok-to-stop", args, answer, func(w *bufio.Writer) bool {
		switch {
		case answer.Unknown != "":
			fmt.Fprintf(w, "unknown: %s\n", oneLine(answer.Unknown))
		case answer.OK:
			fmt.Fprintf(w, "yes: %s may stop; %d of %d PGs would go on with fewer copies\n", osdsText(answer.OSDs), answer.Degraded, answer.PGs)
		default:
			fmt.Fprintf(w, "no: without %s %d of %d PGs would stop serving\n", osdsText(answer.OSDs), len(answer.Bad), answer.PGs)
		}
		risks(w, answer.Bad)
		return answer.OK
	})
}

func showSafeToDestroy(a *app, cmd *cobra.Command, args arguments) error {
	answer := &status.SafeToDestroy{}
	return a.yesOrNo(cmd, "osd safe-to-destroy", args, answer, func(w *bufio.Writer) bool {
		switch {
		case answer.Unknown != "":
			fmt.Fprintf(w, "unknown: %s\n", oneLine(answer.Unknown))
		case answer.Safe:
			fmt.Fprintf(w, "yes: nothing depends on the data of %s\n", osdsText(answer.OSDs))
		default:
			fmt.Fprintf(w, "no: %d PGs may need the data of %s\n", len(answer.Bad), osdsText(answer.OSDs))
		}
		risks(w, answer.Bad)
		return answer.Safe
	})
}

func risks(w *bufio.Writer, bad []status.PGRisk) {
	const show = 10
	for i, r := range bad {
		if i == show {
			fmt.Fprintf(w, "  … and %d more (-o json has all)\n", len(bad)-show)
			return
		}
		fmt.Fprintf(w, "  pg %s  %s\n", plain(r.PG), oneLine(r.Why))
	}
}

// yesOrNo asks a question and prints the answer, which show writes. No is the exit code 1, in any
// form of output.
func (a *app) yesOrNo(cmd *cobra.Command, name string, args arguments, value any, show func(*bufio.Writer) bool) error {
	err := a.look(cmd, func(ctx context.Context, c commander) (result, error) {
		raw, _, err := c.MonCommand(ctx, name, args.given())
		if err != nil {
			return nil, err
		}
		if err := unmarshalAnswer(raw, value); err != nil {
			return nil, err
		}
		return answer{raw, func(w *bufio.Writer) { show(w) }}, nil
	})
	if err != nil {
		return err
	}
	if !show(bufio.NewWriter(io.Discard)) {
		return silentError(exitFailed)
	}
	return nil
}
