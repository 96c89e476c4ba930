package chaos

import (
	"fmt"
	"slices"
	"strings"

	"zeph/pkg/scenario"
)

// Targets are the kinds of targets that there are, by name.
func Targets() []string { return sortedKeys(openers) }

// Lacks says what of a scenario a kind of target cannot do: steps that it has no verb for, which is reason to refuse
// the scenario, and random faults that are left out.
func Lacks(target string, s *scenario.Scenario) (steps, faults []string) {
	for i := range s.Steps {
		verb := scenario.VerbNamed(s.Steps[i].Do)
		if !slices.Contains(verb.Where, target) && !slices.Contains(steps, verb.Name) {
			steps = append(steps, verb.Name)
		}
	}
	for _, f := range s.Faults {
		if kind, ok := randoms[f.Kind]; (!ok || !slices.Contains(scenario.VerbNamed(kind.needs).Where, target)) && !slices.Contains(faults, f.Kind) {
			faults = append(faults, f.Kind)
		}
	}
	return steps, faults
}

// check refuses scenarios that a target cannot do on this machine. It returns what is left out.
func check(name string, t Target, s *scenario.Scenario) (left []string, err error) {
	steps, faults := Lacks(name, s)
	if len(steps) > 0 {
		return nil, fmt.Errorf("scenario %s: %s cannot do: %s", s.Name, name, strings.Join(steps, ", "))
	}
	for i := range s.Steps {
		if err := t.Can(s.Steps[i].Do); err != nil {
			return nil, fmt.Errorf("scenario %s: %s: %w", s.Name, s.Steps[i].Do, err)
		}
	}
	if len(s.Faults) > 0 && len(faults) == len(s.Faults) && len(s.Steps) == 0 {
		return nil, fmt.Errorf("scenario %s: %s can do none of its random faults: %s", s.Name, name, strings.Join(faults, ", "))
	}
	for _, f := range s.Faults {
		if kind, ok := randoms[f.Kind]; ok && !slices.Contains(faults, f.Kind) {
			if err := t.Can(kind.needs); err != nil {
				faults = append(faults, fmt.Sprintf("%s: %v", f.Kind, err))
			}
		}
	}
	if s.End == scenario.Few {
		faults = append(faults, "end: few")
	}
	return faults, nil
}
