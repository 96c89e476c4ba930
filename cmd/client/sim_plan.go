package main

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"zeph/pkg/sim"
)

// simPlan are the flags of a run that is spelled out, as zeph sim shrink prints them.
type simPlan struct {
	luck    uint64
	objects int
	strikes string
	ops     string
}

func (p *simPlan) add(flags *pflag.FlagSet) {
	flags.Uint64Var(&p.luck, "luck", 0, "another number gives links, disks, clocks and daemons other random numbers; the plan stays")
	flags.IntVar(&p.objects, "objects", 0, "objects that clients use")
	flags.StringVar(&p.strikes, "strikes", "", "`PLAN` of the faults' strikes, such as crash/3@2.5s,cut/1@4s, or none; default: drawn")
	flags.StringVar(&p.ops, "ops", "", "`PLAN` of the clients' operations, such as w0/17@3.2s, or none; default: one after the other")
}

// apply reads them into a run's options.
func (p *simPlan) apply(o *sim.Options) (err error) {
	o.Luck, o.Objects = p.luck, p.objects
	if o.Strikes, err = parsePlan(p.strikes, sim.ParseStrike); err != nil {
		return fmt.Errorf("--strikes: %w", err)
	}
	if o.Ops, err = parsePlan(p.ops, sim.ParseOp); err != nil {
		return fmt.Errorf("--ops: %w", err)
	}
	return nil
}

func parsePlan[T any](text string, parse func(string) (T, error)) ([]T, error) {
	switch text {
	case "":
		return nil, nil
	case "none":
		return []T{}, nil
	}
	var all []T
	for _, s := range strings.Split(text, ",") {
		one, err := parse(s)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// replay adds those that are given to a command.
func (p *simPlan) replay(b *strings.Builder) {
	if p.luck != 0 {
		fmt.Fprintf(b, " --luck %d", p.luck)
	}
	if p.objects != 0 {
		fmt.Fprintf(b, " --objects %d", p.objects)
	}
	if p.strikes != "" {
		fmt.Fprintf(b, " --strikes %s", p.strikes)
	}
	if p.ops != "" {
		fmt.Fprintf(b, " --ops %s", p.ops)
	}
}

// of are the flags of a smaller run than theirs.
func (f simFlags) of(o *sim.Options) *simFlags {
	f.mons, f.osds, f.pgs, f.seconds, f.end = o.Mons, o.OSDs, o.PGs, o.Seconds, string(o.End)
	f.plan = simPlan{luck: o.Luck, objects: o.Objects}
	var strikes, ops []string
	for i := range o.Strikes {
		strikes = append(strikes, o.Strikes[i].String())
	}
	for _, op := range o.Ops {
		ops = append(ops, op.String())
	}
	plan := func(given bool, all []string) string {
		if given && len(all) == 0 {
			return "none"
		}
		return strings.Join(all, ",")
	}
	f.plan.strikes, f.plan.ops = plan(o.Strikes != nil, strikes), plan(o.Ops != nil, ops)
	return &f
}
