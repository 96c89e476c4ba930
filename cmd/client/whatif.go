package main

import (
	"bufio"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"zeph/pkg/osdmap"
	"zeph/pkg/placement"
)

func (a *app) whatifCommand() *cobra.Command {
	var maps mapFlags
	var data dataFlags
	cmd := &cobra.Command{
		Use:   "whatif 'CHANGE; ...'",
		Short: "Say what would move if the cluster changed; nothing is changed",
		Long:  "Say what would move if the cluster changed; nothing is changed.\n\nChanges, separated by semicolons:\n  " + strings.ReplaceAll(placement.PlanHelp, "\n", "\n  "),
		Args:  takes("'CHANGE; ...'"),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := a.readMaps(cmd, &maps)
			if err != nil {
				return err
			}
			return a.whatif(m, args[0], &data)
		},
	}
	maps.add(cmd)
	data.add(cmd)
	return cmd
}

func (a *app) whatif(m *osdmap.Map, plan string, data *dataFlags) error {
	bytes, unknown, err := a.pgBytes(m, data)
	if err != nil {
		return err
	}
	before, err := placement.NewTable(m)
	if err != nil {
		return err
	}
	imagined, err := placement.Imagine(m, plan)
	if err != nil {
		return err
	}
	after, err := before.Next(imagined)
	if err != nil {
		return err
	}
	moves := placement.CompareTables(before, after, bytes)
	return a.print(whatifResult{
		Epoch: m.Epoch(), Plan: plan, BytesKnown: bytes != nil, BytesUnknown: unknown,
		Unreached: newlyUnreached(m, imagined), Moves: moves,
	})
}

// newlyUnreached are the OSDs that no rule can choose after a plan, but could before or were
// not there: most likely a slip in the plan.
func newlyUnreached(before, after *osdmap.Map) []osdmap.OSDID {
	old := placement.Unreached(before)
	return slices.DeleteFunc(placement.Unreached(after), func(id osdmap.OSDID) bool { return slices.Contains(old, id) })
}

type whatifResult struct {
	Epoch      osdmap.Epoch `json:"epoch"`
	Plan       string       `json:"plan"`
	BytesKnown bool         `json:"bytes_known"`

	BytesUnknown []string       `json:"bytes_unknown,omitempty"` // pools whose data counts as none
	Unreached    []osdmap.OSDID `json:"unreached,omitempty"`     // in, but below nothing a rule takes

	*placement.Moves
}

func (r whatifResult) text(w *bufio.Writer) {
	fmt.Fprintf(w, "epoch %d, imagined: %s (nothing is changed)\n", r.Epoch, oneLine(r.Plan))
	fmt.Fprintf(w, "PGs remapped %d of %d   copies moved %d (least possible %d)", r.Remapped, r.PGs, r.Copies, r.Least)
	if r.BytesKnown {
		fmt.Fprintf(w, "   bytes %s (least %s)", sizeText(r.Bytes), sizeText(r.LeastBytes))
	}
	w.WriteString("\n")
	if len(r.Flows) > 0 {
		w.WriteString("\n")
		r.flows(w)
		w.WriteString("\n")
	}
	if len(r.BytesUnknown) > 0 {
		fmt.Fprintf(w, "bytes of these pools are not known and count as none: %s (--bytes, --pg-dump, --data-shards)\n", plain(strings.Join(r.BytesUnknown, ", ")))
	}
	if len(r.Unreached) > 0 {
		fmt.Fprintf(w, "WARNING: no rule can choose %v: nothing above it is taken by a rule, or it has no weight or another class\n", r.Unreached)
	}
	w.WriteString(verdict(r.Short, "PGs with fewer copies than their pool's size", "every PG has as many copies as its pool's size"))
	w.WriteString(verdict(r.Shared, "PGs with more copies in a failure domain than their rule allows", "every PG keeps to its rule's failure domains"))
}

func (r whatifResult) flows(w *bufio.Writer) {
	const show = 30
	var t table
	t.column("FROM", true)
	t.column("TO", true)
	t.column("PGS", false)
	if r.BytesKnown {
		t.column("BYTES", false)
	}
	for i, f := range r.Flows {
		if i == show {
			break
		}
		cells := []string{endText(f.From), endText(f.To), strconv.Itoa(f.PGs)}
		if r.BytesKnown {
			cells = append(cells, sizeText(f.Bytes))
		}
		t.row(cells...)
	}
	t.write(w)
	if rest := len(r.Flows) - show; rest > 0 {
		fmt.Fprintf(w, "… and %d more pairs (-o json has all)\n", rest)
	}
}

// endText names an end of a flow. Where there is none a copy is made or given up.
func endText(id osdmap.OSDID) string {
	if id == osdmap.NoOSD {
		return "–"
	}
	return id.String()
}

func verdict(n placement.Count, bad, good string) string {
	if n.After == 0 && n.Before == 0 {
		return good + "\n"
	}
	if n.After == 0 {
		return fmt.Sprintf("%s (before: %d did not)\n", good, n.Before)
	}
	return fmt.Sprintf("WARNING: %d %s (before: %d)\n", n.After, bad, n.Before)
}
