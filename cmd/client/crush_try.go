package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"zeph/pkg/crush"
)

// tryFlags are what "zeph crush test" was given. The words, and what leaving one out means,
// are those of "crushtool --test".
type tryFlags struct {
	input            string
	rule             string
	minRule, maxRule int
	numRep           int
	minRep, maxRep   int
	x, minX, maxX    int64
	pool             int64
	weightSet        int64
	weights          []string
	show             tryShow
}

func (a *app) crushTryCommand() *cobra.Command {
	f := new(tryFlags)
	cmd := &cobra.Command{
		Use:   "test -i MAP",
		Short: "Try rules on a range of inputs, as crushtool --test does",
		Long: "Maps a range of inputs by the rules of a CRUSH map, and shows the mappings, or how they spread.\n" +
			"Options and lines are those of \"crushtool --test\". The OSDs of a mapping are in order; a hole is\n" +
			"2147483647, or null in JSON. What is expected of an OSD goes by its reweight alone, as in crushtool:\n" +
			"see \"zeph crush tree\" for shares by CRUSH weight.",
		Example: "  zeph crush test -i map.txt --rule 0 --num-rep 3 --show-statistics\n" +
			"  zeph crush test -i map.txt --num-rep 3 --weight 3 0 --weight 17 0.5 --show-utilization",
		Args: cobra.ArbitraryArgs, // see deviceWeights
		RunE: func(cmd *cobra.Command, args []string) error { return a.try(cmd, f, args) },
	}
	addMapFlag(cmd, &f.input)
	flags := cmd.Flags()
	flags.StringVar(&f.rule, "rule", "", "`RULE` to try, by id or name (default all)")
	flags.IntVar(&f.minRule, "min-rule", 0, "first `ID` of the rules to try")
	flags.IntVar(&f.maxRule, "max-rule", 0, "last `ID` of the rules to try")
	flags.IntVar(&f.numRep, "num-rep", 0, "`COPIES` wanted (default each size that the rule is for)")
	flags.IntVar(&f.minRep, "min-rep", 0, "fewest `COPIES` wanted")
	flags.IntVar(&f.maxRep, "max-rep", 0, "most `COPIES` wanted")
	flags.Int64Var(&f.x, "x", 0, "the only `INPUT`")
	flags.Int64Var(&f.minX, "min-x", 0, "first `INPUT`")
	flags.Int64Var(&f.maxX, "max-x", 1023, "last `INPUT`")
	flags.Int64Var(&f.pool, "pool-id", -1, "mix the `ID` of a pool into each input; -1 is none")
	flags.Int64Var(&f.weightSet, "weight-set", 0, "`ID` of the weight set to draw by, else the default one")
	flags.StringArrayVarP(&f.weights, "weight", "w", nil, "reweight an `OSD`: --weight OSD W, from 0 (out) to 1 (in); repeatable")
	f.show.addFlags(cmd)
	cmd.MarkFlagsMutuallyExclusive("rule", "min-rule")
	cmd.MarkFlagsMutuallyExclusive("num-rep", "min-rep")
	cmd.MarkFlagsMutuallyExclusive("x", "min-x")
	cmd.MarkFlagsMutuallyExclusive("x", "max-x")
	for _, ends := range []string{"rule", "rep"} { // of one alone, crushtool makes nothing
		cmd.MarkFlagsRequiredTogether("min-"+ends, "max-"+ends)
	}
	return cmd
}

// tryShow says what of a try is printed.
type tryShow struct {
	mappings, badMappings       bool
	statistics                  bool
	utilization, utilizationAll bool
}

func (s *tryShow) addFlags(cmd *cobra.Command) {
	var names []string
	for _, f := range []struct {
		name  string
		on    *bool
		usage string
	}{
		{"show-mappings", &s.mappings, "show each mapping"},
		{"show-bad-mappings", &s.badMappings, "show the mappings with fewer OSDs than wanted"},
		{"show-statistics", &s.statistics, "show how many mappings have which size"},
		{"show-utilization", &s.utilization, "show what each OSD got, and should have got"},
		{"show-utilization-all", &s.utilizationAll, "show it of OSDs that got nothing, too"},
	} {
		cmd.Flags().BoolVar(f.on, f.name, false, f.usage)
		names = append(names, f.name)
	}
	cmd.MarkFlagsOneRequired(names...)
}

// counts reports whether sizes are printed. Asking for the utilization gives them too.
func (s *tryShow) counts() bool { return s.statistics || s.utilization || s.utilizationAll }

func (a *app) try(cmd *cobra.Command, f *tryFlags, args []string) error {
	if err := require(cmd, "input"); err != nil {
		return err
	}
	weights, err := deviceWeights(f.weights, args)
	if err == nil {
		err = f.checkRanges(cmd.Flags().Changed)
	}
	if err != nil {
		return usagef(cmd, "%w", err)
	}
	m, err := a.readCrush(f.input)
	if err != nil {
		return err
	}
	plan, err := f.plan(m, cmd.Flags().Changed)
	if err != nil {
		return inFile(f.input, err)
	}
	plan.reweight = a.reweights(m, weights)
	if f.pool >= 0 && f.weightSet != f.pool && hasWeightSet(m, f.pool) {
		a.warn("pool %d has a weight set of its own, which this leaves out as crushtool does; "+
			"to draw like the cluster add --weight-set %d", f.pool, f.pool)
	}
	if plan.totalWeight() == 0 {
		a.warn("all OSDs have weight 0: there is nothing to try")
	}
	return a.runTry(cmd.Context(), m, plan)
}

// checkRanges looks at the numbers; a single one becomes a range.
func (f *tryFlags) checkRanges(given func(flag string) bool) error {
	if given("x") {
		f.minX, f.maxX = f.x, f.x
	}
	if given("num-rep") {
		f.minRep, f.maxRep = f.numRep, f.numRep
	}
	const maxCopies = crush.MaxDeviceID + 1
	switch {
	case f.minX < 0 || f.maxX > math.MaxInt32 || f.minX > f.maxX:
		return fmt.Errorf("inputs %d to %d: expected a range within 0 to %d", f.minX, f.maxX, math.MaxInt32)
	case f.minRep < 0 || f.maxRep > maxCopies || f.minRep > f.maxRep:
		return fmt.Errorf("%d to %d copies: expected a range within 0 to %d", f.minRep, f.maxRep, maxCopies)
	case f.minRule < 0 || f.minRule > f.maxRule:
		return fmt.Errorf("rules %d to %d: expected a range from 0", f.minRule, f.maxRule)
	}
	return nil
}

// plan says what to try on a map.
func (f *tryFlags) plan(m *crush.Map, given func(flag string) bool) (*tryPlan, error) {
	p := &tryPlan{show: f.show, minX: f.minX, maxX: f.maxX, pool: f.pool, weightSet: f.weightSet}
	if given("weight-set") && !hasWeightSet(m, f.weightSet) {
		return nil, fmt.Errorf("weight set %d: the map does not have it", f.weightSet)
	}
	if given("rule") {
		r, err := findRule(m, f.rule)
		if err != nil {
			return nil, err
		}
		p.rules = []tryRule{{id: r.ID, rule: r}}
	} else {
		p.rules = rulesBetween(m, f.minRule, f.maxRule, given("max-rule"))
	}
	for i := range p.rules {
		r := &p.rules[i]
		r.minRep, r.maxRep = f.minRep, f.maxRep
		if given("num-rep") || given("max-rep") || r.rule == nil {
			continue
		}
		r.minRep, r.maxRep = r.rule.MinSize, r.rule.MaxSize
	}
	return p, nil
}

// rulesBetween lists the rules from one id to another, or to the last of the map, and the
// ids in between that have no rule.
func rulesBetween(m *crush.Map, first, last int, bounded bool) []tryRule {
	end := -1
	if n := len(m.Rules); n > 0 {
		end = int(m.Rules[n-1].ID)
	}
	if bounded {
		end = min(end, last)
	}
	var rules []tryRule
	for id := first; id <= end; id++ {
		r, _ := m.Rule(crush.RuleID(id))
		rules = append(rules, tryRule{id: crush.RuleID(id), rule: r})
	}
	return rules
}

func hasWeightSet(m *crush.Map, id int64) bool {
	return slices.ContainsFunc(m.ChooseArgs, func(set crush.ChooseArgs) bool { return set.ID == id })
}

// deviceWeight is one --weight.
type deviceWeight struct {
	device crush.ItemID
	weight crush.Weight
}

// deviceWeights reads what --weight was given. In "--weight 3 0.5", the way of crushtool, the
// flag parser takes the 3 for its value and leaves the 0.5 among the arguments, where nothing
// else belongs: the first value without a weight goes with the first argument, and so on.
// "--weight 3=0.5" has both in one.
func deviceWeights(values, args []string) ([]deviceWeight, error) {
	var all []deviceWeight
	for _, value := range values {
		device, weight, both := strings.Cut(value, "=")
		if !both {
			if len(args) == 0 {
				return nil, fmt.Errorf("--weight %s: expected an OSD and a weight, as in --weight 3 0.5", value)
			}
			weight, args = args[0], args[1:]
		}
		id, err := strconv.ParseUint(strings.TrimPrefix(device, "osd."), 10, 31)
		if err != nil || id > crush.MaxDeviceID {
			return nil, fmt.Errorf("--weight %s %s: the OSD must be 0 to %d", device, weight, crush.MaxDeviceID)
		}
		w, err := strconv.ParseFloat(weight, 32) // crushtool has it in a float32 as well
		if err != nil || !(w >= 0 && w <= 1) {
			return nil, fmt.Errorf("--weight %s %s: the weight must be 0 (out) to 1 (in)", device, weight)
		}
		all = append(all, deviceWeight{crush.ItemID(id), crush.Weight(w * float64(crush.One))})
	}
	if len(args) > 0 {
		return nil, fmt.Errorf("unexpected argument %q", args[0])
	}
	return all, nil
}

// reweights gives each device its weight: the one asked for, else in, if a bucket holds it.
func (a *app) reweights(m *crush.Map, asked []deviceWeight) []crush.Weight {
	weights := make([]crush.Weight, m.MaxDevices())
	for id, held := range m.Holds() {
		if held {
			weights[id] = crush.One
		}
	}
	for _, w := range asked {
		if int(w.device) < len(weights) {
			weights[w.device] = w.weight
		} else {
			a.warn("--weight %d: the map has no osd.%d", w.device, w.device)
		}
	}
	return weights
}
