package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"zeph/pkg/crush"
)

func (a *app) crushCommand() *cobra.Command {
	return group("crush", "Look at, convert and try CRUSH maps; change that of a cluster",
		a.crushTreeCommand(),
		a.crushCompileCommand(),
		a.crushDecompileCommand(),
		a.crushTryCommand(),
		a.crushWhyCommand(),
		a.crushAddCommand(),
		a.crushMoveCommand(),
		a.crushWeightCommand(),
		a.crushRemoveCommand(),
		a.crushDumpCommand(),
		a.crushRuleCommand(),
	)
}

// addMapFlag is for commands that read one CRUSH map.
func addMapFlag(cmd *cobra.Command, path *string) {
	cmd.Flags().StringVarP(path, "input", "i", "", "CRUSH map `FILE`: text, JSON or binary; - is stdin")
}

// findRule finds a rule by its id or name.
func findRule(m *crush.Map, rule string) (*crush.Rule, error) {
	if id, err := strconv.ParseUint(rule, 10, 31); err == nil {
		if r, ok := m.Rule(crush.RuleID(id)); ok {
			return r, nil
		}
	} else if r, ok := m.RuleNamed(rule); ok {
		return r, nil
	}
	err := fmt.Errorf("rule %s: the map does not have it", rule)
	var names, all []string
	for _, r := range m.Rules {
		names = append(names, r.Name)
		all = append(all, fmt.Sprintf("%d (%s)", r.ID, r.Name))
	}
	if near := nearest(rule, names); near != "" {
		return nil, next(err, "did you mean: %s", near)
	}
	if len(all) == 0 {
		return nil, next(err, "it has no rules at all")
	}
	return nil, next(err, "it has: %s", strings.Join(all, ", "))
}
