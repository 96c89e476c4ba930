package main

import (
	"bufio"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"zeph/pkg/crush"
	"zeph/pkg/placement"
)

func (a *app) placeCompareCommand() *cobra.Command {
	var path, rule string
	trial := placement.Trial{Copies: 3, Inputs: 20_000}
	cmd := &cobra.Command{
		Use:   "compare",
		Short: "Set CRUSH beside rendezvous, jump hash, a ring and modulo on the same devices",
		Args:  takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := require(cmd, "input"); err != nil {
				return err
			}
			if trial.Copies < 1 || trial.Copies > 100 || trial.Inputs < 1 || trial.Inputs > 10_000_000 {
				return usagef(cmd, "--num-rep must be 1 to 100, --inputs 1 to 10000000")
			}
			for _, name := range trial.Only {
				if known := placement.AlgorithmNames(); !slices.Contains(known, name) {
					return usagef(cmd, "unknown algorithm %q: expected some of: %s", name, strings.Join(known, ", "))
				}
			}
			m, err := a.readCrush(path)
			if err != nil {
				return err
			}
			r, err := chooseRule(m, rule)
			if err != nil {
				return err
			}
			trial.Map, trial.Rule = m, r.ID
			scores, err := trial.Run(cmd.Context().Err)
			if err != nil {
				return err
			}
			return a.print(comparisonResult{Rule: r.Name, Copies: trial.Copies, Inputs: trial.Inputs, Scores: scores})
		},
	}
	addMapFlag(cmd, &path)
	cmd.Flags().StringVar(&rule, "rule", "", "`RULE` for CRUSH, by id or name; the first by default")
	cmd.Flags().IntVar(&trial.Copies, "num-rep", trial.Copies, "`COPIES` of each input")
	cmd.Flags().Uint32Var(&trial.Inputs, "inputs", trial.Inputs, "`NUMBER` of inputs to place")
	cmd.Flags().StringSliceVar(&trial.Only, "algos", nil, "only these `ALGORITHMS`, separated by commas")
	return cmd
}

// chooseRule finds a rule, the first when none is named.
func chooseRule(m *crush.Map, rule string) (*crush.Rule, error) {
	if rule == "" && len(m.Rules) > 0 {
		return &m.Rules[0], nil
	}
	return findRule(m, rule)
}

type comparisonResult struct {
	Rule   string            `json:"rule"`
	Copies int               `json:"copies"`
	Inputs uint32            `json:"inputs"`
	Scores []placement.Score `json:"scores"`
}

func (r comparisonResult) text(w *bufio.Writer) {
	fmt.Fprintf(w, "%d inputs, %d copies each, by rule %s and by others that know no failure domains\n\n", r.Inputs, r.Copies, r.Rule)
	var t table
	t.column("ALGORITHM", true)
	for _, head := range []string{"SPREAD", "FULLEST", "DOMAIN SHARED", "ADD MOVES", "LEAST", "REMOVE MOVES", "LEAST"} {
		t.column(head, false)
	}
	for _, s := range r.Scores {
		t.row(s.Algorithm,
			fmt.Sprintf("%.1f %%", 100*s.Spread),
			fmt.Sprintf("%.2f", s.Most),
			fmt.Sprintf("%.1f %%", 100*s.Shared),
			fmt.Sprint(s.Add.Moved), fmt.Sprint(s.Add.Least),
			fmt.Sprint(s.Remove.Moved), fmt.Sprint(s.Remove.Least))
	}
	t.write(w)
	for _, s := range r.Scores {
		if s.Short > 0 {
			fmt.Fprintf(w, "\n%s finds fewer than %d for %.1f %% of the inputs", s.Algorithm, r.Copies, 100*s.Short)
		}
	}
	w.WriteString("\nspread: standard deviation of what devices hold, over their fair share; fullest: most over fair share\n")
	w.WriteString("add: a device comes beside the first one; remove: the one in the middle goes; moves in copies,\nat least what devices gain\n")
}
