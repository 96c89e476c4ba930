package main

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"zeph/pkg/crush"
	"zeph/pkg/placement"
)

func (a *app) placeCompareCommand() *cobra.Command {
	var path, rule string
	var algos []string
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
			chosen, err := pickAlgorithms(scores, algos)
			if err != nil {
				return usagef(cmd, "%w", err)
			}
			return a.print(comparisonResult{Rule: r.Name, Copies: trial.Copies, Inputs: trial.Inputs, Scores: chosen})
		},
	}
	addMapFlag(cmd, &path)
	cmd.Flags().StringVar(&rule, "rule", "", "`RULE` for CRUSH, by id or name; the first by default")
	cmd.Flags().IntVar(&trial.Copies, "num-rep", trial.Copies, "`COPIES` of each input")
	cmd.Flags().Uint32Var(&trial.Inputs, "inputs", trial.Inputs, "`NUMBER` of inputs to place")
	cmd.Flags().StringSliceVar(&algos, "algos", nil, "only these `ALGORITHMS`, separated by commas")
	return cmd
}

// chooseRule finds a rule, the first when none is named.
func chooseRule(m *crush.Map, rule string) (*crush.Rule, error) {
	if rule == "" && len(m.Rules) > 0 {
		return &m.Rules[0], nil
	}
	return findRule(m, rule)
}

func pickAlgorithms(scores []placement.Score, names []string) ([]placement.Score, error) {
	if len(names) == 0 {
		return scores, nil
	}
	byName := make(map[string]placement.Score)
	var known []string
	for _, s := range scores {
		byName[s.Algorithm] = s
		known = append(known, s.Algorithm)
	}
	var picked []placement.Score
	for _, name := range names {
		s, ok := byName[name]
		if !ok {
			return nil, fmt.Errorf("unknown algorithm %q: expected some of: %s", name, strings.Join(known, ", "))
		}
		picked = append(picked, s)
	}
	return picked, nil
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
	w.WriteString("\nspread: standard deviation of what devices hold, over their fair share; fullest: most over fair share\n")
	w.WriteString("add: a device comes beside the first one; remove: the one in the middle goes; moves in copies\n")
}
